package main

import (
	"context"
	"sync"
)

// gate holds everybody who is expected until all are there.
type gate struct {
	mu      sync.Mutex
	missing int
	open    chan struct{}
}

func newGate(expected int) *gate { return &gate{missing: expected, open: make(chan struct{})} }

// arrive waits for the others, or for the end of ctx.
func (g *gate) arrive(ctx context.Context) error {
	g.mu.Lock()
	if g.missing--; g.missing == 0 {
		close(g.open)
	}
	g.mu.Unlock()
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
