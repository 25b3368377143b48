package sqlstore_test

import (
	"path/filepath"
	"testing"

	"holdfast/catalog"
	"holdfast/catalog/catalogtest"
	"holdfast/catalog/sqlstore"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// opener returns how to open dsn, closing each store at the end of its test.
func opener(dsn string) catalogtest.Open {
	return func(tb testing.TB) catalog.Store { return open(tb, dsn) }
}

func open(tb testing.TB, dsn string) *sqlstore.Store {
	tb.Helper()
	s, err := sqlstore.Open(tb.Context(), dsn, sqlstore.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

func sqliteFile(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(tb.TempDir(), "catalog.db")
}

func TestSQLiteConforms(t *testing.T) {
	t.Parallel()
	catalogtest.Run(t, func(tb testing.TB) catalogtest.Open { return opener(sqliteFile(tb)) })
}

func TestPostgresConforms(t *testing.T) {
	t.Parallel()
	testkit.Integration(t)
	catalogtest.Run(t, func(tb testing.TB) catalogtest.Open {
		return opener(testkit.Postgres(tb, testkit.WithoutSync()))
	})
}
