package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/sim"
)

// rebuilder is an installation on a simulated organization whose database can be lost.
type rebuilder struct {
	t       *testing.T
	o       *office
	company *sim.Company
	url     string
	store   *sqlstore.Store
}

// open begins with an empty database called name.
func (r *rebuilder) open(name string) {
	r.t.Helper()
	away := r.company.Regions()[1]
	r.o.write("policy.yaml", strings.ReplaceAll(officePolicy, "eu-central-1", away))
	r.o.write("holdfast.yaml", fmt.Sprintf("installation: acme\ncatalog: {dsn: \"sqlite:%s/%s.db\"}\npolicies: [policy.yaml]\n"+
		"expiry: {undo_window: 0s}\nscheduler: {look_interval: 1s, tick: 100ms, lease_ttl: 3s}\n"+
		"aws:\n  simulator_url: %s\n  regions: [%s]\n  accounts: {ids: [%s]}\n",
		r.o.dir, name, r.url, strings.Join(r.company.Regions(), ", "), quoted(r.company.Accounts())))
	store, err := sqlstore.Open(r.t.Context(), "sqlite:"+filepath.Join(r.o.dir, name+".db"), sqlstore.Options{})
	r.o.must(err)
	r.t.Cleanup(func() { _ = store.Close() })
	r.store = store
	if a := r.o.run("inventory", "sync"); a.code != codeDone {
		r.t.Fatalf("inventory sync: %s%s", a.stdout, a.stderr)
	}
}

// carry runs a whole installation until all jobs have ended.
func (r *rebuilder) carry(jobs ...catalog.Job) {
	r.t.Helper()
	_, err := r.store.InsertJobs(r.t.Context(), jobs)
	r.o.must(err)
	cfg, err := config.Load(filepath.Join(r.o.dir, "holdfast.yaml"), nil)
	r.o.must(err)
	ctx, stop := context.WithCancel(r.t.Context())
	a, err := app.New(ctx, app.Options{Config: cfg, Log: zerolog.Nop()})
	r.o.must(err)
	var group sync.WaitGroup
	group.Go(func() {
		_ = app.Run(ctx, app.Service{Name: "scheduler", Run: func(ctx context.Context) error { return a.RunScheduler(ctx, &policy.Set{}) }},
			app.Service{Name: "worker", Run: a.RunWorker})
	})
	defer func() {
		stop()
		group.Wait()
		_ = a.Close()
	}()
	var open []catalog.Job
	defer func() {
		for _, job := range open {
			r.t.Logf("open: %s %s of %s in %s: %s %s", job.State, job.Type, job.ResourceARN, job.Region, job.Class, job.Message)
		}
	}()
	testkit.Eventually(r.t, 3*time.Minute, "every job ends", func() bool {
		var err error
		open, err = r.store.ListJobs(r.t.Context(), catalog.JobFilter{States: []catalog.State{catalog.Created, catalog.Running, catalog.Aborting}})
		return err == nil && len(open) == 0
	})
}

func (r *rebuilder) points() []catalog.RecoveryPoint {
	r.t.Helper()
	points, err := r.store.ListPoints(r.t.Context(), catalog.PointFilter{States: []catalog.PointState{catalog.Available}, Limit: 1000})
	r.o.must(err)
	slices.SortFunc(points, func(a, b catalog.RecoveryPoint) int { return strings.Compare(a.ID, b.ID) })
	return points
}

// night backs up a resource of every kind, with a copy of what can be copied, and all of
// them again.
func (r *rebuilder) night() {
	r.t.Helper()
	var jobs, again []catalog.Job
	seen := map[resource.Kind]bool{}
	r.o.must(r.store.Resources(r.t.Context(), catalog.ResourceFilter{Region: r.company.Regions()[0]}, func(item catalog.InventoryItem) error {
		if seen[item.Kind] || item.Unsupported != "" {
			return nil
		}
		seen[item.Kind] = true
		job := catalog.NewBackup(catalog.JobID("night", item.ARN), item.Resource, "aws", "scheduler", clock.System().Now())
		job.Plan, job.Rule = "production", "nightly"
		job.Spec = catalog.Spec{Vault: "default", DeleteAfter: 35}
		d, _ := app.PlanningDrivers(&config.Config{}).Get(item.Kind)
		job.Engine = driver.EngineOf(d)
		second := job
		second.ID = catalog.JobID("again", item.ARN)
		second.ChainID = second.ID
		again = append(again, second)
		if d.Descriptor().CopyRegion && driver.EngineOf(d) == driver.Native {
			job.Spec.Copies = []catalog.CopySpec{{Account: item.Account, Region: r.company.Regions()[1], Vault: "dr", DeleteAfter: 90}}
		}
		jobs = append(jobs, job)
		return nil
	}))
	r.carry(jobs...)
	r.carry(again...)
}

