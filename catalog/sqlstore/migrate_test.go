package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

// TestOpenJobsAreMigrated fills a catalog of schema 2 and opens it: what the leader asks
// for is found by the tables that schema 3 made for it.
func TestOpenJobsAreMigrated(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		migrateOpenJobs(t, "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		migrateOpenJobs(t, testkit.Postgres(t, testkit.WithoutSync()))
	})
}

func migrateOpenJobs(t *testing.T, dsn string) {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	jobs := map[string]catalog.Job{}
	for _, id := range []string{"waiting", "running", "failed", "completed"} {
		j := catalog.NewBackup(id, resource.Resource{ARN: "arn:" + id, Kind: resource.EBS, Account: "1", Region: "r"}, "aws", "scheduler", at)
		j.Version, j.Plan, j.Rule, j.FireAt, j.StartBy, j.CompleteBy = 3, "gold", "daily", at, at.Add(time.Hour), at.Add(2*time.Hour)
		j.Engine = driver.Native
		jobs[id] = j
	}
	edit := func(id string, f func(*catalog.Job)) { j := jobs[id]; f(&j); jobs[id] = j }
	edit("waiting", func(j *catalog.Job) { j.Epoch, j.RetryAt = 4, at.Add(time.Minute) })
	edit("running", func(j *catalog.Job) {
		j.State, j.Ref, j.NextLookAt, j.CancelRequested, j.Epoch = catalog.Running, "snap-1", at, true, 5
	})
	edit("failed", func(j *catalog.Job) { j.State, j.EndedAt = catalog.Failed, at })
	edit("completed", func(j *catalog.Job) { j.State, j.EndedAt = catalog.Completed, at })
	fillSchema2(t, dsn, jobs)

	s, err := Open(t.Context(), dsn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	stored, err := s.JobsByID(t.Context(), []string{"waiting", "running", "failed", "completed"})
	if diff := cmp.Diff(jobs, stored); diff != "" || err != nil {
		t.Errorf("jobs after the migration, %v (-want +got):\n%s", err, diff)
	}
	ctx, late := t.Context(), at.Add(3*time.Hour)
	asked := map[string]func() ([]catalog.Job, error){
		"waiting: to submit": func() ([]catalog.Job, error) { return s.Submittable(ctx, 6, late, 10) },
		"waiting: window":    func() ([]catalog.Job, error) { return s.StartWindowPassed(ctx, late, 10) },
		"running: due":       func() ([]catalog.Job, error) { return s.DueJobs(ctx, jobs["running"].Group(), late, 10) },
		"running: holds":     func() ([]catalog.Job, error) { return s.Holders(ctx, "", 10) },
		"running: overdue":   func() ([]catalog.Job, error) { return s.Overdue(ctx, late, 10) },
		"running: to cancel": func() ([]catalog.Job, error) { return s.CancelRequested(ctx, 10) },
		"failed: to note":    func() ([]catalog.Job, error) { return s.UnnotedFailures(ctx, 10) },
		"failed: by state": func() ([]catalog.Job, error) {
			return s.ListJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Failed}})
		},
		"completed: by state": func() ([]catalog.Job, error) {
			return s.ListJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Completed}})
		},
	}
	for name, ask := range asked {
		got, err := ask()
		if id, _, _ := strings.Cut(name, ":"); err != nil || len(got) != 1 || got[0].ID != id {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// fillSchema2 makes a catalog as it was before open_jobs and inserts jobs.
func fillSchema2(t *testing.T, dsn string, jobs map[string]catalog.Job) {
	open := openSQLite
	if strings.HasPrefix(dsn, "postgres") {
		open = openPostgres
	}
	s, err := open(dsn, Options{Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.reader.Close(); _ = s.writer.Close() }()
	provider, err := s.provider()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	before := append(append([]column[catalog.Job]{}, jobColumns...), openEpoch, openRetryAt, openNextLookAt)
	rows := make([]catalog.Job, 0, len(jobs))
	for _, j := range jobs {
		rows = append(rows, j)
	}
	if _, err := insert(t.Context(), session{querier: s.writer, dialect: s.dialect}, "jobs", before, rows, "id", "id"); err != nil {
		t.Fatal(err)
	}
}
