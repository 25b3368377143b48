package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
)

var (
	motoAccounts = []string{"111122223333", "444455556666", "777788889999"}
	motoRegions  = []string{"eu-west-1", "eu-central-1"}
)

const motoCap = 3

// kinds are the kinds of the examples, in boto3's words: what is backed up and what
// is left of a backup.
var kinds = []struct{ resource, artefact string }{
	{"volume", "snapshot"}, {"instance", "instance-snapshot"}, {"table", "table-backup"},
}

// TestAnOrganizationOnMoto backs up, copies, restores and expires what boto3 has made in
// three accounts and two regions of moto, kills a worker meanwhile, and lets boto3 judge.
func TestAnOrganizationOnMoto(t *testing.T) {
	testkit.Integration(t)
	f, err := fleet.Start(t.Context(), fleet.Options{
		Binary: binary, Dir: t.TempDir(), Policy: fleet.ExamplePolicy(motoRegions), Examples: true,
		Accounts: motoAccounts, Regions: motoRegions, Schedulers: 2, Workers: 3,
		Environ: []string{
			fmt.Sprintf("HOLDFAST_LIMITS_ACCOUNT=%d", motoCap), "HOLDFAST_AWS_CALL_TIMEOUT=5s",
			"HOLDFAST_SCHEDULER_LOOK_INTERVAL=2s", "HOLDFAST_SCHEDULER_LEASE_TTL=5s",
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
	awaitEnd(t, store, 5*time.Minute)
	showSlowest(t, store)
	night := see(t, f)
	checkTaken(t, before, night)
	checkJobs(t, store, night)
	if t.Failed() {
		return // what follows works on these points
	}
	t.Run("life", func(t *testing.T) {
		for _, kind := range kinds {
			t.Run("restore "+kind.resource, func(t *testing.T) {
				t.Parallel()
				restoreOne(t, f, store, night, kind.resource)
			})
			t.Run("expire "+kind.artefact, func(t *testing.T) {
				t.Parallel()
				expireOne(t, f, store, night, kind.resource)
			})
		}
	})
	checkJobs(t, store, see(t, f))
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
// resource with the tag in its own place, one copy of the volumes and instances of the
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
		if source := o.Tags[driver.TagSource]; source != "" {
			got[place{source, o.Account, o.Region}]++
		} else if o.What == "table-backup" {
			got[place{tables[place{o.Source, o.Account, o.Region}], o.Account, o.Region}]++
		} else if o.What == "snapshot" || o.What == "instance-snapshot" {
			t.Errorf("%s %s in %s/%s carries no tag of ours", o.What, o.ID, o.Account, o.Region)
		}
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
		case job.Type == driver.Expire:
			continue
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

// command runs holdfast, wants the exit code and returns the jobs it prints.
func command(t *testing.T, f *fleet.Fleet, code int, args ...string) (jobs []catalog.Job, output string) {
	t.Helper()
	output, got, err := f.Run(append(args, "--output", "json")...)
	if err != nil || got != code {
		t.Fatalf("holdfast %s exits with %d, %v, want %d:\n%s", strings.Join(args, " "), got, err, code, output)
	}
	var result struct {
		Jobs []catalog.Job `json:"jobs"`
	}
	if err := json.Unmarshal([]byte(output), &result); err != nil {
		t.Fatalf("holdfast %s prints no JSON: %v\n%s", strings.Join(args, " "), err, output)
	}
	return result.Jobs, output
}

// tagged returns the resource of a kind that asks for backups in account and the first region.
func tagged(t *testing.T, objects []fleet.Object, what, account string) fleet.Object {
	t.Helper()
	i := slices.IndexFunc(objects, func(o fleet.Object) bool {
		return o.What == what && o.Account == account && o.Region == motoRegions[0] && o.Tags["backup"] == "daily"
	})
	if i < 0 {
		t.Fatalf("no %s with the tag in %s", what, account)
	}
	return objects[i]
}

// pointOf returns the one recovery point of a resource in region.
func pointOf(t *testing.T, store catalog.Store, arn, region string) catalog.RecoveryPoint {
	t.Helper()
	points, err := store.ListPoints(t.Context(), catalog.PointFilter{ResourceARN: arn, Region: region})
	if err != nil || len(points) != 1 {
		t.Fatalf("%d recovery points of %s in %s, %v, want 1", len(points), arn, region, err)
	}
	return points[0]
}

// restoreOne restores a resource of the first account, in the second region where there
// is a copy, and wants boto3 to see it with what was in it.
func restoreOne(t *testing.T, f *fleet.Fleet, store catalog.Store, seen []fleet.Object, what string) {
	t.Helper()
	source := tagged(t, seen, what, motoAccounts[0])
	region := motoRegions[1]
	if what == "table" {
		region = motoRegions[0]
	}
	point := pointOf(t, store, arnOf(source), region)
	jobs, _ := command(t, f, 0, "restore", "--point", point.ID, "--wait")
	if len(jobs) != 1 || jobs[0].State != catalog.Completed {
		t.Fatalf("restore gives %+v, want one completed job", jobs)
	}
	var restored []fleet.Object
	for _, o := range see(t, f) {
		if jobOf(o) == jobs[0].ID {
			restored = append(restored, o)
		}
	}
	if len(restored) != 1 {
		t.Fatalf("boto3 sees %d restored objects, want 1: %+v", len(restored), restored)
	}
	got := restored[0]
	if got.What != what || got.Account != source.Account || got.Region != region || got.Size != source.Size || got.ID == source.ID {
		t.Errorf("restored %+v of %+v", got, source)
	}
}

// expireOne expires a recovery point of the second account: not while it is the last good
// one, neither by the command nor by a job that comes past it, and then after another backup.
func expireOne(t *testing.T, f *fleet.Fleet, store catalog.Store, seen []fleet.Object, what string) {
	t.Helper()
	source := tagged(t, seen, what, motoAccounts[1])
	point := pointOf(t, store, arnOf(source), source.Region)
	if _, output := command(t, f, 2, "expire", "--point", point.ID); !strings.Contains(output, "last good point") {
		t.Errorf("expire of the last good point does not say so:\n%s", output)
	}
	if _, err := store.InsertJobs(t.Context(), []catalog.Job{catalog.NewExpiry(point, "test", system.Now())}); err != nil {
		t.Fatal(err)
	}
	id := catalog.ExpireJobID(point.ID, point.ExpireAttempts)
	testkit.Eventually(t, time.Minute, "the expiry of the last point to be refused", func() bool {
		job, err := store.Job(t.Context(), id)
		if err == nil && job.State.Terminal() && (job.State != catalog.Aborted || job.Class != failure.Held) {
			t.Fatalf("expiry of the last good point is %s, class %q, want ABORTED, held", job.State, job.Class)
		}
		return err == nil && job.State.Terminal()
	})
	if jobs, _ := command(t, f, 0, "backup", "--resource", arnOf(source), "--wait"); len(jobs) != 1 {
		t.Fatalf("backup gives %d jobs, want 1", len(jobs))
	}
	jobs, _ := command(t, f, 0, "expire", "--point", point.ID, "--idempotency-key", point.ID, "--wait")
	if len(jobs) != 1 || jobs[0].State != catalog.Completed {
		t.Fatalf("expire gives %+v, want one completed job", jobs)
	}
}