// A night is run, the database is lost and built again from AWS alone. What the catalog
// knew of each point it knows again, expiry, restore and chains go on, and AWS agrees.
func TestTheCatalogIsRebuiltFromAWS(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	company, err := sim.Generate(sim.GenerateOptions{
		Accounts: 2, Regions: 2, Resources: 40, Seed: 3, Organization: sim.Options{Clock: clock.System(), Pace: 0.0005},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rebuilder{t: t, o: newOffice(t), company: company, url: serve(t, company)}
	r.open("before")
	r.night()
	before := r.points()
	kinds, copies := map[string]bool{}, 0
	for _, p := range before {
		kinds[string(p.Kind)] = true
		if p.ParentID != "" {
			copies++
		}
	}
	if len(before) < 9 || len(kinds) < 6 || copies < 2 {
		t.Fatalf("the night left %d points of %d kinds, %d copies", len(before), len(kinds), copies)
	}
	export := filepath.Join(r.o.dir, "export.jsonl")
	r.o.must(r.store.AddHold(t.Context(), catalog.Hold{PointID: before[0].ID, Kind: catalog.HoldLegal, Holder: "case-7", CreatedAt: noon}, "ana"))
	r.done("catalog", "export", "--out", export)

	r.open("after")
	listed := r.stopped()
	if dry := r.rebuild("--dry-run"); dry.Found != len(before) || dry.Adopted != 0 || len(r.points()) != 0 || dry.Resumed < listed || dry.Resumed == dry.Places {
		t.Errorf("a dry run that goes on from %d places: %+v, %d points", listed, dry, len(r.points()))
	}
	first, second := r.rebuild(), r.rebuild()
	if first.Resumed != first.Places || second.Resumed != 0 {
		t.Errorf("went on from %d, then %d of %d places", first.Resumed, second.Resumed, first.Places)
	}
	if first.Adopted != len(before) || second.Adopted != 0 || len(first.Inconsistent)+len(first.Unlisted) != 0 {
		t.Errorf("first %+v, second %+v", first, second)
	}
	r.compare(before, r.points())
	r.done("catalog", "import", "--file", export)
	if holds, err := r.store.Holds(t.Context(), before[0].ID); err != nil || len(holds) != 1 {
		t.Errorf("holds after the import: %v, %v", holds, err)
	}
	r.done("catalog", "verify")
	r.goesOn(r.points(), before[0].ID, first.NeedsInput)
	r.done("catalog", "verify")
}

// compare holds what was rebuilt against what was known. AWS does not say when a backup was
// seen complete; DynamoDB keeps no tags, so there the lifecycle is gone, and the point kept.
func (r *rebuilder) compare(before, after []catalog.RecoveryPoint) {
	r.t.Helper()
	now := map[string]catalog.RecoveryPoint{}
	for _, p := range after {
		now[p.ID] = p
	}
	for _, want := range before {
		got := now[want.ID]
		ignored := []string{"CompletedAt", "CreatedAt", "Source"}
		if got.Plan == "" {
			ignored = append(ignored, "Plan", "Rule", "DeleteAt", "Vault")
			if !got.DeleteAt.IsZero() {
				r.t.Errorf("point %s of %s has a lifecycle and no rule", got.ID, got.Kind)
			}
		}
		options := cmp.Options{
			cmpopts.IgnoreFields(catalog.RecoveryPoint{}, ignored...),
			cmpopts.EquateApproxTime(time.Second),
		}
		if diff := cmp.Diff(want, got, options); diff != "" {
			r.t.Errorf("%s point (-known +rebuilt):\n%s", want.Kind, diff)
		}
		if string(got.Source.Settings) != string(want.Source.Settings) {
			r.t.Errorf("the source of %s has settings %s, want %s", want.Kind, got.Source.Settings, want.Source.Settings)
		}
	}
}

// goesOn expires, restores and copies a rebuilt point of every kind that can. The point that
// has a hold stays.
func (r *rebuilder) goesOn(points []catalog.RecoveryPoint, held string, ask []needsInput) {
	r.t.Helper()
	now, drivers := clock.System().Now(), app.PlanningDrivers(&config.Config{})
	var jobs []catalog.Job
	want := map[string]catalog.State{}
	add := func(job catalog.Job, state catalog.State) { jobs, want[job.ID] = append(jobs, job), state }
	byKind := map[resource.Kind][]catalog.RecoveryPoint{}
	for _, p := range points {
		if p.ParentID == "" && p.ID != held {
			byKind[p.Kind] = append(byKind[p.Kind], p)
		}
		if p.ID == held {
			add(catalog.NewExpiry(p, "ana", now), catalog.Aborted)
		}
	}
	did := map[driver.Operation]int{}
	for kind, list := range byKind {
		stays := list[len(list)-1]
		if len(list) > 1 {
			add(catalog.NewExpiry(list[0], "ana", now), catalog.Completed)
			did[driver.Expire]++
		}
		d, _ := drivers.For(kind, stays.Engine)
		if _, can := d.(driver.Restorer); can && !slices.ContainsFunc(ask, func(n needsInput) bool { return n.Point == stays.ID }) {
			add(catalog.NewRestore(catalog.JobID("restore", stays.ID), stays, stays.Scope(), nil, "ana", now), catalog.Completed)
			did[driver.Restore]++
		}
		if d.Descriptor().CopyRegion && stays.Engine == driver.Native {
			to := catalog.CopySpec{Account: stays.Account, Region: r.company.Regions()[1], Vault: "after"}
			add(catalog.NewCopy(catalog.CopyJobID(stays.ID, 1, to), stays, to, nil, "ana", now), catalog.Completed)
			did[driver.Copy]++
		}
	}
	r.t.Logf("after the rebuild, kinds that go on: %v of %d", did, len(byKind))
	if did[driver.Expire] < len(byKind)-1 || did[driver.Restore] < 6 || did[driver.Copy] < 2 {
		r.t.Errorf("too few: %v", did)
	}
	r.carry(jobs...)
	for _, job := range jobs {
		if got, err := r.store.Job(r.t.Context(), job.ID); err != nil || got.State != want[job.ID] {
			r.t.Errorf("%s of %s is %s (%s: %s), want %s: %v", got.Type, got.Kind, got.State, got.Class, got.Message, want[job.ID], err)
		}
	}
}

// stopped begins a rebuild and stops it in the middle of a listing that hangs.
func (r *rebuilder) stopped() (listed int) {
	r.t.Helper()
	r.company.Inject(sim.Fault{Service: "rds", Operation: "DescribeDBSnapshots", Effect: sim.Hang, Times: 1})
	ctx, stop := context.WithCancel(r.t.Context())
	ended := make(chan int)
	go func() {
		ended <- Run(ctx, Env{
			Args: []string{"holdfast", "catalog", "rebuild"}, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Clock: clock.System(),
		}.withConfig(filepath.Join(r.o.dir, "holdfast.yaml")))
	}()
	// Everything but the place that hangs, and what no longer fits beside it, is kept.
	testkit.Eventually(r.t, time.Minute, "most places to be listed", func() bool {
		listed = 0
		r.o.must(r.store.Survey(r.t.Context(), time.Time{}, func(catalog.SurveyPart) error { listed++; return nil }))
		return listed >= 20 && len(r.company.Unfired()) == 0
	})
	stop()
	if code := <-ended; code == codeDone {
		r.t.Errorf("a rebuild that was stopped says it is done")
	}
	return listed
}

func (r *rebuilder) done(args ...string) {
	r.t.Helper()
	if a := r.o.run(args...); a.code != codeDone {
		r.t.Errorf("holdfast %v: exit %d: %s%s", args, a.code, a.stdout, a.stderr)
	}
}

func (r *rebuilder) rebuild(args ...string) (out rebuilt) {
	r.t.Helper()
	a := r.o.run(append([]string{"catalog", "rebuild", "--output", "json"}, args...)...)
	if err := json.Unmarshal([]byte(a.stdout), &out); err != nil {
		r.t.Fatalf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
	}
	return out
}
