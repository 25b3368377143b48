package testkit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 60 * time.Second // moto imports half of Python on a busy machine
	stopTimeout  = 10 * time.Second
	logTailBytes = 32 << 10 // of a server's log, printed when the test failed
)

// spec says how to start a server and how to know that it is ready.
type spec struct {
	path  string
	args  []string
	env   []string            // added to the environment of the test
	as    *syscall.Credential // nil: the user who runs the test
	log   string              // file that takes stdout and stderr, appended
	ready func() error        // nil when the server answers
}

// process is a running server. Its methods are called from one goroutine at a time.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// start starts a server and waits until it is ready. On an error nothing is left running.
func start(s spec) (*process, error) {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open server log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(s.path, s.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), s.env...)
	// A group of its own, so that killing it also takes its children; and the kernel kills
	// it when the test binary dies without cleaning up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: s.as}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.path, err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // killed servers always end with an error
	}()
	if err := p.awaitReady(s.ready); err != nil {
		p.kill()
		return nil, fmt.Errorf("start %s: %w\n%s", s.path, err, tail(s.log))
	}
	return p, nil
}

func (p *process) awaitReady(ready func() error) error {
	var last error
	ok := poll(startTimeout, func() bool {
		last = ready()
		return last == nil || p.ended()
	})
	switch {
	case p.ended():
		return errors.New("the server ended at once")
	case !ok:
		return fmt.Errorf("not ready after %v: %w", startTimeout, last)
	default:
		return nil
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// signal sends sig to the server and its children. A server that has ended is left alone:
// its number may belong to somebody else by now.
func (p *process) signal(sig syscall.Signal) {
	if !p.ended() {
		_ = syscall.Kill(-p.cmd.Process.Pid, sig)
	}
}

// kill ends the server as kill -9 does and returns when it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// stop asks the server to end with sig and kills it when it does not.
func (p *process) stop(sig syscall.Signal) {
	p.signal(sig)
	if !poll(stopTimeout, p.ended) {
		p.kill()
	}
}

// printLogOnFailure adds the end of a server's log to the output of a failed test.
func printLogOnFailure(tb testing.TB, name, file string) {
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", name, tail(file))
		}
	})
}

func tail(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-logTailBytes):])
}
