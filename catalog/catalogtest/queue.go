package catalogtest

import (
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

var queueChecks = map[string]func(*testing.T, Open){
	"submittable":         submittable,
	"waiting":             waiting,
	"mark-submitted":      markSubmitted,
	"holders":             holders,
	"start-window-passed": startWindowPassed,
	"overdue":             overdue,
	"cancel-requested":    cancelRequested,
	"superseded":          superseded,
	"failures-to-note":    failuresToNote,
}

// submit lists the ids that are to be submitted under epoch at now.
func submit(t *testing.T, s catalog.Store, epoch int64, now time.Time, limit int) []string {
	t.Helper()
	jobs, err := s.Submittable(testContext(t), epoch, now, limit)
	if err != nil {
		t.Fatal(err)
	}
	return ids(jobs)
}

func submittable(t *testing.T, open Open) {
	s := open(t)
	p := pointOf(t, s, 9, 0)
	scope := resource.Scope{Partition: "aws", Account: account, Region: region}
	soon, late, never, waits, old, current, intent, running := backup(1), backup(2), backup(3), backup(4), backup(5), backup(6), backup(7), backup(8)
	soon.StartBy, late.StartBy, never.StartBy = epoch0.Add(time.Minute), epoch0.Add(90*time.Minute), time.Time{}
	waits.RetryAt = epoch0.Add(time.Second)
	old.Epoch, old.StartBy, current.Epoch = 4, epoch0.Add(2*time.Minute), 5
	restore := catalog.NewRestore("restore-1", p, scope, nil, "alice", epoch0)
	urgent := catalog.NewRestore("restore-2", p, scope, nil, "alice", epoch0)
	urgent.StartBy = epoch0.Add(time.Hour)
	insert(t, s, soon, late, never, waits, old, current, intent, running, restore, urgent)
	change(t, s, intent.ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	change(t, s, running.ID, catalog.Running, started)

	order := []string{urgent.ID, restore.ID, soon.ID, old.ID, late.ID, never.ID}
	same(t, "before the retry is due", order, submit(t, s, 5, epoch0, 100))
	same(t, "limited", order[:3], submit(t, s, 5, epoch0, 3))
	withRetry := []string{urgent.ID, restore.ID, soon.ID, old.ID, waits.ID, late.ID, never.ID}
	same(t, "after the retry is due", withRetry, submit(t, s, 5, epoch0.Add(time.Second), 100))
	same(t, "under the next epoch", 8, len(submit(t, s, 6, epoch0.Add(time.Second), 100)))
}

func waiting(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	if groups, err := s.Waiting(ctx); len(groups) != 0 || err != nil {
		t.Errorf("Waiting of nothing = %v, %v", groups, err)
	}
	jobs := backups(0, 5)
	jobs[3].Region = "eu-west-1"
	insert(t, s, jobs...)
	change(t, s, jobs[0].ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	change(t, s, jobs[4].ID, catalog.Running, started)
	groups, err := s.Waiting(ctx)
	if err != nil {
		t.Fatal(err)
	}
	group := func(region string, n int, oldest time.Time) catalog.WaitingGroup {
		return catalog.WaitingGroup{
			Account: account, Region: region, Kind: resource.EBS, Engine: driver.AWSBackup, Type: driver.Backup, Jobs: n, Oldest: oldest,
		}
	}
	same(t, "groups", []catalog.WaitingGroup{
		group(region, 2, jobs[1].CreatedAt), group("eu-west-1", 1, jobs[3].CreatedAt),
	}, groups)
}

func markSubmitted(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 4)
	jobs[0].RetryAt = epoch0
	insert(t, s, jobs...)
	read, err := s.Submittable(ctx, 3, epoch0.Add(time.Hour), 10)
	if err != nil || len(read) != 4 {
		t.Fatalf("Submittable = %d jobs, %v", len(read), err)
	}
	change(t, s, jobs[1].ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	change(t, s, jobs[2].ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	handedBack := change(t, s, jobs[2].ID, catalog.Created, func(j *catalog.Job) {
		j.IntentOwner, j.RetryAt = "", epoch0.Add(time.Minute)
	})
	if err := s.MarkSubmitted(ctx, read, 3); err != nil {
		t.Fatal(err)
	}
	marked := get(t, s, jobs[0].ID)
	if marked.Epoch != 3 || !marked.RetryAt.IsZero() || marked.Version != 1 {
		t.Errorf("marked job has epoch %d, retry %v, version %d; want 3, none, 1", marked.Epoch, marked.RetryAt, marked.Version)
	}
	if j := get(t, s, jobs[1].ID); j.Epoch != 0 {
		t.Errorf("a job with an intent was marked")
	}
	same(t, "job handed back meanwhile", handedBack, get(t, s, jobs[2].ID))
	if err := s.MarkSubmitted(ctx, []catalog.Job{marked}, 2); err != nil {
		t.Fatal(err)
	}
	same(t, "epoch after an older mark", int64(3), get(t, s, marked.ID).Epoch)
}

func holders(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 8)
	insert(t, s, jobs...)
	want := map[string]bool{}
	for i, j := range jobs {
		switch i % 4 {
		case 0:
			change(t, s, j.ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
			want[j.ID] = true
		case 1:
			change(t, s, j.ID, catalog.Running, started)
			change(t, s, j.ID, catalog.Aborting, nil)
			want[j.ID] = true
		case 2:
			change(t, s, j.ID, catalog.Running, started)
			change(t, s, j.ID, catalog.Completed, nil)
		}
	}
	got, after := map[string]bool{}, ""
	for {
		page, err := s.Holders(ctx, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, j := range page {
			if j.ID <= after || !j.HoldsSlot() {
				t.Errorf("job %s out of order or without a slot", j.ID)
			}
			got[j.ID], after = true, j.ID
		}
	}
	same(t, "holders", want, got)
}

func startWindowPassed(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 5)
	jobs[4].StartBy = time.Time{}
	insert(t, s, jobs...)
	change(t, s, jobs[0].ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	at := jobs[3].StartBy
	got, err := s.StartWindowPassed(ctx, at, 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "passed", ids(jobs[1:3]), ids(got))
	got, _ = s.StartWindowPassed(ctx, at, 1)
	same(t, "limited", ids(jobs[1:2]), ids(got))
}

func overdue(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 5)
	jobs[3].CompleteBy = time.Time{}
	insert(t, s, jobs...)
	for _, j := range jobs[:4] {
		change(t, s, j.ID, catalog.Running, started)
	}
	change(t, s, jobs[0].ID, catalog.Aborting, nil)
	got, err := s.Overdue(ctx, jobs[2].CompleteBy.Add(time.Millisecond), 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "overdue", ids(jobs[1:3]), ids(got))
}

func cancelRequested(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 4)
	insert(t, s, jobs...)
	ask := func(j *catalog.Job) { j.CancelRequested = true }
	change(t, s, jobs[0].ID, catalog.Created, ask)
	change(t, s, jobs[1].ID, catalog.Running, ask)
	change(t, s, jobs[2].ID, catalog.Aborting, ask)
	got, err := s.CancelRequested(ctx, 10)
	if err != nil || len(got) != 2 {
		t.Fatalf("CancelRequested = %v, %v; want the CREATED and the RUNNING job", ids(got), err)
	}
	change(t, s, jobs[0].ID, catalog.Aborted, nil)
	got, _ = s.CancelRequested(ctx, 10)
	same(t, "left", []string{jobs[1].ID}, ids(got))
}

func superseded(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	fire := epoch0.Add(24 * time.Hour)
	again := func(n int, at time.Time) catalog.Job {
		j := backup(n)
		j.ID, j.FireAt = catalog.JobID("again", j.ID, at.String()), at
		return j
	}
	waiting, intent, alone, otherRule, cp := backup(1), backup(2), backup(3), backup(4), backup(5)
	otherRule.Rule, cp.Type = "hourly", driver.Copy
	newer := again(1, fire.Add(time.Hour))
	insert(t, s, waiting, intent, alone, otherRule, cp, newer,
		again(1, fire), again(2, fire), again(4, fire), again(5, fire))
	change(t, s, intent.ID, catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	got, err := s.Superseded(ctx, "Daily", "nightly", fire, 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "superseded", []string{waiting.ID}, ids(got))
}

func failuresToNote(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 4)
	insert(t, s, jobs...)
	for _, j := range jobs[:3] {
		change(t, s, j.ID, catalog.Failed, nil)
	}
	first, err := s.UnnotedFailures(ctx, 2)
	if err != nil || len(first) != 2 {
		t.Fatalf("UnnotedFailures = %v, %v; want two", ids(first), err)
	}
	if err := s.SetFailureNoted(ctx, ids(first)); err != nil {
		t.Fatal(err)
	}
	rest, err := s.UnnotedFailures(ctx, 10)
	if err != nil || len(rest) != 1 {
		t.Errorf("UnnotedFailures = %v, %v; want one left", ids(rest), err)
	}
	same(t, "version", int64(2), get(t, s, first[0].ID).Version)
}

var lookChecks = map[string]func(*testing.T, Open){
	"due-looks": dueLooks,
	"postpone":  postpone,
}

func dueLooks(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 6)
	jobs[3].Region, jobs[4].Kind = "us-east-1", resource.RDS
	insert(t, s, jobs...)
	for i, j := range jobs[:5] {
		change(t, s, j.ID, catalog.Running, func(j *catalog.Job) {
			started(j)
			j.NextLookAt = epoch0.Add(time.Duration(10-i) * time.Second)
		})
	}
	at := epoch0.Add(9 * time.Second)
	groups, err := s.DueLooks(ctx, at, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.LookGroup{jobs[4].Group(), jobs[3].Group(), jobs[0].Group()}
	same(t, "groups, longest due first", want, groups)
	groups, _ = s.DueLooks(ctx, at, 2)
	same(t, "groups, limited", want[:2], groups)
	due, err := s.DueJobs(ctx, jobs[0].Group(), at, 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "jobs, longest due first", []string{jobs[2].ID, jobs[1].ID}, ids(due))
	due, _ = s.DueJobs(ctx, jobs[0].Group(), at, 1)
	same(t, "jobs, limited", []string{jobs[2].ID}, ids(due))
	change(t, s, jobs[4].ID, catalog.Completed, nil)
	groups, _ = s.DueLooks(ctx, at, 10)
	same(t, "groups after one ended", want[1:], groups)
	if groups, err = s.DueLooks(ctx, epoch0, 10); len(groups) != 0 || err != nil {
		t.Errorf("DueLooks before anything is due = %v, %v", groups, err)
	}
}

func postpone(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 3)
	insert(t, s, jobs...)
	var looks []catalog.NextLook
	for _, j := range jobs {
		r := change(t, s, j.ID, catalog.Running, started)
		looks = append(looks, catalog.NextLook{JobID: j.ID, Version: r.Version, At: epoch0.Add(time.Hour), Progress: 30})
	}
	moved := change(t, s, jobs[1].ID, catalog.Running, nil)
	ended := change(t, s, jobs[2].ID, catalog.Completed, nil)
	looks[2].Version = ended.Version
	if err := s.Postpone(ctx, append(looks, catalog.NextLook{JobID: "no-such-job"})); err != nil {
		t.Fatal(err)
	}
	if j := get(t, s, jobs[0].ID); !j.NextLookAt.Equal(epoch0.Add(time.Hour)) || j.Progress != 30 || j.Version != 2 {
		t.Errorf("postponed job: look %v, progress %d, version %d", j.NextLookAt, j.Progress, j.Version)
	}
	same(t, "job at another version", moved, get(t, s, moved.ID))
	same(t, "job that ended", ended, get(t, s, ended.ID))
}
