package cli

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/operator"
)

// ids of jobs the tests insert themselves.
const (
	jobA = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	jobB = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	jobC = "cccccccccccccccccccccccccc"
	jobD = "dddddddddddddddddddddddddd"
	jobE = "eeeeeeeeeeeeeeeeeeeeeeeeee"
)

func TestBackupCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.transcript("backup",
		say("backup --resource "+ordersARN+" --delete-after 7 --dry-run"),
		say("backup --resource "+ordersARN+" --delete-after 7 --idempotency-key monday"),
		say("backup --resource "+ordersARN+" --delete-after 7 --idempotency-key MONDAY"),
		say("backup --resource "+ordersARN+" --delete-after 8 --idempotency-key monday"),
		say("backup --resource "+ledgerARN+" --idempotency-key monday --output json"),
		say("backup --resource "+ledgerARN+" --idempotency-key tuesday --output json"),
		say("backup --plan production --rule nightly --dry-run"),
		say("backup --plan PRODUCTION --rule Nightly --now --idempotency-key may --output json"),
		say("backup --plan production --rule nightly --now --idempotency-key may"),
	)
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	before := o.snapshot()
	o.transcript("backup_refused",
		say("backup"),
		say("backup --resource "+ordersARN+" --plan production"),
		say("backup --resource "+goneARN+" --resource "+brokenARN+" --resource arn:aws:ec2:eu-west-1:111122223333:volume/vol-typo"),
		say("backup --resource "+goneARN+" --resource "+brokenARN+" --output json"),
		say("backup --plan production --delete-after 7"),
		say("backup --plan production --now"),
		say("backup --plan production --rule hourly --now"),
		say("backup --plan staging --now"),
		say("backup --plan empty --now"),
		say("backup extra --resource "+ordersARN+" --rule nightly --delete-after -1 --timeout 0s", "--idempotency-key", ""),
		say("backup --resorce "+ordersARN),
	)
	if after := o.snapshot(); after != before {
		t.Errorf("refused commands changed the catalog from %s to %s", before, after)
	}
}

// Without a key every command is a new job with a fresh id, and the id is printed whole.
func TestManualIDsAreFresh(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	form := regexp.MustCompile(`^[0-9a-z]{26} CREATED: backup of ` + regexp.QuoteMeta(ordersARN))
	seen := map[string]bool{}
	for range 3 {
		a := o.run("backup", "--resource", ordersARN)
		if a.code != 0 || !form.MatchString(a.stdout) {
			t.Fatalf("exit %d: %s%s", a.code, a.stdout, a.stderr)
		}
		seen[a.stdout[:26]] = true
	}
	if len(seen) != 3 {
		t.Errorf("3 commands made the jobs %v", seen)
	}
}

// What the command stores is what the scheduler's own jobs look like, without the plan's
// windows and names.
func TestPlanBackupsAreManualJobs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if a := o.run("backup", "--plan", "production", "--rule", "nightly", "--now"); a.code != 0 {
		t.Fatal(a.stderr)
	}
	jobs, err := o.store.ListJobs(t.Context(), catalog.JobFilter{})
	o.must(err)
	if len(jobs) != 2 {
		t.Fatalf("%d jobs, want those of the two volumes that can be backed up", len(jobs))
	}
	for _, j := range jobs {
		if j.Plan != "" || j.Rule != "" || !j.FireAt.IsZero() || !j.StartBy.IsZero() || j.CreatedBy != "ana" {
			t.Errorf("not a manual job: %+v", j)
		}
		if j.Spec.DeleteAfter != 35 || len(j.Spec.Copies) != 1 || j.Spec.Copies[0].Region != "eu-central-1" || j.Spec.Copies[0].Account != "111122223333" {
			t.Errorf("not the rule's lifecycle and copies: %+v", j.Spec)
		}
	}
}

