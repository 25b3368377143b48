package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/testkit"
)

// localFleet is a running `make fleet`, and the only directory it may leave files in.
type localFleet struct {
	cmd      *exec.Cmd
	dir, log string
}

func startLocalFleet(t *testing.T, args ...string) *localFleet {
	t.Helper()
	testkit.Integration(t)
	program := filepath.Join(t.TempDir(), "localfleet")
	if out, err := exec.Command("go", "build", "-o", program, "../../internal/fleet/localfleet").CombinedOutput(); err != nil {
		t.Fatalf("build localfleet: %v\n%s", err, out)
	}
	dir := openDir(t) // for PostgreSQL, which does not run as root
	l := &localFleet{dir: dir, log: program + ".log"}
	log, err := os.Create(l.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	l.cmd = exec.Command(program, append([]string{"-binary", binary}, args...)...)
	l.cmd.Stdout, l.cmd.Stderr = log, log
	l.cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.cmd.Process.Kill() })
	return l
}

// output returns what it has printed.
func (l *localFleet) output(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(l.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// processes returns the command lines of the processes that it started: they have its
// temporary directory in their command line, environment or working directory.
func (l *localFleet) processes(t *testing.T) (found []string) {
	t.Helper()
	pids, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(pids) == 0 {
		t.Fatalf("list processes: %d, %v", len(pids), err)
	}
	for _, pid := range pids {
		// A process may end while it is looked at.
		command, _ := os.ReadFile(filepath.Join(pid, "cmdline"))
		environ, _ := os.ReadFile(filepath.Join(pid, "environ"))
		cwd, _ := os.Readlink(filepath.Join(pid, "cwd"))
		if strings.Contains(string(command)+string(environ)+cwd, l.dir) {
			found = append(found, string(bytes.ReplaceAll(command, []byte{0}, []byte{' '})))
		}
	}
	return found
}

// checkGone wants neither a process nor a file left.
func (l *localFleet) checkGone(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, "the processes of the fleet to go", func() bool { return len(l.processes(t)) == 0 })
	left, err := os.ReadDir(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left behind", entry.Name())
	}
}

// TestLocalFleetStopsWhatItStarted tells `make fleet` to stop when everything runs.
func TestLocalFleetStopsWhatItStarted(t *testing.T) {
	t.Parallel()
	l := startLocalFleet(t)
	testkit.Eventually(t, 2*time.Minute, "the fleet to run", func() bool {
		return strings.Contains(l.output(t), "waiting for the policy to fire")
	})
	running := strings.Join(l.processes(t), "\n")
	for _, want := range []string{"redis-server", "postgres", "moto_server", "scheduler --config", "worker --config", "web --config"} {
		if !strings.Contains(running, want) {
			t.Errorf("no %s among the processes:\n%s", want, running)
		}
	}
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Wait(); err != nil {
		t.Errorf("interrupted, it ends with %v:\n%s", err, l.output(t))
	}
	l.checkGone(t)
}

// TestLocalFleetOnce lets `make fleet` carry its example through to the end.
func TestLocalFleetOnce(t *testing.T) {
	t.Parallel()
	l := startLocalFleet(t, "-once", "-patience", "5m")
	if err := l.cmd.Wait(); err != nil {
		t.Fatalf("it ends with %v:\n%s", err, l.output(t))
	}
	if output := l.output(t); !strings.Contains(output, "backup: COMPLETED 24; copy: COMPLETED 9") {
		t.Errorf("not what the example has:\n%s", output)
	}
	l.checkGone(t)
}

// TestLocalFleetKilled kills `make fleet` itself, which can then remove no files, but
// whose processes must not outlive it.
func TestLocalFleetKilled(t *testing.T) {
	t.Parallel()
	l := startLocalFleet(t)
	testkit.Eventually(t, 2*time.Minute, "the fleet to run", func() bool {
		return strings.Contains(l.output(t), "waiting for the policy to fire")
	})
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
	testkit.Eventually(t, 20*time.Second, "the processes of a killed fleet to go", func() bool { return len(l.processes(t)) == 0 })
}
