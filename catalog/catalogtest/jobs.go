package catalogtest

import (
	"slices"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

var jobChecks = map[string]func(*testing.T, Open){
	"insert-stores-every-field":           insertStoresEveryField,
	"insert-is-idempotent":                insertIsIdempotent,
	"insert-many":                         insertMany,
	"insert-refuses-bad-jobs":             insertRefusesBadJobs,
	"insert-holds-the-points-copied-from": insertHoldsSources,
	"insert-refuses-points-not-available": insertRefusesUnavailable,
	"job-not-found":                       jobNotFound,
}

func insertStoresEveryField(t *testing.T, open Open) {
	s := open(t)
	j := backup(1)
	j.ParentID, j.RetryOf = "parent", "old"
	j.Epoch, j.RetryAt = 3, epoch0.Add(123*time.Millisecond)
	j.IntentOwner, j.IntentUntil, j.Attempts = "w", epoch0, 2
	j.Ref, j.NextLookAt, j.Progress = "snap-1", epoch0.Add(time.Second), 40
	j.Class, j.Message, j.StartedAt = failure.Quota, "too many 'snapshots'; \"wait\" ☂", epoch0
	j.CancelRequested = true
	j.CreatedAt = time.Date(2026, 3, 1, 3, 0, 0, 123_999_999, time.FixedZone("CET", 3600))
	insert(t, s, j)
	want := j
	want.Version = 1
	want.CreatedAt = time.Date(2026, 3, 1, 2, 0, 0, 123_000_000, time.UTC)
	same(t, "job as stored", want, get(t, s, j.ID))
	byID, err := s.JobsByID(testContext(t), []string{j.ID, "no-such-job"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "JobsByID", map[string]catalog.Job{j.ID: want}, byID)
	events, err := s.Events(testContext(t), catalog.EventFilter{JobID: j.ID})
	if err != nil || len(events) != 1 {
		t.Fatalf("events = %v, %v; want one", events, err)
	}
	same(t, "event", catalog.Event{
		Seq: events[0].Seq, At: want.CreatedAt, Type: "job.created", JobID: j.ID, Actor: "scheduler",
		To: "CREATED", Class: failure.Quota, Message: j.Message,
	}, events[0])
}

func insertIsIdempotent(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 10)
	insert(t, s, jobs[:6]...)
	change(t, s, jobs[0].ID, catalog.Running, started)
	n, err := s.InsertJobs(ctx, append(jobs, jobs[9]))
	if err != nil || n != 4 {
		t.Errorf("second InsertJobs = %d, %v; want 4 new", n, err)
	}
	if j := get(t, s, jobs[0].ID); j.State != catalog.Running {
		t.Errorf("an existing job was changed to %s", j.State)
	}
	for _, j := range jobs[1:] {
		if events, err := s.Events(ctx, catalog.EventFilter{JobID: j.ID}); err != nil || len(events) != 1 {
			t.Errorf("job %s has %d events, %v; want one job.created", j.ID, len(events), err)
		}
	}
	if n, err := s.InsertJobs(ctx, nil); n != 0 || err != nil {
		t.Errorf("InsertJobs of nothing = %d, %v", n, err)
	}
}

func insertMany(t *testing.T, open Open) {
	s := open(t)
	insert(t, s, backups(0, 4501)...)
	counts, err := s.CountJobs(testContext(t), catalog.JobFilter{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "counts", map[driver.Operation]map[catalog.State]int{driver.Backup: {catalog.Created: 4501}}, counts)
}

func insertRefusesBadJobs(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	for name, edit := range map[string]func(*catalog.Job){
		"no id":       func(j *catalog.Job) { j.ID = "" },
		"no type":     func(j *catalog.Job) { j.Type = "" },
		"no creation": func(j *catalog.Job) { j.CreatedAt = time.Time{} },
		"running":     func(j *catalog.Job) { j.State = catalog.Running },
		"no state":    func(j *catalog.Job) { j.State = "" },
	} {
		bad := backup(1)
		edit(&bad)
		if _, err := s.InsertJobs(ctx, []catalog.Job{backup(0), bad}); !failure.Is(err, failure.Internal) {
			t.Errorf("%s: error %v, want class internal", name, err)
		}
	}
	if n, err := s.InsertJobs(ctx, []catalog.Job{backup(0)}); n != 1 || err != nil {
		t.Errorf("after refusals InsertJobs = %d, %v; want nothing stored before", n, err)
	}
	born := backup(2)
	born.State, born.EndedAt, born.Class = catalog.Failed, epoch0, failure.Unsupported
	insert(t, s, born)
}

func insertHoldsSources(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	cp := catalog.NewCopy(catalog.CopyJobID(p.ID, 1, catalog.CopySpec{}), p, catalog.CopySpec{Account: account, Region: "eu-west-1"}, nil, "scheduler", epoch0)
	re := catalog.NewRestore("restore-1", p, resource.Scope{Partition: "aws", Account: account, Region: region}, nil, "alice", epoch0)
	insert(t, s, cp, re)
	holds, err := s.Holds(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "holds", []catalog.Hold{
		{PointID: p.ID, Kind: catalog.HoldCopy, Holder: cp.ID, CreatedAt: epoch0},
		{PointID: p.ID, Kind: catalog.HoldRestore, Holder: re.ID, CreatedAt: epoch0},
	}, holds)
	change(t, s, cp.ID, catalog.Failed, nil)
	if holds, _ = s.Holds(ctx, p.ID); len(holds) != 1 || holds[0].Holder != re.ID {
		t.Errorf("after the copy ended holds = %v, want the restore's", holds)
	}
}

func insertRefusesUnavailable(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	re := catalog.NewRestore("restore-1", p, resource.Scope{Account: account, Region: region}, nil, "alice", epoch0)
	insert(t, s, re)
	mover := backup(2)
	insert(t, s, mover)
	change(t, s, mover.ID, catalog.Created, nil, func(m *catalog.Mutation) {
		m.PointMoves = []catalog.PointMove{{PointID: p.ID, From: catalog.Available, To: catalog.Deleted}}
	})
	if n, err := s.InsertJobs(ctx, []catalog.Job{re}); n != 0 || err != nil {
		t.Errorf("inserting a known restore again = %d, %v; want 0 and no error", n, err)
	}
	late, absent := re, re
	late.ID, absent.ID, absent.PointID = "restore-2", "restore-3", "no-such-point"
	for _, j := range []catalog.Job{late, absent} {
		_, err := s.InsertJobs(ctx, []catalog.Job{backup(3), j})
		if !failure.Is(err, failure.Held) {
			t.Errorf("%s: error %v, want class held", j.ID, err)
		}
		says(t, err, j.PointID)
	}
	_, err := s.Job(ctx, backup(3).ID)
	fails(t, "job of a refused transaction", err, catalog.ErrNotFound)
}

func jobNotFound(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	_, err := s.Job(ctx, "no-such-job")
	fails(t, "Job", err, catalog.ErrNotFound)
	says(t, err, "no-such-job")
	found, err := s.JobsByID(ctx, nil)
	if len(found) != 0 || err != nil {
		t.Errorf("JobsByID(nil) = %v, %v", found, err)
	}
}

var listChecks = map[string]func(*testing.T, Open){
	"list-pages-newest-first": listPages,
	"list-filters":            listFilters,
	"list-limits":             listLimits,
}

func listPages(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 25)
	jobs[3].CreatedAt = jobs[4].CreatedAt // a tie, broken by id
	insert(t, s, jobs...)
	slices.SortFunc(jobs, func(a, b catalog.Job) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return -slices.Compare([]string{a.ID}, []string{b.ID})
	})
	var got []string
	after := ""
	for {
		page, err := s.ListJobs(ctx, catalog.JobFilter{After: after, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, ids(page)...)
		after = page[len(page)-1].ID
	}
	same(t, "all pages", ids(jobs), got)
	_, err := s.ListJobs(ctx, catalog.JobFilter{After: "no-such-job"})
	fails(t, "page after an unknown job", err, catalog.ErrNotFound)
}

func listFilters(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	a, b, c := backup(1), backup(2), backup(3)
	b.Account, b.Region, b.Kind, b.Plan, b.Rule = "444455556666", "us-east-1", resource.RDS, "Weekly", "sunday"
	c.Type, c.PointID, c.ChainID, c.Plan, c.Rule = driver.Expire, "point-1", "chain-1", "", ""
	insert(t, s, a, b, c)
	change(t, s, a.ID, catalog.Failed, func(j *catalog.Job) { j.Class = failure.KMS })
	for name, tc := range map[string]struct {
		filter catalog.JobFilter
		want   []catalog.Job
	}{
		"nothing":  {catalog.JobFilter{}, []catalog.Job{c, b, a}},
		"types":    {catalog.JobFilter{Types: []driver.Operation{driver.Expire, driver.Copy}}, []catalog.Job{c}},
		"states":   {catalog.JobFilter{States: []catalog.State{catalog.Failed}}, []catalog.Job{a}},
		"kinds":    {catalog.JobFilter{Kinds: []resource.Kind{resource.RDS, resource.EFS}}, []catalog.Job{b}},
		"classes":  {catalog.JobFilter{Classes: []failure.Class{failure.KMS}}, []catalog.Job{a}},
		"account":  {catalog.JobFilter{Account: account}, []catalog.Job{c, a}},
		"region":   {catalog.JobFilter{Region: "us-east-1"}, []catalog.Job{b}},
		"resource": {catalog.JobFilter{ResourceARN: a.ResourceARN}, []catalog.Job{a}},
		"plan":     {catalog.JobFilter{Plan: "Weekly"}, []catalog.Job{b}},
		"rule":     {catalog.JobFilter{Rule: "nightly"}, []catalog.Job{a}},
		"chain":    {catalog.JobFilter{ChainID: "chain-1"}, []catalog.Job{c}},
		"point":    {catalog.JobFilter{PointID: "point-1"}, []catalog.Job{c}},
		"since":    {catalog.JobFilter{Since: b.CreatedAt}, []catalog.Job{c, b}},
		"until":    {catalog.JobFilter{Until: b.CreatedAt}, []catalog.Job{a}},
		"several":  {catalog.JobFilter{Account: account, States: []catalog.State{catalog.Created}}, []catalog.Job{c}},
		"no match": {catalog.JobFilter{Account: account, Plan: "Weekly"}, nil},
	} {
		got, err := s.ListJobs(ctx, tc.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		same(t, name, ids(tc.want), ids(got))
		counts, err := s.CountJobs(ctx, tc.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		total := 0
		for _, states := range counts {
			for _, n := range states {
				total += n
			}
		}
		if total != len(tc.want) {
			t.Errorf("%s: CountJobs counts %d, want %d", name, total, len(tc.want))
		}
	}
}

func listLimits(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	insert(t, s, backups(0, 105)...)
	if jobs, err := s.ListJobs(ctx, catalog.JobFilter{}); len(jobs) != 100 || err != nil {
		t.Errorf("a page without a limit has %d jobs, %v; want 100", len(jobs), err)
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := s.ListJobs(ctx, catalog.JobFilter{Limit: limit}); !failure.Is(err, failure.Invalid) {
			t.Errorf("limit %d: error %v, want class invalid", limit, err)
		}
	}
}
