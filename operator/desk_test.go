package operator_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/driver/memdriver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/resource"
)

var noon = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

const (
	jobA   = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	jobB   = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	jobC   = "cccccccccccccccccccccccccc"
	orders = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-orders"
)

// fixture is an installation with one volume, which has two points, and a backup of it that
// runs.
type fixture struct {
	t     *testing.T
	store *sqlstore.Store
	*operator.Office
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	now := clock.NewManual(noon)
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	drivers := driver.NewRegistry(memdriver.New(memdriver.NewCloud(memdriver.Options{Clock: now})))
	f := &fixture{t: t, store: store, Office: &operator.Office{
		Installation: "acme", Partition: "aws", Store: store, Clock: now, Drivers: drivers, Entropy: rand.Reader,
		Policies:    func(context.Context) (*policy.Set, error) { return &policy.Set{}, nil },
		DefaultCaps: admission.Caps{"account=*": 20},
	}}
	f.stock()
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) stock() {
	f.t.Helper()
	volume := resource.Resource{
		ARN: orders, Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1", Name: "vol-orders",
		Settings: json.RawMessage(`{"size_gib":100}`),
	}
	f.must(f.store.SyncInventory(f.t.Context(), catalog.InventorySync{
		Scope:     catalog.InventoryScope{Partition: "aws", Account: "111122223333", Region: "eu-west-1", Kind: resource.EBS},
		StartedAt: noon, EndedAt: noon, Complete: true, Resources: []resource.Resource{volume},
	}))
	for i, id := range []string{jobA, jobB, jobC} {
		job := catalog.NewBackup(id, volume, "aws", "scheduler", noon.Add(time.Duration(i-10)*time.Hour))
		_, err := f.store.InsertJobs(f.t.Context(), []catalog.Job{job})
		f.must(err)
		job = f.move(id, catalog.Running)
		if id == jobC {
			continue
		}
		m, err := catalog.Change(job, catalog.Completed, job.CreatedAt.Add(time.Minute), "worker", nil)
		f.must(err)
		m.Points = []catalog.RecoveryPoint{catalog.CompletedPoint(job, driver.Point{Ref: job.Ref}, volume, "acme", job.CreatedAt.Add(time.Minute))}
		_, err = f.store.Commit(f.t.Context(), m)
		f.must(err)
	}
}

func (f *fixture) job(id string) catalog.Job {
	f.t.Helper()
	job, err := f.store.Job(f.t.Context(), id)
	f.must(err)
	return job
}

func (f *fixture) move(id string, to catalog.State) catalog.Job {
	f.t.Helper()
	m, err := catalog.Change(f.job(id), to, noon, "worker", func(j *catalog.Job) { j.Ref = driver.Ref("snap-" + id[:4]) })
	f.must(err)
	job, err := f.store.Commit(f.t.Context(), m)
	f.must(err)
	return job
}

func (f *fixture) as(role access.Role) *operator.Desk {
	return f.For(access.Actor{Name: "ana", Role: role})
}

// fields returns what a refusal is about; nil for any other error.
func fields(err error) (list []string) {
	var r *operator.Refusal
	if errors.As(err, &r) && failure.Is(err, failure.Invalid) {
		for _, p := range r.Problems {
			list = append(list, p.Field)
		}
	}
	return list
}

