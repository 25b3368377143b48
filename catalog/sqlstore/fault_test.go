package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

func openFile(tb testing.TB, path string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), "sqlite:"+path, Options{})
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

func waitingJob(n int) catalog.Job {
	arn := fmt.Sprintf("arn:aws:ec2:eu-west-1:111122223333:volume/vol-%06d", n)
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	j := catalog.NewBackup(catalog.JobID(arn), resource.Resource{ARN: arn, Kind: resource.EBS}, "aws", "scheduler", at)
	j.Message = strings.Repeat("x", 2000)
	return j
}

// TestFullDiskIsToldAndMended lets SQLite run into a full disk, by the page limit that
// makes it answer the same: the error says which file and what to do, nothing of the
// failed write is there, and the same store goes on once there is room.
func TestFullDiskIsToldAndMended(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.db")
	s, ctx := openFile(t, path), t.Context()
	limit := func(pages int) {
		if _, err := s.writer.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	first, many := waitingJob(0), []catalog.Job{}
	for n := range 1500 {
		many = append(many, waitingJob(n+1))
	}
	if _, err := s.InsertJobs(ctx, []catalog.Job{first}); err != nil {
		t.Fatal(err)
	}
	limit(1) // less than it has: no page more
	n, err := s.InsertJobs(ctx, many)
	if n != 0 || !failure.Is(err, failure.Transient) {
		t.Fatalf("InsertJobs on a full disk = %d, %v; want class transient", n, err)
	}
	for _, word := range []string{path, "no space left", "free space"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
	if j, err := s.Job(ctx, first.ID); err != nil || j.ID != first.ID {
		t.Errorf("reading on a full disk: %v", err)
	}
	commitErr := commitUntilFull(ctx, s, first.ID)
	if !failure.Is(commitErr, failure.Transient) || !strings.Contains(commitErr.Error(), "no space left") {
		t.Errorf("Commit on a full disk: %v, want class transient and the reason", commitErr)
	}
	limit(1_000_000)
	if n, err := s.InsertJobs(ctx, many); n != len(many) || err != nil {
		t.Errorf("InsertJobs with room again = %d, %v; want %d", n, err, len(many))
	}
	j, err := s.Job(ctx, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := catalog.Change(j, catalog.Failed, j.CreatedAt, "w", nil)
	if _, err := s.Commit(ctx, m); err != nil {
		t.Errorf("Commit with room again: %v", err)
	}
}

// commitUntilFull commits ever longer messages to a job until the store refuses.
func commitUntilFull(ctx context.Context, s *Store, id string) error {
	for size := 1; size < 1<<24; size *= 4 {
		j, err := s.Job(ctx, id)
		if err != nil {
			return err
		}
		m, err := catalog.Change(j, j.State, j.CreatedAt, "w", func(j *catalog.Job) { j.Message = strings.Repeat("y", size) })
		if err != nil {
			return err
		}
		if _, err := s.Commit(ctx, m); err != nil {
			return err
		}
	}
	return errors.New("sixteen megabytes fitted in")
}

func TestOpenExplainsItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	port := testkit.FreePort(t)
	for name, tc := range map[string]struct {
		dsn   string
		class failure.Class
		says  []string
	}{
		"missing directory": {"sqlite:" + dir + "/none/catalog.db", failure.Invalid, []string{"none/catalog.db", "does not exist", "create it"}},
		"a directory":       {"sqlite:" + dir, failure.Invalid, []string{dir, "is a directory"}},
		"empty path":        {"sqlite:", failure.Invalid, []string{"sqlite:PATH"}},
		"memory":            {"sqlite::memory:", failure.Invalid, []string{"sqlite:PATH"}},
		"no database":       {"sqlite:" + garbage, failure.Internal, []string{garbage, "no SQLite database", "catalog rebuild"}},
		"unreachable": {
			fmt.Sprintf("postgres://holdfast:hunter2@127.0.0.1:%d/catalog?sslmode=disable&connect_timeout=2", port), failure.Transient,
			[]string{fmt.Sprintf("127.0.0.1:%d", port), "cannot be reached", "catalog.dsn"},
		},
		"bad address": {"postgres://holdfast:hunter2@127.0.0.1:notaport/catalog", failure.Invalid, []string{"catalog.dsn"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), tc.dsn, Options{})
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if got := failure.ClassOf(err); got != tc.class {
				t.Errorf("class %s, want %s: %v", got, tc.class, err)
			}
			for _, word := range tc.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q has the password in it", err)
			}
		})
	}
}

// TestPostgresExplainsItself covers what only a running server can refuse.
func TestPostgresExplainsItself(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t, testkit.WithoutSync())
	absent := strings.Replace(dsn, "/test_", "/absent_", 1)
	_, err := Open(t.Context(), absent, Options{})
	if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), "create it") {
		t.Errorf("absent database: %v, want class invalid and what to do", err)
	}
}

// TestProcessesStartTogether opens one new catalog many times at once.
func TestProcessesStartTogether(t *testing.T) {
	t.Parallel()
	together := func(t *testing.T, dsn string) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				s, err := Open(t.Context(), dsn, Options{MaxConns: 2})
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				if _, err := s.Epoch(t.Context()); err != nil {
					t.Errorf("Epoch: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		all.Wait()
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		together(t, "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		together(t, testkit.Postgres(t, testkit.WithoutSync()))
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.db")
	s := openFile(t, path)
	if _, err := s.writer.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), "sqlite:"+path, Options{})
	if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), "newer Holdfast (schema 99") {
		t.Errorf("error %v, want class invalid and the reason", err)
	}
}

func TestCatalogFileIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "my catalog#1.db")
	openFile(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("file %v, %v; want mode 0600 and the catalog in it", info, err)
	}
}
