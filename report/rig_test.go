package report_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/report"
	"holdfast/report/cost"
	"holdfast/resource"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// night is when the stories of these tests begin.
var night = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

const (
	web  = "111122223333"
	data = "444455556666"
)

// rig is a catalog, and a connection of its own to ask the same database by other means.
type rig struct {
	*sqlstore.Store
	t   *testing.T
	db  *sql.DB
	dsn string
	set *policy.Set
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "catalog.db")
		test(newRig(t, "sqlite:"+file, "sqlite", file))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		testkit.Integration(t)
		dsn := testkit.Postgres(t, testkit.WithoutSync())
		test(newRig(t, dsn, "pgx", dsn))
	})
}

func newRig(t *testing.T, dsn, driverName, source string) *rig {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(driverName, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = db.Close(), store.Close() })
	return &rig{Store: store, t: t, db: db, dsn: dsn}
}

// ask returns the rows of a query as text, cells separated by blanks.
func (r *rig) ask(query string) (rows []string) {
	r.t.Helper()
	found, err := r.db.QueryContext(r.t.Context(), query)
	if err != nil {
		r.t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = found.Close() }()
	names, err := found.Columns()
	if err != nil {
		r.t.Fatal(err)
	}
	for found.Next() {
		cells, dest := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := found.Scan(dest...); err != nil {
			r.t.Fatal(err)
		}
		words := make([]string, len(cells))
		for i, c := range cells {
			words[i] = c.String
		}
		rows = append(rows, strings.Join(words, " "))
	}
	if err := found.Err(); err != nil {
		r.t.Fatal(err)
	}
	return rows
}

// number returns the only cell of a query.
func (r *rig) number(query string) float64 {
	r.t.Helper()
	rows := r.ask(query)
	if len(rows) != 1 {
		r.t.Fatalf("%d rows: %s", len(rows), query)
	}
	n, err := strconv.ParseFloat(rows[0], 64)
	if err != nil {
		r.t.Fatalf("%v: %s", err, query)
	}
	return n
}

// volume is resource n of an account.
func volume(account string, n int) resource.Resource {
	return resource.Resource{
		ARN:  fmt.Sprintf("arn:aws:ec2:eu-central-1:%s:volume/vol-%04d", account, n),
		Kind: resource.EBS, Account: account, Region: "eu-central-1", Name: fmt.Sprintf("vol-%04d", n),
		Tags: map[string]string{"team": fmt.Sprint("team-", n%2)},
	}
}

// inventory makes the resources the whole inventory.
func (r *rig) inventory(resources ...resource.Resource) {
	r.t.Helper()
	byScope := map[resource.Scope][]resource.Resource{}
	for _, one := range resources {
		scope := resource.Scope{Partition: "aws", Account: one.Account, Region: one.Region}
		byScope[scope] = append(byScope[scope], one)
	}
	for scope, list := range byScope {
		sync := catalog.InventorySync{
			Scope:     catalog.InventoryScope{Partition: "aws", Account: scope.Account, Region: scope.Region, Kind: resource.EBS},
			StartedAt: night.Add(-2 * time.Hour), EndedAt: night.Add(-time.Hour), Complete: true, Resources: list,
		}
		if err := r.SyncInventory(r.t.Context(), sync); err != nil {
			r.t.Fatal(err)
		}
	}
}

// insert stores new jobs.
func (r *rig) insert(jobs ...catalog.Job) {
	r.t.Helper()
	if n, err := r.InsertJobs(r.t.Context(), jobs); err != nil || n != len(jobs) {
		r.t.Fatalf("InsertJobs = %d, %v", n, err)
	}
}

// run carries a new job to its end, took after its creation, and stores the point it left.
func (r *rig) run(job catalog.Job, took time.Duration, edit func(*catalog.RecoveryPoint)) catalog.RecoveryPoint {
	r.t.Helper()
	r.insert(job)
	job.Version = 1
	job = r.commit(job, catalog.Running, job.CreatedAt, func(j *catalog.Job) { j.StartedAt, j.Ref = j.CreatedAt, driver.Ref("snap-"+j.ID) }, nil)
	source := resource.Resource{ARN: job.ResourceARN, Kind: job.Kind, Account: job.Account, Region: job.Region}
	seen := driver.Point{Ref: job.Ref, CreatedAt: job.StartedAt, SizeBytes: 8 << 30, Encrypted: true}
	point := catalog.CompletedPoint(job, seen, source, "acme", job.CreatedAt.Add(took))
	if edit != nil {
		edit(&point)
	}
	r.commit(job, catalog.Completed, job.CreatedAt.Add(took), nil, []catalog.RecoveryPoint{point})
	return point
}

func (r *rig) commit(job catalog.Job, to catalog.State, at time.Time, edit func(*catalog.Job), points []catalog.RecoveryPoint) catalog.Job {
	r.t.Helper()
	m, err := catalog.Change(job, to, at, "worker", edit)
	if err != nil {
		r.t.Fatal(err)
	}
	m.Points = points
	job, err = r.Commit(r.t.Context(), m)
	if err != nil {
		r.t.Fatal(err)
	}
	return job
}

// make makes a report of this catalog.
func (r *rig) make(req report.Request) report.Report {
	r.t.Helper()
	made, err := report.Make(r.t.Context(), report.Source{Store: r.Store, Installation: "acme", Policies: r.set, Now: req.To, Prices: cost.Default(), Parameters: report.DefaultParameters()}, req)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// cell returns a cell of a table's row whose first column is first.
func cell(t *testing.T, table report.Table, first, column string) any {
	t.Helper()
	for _, row := range table.Rows {
		if row[0] != first {
			continue
		}
		for i, c := range table.Columns {
			if c.Name == column {
				return row[i]
			}
		}
	}
	t.Fatalf("table %s has no %s of %s", table.Name, column, first)
	return nil
}
