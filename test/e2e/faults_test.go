package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/localserver"
	"holdfast/internal/testkit"
)

// openDir makes a directory that every user may look into, which t.TempDir is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "holdfast-e2e-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ordinaryUser returns somebody who may not write everywhere: nil is the caller, unless
// that is root, whom no file mode stops.
func ordinaryUser() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: 65534, Gid: 65534} // nobody
}

// upFails runs `holdfast up` with a configuration that cannot work and returns its exit
// code and what it prints.
func upFails(t *testing.T, lines ...string) (code int, output string) {
	t.Helper()
	config := filepath.Join(openDir(t), "holdfast.yaml")
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "up", "--config", config)
	cmd.Dir = filepath.Dir(config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: ordinaryUser(), Pdeathsig: syscall.SIGKILL}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// TestUpSaysWhatIsWrong starts `holdfast up` where it cannot work: it must end, say what
// is wrong and how to mend it, and tell bad input (2) from a world that fails it (1).
func TestUpSaysWhatIsWrong(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	port, err := localserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	nobody := fmt.Sprintf("127.0.0.1:%d", port) // listens there
	readOnly := openDir(t)
	if err := os.Chmod(readOnly, 0o555); err != nil {
		t.Fatal(err)
	}
	writable := openDir(t)
	if err := os.Chmod(writable, 0o777); err != nil {
		t.Fatal(err)
	}
	aws := "aws: {simulator_url: 'http://" + nobody + "', regions: [eu-west-1], accounts: {ids: ['111122223333']}}"
	web := "web: {listen: '127.0.0.1:0'}"
	for name, tc := range map[string]struct {
		lines []string
		code  int
		wants []string
	}{
		"read-only directory": {
			[]string{"installation: fault", aws, web, "catalog: {dsn: 'sqlite:" + filepath.Join(readOnly, "h.db") + "'}"},
			1, []string{filepath.Join(readOnly, "h.db"), "may not write", "catalog.dsn"},
		},
		"no such directory": {
			[]string{"installation: fault", aws, web, "catalog: {dsn: 'sqlite:" + filepath.Join(readOnly, "no", "h.db") + "'}"},
			1, []string{filepath.Join(readOnly, "no"), "does not exist: create it or change catalog.dsn"},
		},
		"no PostgreSQL": {
			[]string{"installation: fault", aws, web, "catalog: {dsn: 'postgres://holdfast@" + nobody + "/holdfast'}"},
			1, []string{nobody, "cannot be reached: check that it runs and that catalog.dsn is right"},
		},
		"no Redis": {
			[]string{"installation: fault", aws, web, "catalog: {dsn: 'sqlite:" + filepath.Join(writable, "h.db") + "'}", "redis: {mode: single, addresses: ['" + nobody + "']}"},
			1, []string{"redis at " + nobody, "check redis.addresses"},
		},
		"bad configuration": {
			[]string{"aws: {regions: [], accounts: {ids: ['12']}}", "workers: {concurrency: 4}", "worker: {concurrency: none}"},
			2, []string{"holdfast.yaml:1", "installation", "aws.regions", "aws.accounts.ids", "holdfast.yaml:2", "did you mean", "holdfast.yaml:3", "worker.concurrency"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			code, output := upFails(t, tc.lines...)
			if code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for _, want := range tc.wants {
				if !strings.Contains(output, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if t.Failed() {
				t.Log(output)
			}
		})
	}
}

// TestUpOutlivesAnUnreachableAWS starts `holdfast up` where AWS does not answer: it says
// where it looked and what to check, and stays up, for AWS will be back.
func TestUpOutlivesAnUnreachableAWS(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	port, err := localserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	e := writeEmbedded(t, "plans: []\n",
		"aws: {simulator_url: '"+url+"', regions: [eu-west-1], accounts: {ids: ['111122223333']}}")
	e.start(t)
	defer e.process.Stop(syscall.SIGTERM)
	testkit.Eventually(t, time.Minute, "a warning that names the address", func() bool {
		return strings.Contains(localserver.Tail(e.log), "simulated organization at "+url+" does not answer: check aws.simulator_url")
	})
	if e.process.Ended() {
		t.Errorf("it ended:\n%s", localserver.Tail(e.log))
	}
}
