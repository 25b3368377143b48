package localserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"holdfast/internal/clock"
)

const (
	startTimeout = 60 * time.Second // moto imports half of Python on a busy machine
	stopTimeout  = 10 * time.Second
	logTailBytes = 32 << 10 // of a server's log, shown when it does not start
)

// Spec says how to start a server and how to know that it is ready.
type Spec struct {
	Path  string
	Args  []string
	Env   []string            // added to our environment
	As    *syscall.Credential // nil: the user who runs us
	Log   string              // file that takes stdout and stderr, appended
	Ready func() error        // returns nil when the server answers
}

// Process is a running server. Its methods are called from one goroutine at a time.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// StartProcess starts a server and waits until it is ready. On an error nothing is left running.
func StartProcess(s Spec) (*Process, error) {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open server log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(s.Path, s.Args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(cmd.Environ(), s.Env...)
	// A group of its own, so that killing it also takes its children; and the kernel kills
	// it when we die without cleaning up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: s.As}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Path, err)
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // killed servers always end with an error
	}()
	if err := p.awaitReady(s.Ready); err != nil {
		p.Kill()
		return nil, fmt.Errorf("start %s: %w\n%s", s.Path, err, Tail(s.Log))
	}
	return p, nil
}

func (p *Process) awaitReady(ready func() error) error {
	var last error
	ok := poll(startTimeout, func() bool {
		last = ready()
		return last == nil || p.Ended()
	})
	switch {
	case p.Ended():
		return errors.New("the server ended at once")
	case !ok:
		return fmt.Errorf("not ready after %v: %w", startTimeout, last)
	default:
		return nil
	}
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended reports whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Signal sends sig to the server and its children. A server that has ended is left alone:
// its number may belong to somebody else by now.
func (p *Process) Signal(sig syscall.Signal) {
	if !p.Ended() {
		_ = syscall.Kill(-p.cmd.Process.Pid, sig)
	}
}

// Kill ends the server as kill -9 does and returns when it is gone.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Stop asks the server to end with sig and kills it when it does not.
func (p *Process) Stop(sig syscall.Signal) {
	p.Signal(sig)
	if !poll(stopTimeout, p.Ended) {
		p.Kill()
	}
}

// Tail returns the end of a log file, or why it cannot be read.
func Tail(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-logTailBytes):])
}

// pollInterval is how often the start of a server asks whether it is up.
const pollInterval = 5 * time.Millisecond

// poll reports whether cond became true within timeout. It asks at least once.
func poll(timeout time.Duration, cond func() bool) bool {
	wall := clock.System()
	for deadline := wall.Now().Add(timeout); ; {
		if cond() {
			return true
		}
		if wall.Now().After(deadline) {
			return false
		}
		// The background context never ends, so Sleep cannot fail.
		_ = wall.Sleep(context.Background(), pollInterval)
	}
}

// FreePort returns a TCP port on 127.0.0.1 that was free a moment ago. Another process may
// take it before the caller does, so whoever starts a server on it tries again.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// startAttempts is how often a server is started on a new port when it cannot have the
// first one.
const startAttempts = 3

// dialTimeout bounds one question whether a server is up.
const dialTimeout = 2 * time.Second

// onFreePort runs try with free ports until it succeeds.
func onFreePort(try func(port int) error) error {
	var err error
	for range startAttempts {
		var port int
		if port, err = FreePort(); err != nil {
			return err
		}
		if err = try(port); err == nil {
			return nil
		}
	}
	return err
}
