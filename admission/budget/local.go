package budget

import (
	"context"
	"sync"

	"holdfast/internal/clock"
)

// maxLocal bounds the buckets a Local remembers. Beyond it an arbitrary one is forgotten,
// which makes it a full one.
const maxLocal = 10_000

// Local is a Limiter of one process alone, with a fraction of each bucket. It is what is
// left when Redis does not answer, and what commands use that need no Redis.
type Local struct {
	clock    clock.Clock
	fraction float64

	mu     sync.Mutex
	states map[Key]State
}

var _ Limiter = (*Local)(nil)

// NewLocal returns a limiter that gives out fraction of every rate and burst, above 0 and
// at most 1, on the machine's clock c.
func NewLocal(c clock.Clock, fraction float64) *Local {
	return &Local{clock: c, fraction: fraction, states: map[Key]State{}}
}

// Reserve implements Limiter. Its error is always nil.
func (l *Local) Reserve(_ context.Context, key Key, terms Terms, ask Ask) (answer Answer, err error) {
	l.change(key, func(s State, now int64) State {
		s, answer = Reserve(s, l.part(terms), ask, now)
		return s
	})
	return answer, nil
}

// Throttled implements Limiter. Its error is always nil.
func (l *Local) Throttled(_ context.Context, key Key, terms Terms) error {
	l.change(key, func(s State, now int64) State { return Lower(s, l.part(terms), now) })
	return nil
}

// part returns this process's part of a bucket.
func (l *Local) part(t Terms) Terms {
	t.Rate, t.Burst = t.Rate*l.fraction, max(1, t.Burst*l.fraction)
	return t
}

func (l *Local) change(key Key, to func(State, int64) State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.states[key]; !known && len(l.states) >= maxLocal {
		for victim := range l.states {
			delete(l.states, victim)
			break
		}
	}
	l.states[key] = to(l.states[key], l.clock.Now().UnixMicro())
}
