package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"holdfast/failure"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrateKey names the advisory lock under which PostgreSQL is migrated.
const migrateKey = gateKey + 1

// migrateAttempts: SQLite has no lock that outlives goose's transactions, so of several
// processes starting at once all but one may fail; they look again.
const migrateAttempts = 20

// migrate brings the schema to this program's version, together with any number of
// other processes doing the same.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := s.provider()
	if err != nil {
		return err
	}
	release, err := s.migrationLock(ctx)
	if err != nil {
		return err
	}
	defer release()
	for attempt := 1; ; attempt++ {
		err := s.migrateOnce(ctx, provider)
		if err == nil || s.dialect.postgres || attempt == migrateAttempts || failure.Is(err, failure.Invalid) {
			return err
		}
		if s.clock.Sleep(ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}

func (s *Store) migrateOnce(ctx context.Context, provider *goose.Provider) error {
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	sources := provider.ListSources()
	want := sources[len(sources)-1].Version
	switch {
	case have > want:
		return failure.Errorf(failure.Invalid,
			"catalog %s was written by a newer Holdfast (schema %d, this program knows %d): use that version, or restore the catalog from before the upgrade",
			s.where, have, want)
	case have == want:
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate catalog %s from schema %d to %d: %w", s.where, have, want, err)
	}
	return nil
}

// provider hands the migrations to goose as functions, because their text is expanded
// for the dialect first.
func (s *Store) provider() (*goose.Provider, error) {
	paths, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	migrations := make([]*goose.Migration, 0, len(paths))
	for _, path := range paths {
		version, err := goose.NumericComponent(path)
		if err != nil {
			return nil, err
		}
		body, err := migrationFiles.ReadFile(path)
		if err != nil {
			return nil, err
		}
		statements := s.dialect.expand(string(body))
		migrations = append(migrations, goose.NewGoMigration(version, &goose.GoFunc{
			RunTx: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statements)
				return err
			},
		}, nil))
	}
	name := goose.DialectSQLite3
	if s.dialect.postgres {
		name = goose.DialectPostgres
	}
	return goose.NewProvider(name, s.writer, nil,
		goose.WithGoMigrations(migrations...), goose.WithDisableGlobalRegistry(true))
}

// migrationLock keeps other processes from migrating a PostgreSQL catalog at the same
// time; release gives the connection back and the lock with it.
func (s *Store) migrationLock(ctx context.Context) (release func(), err error) {
	if !s.dialect.postgres {
		return func() {}, nil
	}
	conn, err := s.reader.Conn(ctx) // goose needs the writer's
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrateKey)); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(migrateKey))
		_ = conn.Close()
	}, nil
}
