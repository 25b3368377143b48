package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"holdfast/bench/lab"

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
)

// rig is what the measurements run on: a redis-server and a PostgreSQL of their own, the
// latter as durable as it comes.
type rig struct {
	settings settings
	clock    clock.Clock
	log      zerolog.Logger
	dir      string
	redis    *lab.Redis
	postgres *localserver.Postgres
	made     int // databases
}

func newRig(s settings) (_ *rig, err error) {
	l := &rig{settings: s, clock: clock.System(), log: zerolog.New(os.Stderr).Level(zerolog.ErrorLevel)}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.dir, err = os.MkdirTemp("", "holdfast-bench"); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	if l.redis, err = lab.StartRedis(l.dir); err != nil {
		return nil, err
	}
	l.postgres, err = localserver.StartPostgres(false)
	return l, err
}

// close stops the servers and removes what they wrote.
func (l *rig) close() {
	if l.redis != nil {
		l.redis.Close()
	}
	if l.postgres != nil {
		l.postgres.Remove()
	}
	_ = os.RemoveAll(l.dir)
}

// database makes an empty PostgreSQL database and returns its address.
func (l *rig) database() (string, error) {
	l.made++
	return l.postgres.CreateDatabase(fmt.Sprintf("bench%d", l.made))
}

// catalog opens an empty catalog: in PostgreSQL, or in a SQLite file.
func (l *rig) catalog(ctx context.Context, c clock.Clock, postgres bool) (*sqlstore.Store, error) {
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
func (l *rig) rate(n int, began time.Time) float64 {
	return float64(n) / l.clock.Now().Sub(began).Seconds()
}
