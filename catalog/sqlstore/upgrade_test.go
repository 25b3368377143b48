package sqlstore

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

// onBoth runs test on an empty catalog of each dialect.
func onBoth(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, testkit.Postgres(t, testkit.WithoutSync()))
	})
}

func aBackup(id string) catalog.Job {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	return catalog.NewBackup(id, resource.Resource{ARN: "arn:" + id, Kind: resource.EBS, Account: "1", Region: "r"}, "aws", "somebody", at)
}

// lives begins and ends a job, as a process in the middle of its work does.
func lives(ctx context.Context, s *Store, id string) error {
	if _, err := s.InsertJobs(ctx, []catalog.Job{aBackup(id)}); err != nil {
		return err
	}
	job, err := s.Job(ctx, id)
	if err != nil {
		return err
	}
	m, err := catalog.Change(job, catalog.Aborted, job.CreatedAt, "somebody", nil)
	if err != nil {
		return err
	}
	_, err = s.Commit(ctx, m)
	return err
}

// A newer process adds to the schema while an older one works: the older one goes on,
// sees what the newer one writes, and is told to use the newer program when it starts again.
func TestAnOlderProcessGoesOnWhileANewerOneMigrates(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dsn string) {
		old, err := Open(t.Context(), dsn, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = old.Close() }()
		if err := lives(t.Context(), old, "before"); err != nil {
			t.Fatal(err)
		}
		const next = 9999 // what a later build would add
		for _, statement := range []string{
			"ALTER TABLE jobs ADD COLUMN mood TEXT NOT NULL DEFAULT ''",
			"ALTER TABLE open_jobs ADD COLUMN mood TEXT NOT NULL DEFAULT ''",
			"ALTER TABLE points ADD COLUMN mood TEXT NOT NULL DEFAULT ''",
			"CREATE TABLE moods (id TEXT PRIMARY KEY)",
			"CREATE INDEX jobs_by_mood ON jobs (mood)",
			"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, " + map[bool]string{true: "true", false: "1"}[old.dialect.postgres] + ")",
		} {
			if _, err := old.writer.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		for _, id := range []string{"after", "later"} {
			if err := lives(t.Context(), old, id); err != nil {
				t.Errorf("the older process on schema %d: %v", next, err)
			}
		}
		jobs, err := old.ListJobs(t.Context(), catalog.JobFilter{States: []catalog.State{catalog.Aborted}})
		if err != nil || len(jobs) != 3 {
			t.Errorf("it lists %d jobs: %v", len(jobs), err)
		}
		_, err = Open(t.Context(), dsn, Options{})
		if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), "newer Holdfast (schema 9999") || !strings.Contains(err.Error(), "use that version") {
			t.Errorf("started again on the newer schema: %v", err)
		}
	})
}

// Several new processes start at once on the schema of an older build, while a process of
// that build still works.
func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dsn string) {
		fillSchema2(t, dsn, map[string]catalog.Job{"waiting": aBackup("waiting")})
		const processes = 4
		errs := make([]error, processes)
		var group sync.WaitGroup
		for i := range processes {
			group.Go(func() {
				s, err := Open(t.Context(), dsn, Options{})
				if err == nil {
					err = errors.Join(lives(t.Context(), s, string(rune('a'+i))), s.Close())
				}
				errs[i] = err
			})
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		s, err := Open(t.Context(), dsn, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		jobs, err := s.ListJobs(t.Context(), catalog.JobFilter{})
		if err != nil || len(jobs) != processes+1 {
			t.Errorf("%d jobs, want %d: %v", len(jobs), processes+1, err)
		}
	})
}

// breaking finds what an older process on a newer schema could not live with.
var breaking = regexp.MustCompile(`(?i)\b(DROP\s+(TABLE|COLUMN)|RENAME|ALTER\s+COLUMN|ADD\s+COLUMN\s+\w+\s+[\w{}]+\s+NOT\s+NULL\s*(,|;|$))`)

// firstAdditive is the first migration that was written for running fleets.
const firstAdditive = "00013"

// TestMigrationsOnlyAdd keeps the promise above: from now on a migration adds tables,
// indexes, and columns with a default. To take something away, stop using it in one
// release and take it away in the next; then say so here.
func TestMigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	paths, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if filepath.Base(path) < firstAdditive {
			continue
		}
		text, err := migrationFiles.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if found := breaking.FindString(string(text)); found != "" {
			t.Errorf("%s: %q breaks the processes that still run on the schema before", path, found)
		}
	}
	for text, want := range map[string]bool{
		"ALTER TABLE jobs DROP COLUMN x;": true, "ALTER TABLE a RENAME TO b;": true, "ALTER TABLE jobs ADD COLUMN x TEXT NOT NULL;": true,
		"ALTER TABLE jobs ADD COLUMN x TEXT NOT NULL DEFAULT '';": false, "CREATE TABLE x (id TEXT NOT NULL);": false, "DROP INDEX i;": false,
	} {
		if breaking.MatchString(text) != want {
			t.Errorf("%q: want %t", text, want)
		}
	}
}
