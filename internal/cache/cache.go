// Package cache keeps the last answer of a slow source for a few seconds, so that a page
// or a metrics endpoint that many ask costs its source little, and one that hangs holds up
// nobody for longer than its timeout.
package cache

import (
	"context"
	"fmt"
	"sync"
	"time"

	"holdfast/internal/clock"
)

// restFactor is how many times as long as it took to get an answer is kept: a source that
// takes a second is asked every ten, so it never spends more than a tenth of its time here.
const restFactor = 10

// Options are the settings of an Answer.
type Options struct {
	Name    string        // of the source, in errors
	Keep    time.Duration // an answer, or a failure, is kept at least this long
	Timeout time.Duration // how long a caller waits
	// Stale is how long past its time a good answer is still given, at once, while a new one
	// is asked for; 0: never.
	Stale time.Duration
	// Patience is how long a caller waits for a new answer before it is given a good one
	// that is older still; 0: for Timeout, and then it is given none.
	Patience time.Duration
	Clock    clock.Clock
}

// Answer keeps the last answer of one source. It is safe for concurrent use.
type Answer[T any] struct {
	opts Options
	read func(context.Context) (T, error)

	mu       sync.Mutex
	last     result[T]
	inFlight chan struct{} // nil: nobody is asking; closed when the answer is there
}

type result[T any] struct {
	value T
	err   error
	until time.Time // zero: never asked
}

// good reports whether there was an answer.
func (r result[T]) good() bool { return r.err == nil && !r.until.IsZero() }

// New returns an Answer over read. read is never called twice at once, even when it pays
// no heed to its context and a caller has long stopped waiting for it. A nil clock is the
// machine's.
func New[T any](read func(context.Context) (T, error), opts Options) *Answer[T] {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	return &Answer[T]{opts: opts, read: read}
}

// Get returns the kept answer, or asks for one and waits for it until ctx ends or the
// timeout passes. The value may be set beside an error when read returned both.
func (a *Answer[T]) Get(ctx context.Context) (T, error) {
	kept, done, fresh := a.begin(ctx)
	if fresh {
		return kept.value, kept.err
	}
	patience, old := a.opts.Timeout, kept.good() && a.opts.Patience > 0
	if old {
		patience = a.opts.Patience
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-done:
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.last.value, a.last.err
	case <-wait.Done():
		var none T
		switch {
		case ctx.Err() != nil:
			return none, fmt.Errorf("%s: %w", a.opts.Name, ctx.Err())
		case old:
			return kept.value, nil
		}
		return none, fmt.Errorf("%s: no answer within %v: %w", a.opts.Name, a.opts.Timeout, wait.Err())
	}
}

// begin returns the kept answer if it is fresh, else the signal of the question under way,
// asking it when nobody has.
func (a *Answer[T]) begin(ctx context.Context) (kept result[T], done <-chan struct{}, fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.opts.Clock.Now()
	if now.Before(a.last.until) {
		return a.last, nil, true
	}
	if a.inFlight == nil {
		a.inFlight = make(chan struct{})
		// Others may come to wait for the same answer: it must not end with whoever came first.
		go a.ask(context.WithoutCancel(ctx))
	}
	if a.last.good() && now.Before(a.last.until.Add(a.opts.Stale)) {
		return a.last, nil, true
	}
	return a.last, a.inFlight, false
}

func (a *Answer[T]) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, a.opts.Timeout)
	defer cancel()
	start := a.opts.Clock.Now()
	value, err := a.read(ctx)
	now := a.opts.Clock.Now()
	if err != nil {
		err = fmt.Errorf("%s: %w", a.opts.Name, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = result[T]{value, err, now.Add(max(a.opts.Keep, restFactor*now.Sub(start)))}
	close(a.inFlight)
	a.inFlight = nil
}
