package awscall

import (
	"context"
	"slices"
	"sync"

	"holdfast/internal/clock"
)

// MaxCalls is how many calls of one step are kept: the first and the last ones.
const MaxCalls = 16

// maxText bounds what AWS says about itself, in bytes.
const maxText = 128

// Recorder notes the calls made under a context. It is safe for concurrent use, and its
// methods may be called on nil, which notes nothing.
type Recorder struct {
	clock clock.Clock
	mu    sync.Mutex
	calls Calls
}

type recorderKey struct{}

// Record returns a context whose AWS calls are noted, and what notes them. Times are read
// from clk.
func Record(ctx context.Context, clk clock.Clock) (context.Context, *Recorder) {
	r := &Recorder{clock: clk}
	return context.WithValue(ctx, recorderKey{}, r), r
}

// From returns what notes the calls made under ctx, or nil.
func From(ctx context.Context) *Recorder {
	r, _ := ctx.Value(recorderKey{}).(*Recorder)
	return r
}

// Clock returns the clock calls are dated by.
func (r *Recorder) Clock() clock.Clock { return r.clock }

// Add notes a call. When there is no more room, one from the middle goes.
func (r *Recorder) Add(c Call) {
	if r == nil {
		return
	}
	c.RequestID, c.Code = cut(c.RequestID), cut(c.Code)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls.Calls) == MaxCalls {
		r.calls.Calls = slices.Delete(r.calls.Calls, MaxCalls/2, MaxCalls/2+1)
		r.calls.LeftOut++
	}
	r.calls.Calls = append(r.calls.Calls, c)
}

// Calls returns what was noted, in the order it began.
func (r *Recorder) Calls() Calls {
	if r == nil {
		return Calls{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return Calls{sorted(slices.Clone(r.calls.Calls)), r.calls.LeftOut}
}

// Clear forgets what was noted.
func (r *Recorder) Clear() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = Calls{}
}

func cut(s string) string { return s[:min(len(s), maxText)] }
