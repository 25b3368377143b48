package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
)

var (
	motoAccounts = []string{"111122223333", "444455556666", "777788889999"}
	motoRegions  = []string{"eu-west-1", "eu-central-1"}
)

const motoCap = 3

// kinds are the kinds of the examples, in boto3's words.
var kinds = []string{"volume", "instance", "table"}

// patience is how long a job may take whose worker was killed in the middle of its call:
// AWS may show a snapshot two minutes late, and only then may it be asked for again.
const patience = 4 * time.Minute

// TestAnOrganizationOnMoto backs up, copies, restores and expires what boto3 has made in
// three accounts and two regions of moto, kills a worker meanwhile, and lets boto3 judge.
func TestAnOrganizationOnMoto(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	f, err := fleet.Start(t.Context(), fleet.Options{
		Binary: binary, Dir: t.TempDir(), Policy: fleet.ExamplePolicy(motoRegions), Examples: true,
		Accounts: motoAccounts, Regions: motoRegions, Schedulers: 2, Workers: 3,
		Environ: []string{
			fmt.Sprintf("HOLDFAST_LIMITS_ACCOUNT=%d", motoCap), "HOLDFAST_AWS_CALL_TIMEOUT=5s",
			"HOLDFAST_SCHEDULER_LOOK_INTERVAL=2s", "HOLDFAST_SCHEDULER_LEASE_TTL=5s", "HOLDFAST_EXPIRY_UNDO_WINDOW=0s",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	t.Cleanup(func() { showLogs(t, f) })
	store := openCatalog(t, f.DSN)
	before := see(t, f)
	killWhileJobsWait(t, f, store)
	// Not subtests: no more of those run at once than there are processors, and these wait.
	var group sync.WaitGroup
	for _, kind := range kinds {
		l := life{f: f, store: store, before: before, kind: kind}
		for name, step := range map[string]func(context.Context) error{"restore": l.restore, "expire": l.expire} {
			group.Go(func() {
				if err := step(t.Context()); err != nil {
					t.Errorf("%s %s: %v", name, kind, err)
				}
			})
		}
	}
	group.Wait()
	awaitEnd(t, store, patience)
	showSlowest(t, store)
	after := see(t, f)
	checkTaken(t, before, after)
	checkJobs(t, store, after)
}

func see(t *testing.T, f *fleet.Fleet) []fleet.Object {
	t.Helper()
	objects, err := f.See(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// killWhileJobsWait kills two workers with -9 while some jobs run and others wait for
// their turn, and starts them again.
func killWhileJobsWait(t *testing.T, f *fleet.Fleet, store catalog.Store) {
	t.Helper()
	var waiting, running int
	testkit.Eventually(t, 3*time.Minute, "jobs to run while others wait", func() bool {
		states, err := store.CountJobs(t.Context(), catalog.JobFilter{Types: []driver.Operation{driver.Backup}})
		if err != nil {
			t.Fatal(err)
		}
		waiting, running = states[driver.Backup][catalog.Created], states[driver.Backup][catalog.Running]
		return waiting > 0 && running > 0
	})
	t.Logf("kill -9 of two workers while %d jobs run and %d wait", running, waiting)
	for _, name := range []string{"worker-1", "worker-2"} {
		f.Kill(name)
		if err := f.StartProcess(name); err != nil {
			t.Fatal(err)
		}
	}
}

// arnOf returns the ARN of a resource; boto3 shows none for volumes.
func arnOf(o fleet.Object) string {
	if o.What == "volume" {
		return fmt.Sprintf("arn:aws:ec2:%s:%s:volume/%s", o.Region, o.Account, o.ID)
	}
	return o.ARN
}

// place is where artefacts of one resource lie.
type place struct{ source, account, region string }

// checkTaken compares what boto3 made with what it sees now: one artefact of each
// resource with the tag in its own place (one that was expired has another by now), one copy of the volumes and instances of the
// first region in the second, and nothing of anything else.
func checkTaken(t *testing.T, before, after []fleet.Object) {
	t.Helper()
	want, tables := map[place]int{}, map[place]string{}
	for _, o := range before {
		own := place{arnOf(o), o.Account, o.Region}
		if o.What == "table" {
			tables[place{o.ID, o.Account, o.Region}] = own.source
		}
		if o.Tags["backup"] != "daily" {
			continue
		}
		want[own] = 1
		if o.What != "table" && o.Region == motoRegions[0] {
			want[place{own.source, o.Account, motoRegions[1]}] = 1
		}
	}
	if len(want) != 33 {
		t.Fatalf("boto3 made resources that want %d artefacts, not 33", len(want))
	}
	got := map[place]int{}
	for _, o := range after {
		source := o.Tags[driver.TagSource]
		switch o.What {
		case "table-backup": // has no tags
			source = tables[place{o.Source, o.Account, o.Region}]
		case "snapshot", "instance-snapshot":
		default:
			continue
		}
		if source == "" {
			t.Errorf("%s %s in %s/%s carries no tag of ours", o.What, o.ID, o.Account, o.Region)
		}
		got[place{source, o.Account, o.Region}]++
	}
	for p, n := range got {
		if n != want[p] {
			t.Errorf("%d artefacts of %s in %s/%s, want %d", n, p.source, p.account, p.region, want[p])
		}
	}
	for p := range want {
		if got[p] == 0 {
			t.Errorf("no artefact of %s in %s/%s", p.source, p.account, p.region)
		}
	}
}

// jobOf returns the job an object was made by, from its tags or its name.
func jobOf(o fleet.Object) string {
	if o.What == "table-backup" {
		mark, _ := driver.ParseName(o.ID)
		return mark.JobID
	}
	return o.Tags[driver.TagJob]
}

// checkJobs compares the catalog with what boto3 sees: every completed job has exactly
// one artefact, in its account and region, unless it was expired; and nobody else has any.
func checkJobs(t *testing.T, store catalog.Store, seen []fleet.Object) {
	t.Helper()
	jobs, err := store.ListJobs(t.Context(), catalog.JobFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	expired := map[string]bool{}
	for _, job := range jobs {
		if job.Type == driver.Expire && job.State == catalog.Completed {
			expired[job.PointID] = true
		}
	}
	made := map[string][]fleet.Object{}
	for _, o := range seen {
		if id := jobOf(o); id != "" {
			made[id] = append(made[id], o)
		}
	}
	for _, job := range jobs {
		found := made[job.ID]
		delete(made, job.ID)
		switch {
		case job.Type == driver.Expire: // makes nothing; those that are to be refused are
		case job.State != catalog.Completed:
			t.Errorf("%s %s of %s is %s: %s: %s", job.Type, job.ID, job.ResourceARN, job.State, job.Class, job.Message)
		case expired[job.ID]:
			if len(found) > 0 {
				t.Errorf("%s of job %s was expired and is still there", found[0].ID, job.ID)
			}
		case len(found) != 1:
			t.Errorf("%s %s of %s has %d artefacts, want 1: %+v", job.Type, job.ID, job.ResourceARN, len(found), found)
		case found[0].Account != job.Account || found[0].Region != job.Region:
			t.Errorf("%s %s has its artefact in %s/%s, want %s/%s", job.Type, job.ID, found[0].Account, found[0].Region, job.Account, job.Region)
		}
	}
	for id, objects := range made {
		t.Errorf("%d objects say that job %s made them, which the catalog does not know: %+v", len(objects), id, objects)
	}
}
