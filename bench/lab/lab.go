// Package lab is what the benchmarks share: a redis-server of their own, what it has used,
// and counting down to the end.
package lab

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/catalog"
	"holdfast/internal/clock"
	"holdfast/internal/localserver"
)

const (
	// poolSize is enough connections for every worker of a benchmark.
	poolSize = 256
	// readTimeout lets a server free a million keys at once.
	readTimeout = time.Minute
)

// Redis is a redis-server and a client of it.
type Redis struct {
	Server *localserver.Redis
	Client *redis.Client
	clock  clock.Clock
}

// StartRedis starts an empty redis-server whose log goes to dir.
func StartRedis(dir string) (*Redis, error) {
	server, err := localserver.StartRedis(dir)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, PoolSize: poolSize, ReadTimeout: readTimeout})
	return &Redis{Server: server, Client: client, clock: clock.System()}, nil
}

// Close stops the server.
func (r *Redis) Close() {
	_ = r.Client.Close()
	r.Server.Kill()
}

// Empty removes everything.
func (r *Redis) Empty(ctx context.Context) error {
	if err := r.Client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("empty redis: %w", err)
	}
	return nil
}

// settleTime lets Redis finish what it frees in the background.
const settleTime = 200 * time.Millisecond

// Memory returns Redis' own count of its bytes. Connections are closed first, because
// their buffers count too; whoever needs one opens it again.
func (r *Redis) Memory(ctx context.Context) (float64, error) {
	if err := r.Client.ClientKillByFilter(ctx, "TYPE", "normal").Err(); err != nil {
		return 0, fmt.Errorf("close redis connections: %w", err)
	}
	if err := r.clock.Sleep(ctx, settleTime); err != nil {
		return 0, err
	}
	return r.info(ctx, "Memory", "used_memory")
}

// CPU returns the seconds of processor time the server has used.
func (r *Redis) CPU(ctx context.Context) (float64, error) {
	user, err := r.info(ctx, "CPU", "used_cpu_user")
	if err != nil {
		return 0, err
	}
	system, err := r.info(ctx, "CPU", "used_cpu_sys")
	return user + system, err
}

func (r *Redis) info(ctx context.Context, section, field string) (value float64, err error) {
	info, err := r.Client.InfoMap(ctx, section).Result()
	if err != nil {
		return 0, fmt.Errorf("ask redis for %s: %w", field, err)
	}
	_, err = fmt.Sscan(info[section][field], &value)
	return value, err
}

// Countdown is done when n things have happened. It is safe for concurrent use.
type Countdown struct {
	left atomic.Int64
	done chan struct{}
}

// NewCountdown counts down from n, which is at least 1.
func NewCountdown(n int) *Countdown {
	c := &Countdown{done: make(chan struct{})}
	c.left.Store(int64(n))
	return c
}

// Add says that n things have happened.
func (c *Countdown) Add(n int) {
	if left := c.left.Add(int64(-n)); left <= 0 && left+int64(n) > 0 {
		close(c.done)
	}
}

// Left returns how many are to go.
func (c *Countdown) Left() int { return int(c.left.Load()) }

// Wait returns when everything has happened, or what stopped it.
func (c *Countdown) Wait(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d to go: %w", c.Left(), ctx.Err())
	}
}

// NoCatalog stands in for the catalog where only Redis is measured.
type NoCatalog struct{}

// MarkSubmitted records nothing.
func (NoCatalog) MarkSubmitted(context.Context, []catalog.Job, int64) error { return nil }

// Leading is a catalog whose lease is told by a clock that runs fast: a leader refuses to
// lead when its clock is off the database's.
type Leading struct {
	catalog.Store
	Clock clock.Clock
}

// AcquireLease takes the lease and tells the time of the clock.
func (s Leading) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (catalog.Lease, error) {
	lease, err := s.Store.AcquireLease(ctx, name, owner, ttl)
	lease.Now = s.Clock.Now()
	return lease, err
}
