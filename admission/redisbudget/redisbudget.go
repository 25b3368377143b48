// Package redisbudget keeps the buckets of package budget in Redis, where every process
// of an installation draws from the same ones.
//
// A decision is one script call on Redis' own clock. A bucket is a hash that expires when
// it would be full again, so that nothing has to be cleaned up; an emptied Redis is one
// with full buckets, which AWS corrects with a few throttles. Redis 6.2 or newer, Valkey
// and miniredis work.
package redisbudget

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission/budget"
)

var (
	//go:embed lua/state.lua
	stateSource string
	//go:embed lua/reserve.lua
	reserveSource string
	//go:embed lua/lower.lua
	lowerSource string
	//go:embed lua/forget.lua
	forgetSource string

	reserveScript = redis.NewScript(stateSource + reserveSource)
	lowerScript   = redis.NewScript(stateSource + lowerSource)
	forgetScript  = redis.NewScript(forgetSource)
)

const (
	// DefaultTimeout is how long one round trip may take. A call to AWS waits for it.
	DefaultTimeout = time.Second
	// minLife keeps a bucket's history while somebody may come back to it.
	minLife = 10 * time.Minute
)

// Options says whose buckets they are.
type Options struct {
	// Installation names the keys, as in package redislimit.
	Installation string
	// Timeout limits one round trip; 0 means DefaultTimeout.
	Timeout time.Duration
}

// Limiter is a budget.Limiter on Redis. It keeps nothing between calls.
type Limiter struct {
	client  redis.UniversalClient
	root    string // {hf:<installation>}:budget
	timeout time.Duration
}

var _ budget.Limiter = (*Limiter)(nil)

// New returns a limiter that uses client, which stays the caller's to close. It connects
// to nothing yet.
func New(client redis.UniversalClient, o Options) *Limiter {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return &Limiter{client: client, root: "{hf:" + o.Installation + "}:budget", timeout: o.Timeout}
}

// Reserve implements budget.Limiter.
func (l *Limiter) Reserve(ctx context.Context, key budget.Key, t budget.Terms, ask budget.Ask) (budget.Answer, error) {
	reply, err := l.run(ctx, reserveScript, key, t, flag(ask.Restore), flag(ask.Returning), ask.Patience.Microseconds()).Int64Slice()
	if err == nil && len(reply) != 2 {
		err = fmt.Errorf("answer has %d numbers", len(reply))
	}
	if err != nil {
		return budget.Answer{}, fmt.Errorf("reserve from API budget %s: %w", key, err)
	}
	return budget.Answer{Granted: reply[0] == 1, Wait: time.Duration(reply[1]) * time.Microsecond}, nil
}

// Throttled implements budget.Limiter.
func (l *Limiter) Throttled(ctx context.Context, key budget.Key, t budget.Terms) error {
	if err := l.run(ctx, lowerScript, key, t, t.Cooldown.Microseconds(), budget.Decrease).Err(); err != nil {
		return fmt.Errorf("lower API budget %s: %w", key, err)
	}
	return nil
}

// run runs a script on one bucket. A server that does not know the script is given it.
func (l *Limiter) run(ctx context.Context, s *redis.Script, key budget.Key, t budget.Terms, more ...any) *redis.Cmd {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	args := append([]any{
		t.Rate, t.Burst, t.Share, t.Horizon.Microseconds(), t.Recovery, life(t).Milliseconds(), budget.Least,
	}, more...)
	return s.Run(ctx, l.client, []string{l.root + ":" + key.String(), l.index()}, args...)
}

func (l *Limiter) index() string { return l.root + "s" }

// life is how long a bucket nobody draws from is worth keeping: until it is full, at its
// whole rate, and its line is empty.
func life(t budget.Terms) time.Duration {
	fill := t.Burst / (t.Rate * budget.Least)
	if t.Recovery > 0 {
		fill += 1 / t.Recovery
	}
	return min(max(minLife, t.Horizon+time.Duration(fill*float64(time.Second))), 24*time.Hour)
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
