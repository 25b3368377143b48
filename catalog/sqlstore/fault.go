package sqlstore

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"holdfast/catalog"
	"holdfast/failure"
)

// describe turns what a database says into what a person can act on: which file or host,
// and what to do. Errors of the contract and of the callers pass unchanged.
func (s *Store) describe(err error) error {
	var known *failure.Error
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var network net.Error
	switch {
	case errors.As(err, &known), errors.Is(err, catalog.ErrNotFound), errors.Is(err, catalog.ErrConflict),
		errors.Is(err, catalog.ErrStaleEpoch):
		return err
	case errors.As(err, &lite):
		return s.describeSQLite(err, lite.Code()&0xff)
	case errors.As(err, &pg):
		return s.describePostgres(err, pg)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return failure.Errorf(failure.Transient, "catalog %s did not answer in time: %w", s.where, err)
	case errors.As(err, &network), isConnect(err), pgconn.SafeToRetry(err):
		return failure.Errorf(failure.Transient,
			"catalog database %s cannot be reached: check that it runs and that catalog.dsn is right: %w", s.where, err)
	default:
		return err
	}
}

func isConnect(err error) bool {
	var c *pgconn.ConnectError
	return errors.As(err, &c)
}

// describeSQLite goes by the primary result code.
// Source: https://www.sqlite.org/rescode.html
func (s *Store) describeSQLite(err error, code int) error {
	switch code {
	case sqlite3.SQLITE_FULL:
		return failure.Errorf(failure.Transient,
			"catalog file %s: no space left: free space on its disk, nothing was half written: %w", s.where, err)
	case sqlite3.SQLITE_IOERR:
		return failure.Errorf(failure.Transient,
			"catalog file %s: the disk failed or is full: check it and free space: %w", s.where, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return failure.Errorf(failure.Transient,
			"catalog file %s: another process kept it locked: is a backup or editor holding it open? %w", s.where, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return failure.Errorf(failure.Invalid,
			"catalog file %s cannot be written: check its owner, mode and directory: %w", s.where, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return failure.Errorf(failure.Internal,
			"catalog file %s is damaged or no SQLite database: restore a copy of it, or move it away and run catalog rebuild: %w", s.where, err)
	case sqlite3.SQLITE_INTERRUPT:
		return failure.Errorf(failure.Transient, "catalog file %s: interrupted: %w", s.where, err)
	default:
		return err
	}
}

// describePostgres goes by the class of the SQLSTATE.
// Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
func (s *Store) describePostgres(err error, pg *pgconn.PgError) error {
	switch {
	case pg.Code == "53100":
		return failure.Errorf(failure.Transient,
			"catalog database %s: its disk is full: free space there, nothing was half written: %w", s.where, err)
	case pg.Code == "53300":
		return failure.Errorf(failure.Transient,
			"catalog database %s has no connection left: raise its max_connections or run fewer processes: %w", s.where, err)
	case strings.HasPrefix(pg.Code, "28"):
		return failure.Errorf(failure.Invalid,
			"catalog database %s refused the login: check user and password in catalog.dsn: %w", s.where, err)
	case pg.Code == "3D000":
		return failure.Errorf(failure.Invalid,
			"catalog database %s does not exist: create it or change catalog.dsn: %w", s.where, err)
	case pg.Code == "57014", pg.Code == "55P03":
		return failure.Errorf(failure.Transient, "catalog database %s was too slow: %w", s.where, err)
	case strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"):
		return failure.Errorf(failure.Transient, "catalog database %s is not available now: %w", s.where, err)
	default:
		return err
	}
}

// lostRace reports whether the database gave a transaction up in favour of another.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains([]string{"40P01", "40001"}, pg.Code)
}

// ownFault reports whether a statement failed because of the values in it, so that the
// same statement with other values may work.
func ownFault(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains([]int{
			sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE,
		}, lite.Code()&0xff)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.ContainsFunc([]string{"21", "22", "23", "54"}, func(class string) bool {
			return strings.HasPrefix(pg.Code, class)
		})
	}
	// Anything the database did not say: a value that cannot be encoded.
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) &&
		!isConnect(err) && !pgconn.SafeToRetry(err)
}