// TestRoles carries out every action as every role, and compares who was refused with the
// table of roles.
func TestRoles(t *testing.T) {
	t.Parallel()
	one := 1
	actions := map[access.Action]func(context.Context, *operator.Desk) error{
		access.BackUp: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.Backup(ctx, operator.BackupRequest{Resources: []string{orders}})
			return err
		},
		access.Copy: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.Copy(ctx, operator.CopyRequest{Point: jobA, Region: "eu-central-1"})
			return err
		},
		access.Restore: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.Restore(ctx, operator.RestoreRequest{Point: jobA})
			return err
		},
		access.Expire: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.Expire(ctx, operator.ExpireRequest{Point: jobA})
			return err
		},
		access.AddHold: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.AddHold(ctx, operator.HoldRequest{Point: jobA, Name: "case-17"})
			return err
		},
		access.RemoveHold: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.RemoveHold(ctx, operator.HoldRequest{Point: jobA, Name: "none"})
			if slices.Equal(fields(err), []string{"name"}) {
				return nil // it was looked for
			}
			return err
		},
		access.Cancel: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.Cancel(ctx, []string{jobC})
			return err
		},
		access.Release: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.Release(ctx, []string{jobC})
			return err
		},
		access.SetLimits: func(ctx context.Context, d *operator.Desk) error {
			_, err := d.SetLimit(ctx, operator.LimitRequest{Key: "account=*", Setting: operator.Concurrency, Value: &one})
			return err
		},
	}
	for _, role := range access.Roles() {
		for action, do := range actions {
			t.Run(string(role)+"/"+string(action), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				err := do(t.Context(), f.as(role))
				if may := access.May(role, action); may != (err == nil) || !may && !failure.Is(err, failure.Denied) {
					t.Errorf("%s may %s: %v, but: %v", role, action, may, err)
				}
			})
		}
	}
}

// Who may begin a job may cancel and retry it, and nobody else's.
func TestOwnKindOfJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r, err := f.as(access.Restorer).Restore(t.Context(), operator.RestoreRequest{Point: jobA})
	f.must(err)
	restore := r.Jobs[0].ID
	if _, err := f.as(access.Restorer).Cancel(t.Context(), []string{restore, jobC}); !failure.Is(err, failure.Denied) {
		t.Errorf("a restorer cancels a backup: %v", err)
	}
	if f.job(restore).CancelRequested {
		t.Error("a request that was refused changed a job")
	}
	if _, err := f.as(access.Restorer).Cancel(t.Context(), []string{restore}); err != nil || !f.job(restore).CancelRequested {
		t.Errorf("a restorer cannot cancel a restore: %v", err)
	}
	f.move(jobC, catalog.Failed)
	for role, may := range map[access.Role]bool{access.Viewer: false, access.Restorer: false, access.Operator: true} {
		if _, err := f.as(role).Retry(t.Context(), []string{jobC}); may != (err == nil) {
			t.Errorf("%s retries a backup: %v", role, err)
		}
	}
}

// Dry runs are for everybody and change nothing.
func TestDryRunsAreForViewers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d, dry, one := f.as(access.Viewer), operator.Order{DryRun: true}, 1
	before, err := f.store.Events(t.Context(), catalog.EventFilter{Limit: 1000})
	f.must(err)
	_, err = d.Backup(t.Context(), operator.BackupRequest{Order: dry, Resources: []string{orders}})
	f.must(err)
	_, err = d.Copy(t.Context(), operator.CopyRequest{Order: dry, Point: jobA, Region: "eu-central-1"})
	f.must(err)
	r, err := d.Restore(t.Context(), operator.RestoreRequest{Order: dry, Resource: orders})
	f.must(err)
	if r.Point.ID != jobB || len(r.Plan.Calls) == 0 {
		t.Errorf("the plan is of %s with %d calls", r.Point.ID, len(r.Plan.Calls))
	}
	_, err = d.Expire(t.Context(), operator.ExpireRequest{Order: dry, Point: jobA})
	f.must(err)
	limit, err := d.SetLimit(t.Context(), operator.LimitRequest{Key: "account=*", Setting: operator.Concurrency, Value: &one, DryRun: true})
	f.must(err)
	if *limit.Concurrency != 1 {
		t.Errorf("the limit would be %d", *limit.Concurrency)
	}
	after, err := f.store.Events(t.Context(), catalog.EventFilter{Limit: 1000})
	f.must(err)
	if len(after) != len(before) {
		t.Errorf("dry runs left %d events", len(after)-len(before))
	}
}

