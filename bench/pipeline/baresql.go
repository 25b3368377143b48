package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// The shape of the bare statements: groups as large as the catalog's are under load, from
// as many connections as keep two cores busy.
const (
	bareGroup   = 64
	bareWriters = 4
)

// bareTables hold what a job's life must leave behind, and no index but the keys.
const bareTables = `
	CREATE TABLE jobs (id text PRIMARY KEY, state text NOT NULL, version bigint NOT NULL, ref text NOT NULL,
		resource text NOT NULL, spec text NOT NULL, look_at bigint NOT NULL) WITH (fillfactor = 75);
	CREATE TABLE events (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job text NOT NULL, state text NOT NULL);
	CREATE TABLE points (id text PRIMARY KEY, resource text NOT NULL, ref text NOT NULL)`

// The statements of a job's life; every one comes with an event.
const (
	bareEvent  = `INSERT INTO events (job, state) SELECT id, $2 FROM unnest($1::text[]) id`
	bareInsert = `INSERT INTO jobs SELECT id, 'CREATED', 1, '', 'arn:aws:ec2:eu-central-1:111122223333:volume/' || id, '{}', 0
		FROM unnest($1::text[]) id`
	bareStep = `UPDATE jobs SET state = $2, version = version + 1, ref = $3, look_at = $4
		FROM unnest($1::text[]) v(id) WHERE jobs.id = v.id AND version = $5`
	barePoint = `INSERT INTO points SELECT j.id, j.resource, j.ref FROM unnest($1::text[]) v(id) JOIN jobs j ON j.id = v.id`
)

// bareSQL measures what PostgreSQL alone can do: as many durable state changes as the
// whole path makes, by bare statements in groups, with nobody else on the machine. No
// whole path on the same PostgreSQL can be faster.
func bareSQL(ctx context.Context, l *rig, _ results) (_ section, err error) {
	dsn, err := l.database()
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = bareWriters
	// A plan made for the empty table would read all of it for each group.
	for _, setting := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan"} {
		cfg.ConnConfig.RuntimeParams[setting] = "off"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, bareTables); err != nil {
		return nil, fmt.Errorf("make tables: %w", err)
	}
	began := l.clock.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(bareWriters)
	for from := 0; from < l.settings.jobs; from += bareGroup {
		group.Go(func() error { return bareLives(groupCtx, pool, from, min(from+bareGroup, l.settings.jobs)) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	rate := l.rate(l.settings.jobs, began)
	return section{"jobs": plain(rate, perSecond)}, bareEnded(ctx, pool, l.settings.jobs)
}

// bareLives takes jobs from..to through their lives, one transaction a step.
func bareLives(ctx context.Context, pool *pgxpool.Pool, from, to int) error {
	ids := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		ids = append(ids, jobID(i))
	}
	steps := []func(*pgx.Batch) string{
		func(b *pgx.Batch) string { b.Queue(bareInsert, ids); return "CREATED" },
		func(b *pgx.Batch) string { b.Queue(bareStep, ids, "CREATED", "", 1, 1); return "intent" },
		func(b *pgx.Batch) string { b.Queue(bareStep, ids, "RUNNING", "snap", 2, 2); return "RUNNING" },
		func(b *pgx.Batch) string {
			b.Queue(bareStep, ids, "COMPLETED", "snap", 0, 3)
			b.Queue(barePoint, ids)
			return "COMPLETED"
		},
	}
	for _, step := range steps {
		batch := &pgx.Batch{} // without BEGIN, a batch is one transaction
		batch.Queue(bareEvent, ids, step(batch))
		if err := pool.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("bare statements: %w", err)
		}
	}
	return nil
}

// bareEnded makes sure that what was timed is what was to be done.
func bareEnded(ctx context.Context, pool *pgxpool.Pool, jobs int) error {
	var ended, points, events int
	err := pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM jobs WHERE state = 'COMPLETED' AND version = 4),
		(SELECT count(*) FROM points), (SELECT count(*) FROM events)`).Scan(&ended, &points, &events)
	if err == nil && (ended != jobs || points != jobs || events != 4*jobs) {
		err = errors.New("the bare statements did not end every job")
	}
	return err
}
