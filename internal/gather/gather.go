// Package gather lets concurrent calls share work. Calls that arrive while work is under
// way are handed to the next piece of it together. A lone call is served alone and at
// once; nobody waits on purpose, except where Linger says so.
package gather

import (
	"context"
	"sync"
	"time"

	"holdfast/internal/clock"
)

// Gatherer hands concurrent calls to one function in batches. It is safe for concurrent
// use and keeps no goroutine while nobody waits.
type Gatherer[C any] struct {
	max, parallel int
	do            func([]C)
	worth         int
	pause         time.Duration

	mu      sync.Mutex
	waiting []C
	busy    int
	running sync.WaitGroup
}

// New returns a Gatherer that calls do with 1 to limit calls at a time, from at most
// parallel goroutines. do must tell each call its outcome; it may not panic.
func New[C any](limit, parallel int, do func([]C)) *Gatherer[C] {
	return &Gatherer[C]{max: limit, parallel: parallel, do: do}
}

// Linger makes a batch that follows a shared one wait for pause, on the machine's clock,
// when fewer than worth calls have gathered for it: where a piece of work costs about the
// same for one call as for many, a busy system does fewer pieces. A lone call still waits
// for nothing. It returns g and is to be called before the first Add.
func (g *Gatherer[C]) Linger(worth int, pause time.Duration) *Gatherer[C] {
	g.worth, g.pause = worth, pause
	return g
}

// Add hands over c and returns at once.
func (g *Gatherer[C]) Add(c C) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, c)
	if g.busy < g.parallel {
		g.busy++
		g.running.Go(g.drain)
	}
}

// Wait returns when no work is under way and nobody waits. Nothing may be added meanwhile.
func (g *Gatherer[C]) Wait() { g.running.Wait() }

// Waiting returns how many calls have not been handed over yet.
func (g *Gatherer[C]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// drain works until nobody waits.
func (g *Gatherer[C]) drain() {
	for batch := g.next(); len(batch) > 0; batch = g.next() {
		g.do(batch)
		if len(batch) > 1 && g.Waiting() < g.worth {
			_ = clock.System().Sleep(context.Background(), g.pause)
		}
	}
}

// next takes the calls that wait longest. With none its goroutine ends.
func (g *Gatherer[C]) next() []C {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), g.max)
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	if n == 0 {
		g.waiting = nil
		g.busy--
	}
	return batch
}