// pointed returns an office with two points of one volume, the older with a copy in
// another region, and one point of another.
func pointed(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	withCopy := func(j *catalog.Job) {
		j.Spec.Copies = []catalog.CopySpec{{Account: j.Account, Region: "eu-central-1", Vault: "dr"}}
	}
	o.insert(jobA, ordersARN, 48*time.Hour, withCopy)
	o.complete(jobA)
	o.complete(copyOf(o, jobA))
	o.insert(jobB, ordersARN, 24*time.Hour, nil)
	o.complete(jobB)
	o.insert(jobC, ledgerARN, 24*time.Hour, nil)
	o.complete(jobC)
	return o
}

// copyOf returns the id of the first copy of a backup.
func copyOf(o *office, id string) string {
	return catalog.CopyJobID(id, 1, o.job(id).Spec.Copies[0])
}

func TestCopyCommand(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	before := o.snapshot()
	o.transcript("copy_refused",
		say("copy"),
		say("copy --point nosuchpoint --region mars --delete-after 0"),
		say("copy --point "+jobB+" --region eu-west-1"),
		say("copy --point "+jobB+" --region eu-central-1 --dry-run --delete-after 30"),
	)
	if after := o.snapshot(); after != before {
		t.Errorf("refused commands and a dry run changed the catalog from %s to %s", before, after)
	}
	o.transcript("copy",
		say("copy --region eu-central-1 --kms-key arn:aws:kms:eu-central-1:111122223333:key/k --idempotency-key one --point "+strings.ToUpper(jobB)),
		say("copy --region eu-central-1 --idempotency-key one --point "+jobB),
		say("copy --region eu-west-2 --delete-after 30 --idempotency-key two --output json --point "+jobB),
	)
	holds, err := o.store.Holds(t.Context(), jobB)
	o.must(err)
	if len(holds) != 2 {
		t.Errorf("%d holds on the point, want one for each copy", len(holds))
	}
}

func TestExpireCommand(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	o.must(o.store.AddHold(t.Context(), catalog.Hold{PointID: jobA, Kind: catalog.HoldLegal, Holder: "case-17", CreatedAt: noon}, "ana"))
	before := o.snapshot()
	o.transcript("expire_guarded",
		say("expire"),
		say("expire --point "+jobC),
		say("expire --point "+jobC+" --dry-run"),
		say("expire --point "+jobA+" --dry-run --output json"),
		say("expire --point "+jobA),
		say("expire --point "+jobB+" --dry-run"),
	)
	if after := o.snapshot(); after != before {
		t.Errorf("dry runs changed the catalog from %s to %s", before, after)
	}
	o.transcript("expire",
		say("expire --point "+jobB+" --idempotency-key away"),
		say("expire --point "+jobB+" --idempotency-key away"),
		say("expire --point "+jobB),
	)
}

// An expiry that a guard stopped does not keep the next one from being asked for.
func TestExpireAgain(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	ids := map[string]bool{}
	for range 2 {
		a := o.run("expire", "--point", jobB, "--output", "json")
		var r operator.Outcome
		if err := json.Unmarshal([]byte(a.stdout), &r); err != nil || a.code != 0 || r.Created != 1 {
			t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
		}
		ids[r.Jobs[0].ID] = true
		o.move(r.Jobs[0].ID, catalog.Aborted, nil)
	}
	if len(ids) != 2 {
		t.Errorf("two expiries have the ids %v", ids)
	}
}

