package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// busy returns an office with a job in each state that matters: a completed backup with
// its copy, one that failed, one that runs, one that waits.
func busy(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	o.insert(jobA, ordersARN, 48*time.Hour, func(j *catalog.Job) {
		j.FireAt, j.StartBy, j.CompleteBy = j.CreatedAt, j.CreatedAt.Add(8*time.Hour), j.CreatedAt.Add(168*time.Hour)
		j.Spec = catalog.Spec{
			Vault: "default", DeleteAfter: 35, Tags: map[string]string{"cost-centre": "backup"},
			Copies: []catalog.CopySpec{{Account: j.Account, Region: "eu-central-1", Vault: "dr", DeleteAfter: 90}},
		}
	})
	o.complete(jobA)
	o.insert(jobB, ledgerARN, 30*time.Hour, nil)
	o.move(jobB, catalog.Failed, func(m *catalog.Mutation) {
		m.Job.Class, m.Job.Message, m.Job.Attempts = failure.KMS, "the key is disabled", 1
	})
	o.insert(jobC, ledgerARN, 2*time.Hour, nil)
	o.move(jobC, catalog.Running, func(m *catalog.Mutation) { m.Job.Progress = 40 })
	o.insert(jobD, tableARN, time.Hour, func(j *catalog.Job) { j.Plan, j.Rule = "tables", "hourly" })
	return o
}

func TestJobsList(t *testing.T) {
	t.Parallel()
	o := busy(t)
	o.transcript("jobs_list",
		say("jobs list"),
		say("jobs list --state failed,running"),
		say("jobs list --type copy --region eu-central-1"),
		say("jobs list --class kms --since 2d"),
		say("jobs list --kind dynamodb --account 444455556666 --plan tables --rule hourly"),
		say("jobs list --resource "+ledgerARN+" --until 3h"),
		say("jobs list --point "+strings.ToUpper(jobA)),
		say("jobs list --chain "+jobA+" --output json --limit 1"),
		say("jobs list --limit 1 --after "+jobD),
		say("jobs list --state aborted"),
		say("jobs list --state aborted -o json"),
	)
}

func TestJobsListRefuses(t *testing.T) {
	t.Parallel()
	newOffice(t).transcript("jobs_list_refused",
		say("jobs list --state lost --type backup,move --class bad --kind tape --account 1 --since never --until 1x --limit 0"),
		say("jobs list --after nosuchjob"),
		say("jobs list everything"),
		say("jobs list --output xml"),
		say("jobs lst"),
		say("jobs show"),
		say("jobs show nosuchjob"),
		say("jobs show nosuchjob --output json"),
		say("jobs cancel"),
		say("jobs cancel one two"),
		say("jobs release one"),
		say("jobs wait"),
	)
}

func TestJobsShow(t *testing.T) {
	t.Parallel()
	o := busy(t)
	o.transcript("jobs_show",
		say("jobs show "+strings.ToUpper(jobA)),
		say("jobs show "+jobB),
		say("jobs show "+jobC+" --output json"),
	)
}

func TestJobsCancel(t *testing.T) {
	t.Parallel()
	o := busy(t)
	o.transcript("jobs_cancel",
		say("jobs cancel "+jobC+" "+jobD),
		say("jobs cancel "+jobD),
		say("jobs cancel "+jobA+" "+jobB),
		say("jobs cancel "+jobA+" "+jobD+" --output json"),
		say("jobs show "+jobD),
	)
	waiting, err := o.store.CancelRequested(t.Context(), 10)
	o.must(err)
	if len(waiting) != 2 {
		t.Errorf("%d cancellations for the leader, want 2", len(waiting))
	}
}

func TestJobsRetry(t *testing.T) {
	t.Parallel()
	o := busy(t)
	o.transcript("jobs_retry",
		say("jobs retry "+jobB),
		say("jobs retry "+jobB),
		say("jobs retry "+jobA+" "+jobC+" --output json"),
	)
	retried := o.job(catalog.RetryJobID(jobB, 1))
	if retried.RetryOf != jobB || retried.CreatedBy != "ana" || retried.State != catalog.Created || !retried.StartBy.IsZero() {
		t.Errorf("the retry is %+v", retried)
	}
}

// A forced release ends what nobody can see the end of, says so for ever, and gives a
// half-deleted point back.
func TestJobsRelease(t *testing.T) {
	t.Parallel()
	o := busy(t)
	o.insert(jobE, ordersARN, time.Hour, nil)
	o.move(jobE, catalog.Created, func(m *catalog.Mutation) {
		m.Job.IntentOwner, m.Job.IntentUntil = "worker-1", noon.Add(-50*time.Minute)
	})
	o.transcript("jobs_release",
		say("jobs release "+jobC),
		say("jobs release --force "+jobC+" "+jobE),
		say("jobs release --force "+jobA+" "+jobD),
		say("jobs show "+jobC),
	)
	for _, id := range []string{jobC, jobE} {
		job := o.job(id)
		if job.State != catalog.Aborted || job.Class == "" || !strings.Contains(job.Message, "released by force by ana") || job.HoldsSlot() {
			t.Errorf("%s is %s, %s: %s", id, job.State, job.Class, job.Message)
		}
		events, err := o.store.Events(t.Context(), catalog.EventFilter{JobID: id, Limit: 100})
		o.must(err)
		last := events[len(events)-1]
		if last.Type != "job.released" || last.Actor != "ana" {
			t.Errorf("the history of %s ends with %+v", id, last)
		}
	}
}

func TestReleasedExpiryGivesThePointBack(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	if a := o.run("expire", "--point", jobB, "--idempotency-key", "x"); a.code != 0 {
		t.Fatal(a.stderr)
	}
	id := catalog.JobID("manual", "acme", "x")
	m, err := catalog.Change(o.job(id), catalog.Created, noon, "worker-1", func(j *catalog.Job) { j.IntentOwner, j.Attempts = "worker-1", 1 })
	o.must(err)
	_, err = o.store.BeginExpiry(t.Context(), m, catalog.ExpiryGuard{Installation: "acme", Now: noon})
	o.must(err)
	if a := o.run("jobs", "release", "--force", id); a.code != 0 {
		t.Fatalf("exit %d: %s", a.code, a.stderr)
	}
	point, err := o.store.Point(t.Context(), jobB)
	o.must(err)
	if point.State != catalog.Available {
		t.Errorf("the point is %s", point.State)
	}
}

// The JSON of a job is a contract: these keys are there whatever else changes.
func TestJobJSONKeys(t *testing.T) {
	t.Parallel()
	o := busy(t)
	var list struct {
		Jobs []map[string]any `json:"jobs"`
	}
	if err := json.Unmarshal([]byte(o.run("jobs", "list", "--output", "json").stdout), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Jobs) != 5 {
		t.Fatalf("%d jobs, want 5", len(list.Jobs))
	}
	for _, key := range []string{"id", "type", "state", "kind", "account", "region", "resource_arn", "chain_id", "created_at", "created_by", "spec"} {
		for _, job := range list.Jobs {
			if _, ok := job[key]; !ok {
				t.Errorf("job %v has no %s", job["id"], key)
			}
		}
	}
	if list.Jobs[0]["type"] != string(driver.Backup) {
		t.Errorf("type is %v", list.Jobs[0]["type"])
	}
}
