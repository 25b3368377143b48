package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/internal/cache"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// source counts how often it is asked and takes its answers from a script.
type source struct {
	mu    sync.Mutex
	asked int
	err   error
	takes func()
}

func (s *source) read(context.Context) (int, error) {
	s.mu.Lock()
	s.asked++
	n, err, takes := s.asked, s.err, s.takes
	s.mu.Unlock()
	if takes != nil {
		takes()
	}
	return n, err
}

func (s *source) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func newAnswer(s *source, clk clock.Clock) *cache.Answer[int] {
	return cache.New(s.read, cache.Options{Name: "source", Keep: 5 * time.Second, Timeout: time.Minute, Clock: clk})
}

func get(t *testing.T, a *cache.Answer[int], want int) {
	t.Helper()
	got, err := a.Get(t.Context())
	if err != nil || got != want {
		t.Fatalf("got %d, %v, want %d", got, err, want)
	}
}

func TestAnswerIsKept(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Unix(1_700_000_000, 0))
	a := newAnswer(&source{}, clk)
	get(t, a, 1)
	clk.Advance(4 * time.Second)
	get(t, a, 1)
	clk.Advance(2 * time.Second)
	get(t, a, 2)
}

func TestSlowSourceRests(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Unix(1_700_000_000, 0))
	a := newAnswer(&source{takes: func() { clk.Advance(3 * time.Second) }}, clk)
	get(t, a, 1)
	clk.Advance(29 * time.Second)
	get(t, a, 1)
	clk.Advance(2 * time.Second)
	get(t, a, 2)
}

func TestFailureIsKeptToo(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Unix(1_700_000_000, 0))
	broken := errors.New("connection refused")
	s := &source{err: broken}
	a := newAnswer(s, clk)
	for range 3 {
		if _, err := a.Get(t.Context()); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "source: ") {
			t.Fatalf("got %v", err)
		}
	}
	if s.times() != 1 {
		t.Errorf("a broken source was asked %d times", s.times())
	}
}

func TestHangingSourceIsAskedOnce(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	s := &source{takes: func() { <-hang }}
	a := cache.New(s.read, cache.Options{Name: "source", Keep: time.Hour, Timeout: 20 * time.Millisecond})
	for range 3 {
		if _, err := a.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want a timeout", err)
		}
	}
	if s.times() != 1 {
		t.Errorf("a hanging source was asked %d times", s.times())
	}
	close(hang)
	testkit.Eventually(t, 10*time.Second, "the late answer", func() bool {
		got, err := a.Get(t.Context())
		return err == nil && got == 1
	})
}

func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	s := &source{takes: func() { <-hang }}
	a := newAnswer(s, clock.System())
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if got, err := a.Get(t.Context()); err != nil || got != 1 {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	testkit.Eventually(t, 10*time.Second, "the first question", func() bool { return s.times() == 1 })
	close(hang)
	callers.Wait()
	if s.times() != 1 {
		t.Errorf("50 callers cost %d questions", s.times())
	}
}

func TestFirstCallerLeaves(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	s := &source{takes: func() { <-hang }}
	a := newAnswer(s, clock.System())
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := a.Get(ctx)
		left <- err
	}()
	testkit.Eventually(t, 10*time.Second, "the first question", func() bool { return s.times() == 1 })
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
	close(hang)
	get(t, a, 1)
}

func TestStaleAnswerIsGivenMeanwhile(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Unix(1_700_000_000, 0))
	s := &source{}
	a := cache.New(s.read, cache.Options{Name: "source", Keep: 5 * time.Second, Timeout: time.Minute, Stale: 20 * time.Second, Clock: clk})
	get(t, a, 1)
	asking, release := make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	s.takes = func() { close(asking); <-release }
	s.mu.Unlock()
	clk.Advance(6 * time.Second)
	get(t, a, 1) // while the source is asked
	<-asking
	get(t, a, 1)
	close(release)
	testkit.Eventually(t, time.Minute, "the new answer", func() bool {
		n, err := a.Get(t.Context())
		return err == nil && n == 2
	})
	s.mu.Lock()
	s.takes = nil
	s.mu.Unlock()
	clk.Advance(time.Hour) // too old to be given
	get(t, a, 3)
}

func TestOldAnswerIsGivenToTheImpatient(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Unix(1_700_000_000, 0))
	s := &source{}
	a := cache.New(s.read, cache.Options{Name: "source", Keep: 5 * time.Second, Timeout: time.Minute, Patience: 10 * time.Millisecond, Clock: clk})
	get(t, a, 1)
	hang := make(chan struct{})
	s.mu.Lock()
	s.takes = func() { <-hang }
	s.mu.Unlock()
	clk.Advance(time.Hour)
	get(t, a, 1) // the source hangs: better an old answer than none
	close(hang)
	testkit.Eventually(t, time.Minute, "the new answer", func() bool {
		n, err := a.Get(t.Context())
		return err == nil && n == 2
	})
}