func TestRestoreCommand(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	copied := copyOf(o, jobA)
	before := o.snapshot()
	o.transcript("restore_dry_run",
		say("restore --point "+jobB+" --set volume_type=io2 --set iops=5000 --idempotency-key r --dry-run"),
		say("restore --resource "+ordersARN+" --at 30h --idempotency-key r --dry-run --output json"),
		say("restore --resource "+ordersARN+" --region eu-central-1 --set availability_zone=eu-central-1b --idempotency-key r --dry-run"),
	)
	o.transcript("restore_moment",
		say("restore --resource "+tableARN+" --at 20m --point-in-time --idempotency-key m --dry-run"),
		say("restore --resource "+tableARN+" --at 20m --point-in-time --region eu-central-1 --idempotency-key m --dry-run"),
		say("restore --resource "+tableARN+" --at 8d --point-in-time"),
		say("restore --resource "+ordersARN+" --at 20m --point-in-time"),
		say("restore --resource "+tableARN+" --point-in-time"),
	)
	o.transcript("restore_refused",
		say("restore"),
		say("restore --point "+jobB+" --at 2026-05-05T00:00:00Z"),
		say("restore --point nosuchpoint"),
		say("restore --resource vol-orders"),
		say("restore --resource "+ordersARN+" --at yesterday --account 12 --set size --set iops=1 --set iops=2 --set =3"),
		say("restore --resource "+ordersARN+" --at 9d"),
		say("restore --resource "+ordersARN+" --region us-east-1 --account 111122223333"),
		say("restore --point "+jobB+" --set size_gib=5 --set colour=red --set volume_type=fast"),
		say("restore --point "+jobA+" --region eu-central-1"),
		say("restore --point "+jobB+" --region eu-central-1"),
		say("restore --point "+copied+" --output json"),
	)
	if after := o.snapshot(); after != before {
		t.Errorf("refused commands and dry runs changed the catalog from %s to %s", before, after)
	}
	o.transcript("restore",
		say("restore --resource "+ordersARN+" --idempotency-key r"),
		say("restore --point "+jobA+" --set size_gib=200 --idempotency-key s --output json"),
	)
	// The same command a day and a backup later is still the same restore.
	o.insert(jobD, ordersARN, time.Hour, nil)
	o.complete(jobD)
	o.transcript("restore_again",
		say("restore --resource "+ordersARN+" --idempotency-key r"),
		say("restore --resource "+ordersARN+" --idempotency-key fresh --dry-run"),
		say("restore --resource "+ledgerARN+" --idempotency-key r"),
	)
	if holds, err := o.store.Holds(t.Context(), jobA); err != nil || len(holds) != 1 || holds[0].Kind != catalog.HoldRestore {
		t.Errorf("holds %v, %v: want the restore's", holds, err)
	}
}

// Without a key the job of a dry run has no id, yet the calls are shown in full.
func TestRestoreDryRunWithoutAKey(t *testing.T) {
	t.Parallel()
	a := pointed(t).run("restore", "--point", jobB, "--dry-run", "--output", "json")
	var r operator.Outcome
	if err := json.Unmarshal([]byte(a.stdout), &r); err != nil || a.code != 0 {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stderr)
	}
	if r.Jobs[0].ID != "" || !strings.Contains(string(r.Plan.Calls[0].Input), driver.TagJob) {
		t.Errorf("job id %q, call %s", r.Jobs[0].ID, r.Plan.Calls[0].Input)
	}
}

// A point that is being deleted is refused.
func TestManualJobsOfAPointThatIsGoing(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	point, err := o.store.Point(t.Context(), jobB)
	o.must(err)
	expiry := catalog.NewExpiry(point, "scheduler", noon)
	_, err = o.store.InsertJobs(t.Context(), []catalog.Job{expiry})
	o.must(err)
	m, err := catalog.Change(o.job(expiry.ID), catalog.Created, noon, "worker-1", func(j *catalog.Job) { j.IntentOwner = "worker-1" })
	o.must(err)
	_, err = o.store.BeginExpiry(t.Context(), m, catalog.ExpiryGuard{Installation: "acme", Now: noon})
	o.must(err)
	o.transcript("point_expiring",
		say("restore --point "+jobB),
		say("copy --point "+jobB+" --region eu-central-1"),
		say("expire --point "+jobB),
		say("restore --idempotency-key newest --resource "+ordersARN),
	)
}