// All that is wrong is told at once, and nothing changes.
func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d, zero, long := f.as(access.Admin), 0, strings.Repeat("k", operator.MaxKey+1)
	minus, version := -1, int64(-1)
	cases := map[string]struct {
		do   func() error
		want []string
	}{
		"backup": {func() error {
			_, err := d.Backup(t.Context(), operator.BackupRequest{Order: operator.Order{IdempotencyKey: long}, Rule: "r", DeleteAfter: &zero})
			return err
		}, []string{"", "idempotency_key", "delete_after", "rule"}},
		"copy": {func() error {
			_, err := d.Copy(t.Context(), operator.CopyRequest{Point: "none", Region: "mars", Account: "1", DeleteAfter: &zero})
			return err
		}, []string{"delete_after", "account", "region", "point"}},
		"restore": {func() error {
			_, err := d.Restore(t.Context(), operator.RestoreRequest{Point: jobA, Resource: orders, At: noon, Account: "1"})
			return err
		}, []string{"", "account", "at"}},
		"restore parameters": {func() error {
			_, err := d.Restore(t.Context(), operator.RestoreRequest{Point: jobA, Parameters: map[string]string{"colour": "red"}})
			return err
		}, []string{"parameters"}},
		"expire": {func() error {
			_, err := d.Expire(t.Context(), operator.ExpireRequest{Order: operator.Order{IdempotencyKey: long}})
			return err
		}, []string{"idempotency_key", "point"}},
		"hold": {func() error {
			_, err := d.AddHold(t.Context(), operator.HoldRequest{Point: "none", Name: "../x", Note: strings.Repeat("n", 2000)})
			return err
		}, []string{"name", "note", "point"}},
		"limit": {func() error {
			_, err := d.SetLimit(t.Context(), operator.LimitRequest{Key: "acount=1", Setting: operator.Concurrency, Value: &minus, ExpectVersion: &version})
			return err
		}, []string{"key", "value", "expect_version"}},
		"no jobs":      {func() error { _, err := d.Cancel(t.Context(), nil); return err }, []string{""}},
		"unknown jobs": {func() error { _, err := d.Retry(t.Context(), []string{"x", jobC, "y"}); return err }, []string{"", ""}},
		"too many":     {func() error { _, err := d.Retry(t.Context(), make([]string, operator.MaxNamed+1)); return err }, []string{""}},
	}
	before, err := f.store.Events(t.Context(), catalog.EventFilter{Limit: 1000})
	f.must(err)
	for name, c := range cases {
		if err := c.do(); !slices.Equal(fields(err), c.want) {
			t.Errorf("%s: problems with %q, want %q: %v", name, fields(err), c.want, err)
		}
	}
	after, err := f.store.Events(t.Context(), catalog.EventFilter{Limit: 1000})
	f.must(err)
	if len(after) != len(before) {
		t.Errorf("refusals left %d events", len(after)-len(before))
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.as(access.Admin)
	for range 2 {
		holds, err := d.AddHold(t.Context(), operator.HoldRequest{Point: strings.ToUpper(jobA), Name: "case-17", Note: "court"})
		if err != nil || len(holds) != 1 || holds[0].Holder != "case-17" || holds[0].Kind != catalog.HoldLegal {
			t.Fatalf("holds %v, %v", holds, err)
		}
	}
	r, err := d.Expire(t.Context(), operator.ExpireRequest{Order: operator.Order{DryRun: true}, Point: jobA})
	if err != nil || len(r.Guards) != 1 || r.Guards[0].Name != "hold" {
		t.Errorf("guards %v, %v", r.Guards, err)
	}
	holds, err := d.RemoveHold(t.Context(), operator.HoldRequest{Point: jobA, Name: "case-17"})
	if err != nil || len(holds) != 0 {
		t.Errorf("holds %v, %v", holds, err)
	}
	if _, err := d.RemoveHold(t.Context(), operator.HoldRequest{Point: jobA, Name: "case-17"}); !slices.Equal(fields(err), []string{"name"}) {
		t.Errorf("removed twice: %v", err)
	}
}

// A limit that somebody else set meanwhile is not overwritten.
func TestLimitConflict(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, none := 1, int64(0)
	r := operator.LimitRequest{Key: "account=*", Setting: operator.Concurrency, Value: &one, ExpectVersion: &none}
	_, err := f.as(access.Operator).SetLimit(t.Context(), r)
	f.must(err)
	_, err = f.as(access.Operator).SetLimit(t.Context(), r)
	var changed *operator.LimitConflictError
	if !errors.As(err, &changed) || changed.Version() != 1 || changed.Now.UpdatedBy != "ana" {
		t.Errorf("got %v", err)
	}
}
