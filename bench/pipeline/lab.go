package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/localserver"
)

// The shape every measurement shares: four servers, as four worker processes would have.
const (
	servers      = 4
	concurrency  = 32
	installation = "bench"
	poolSize     = 256
)

// lab is what the measurements run on: a redis-server and a PostgreSQL of their own, the
// latter as durable as it comes.
type lab struct {
	settings settings
	clock    clock.Clock
	log      zerolog.Logger
	dir      string
	redis    *localserver.Redis
	client   *redis.Client
	postgres *localserver.Postgres
	made     int // databases
}

func newLab(s settings) (_ *lab, err error) {
	l := &lab{settings: s, clock: clock.System(), log: zerolog.New(os.Stderr).Level(zerolog.ErrorLevel)}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.dir, err = os.MkdirTemp("", "holdfast-bench"); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	if l.redis, err = localserver.StartRedis(l.dir); err != nil {
		return nil, err
	}
	l.client = redis.NewClient(&redis.Options{Addr: l.redis.Addr, PoolSize: poolSize})
	l.postgres, err = localserver.StartPostgres(false)
	return l, err
}

// close stops the servers and removes what they wrote.
func (l *lab) close() {
	if l.client != nil {
		_ = l.client.Close()
	}
	if l.redis != nil {
		l.redis.Kill()
	}
	if l.postgres != nil {
		l.postgres.Remove()
	}
	_ = os.RemoveAll(l.dir)
}

// database makes an empty PostgreSQL database and returns its address.
func (l *lab) database() (string, error) {
	l.made++
	return l.postgres.CreateDatabase(fmt.Sprintf("bench%d", l.made))
}

// catalog opens an empty catalog: in PostgreSQL, or in a SQLite file.
func (l *lab) catalog(ctx context.Context, c clock.Clock, postgres bool) (*sqlstore.Store, error) {
	l.made++
	dsn := fmt.Sprintf("sqlite:%s/catalog%d.db", l.dir, l.made)
	if postgres {
		var err error
		if dsn, err = l.database(); err != nil {
			return nil, err
		}
	}
	store, err := sqlstore.Open(ctx, dsn, sqlstore.Options{Clock: c})
	if err != nil {
		return nil, err
	}
	if _, err := store.Installation(ctx, installation); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// rate is n per second of the machine's time since began.
func (l *lab) rate(n int, began time.Time) float64 {
	return float64(n) / l.clock.Now().Sub(began).Seconds()
}

// countdown is done when n things have happened. It is safe for concurrent use.
type countdown struct {
	left atomic.Int64
	done chan struct{}
}

func newCountdown(n int) *countdown {
	c := &countdown{done: make(chan struct{})}
	c.left.Store(int64(n))
	return c
}

func (c *countdown) add(n int) {
	if left := c.left.Add(int64(-n)); left <= 0 && left+int64(n) > 0 {
		close(c.done)
	}
}

// wait returns when everything has happened, or what stopped it.
func (c *countdown) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d to go: %w", c.left.Load(), ctx.Err())
	}
}
