package testkit

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdfast/internal/clock"
)

// startAttempts is how often a server is started on a new port when it cannot have the
// first one.
const startAttempts = 3

// dialTimeout bounds one question whether a server is up.
const dialTimeout = 2 * time.Second

// RedisServer is a real redis-server that keeps nothing on disk. Its methods must not be
// called concurrently.
type RedisServer struct {
	Addr string // host:port, the same after Restart

	tb   testing.TB
	port int
	args []string
	path string
	log  string
	proc *process
}

// Redis starts a redis-server without persistence and stops it at the end of the test.
// extraArgs are added to its command line, for example "--maxmemory", "1mb".
func Redis(tb testing.TB, extraArgs ...string) *RedisServer {
	tb.Helper()
	Integration(tb)
	r := &RedisServer{
		tb: tb, args: extraArgs, path: program(tb, "redis-server"),
		log: filepath.Join(tb.TempDir(), "redis.log"),
	}
	printLogOnFailure(tb, "redis-server", r.log)
	var err error
	for range startAttempts {
		r.port = FreePort(tb)
		r.Addr = address(r.port)
		if err = r.start(); err == nil {
			tb.Cleanup(r.Kill)
			return r
		}
	}
	tb.Fatalf("redis: %v", err)
	return nil
}

func (r *RedisServer) start() error {
	args := append([]string{
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", filepath.Dir(r.log),
	}, r.args...)
	proc, err := start(spec{path: r.path, args: args, log: r.log, ready: func() error { return pingRedis(r.Addr) }})
	r.proc = proc
	return err
}

// Kill ends the server as kill -9 does; everything in it is lost. A second Kill does
// nothing.
func (r *RedisServer) Kill() {
	if r.proc != nil {
		r.proc.kill()
	}
	r.proc = nil
}

// Restart kills the server if it still runs and starts an empty one on the same address.
func (r *RedisServer) Restart() {
	r.tb.Helper()
	r.Kill()
	if err := r.start(); err != nil {
		r.tb.Fatalf("restart redis: %v", err)
	}
}

// Pause stops the server in its tracks: connections stay open and nothing answers.
func (r *RedisServer) Pause() { r.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (r *RedisServer) Resume() { r.signal(syscall.SIGCONT) }

func (r *RedisServer) signal(sig syscall.Signal) {
	r.tb.Helper()
	if r.proc == nil {
		r.tb.Fatalf("redis: %v sent to a server that is not running", sig)
	}
	r.proc.signal(sig)
}

// pingRedis returns nil when a Redis answers at addr. One that wants a password is up too.
func pingRedis(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, dialTimeout)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(clock.System().Now().Add(dialTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if strings.HasPrefix(answer, "+PONG") || strings.HasPrefix(answer, "-NOAUTH") {
		return nil
	}
	return errors.New(strings.TrimSpace(answer))
}

// Miniredis starts the in-process Redis of the embedded mode and stops it at the end of
// the test. As in that mode, keys with a time to live expire by themselves.
func Miniredis(tb testing.TB) *miniredis.Miniredis {
	tb.Helper()
	m := miniredis.RunT(tb)
	m.ClockTTL(true)
	return m
}
