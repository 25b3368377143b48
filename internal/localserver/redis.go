package localserver

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"holdfast/internal/clock"
)

// Redis is a redis-server that keeps nothing on disk. Its methods must not be called
// concurrently.
type Redis struct {
	Addr string // host:port, the same after Restart
	Log  string // file with the server's output

	port int
	args []string
	path string
	proc *Process
}

// StartRedis starts a redis-server without persistence on a free port. Its log goes to
// dir; extraArgs are added to its command line.
func StartRedis(dir string, extraArgs ...string) (*Redis, error) {
	path, err := findProgram("redis-server")
	if err != nil {
		return nil, err
	}
	r := &Redis{args: extraArgs, path: path, Log: filepath.Join(dir, "redis.log")}
	err = onFreePort(func(port int) error {
		r.port, r.Addr = port, address(port)
		return r.start()
	})
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return r, nil
}

func (r *Redis) start() error {
	args := append([]string{
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", filepath.Dir(r.Log),
	}, r.args...)
	proc, err := StartProcess(Spec{Path: r.path, Args: args, Log: r.Log, Ready: func() error { return pingRedis(r.Addr) }})
	r.proc = proc
	return err
}

// Kill ends the server as kill -9 does; everything in it is lost. A second Kill does
// nothing.
func (r *Redis) Kill() {
	if r.proc != nil {
		r.proc.Kill()
	}
	r.proc = nil
}

// Restart kills the server if it still runs and starts an empty one on the same address.
func (r *Redis) Restart() error {
	r.Kill()
	return r.start()
}

// Pause stops the server in its tracks: connections stay open and nothing answers.
func (r *Redis) Pause() { r.proc.Signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (r *Redis) Resume() { r.proc.Signal(syscall.SIGCONT) }

// pingRedis returns nil when a Redis answers at addr. One that wants a password is up too.
func pingRedis(addr string) error { return ask(addr, "PING", "+PONG", "-NOAUTH") }

// ask sends one command and returns nil when the answer begins with one of wants.
func ask(addr, command string, wants ...string) error {
	conn, err := net.DialTimeout("tcp", addr, dialTimeout)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(clock.System().Now().Add(dialTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, command+"\r\n"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	for _, want := range wants {
		if strings.HasPrefix(answer, want) {
			return nil
		}
	}
	return errors.New(strings.TrimSpace(answer))
}

// FlushAll empties the server.
func (r *Redis) FlushAll() error { return ask(r.Addr, "FLUSHALL", "+OK") }
