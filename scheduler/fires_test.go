package scheduler_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/test/rig"
)

func TestAFireIsPlannedOnce(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	sources := l.AddResources(3)
	l.nightly(func(r *policy.Rule) { r.Lifecycle.DeleteAfterDays = 7 })
	l.fire(0)
	fire := l.Clock.Now()
	jobs := l.jobs()
	if len(jobs) != 3 {
		t.Fatalf("%d jobs were planned", len(jobs))
	}
	for _, source := range sources {
		want := catalog.NewBackup(catalog.BackupJobID(rig.Installation, "p.yaml", "Daily", "nightly", source.ARN, fire), source, "aws", "scheduler", fire)
		want.Engine = driver.Native
		want.Version, want.Plan, want.Rule, want.FireAt = 1, "Daily", "nightly", fire
		want.StartBy, want.CompleteBy = fire.Add(2*time.Hour), fire.Add(4*time.Hour)
		want.Spec = catalog.Spec{Vault: "default", DeleteAfter: 7}
		if diff := cmp.Diff(want, l.Job(want.ID)); diff != "" {
			t.Errorf("planned job (-want +got):\n%s", diff)
		}
	}
	want := []catalog.Fire{{Plan: "Daily", Rule: "nightly", At: fire, State: catalog.FirePlanned, PlannedAt: fire, Jobs: 3}}
	if diff := cmp.Diff(want, l.fires()); diff != "" {
		t.Errorf("fires (-want +got):\n%s", diff)
	}
	l.Advance(time.Minute)
	l.do("fires")
	l.restart()
	l.do("fires")
	if diff := cmp.Diff(jobs, l.jobs()); diff != "" {
		t.Errorf("planned again (-before +after):\n%s", diff)
	}
}

// forgetfulStore is a catalog that fails to record fires as planned.
type forgetfulStore struct{ catalog.Store }

func (s forgetfulStore) RecordFires(context.Context, []catalog.Fire) error {
	return errors.New("catalog does not answer")
}

func TestACrashBetweenJobsAndFireInsertsNothingTwice(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.AddResources(3)
	l.nightly(nil)
	l.at(0, 14, 0)
	l.SyncInventory()
	dying := l.newScheduler("other", forgetfulStore{l.Store}).Duties()
	if err := dying["fires"](l.Context()); err == nil {
		t.Fatal("the lost record was not reported")
	}
	jobs := l.jobs()
	if len(jobs) != 3 || len(l.fires()) != 0 {
		t.Fatalf("%d jobs and %d fires after the crash", len(jobs), len(l.fires()))
	}
	l.Advance(5 * time.Minute)
	l.do("fires")
	if diff := cmp.Diff(jobs, l.jobs()); diff != "" {
		t.Errorf("planned again (-before +after):\n%s", diff)
	}
	if fires := l.fires(); len(fires) != 1 || fires[0].Jobs != 3 {
		t.Errorf("fires: %+v", fires)
	}
}

func TestOnlyTheNewestMissedFireIsCaughtUp(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.AddResources(2)
	l.nightly(nil)
	l.at(3, 15, 0) // nobody led on days 0, 1 and 2, nor in the first hour of day 3's window
	l.SyncInventory()
	l.do("fires")
	var got []string
	for _, f := range l.fires() {
		got = append(got, f.At.Format("02T15:04 ")+string(f.State))
	}
	if diff := cmp.Diff([]string{"05T14:00 EXPIRED", "06T14:00 EXPIRED", "07T14:00 EXPIRED", "08T14:00 PLANNED"}, got); diff != "" {
		t.Errorf("fires (-want +got):\n%s", diff)
	}
	if n := l.states(driver.Backup)[catalog.Created]; n != 2 || len(l.jobs()) != 2 {
		t.Errorf("%d jobs wait of %d, want the newest fire's two only", n, len(l.jobs()))
	}
}

func TestAFireWhoseWindowIsOverIsOneRow(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.AddResources(5)
	l.nightly(nil)
	l.at(0, 16, 0)
	l.SyncInventory()
	l.do("fires")
	fires := l.fires()
	if len(fires) != 1 || fires[0].State != catalog.FireExpired || fires[0].Note == "" || len(l.jobs()) != 0 {
		t.Errorf("fires %+v with %d jobs", fires, len(l.jobs()))
	}
}

