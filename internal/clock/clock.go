// Package clock is the only place that reads the wall clock. Everything else takes a
// Clock, so that tests control time and the demo can run a night in a minute.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time and waits. Implementations are safe for concurrent use.
type Clock interface {
	// Now returns the current time in UTC.
	Now() time.Time
	// Sleep waits for d of this clock's time or until ctx ends, whichever is first,
	// and returns ctx.Err() in the latter case.
	Sleep(ctx context.Context, d time.Duration) error
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC() }

func (system) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Scaled returns a clock that reads start now and runs speed times as fast as the
// machine's. A speed of 60 passes an hour in a minute.
func Scaled(start time.Time, speed float64) *ScaledClock {
	return &ScaledClock{start: start.UTC(), origin: time.Now(), speed: speed}
}

// ScaledClock runs faster than the machine's and can skip what nobody wants to watch.
type ScaledClock struct {
	mu     sync.Mutex
	start  time.Time
	origin time.Time
	speed  float64
}

// Now returns the scaled time.
func (s *ScaledClock) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start.Add(time.Duration(float64(time.Since(s.origin)) * s.speed))
}

// Sleep waits for d of scaled time. A jump does not shorten it.
func (s *ScaledClock) Sleep(ctx context.Context, d time.Duration) error {
	return system{}.Sleep(ctx, time.Duration(float64(d)/s.speed))
}

// JumpTo moves the clock forward to t; an earlier t changes nothing.
func (s *ScaledClock) JumpTo(t time.Time) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if skip := t.Sub(now); skip > 0 {
		s.start = s.start.Add(skip)
	}
}

// Manual is a clock that only moves when told to, for tests.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	waiters map[chan struct{}]time.Time
}

// NewManual returns a manual clock reading now.
func NewManual(now time.Time) *Manual {
	return &Manual{now: now.UTC(), waiters: map[chan struct{}]time.Time{}}
}

// Now returns the time last set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock by d and wakes every sleeper whose time has come.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	for ch, at := range m.waiters {
		if !at.After(m.now) {
			close(ch)
			delete(m.waiters, ch)
		}
	}
}

// Sleepers returns how many callers are waiting in Sleep.
func (m *Manual) Sleepers() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiters)
}

// Sleep waits until the clock was advanced by d.
func (m *Manual) Sleep(ctx context.Context, d time.Duration) error {
	m.mu.Lock()
	if d <= 0 {
		m.mu.Unlock()
		return ctx.Err()
	}
	ch := make(chan struct{})
	m.waiters[ch] = m.now.Add(d)
	m.mu.Unlock()
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		m.mu.Lock()
		delete(m.waiters, ch)
		m.mu.Unlock()
		return ctx.Err()
	}
}
