package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"holdfast/failure"
)

const defaultSQLiteReaders = 4

// sqlitePragmas: WAL lets readers go on while the writer writes; FULL makes a commit
// that returned survive a power cut; the busy timeout is the wait for another process.
// Source: https://www.sqlite.org/pragma.html
var sqlitePragmas = []string{
	"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	"cache_size(-65536)", "temp_store(MEMORY)", "journal_size_limit(67108864)", "wal_autocheckpoint(8000)",
}

// openSQLite opens the file with one connection for writing and a pool for reading.
func openSQLite(dsn string, opts Options) (*Store, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(dsn, "sqlite:"), "file:")
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	writer, err := sql.Open("sqlite", sqliteAddress(path, "immediate", nil))
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	reader, err := sql.Open("sqlite", sqliteAddress(path, "deferred", []string{"query_only(1)"}))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file %s: %w", path, err), writer.Close())
	}
	writer.SetMaxOpenConns(1)
	readers := opts.MaxConns
	if readers == 0 {
		readers = defaultSQLiteReaders
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return &Store{where: path, clock: opts.Clock, reader: reader, seeker: reader, writer: writer, parsed: &statements{}}, nil
}

// prepareFile creates the file, readable by its owner only, so that what is wrong with
// the path is told in the system's words instead of SQLite's "unable to open".
func prepareFile(path string) error {
	if path == "" || strings.Contains(path, ":memory:") || strings.Contains(path, "?") {
		return failure.Errorf(failure.Invalid, "catalog address %q: want sqlite:PATH of a file, or postgres://...", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failure.Errorf(failure.Invalid, "file %s: directory %s does not exist: create it or change catalog.dsn", path, filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return failure.Errorf(failure.Invalid, "file %s: this user may not write it: change its owner or catalog.dsn (%w)", path, err)
	case err != nil:
		return failure.Errorf(failure.Invalid, "catalog file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("file %s: %w", path, err)
	}
	return nil
}

func sqliteAddress(path, lock string, extra []string) string {
	q := url.Values{"_txlock": {lock}}
	q["_pragma"] = append(append([]string{}, sqlitePragmas...), extra...)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}
