package testkit

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/clock"
	"holdfast/internal/localserver"
)

// pollInterval is how often Eventually asks again.
const pollInterval = 5 * time.Millisecond

// Integration marks a test that needs a server. It skips the test under -short, and only
// then; the functions that start servers call it themselves.
func Integration(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a real server: run without -short")
	}
}

// Eventually polls cond until it returns true and fails the test, naming what was waited
// for, when that has not happened within timeout. Call it on the test's own goroutine.
func Eventually(tb testing.TB, timeout time.Duration, what string, cond func() bool) {
	tb.Helper()
	if !poll(timeout, cond) {
		tb.Fatalf("after %v still waiting: %s", timeout, what)
	}
}

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
func FreePort(tb testing.TB) int {
	tb.Helper()
	port, err := localserver.FreePort()
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// printLogOnFailure adds the end of a server's log to the output of a failed test.
func printLogOnFailure(tb testing.TB, name, file string) {
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", name, localserver.Tail(file))
		}
	})
}

// Main is the body of a package's TestMain: it runs the tests, stops the servers they
// shared, and fails the run if a goroutine is left over. It ends the process.
func Main(m goleak.TestingM, options ...goleak.Option) {
	mainRuns.Store(true)
	goleak.VerifyTestMain(stopper{m}, options...)
}

// stopper stops the shared servers between the tests and the search for leaks, because
// a running server has a goroutine that waits for its end.
type stopper struct{ m goleak.TestingM }

// Run runs the tests and stops what they shared; it returns the exit code.
func (s stopper) Run() int {
	code := s.m.Run()
	stopShared()
	return code
}
