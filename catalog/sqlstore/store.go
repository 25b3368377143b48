// Package sqlstore keeps the catalog in SQLite (one machine) or PostgreSQL (a fleet).
// One set of statements serves both: every column is text or a 64-bit integer, instants
// are milliseconds, lists travel as one argument, and the few words that differ are in
// dialect. Writes go through transactions of bulk statements; concurrent commits share
// one transaction (see commit.go).
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast/catalog"
	"holdfast/internal/clock"
)

// Limits on what the store asks of its database.
const (
	queryTimeout = 30 * time.Second // one read, or one transaction
	openTimeout  = 60 * time.Second // connect and migrate
	maxAttempts  = 5                // of a transaction that lost a deadlock
)

// Options are the parts of a store that are not in the DSN.
type Options struct {
	// Clock is the time of a SQLite catalog and of its leases, and waits between
	// attempts; nil is the machine's clock. PostgreSQL's leases use the server's clock.
	Clock clock.Clock
	// MaxConns limits the connections to PostgreSQL, at least 2, or SQLite's readers; 0 = 16
	// and 4.
	MaxConns int
}

// Store is a catalog.Store in a SQL database. Make one with Open.
type Store struct {
	dialect dialect
	where   string // the file or host, for messages; never a password
	clock   clock.Clock
	reader  *sql.DB // lists by filters
	seeker  *sql.DB // reads by keys: PostgreSQL's writer, SQLite's reader
	writer  *sql.DB
	group   group
	parsed  *statements // nil for PostgreSQL

	jobLookups      *lookups[catalog.Job]
	resourceLookups *lookups[catalog.InventoryItem]
}

var _ catalog.Store = (*Store)(nil)

// Open opens the catalog at dsn and brings its schema up to date; several processes may
// do so at once. dsn is "sqlite:PATH", a plain path, or a postgres:// address. The error
// names the file or host and what to do, and has class transient when trying again can
// help, invalid when it cannot.
func Open(ctx context.Context, dsn string, opts Options) (*Store, error) {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	var s *Store
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		s, err = openPostgres(dsn, opts)
	} else {
		s, err = openSQLite(dsn, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	s.jobLookups, s.resourceLookups = newLookups(s.JobsByID), newLookups(s.resourcesByARN)
	if err := s.migrate(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open catalog: %w", s.describe(err))
	}
	return s, nil
}

// Close waits for commits and reads that are under way and closes the connections.
func (s *Store) Close() error {
	s.group.wait()
	s.jobLookups.calls.Wait()
	s.resourceLookups.calls.Wait()
	if err := errors.Join(s.reader.Close(), s.writer.Close()); err != nil {
		return fmt.Errorf("close catalog %s: %w", s.where, err)
	}
	return nil
}

// view runs fn with a session for listing by filters; op names it in errors.
func (s *Store) view(ctx context.Context, op string, fn func(ctx context.Context, q session) error) error {
	return s.query(ctx, s.reader, op, fn)
}

// seek is view for statements that have an index for every key they ask for.
func (s *Store) seek(ctx context.Context, op string, fn func(ctx context.Context, q session) error) error {
	return s.query(ctx, s.seeker, op, fn)
}

func (s *Store) query(ctx context.Context, db *sql.DB, op string, fn func(ctx context.Context, q session) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	if err := fn(ctx, session{querier: db, dialect: s.dialect}); err != nil {
		return fmt.Errorf("%s: %w", op, s.describe(err))
	}
	return nil
}

// update runs fn in a transaction for writing, again when the database sacrificed it to
// end a deadlock. fn must not keep anything from an attempt that failed.
func (s *Store) update(ctx context.Context, op string, fn func(ctx context.Context, q session) error) error {
	return s.retry(ctx, op, func(ctx context.Context) error { return s.transact(ctx, fn) })
}

// retry makes a transaction, again when the database sacrificed it to end a deadlock.
func (s *Store) retry(ctx context.Context, op string, transaction func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := transaction(ctx)
		if err == nil {
			if s.parsed != nil {
				s.parsed.prepare(ctx, s.writer)
			}
			return nil
		}
		if !lostRace(err) || attempt == maxAttempts {
			return fmt.Errorf("%s: %w", op, s.describe(err))
		}
		if err := s.clock.Sleep(ctx, time.Duration(attempt)*10*time.Millisecond); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
}

func (s *Store) transact(ctx context.Context, fn func(ctx context.Context, q session) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(ctx, session{querier: tx, dialect: s.dialect, tx: tx, statements: s.parsed}); err != nil {
		// SQLite ends the transaction itself on a full disk; then there is nothing to roll back.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// pass makes the transaction share the gate: it will append events or rely on the epoch.
// SQLite needs none, its writers are alone anyway.
func (q session) pass(ctx context.Context) error {
	if !q.postgres {
		return nil
	}
	_, err := q.exec(ctx, "SELECT pg_advisory_xact_lock_shared(?::bigint)", int64(gateKey))
	return err
}

// closeGate waits until every transaction inside the gate has ended and keeps new ones
// out until this one ends.
func (q session) closeGate(ctx context.Context) error {
	if !q.postgres {
		return nil
	}
	_, err := q.exec(ctx, "SELECT pg_advisory_xact_lock(?::bigint)", int64(gateKey))
	return err
}

// Now returns the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var ms int64
	err := s.view(ctx, "read the database's clock", func(ctx context.Context, q session) (err error) {
		ms, err = s.now(ctx, q)
		return err
	})
	return fromMillis(ms), err
}

// now is the database's clock in milliseconds. SQLite has none of its own.
func (s *Store) now(ctx context.Context, q session) (int64, error) {
	if !q.postgres {
		return millis(s.clock.Now()), nil
	}
	var ms int64
	_, err := q.one(ctx, []any{&ms}, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
	return ms, err
}

// only returns the first of rows, or ErrNotFound naming what.
func only[T any](rows []T, what, id string) (T, error) {
	if len(rows) == 0 {
		var zero T
		return zero, fmt.Errorf("%s %s: %w", what, id, catalog.ErrNotFound)
	}
	return rows[0], nil
}

// group gathers concurrent commits; see commit.go.
type group struct {
	mu      sync.Mutex
	queue   []*pending
	writers int // transactions under way
	running sync.WaitGroup
}

func (g *group) wait() { g.running.Wait() }
