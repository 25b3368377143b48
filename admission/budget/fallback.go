package budget

import (
	"context"
	"sync"
	"time"

	"holdfast/internal/clock"
)

// blind is how long the shared limiter is left alone after it did not answer, so that a
// dead Redis costs one call in a while its timeout, and not every call.
const blind = time.Second

// Fallback is a Limiter that asks a shared one and, while that does not answer, a local
// one: calls neither stop nor run free.
type Fallback struct {
	shared, local Limiter
	clock         clock.Clock
	lost          func(error)

	mu    sync.Mutex
	until time.Time // the shared one is not asked before
}

var _ Limiter = (*Fallback)(nil)

// NewFallback returns a limiter over shared and local on the machine's clock c. lost, when
// not nil, is told each time the shared one did not answer.
func NewFallback(shared, local Limiter, c clock.Clock, lost func(error)) *Fallback {
	if lost == nil {
		lost = func(error) {}
	}
	return &Fallback{shared: shared, local: local, clock: c, lost: lost}
}

// Reserve implements Limiter. Its error is that of the local limiter, or of ctx.
func (f *Fallback) Reserve(ctx context.Context, key Key, terms Terms, ask Ask) (Answer, error) {
	if f.sees() {
		answer, err := f.shared.Reserve(ctx, key, terms, ask)
		if err == nil {
			return answer, nil
		}
		if ctx.Err() != nil {
			return Answer{}, ctx.Err()
		}
		f.lose(err)
	}
	return f.local.Reserve(ctx, key, terms, ask)
}

// Throttled implements Limiter: both are told.
func (f *Fallback) Throttled(ctx context.Context, key Key, terms Terms) error {
	if f.sees() {
		if err := f.shared.Throttled(ctx, key, terms); err != nil && ctx.Err() == nil {
			f.lose(err)
		}
	}
	return f.local.Throttled(ctx, key, terms)
}

func (f *Fallback) sees() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.clock.Now().Before(f.until)
}

func (f *Fallback) lose(err error) {
	f.mu.Lock()
	f.until = f.clock.Now().Add(blind)
	f.mu.Unlock()
	f.lost(err)
}
