package testkit

import (
	"testing"

	"github.com/alicebob/miniredis/v2"

	"holdfast/internal/localserver"
)

// RedisServer is a real redis-server that keeps nothing on disk. Its methods must not be
// called concurrently.
type RedisServer struct {
	*localserver.Redis
	tb testing.TB
}

// Redis starts a redis-server without persistence and stops it at the end of the test.
// extraArgs are added to its command line, for example "--maxmemory", "1mb".
func Redis(tb testing.TB, extraArgs ...string) *RedisServer {
	tb.Helper()
	Integration(tb)
	server, err := localserver.StartRedis(tb.TempDir(), extraArgs...)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	printLogOnFailure(tb, "redis-server", server.Log)
	tb.Cleanup(server.Kill)
	return &RedisServer{Redis: server, tb: tb}
}

// Restart kills the server if it still runs and starts an empty one on the same address.
func (r *RedisServer) Restart() {
	r.tb.Helper()
	if err := r.Redis.Restart(); err != nil {
		r.tb.Fatalf("restart redis: %v", err)
	}
}

// Miniredis starts the in-process Redis of the embedded mode and stops it at the end of
// the test. As in that mode, keys with a time to live expire by themselves.
func Miniredis(tb testing.TB) *miniredis.Miniredis {
	tb.Helper()
	m := miniredis.RunT(tb)
	m.ClockTTL(true)
	return m
}