func TestANewerFireSupersedesWhatStillWaits(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(1)})
	gone := l.AddResources(2)
	l.nightly(func(r *policy.Rule) { r.StartWindow = 30 * time.Hour })
	l.fire(0)
	first := l.jobs()
	l.do("submit")
	l.Work(l.Engine) // one of the two has a slot and runs
	var runs, waits catalog.Job
	for _, job := range first {
		if l.Job(job.ID).State == catalog.Running {
			runs = job
		} else {
			waits = job
		}
	}
	if runs.ID == "" || waits.ID == "" {
		t.Fatalf("with one slot the jobs of %d resources are %v", len(gone), l.jobs())
	}
	l.fire(1)
	if got := l.Job(waits.ID); got.State != catalog.Expired || got.Class != failure.Window || !strings.Contains(got.Message, "superseded") {
		t.Errorf("the job of the older fire is %+v", got)
	}
	if got := l.Job(runs.ID); got.State != catalog.Running {
		t.Errorf("the running job of the older fire is %s", got.State)
	}
	if n := l.states(driver.Backup)[catalog.Created]; n != 2 {
		t.Errorf("%d jobs of the newer fire wait, want 2", n)
	}
	if place := l.Explain(waits.ID).Place; place != "absent" {
		t.Errorf("the superseded job is %s in admission", place)
	}
}

func TestADueFireWaitsForStaleListings(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.AddResources(1)
	l.nightly(nil)
	l.at(0, 14, 0) // the listing is two hours old
	l.do("fires")
	if len(l.jobs()) != 0 {
		t.Fatal("planned on an old inventory without asking for a new one")
	}
	l.Cloud.AddResources(rig.Home(), 1)
	if n := l.Work(l.Engine); n != 1 {
		t.Fatalf("%d listings were asked for, want 1", n)
	}
	l.do("fires")
	if fires := l.fires(); len(l.jobs()) != 2 || len(fires) != 1 || fires[0].Note != "" {
		t.Errorf("after the listing there are %d jobs and fires %+v", len(l.jobs()), fires)
	}
}

func TestAFireIsPlannedOnTheOldInventoryWhenTheListingFails(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(l *leader){
		"denied": func(l *leader) {
			l.Cloud.Inject(conformance.Fault{Method: conformance.Discover, Effect: conformance.Refuse, Class: failure.Denied})
			l.Work(l.Engine)
		},
		"no worker": func(l *leader) { l.Advance(5 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lead(t, rig.Options{})
			l.AddResources(2)
			l.nightly(nil)
			l.at(0, 14, 0)
			l.do("fires")
			fail(l)
			l.do("fires")
			fires := l.fires()
			if len(l.jobs()) != 2 || len(fires) != 1 || !strings.Contains(fires[0].Note, "old inventory of 1 scopes: 111122223333/eu-central-1/ebs") {
				t.Errorf("%d jobs, fires %+v", len(l.jobs()), fires)
			}
		})
	}
}

func TestADeniedListingRemovesNothing(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	sources := l.AddResources(6) // two pages
	for _, skip := range []int{0, 1} {
		l.Cloud.Inject(conformance.Fault{Method: conformance.Discover, Effect: conformance.Refuse, Class: failure.Denied, Skip: skip, Times: 1})
		l.Advance(time.Hour)
		l.do("inventory")
		l.Work(l.Engine)
		scopes, err := l.Store.InventoryScopes(l.Context())
		l.Must(err)
		if len(scopes) != 1 || scopes[0].Class != failure.Denied || scopes[0].AttemptedAt != l.Clock.Now() || scopes[0].SyncedAt != rig.Start() {
			t.Errorf("the scope is %+v", scopes)
		}
	}
	var there []string
	l.Must(l.Store.Resources(l.Context(), catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		there = append(there, item.ARN)
		return nil
	}))
	if len(there) != len(sources) {
		t.Errorf("%d of %d resources are left", len(there), len(sources))
	}
}

func TestListingsAreAskedForOncePerHour(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	for range 3 {
		l.do("inventory")
	}
	if n := l.Work(l.Engine); n != 1 {
		t.Errorf("%d listings at first, want 1", n)
	}
	l.Advance(59 * time.Minute)
	l.do("inventory")
	if ids := l.TaskIDs(); len(ids) != 0 {
		t.Errorf("within the hour: %v", ids)
	}
	l.Advance(time.Minute)
	l.do("inventory")
	if n := l.Work(l.Engine); n != 1 {
		t.Errorf("%d listings after an hour, want 1", n)
	}
}

func TestAccountsAndRegionsOutOfTheConfigurationGetNoNewJobs(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.AddResources(1)
	foreign := resource.Scope{Partition: "aws", Account: "444455556666", Region: rig.HomeRegion}
	for _, scope := range []resource.Scope{foreign, rig.Away()} {
		l.Cloud.AddResources(scope, 1)
		l.Must(l.Engine.SyncInventory(l.Context(), catalog.InventoryScope{
			Partition: "aws", Account: scope.Account, Region: scope.Region, Kind: resource.EBS,
		}))
	}
	l.nightly(nil)
	l.fire(0)
	jobs := l.jobs()
	if len(jobs) != 1 || jobs[0].Account != rig.Account || jobs[0].Region != rig.HomeRegion {
		t.Errorf("planned: %+v", jobs)
	}
}
