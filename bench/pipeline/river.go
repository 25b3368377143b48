package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"holdfast/bench/lab"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// River's settings: many workers and short pauses, so that only PostgreSQL holds it up.
const (
	riverWorkers  = 1000
	riverCooldown = 2 * time.Millisecond
	riverPoll     = 20 * time.Millisecond
	riverInsert   = 5000 // jobs of one bulk insertion
)

// riverArgs is a job of the size of a start task.
type riverArgs struct {
	Job        string `json:"job"`
	Generation int64  `json:"gen"`
}

// Kind names the job type for River.
func (riverArgs) Kind() string { return "noop" }

// riverNoop does nothing but count.
type riverNoop struct {
	river.WorkerDefaults[riverArgs]
	left *lab.Countdown
}

// Work counts.
func (w *riverNoop) Work(context.Context, *river.Job[riverArgs]) error {
	w.left.Add(1)
	return nil
}

// plainRiver measures a job queue in PostgreSQL that does nothing.
func plainRiver(ctx context.Context, l *rig, _ results) (section, error) {
	dsn, err := l.database()
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer pool.Close()
	left := lab.NewCountdown(l.settings.jobs)
	client, err := l.riverClient(ctx, pool, left)
	if err != nil {
		return nil, err
	}
	inserted := l.clock.Now()
	if err := insertRiver(ctx, client, l.settings.jobs); err != nil {
		return nil, err
	}
	insertRate := l.rate(l.settings.jobs, inserted)
	began := l.clock.Now()
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("start river: %w", err)
	}
	// A job is done when River has recorded that, which it does in batches and, for the
	// last of them, before Stop returns.
	err = errors.Join(left.Wait(ctx), client.Stop(context.WithoutCancel(ctx)))
	if err != nil {
		return nil, err
	}
	rate := l.rate(l.settings.jobs, began)
	return section{"drain": plain(rate, perSecond), "insert": plain(insertRate, perSecond)}, completedInRiver(ctx, pool, l.settings.jobs)
}

// completedInRiver makes sure that what was timed is what was to be done.
func completedInRiver(ctx context.Context, pool *pgxpool.Pool, jobs int) error {
	var completed int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed'").Scan(&completed); err != nil {
		return fmt.Errorf("count river's jobs: %w", err)
	}
	if completed != jobs {
		return fmt.Errorf("river completed %d of %d jobs", completed, jobs)
	}
	return nil
}

// riverClient makes River's tables and a client for them.
func (l *rig) riverClient(ctx context.Context, pool *pgxpool.Pool, left *lab.Countdown) (*river.Client[pgx.Tx], error) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("river: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate river: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverNoop{left: left})
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger: quiet, Workers: workers, FetchCooldown: riverCooldown, FetchPollInterval: riverPoll,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
	})
}

func insertRiver(ctx context.Context, client *river.Client[pgx.Tx], n int) error {
	for from := 0; from < n; from += riverInsert {
		var batch []river.InsertManyParams
		for i := from; i < min(from+riverInsert, n); i++ {
			batch = append(batch, river.InsertManyParams{Args: riverArgs{Job: jobID(i), Generation: 1_000_000_000}})
		}
		if _, err := client.InsertManyFast(ctx, batch); err != nil {
			return fmt.Errorf("insert into river: %w", err)
		}
	}
	return nil
}
