package catalogtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

var commitChecks = map[string]func(*testing.T, Open){
	"commit-stores-every-change":        commitStoresEveryChange,
	"commit-conflicts":                  commitConflicts,
	"commit-refuses-forbidden-moves":    commitRefusesForbiddenMoves,
	"commit-checks-the-epoch":           commitChecksEpoch,
	"commit-ends-a-backup":              commitEndsBackup,
	"commit-moves-points-or-does-none":  commitMovesPoints,
	"commit-refuses-held-follow-ups":    commitRefusesHeldFollowUps,
	"commit-of-a-cancelled-caller":      commitOfCancelledCaller,
	"commit-keeps-unprintable-messages": commitKeepsUnprintableMessages,
}

func commitStoresEveryChange(t *testing.T, open Open) {
	s := open(t)
	insert(t, s, backup(1))
	edit := func(j *catalog.Job) {
		started(j)
		j.Epoch, j.RetryAt, j.Progress = 7, epoch0.Add(time.Minute), 55
		j.Class, j.Message, j.CancelRequested = failure.Busy, "wait", true
		j.FailureNoted = true
		j.NextLookAt = epoch0.Add(1500 * time.Microsecond)
	}
	returned := change(t, s, backup(1).ID, catalog.Running, edit)
	want := backup(1)
	edit(&want)
	want.State, want.Version, want.NextLookAt = catalog.Running, 2, epoch0.Add(time.Millisecond)
	same(t, "job as returned", want, returned)
	same(t, "job as stored", want, get(t, s, want.ID))
	ended := change(t, s, want.ID, catalog.Failed, func(j *catalog.Job) { j.Class = failure.KMS })
	if ended.EndedAt.IsZero() || !ended.NextLookAt.IsZero() || !ended.RetryAt.IsZero() || ended.Epoch != 0 {
		t.Errorf("ended job %+v: want EndedAt set; NextLookAt, RetryAt and Epoch clear", ended)
	}
	events, err := s.Events(testContext(t), catalog.EventFilter{JobID: want.ID})
	if err != nil || len(events) != 3 {
		t.Fatalf("events = %v, %v; want three", events, err)
	}
	same(t, "last event", catalog.Event{
		Seq: events[2].Seq, At: ended.EndedAt, Type: "job.state", JobID: want.ID, Actor: "worker-1",
		From: "RUNNING", To: "FAILED", Class: failure.KMS, Message: "wait",
	}, events[2])
}

func commitConflicts(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	insert(t, s, backup(1))
	read := get(t, s, backup(1).ID)
	change(t, s, read.ID, catalog.Running, started)
	_, err := s.Commit(ctx, mutation(t, read, catalog.Aborted, nil))
	fails(t, "old version", err, catalog.ErrConflict)
	future := get(t, s, read.ID)
	future.Version++
	_, err = s.Commit(ctx, mutation(t, future, catalog.Completed, nil))
	fails(t, "version of the future", err, catalog.ErrConflict)
	wrong := get(t, s, read.ID)
	wrong.State = catalog.Created
	_, err = s.Commit(ctx, mutation(t, wrong, catalog.Expired, nil))
	fails(t, "right version, wrong state", err, catalog.ErrConflict)
	_, err = s.Commit(ctx, mutation(t, backup(2), catalog.Running, nil))
	fails(t, "job that was never inserted", err, catalog.ErrNotFound)
	if j := get(t, s, read.ID); j.Version != 2 || j.State != catalog.Running {
		t.Errorf("after refused commits the job is %s at version %d", j.State, j.Version)
	}
	if events, _ := s.Events(ctx, catalog.EventFilter{JobID: read.ID}); len(events) != 2 {
		t.Errorf("after refused commits there are %d events, want 2", len(events))
	}
}

func commitRefusesForbiddenMoves(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	insert(t, s, backup(1))
	j := change(t, s, backup(1).ID, catalog.Failed, nil)
	m := catalog.Mutation{Job: j, From: catalog.Failed}
	m.Job.State = catalog.Running
	if _, err := s.Commit(ctx, m); !failure.Is(err, failure.Internal) {
		t.Errorf("FAILED -> RUNNING: error %v, want class internal", err)
	}
	same(t, "job", j, get(t, s, j.ID))
}

func commitChecksEpoch(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	insert(t, s, backup(1))
	epoch, err := s.BumpEpoch(ctx, 0)
	if err != nil || epoch != 1 {
		t.Fatalf("BumpEpoch = %d, %v", epoch, err)
	}
	m := mutation(t, get(t, s, backup(1).ID), catalog.Created, func(j *catalog.Job) { j.IntentOwner = "w" })
	for _, wrong := range []int64{2, -1, 99} {
		m.RequireEpoch = wrong
		_, err = s.Commit(ctx, m)
		fails(t, "wrong epoch", err, catalog.ErrStaleEpoch)
	}
	m.RequireEpoch = 1
	if _, err = s.Commit(ctx, m); err != nil {
		t.Errorf("right epoch: %v", err)
	}
	if _, err = s.BumpEpoch(ctx, 1); err != nil {
		t.Fatal(err)
	}
	m = mutation(t, get(t, s, m.Job.ID), catalog.Created, nil)
	m.RequireEpoch = 1
	_, err = s.Commit(ctx, m)
	fails(t, "epoch that has passed", err, catalog.ErrStaleEpoch)
}

func commitEndsBackup(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	j := backup(1)
	insert(t, s, j)
	j = change(t, s, j.ID, catalog.Running, started)
	p := point(j, epoch0.Add(time.Hour))
	follow := catalog.FollowUpCopies(j, p, driver.Descriptor{CopyRegion: true}, epoch0.Add(time.Hour))
	unsupported := catalog.FollowUpCopies(j, p, driver.Descriptor{}, epoch0.Add(time.Hour))
	unsupported[0].ID = "born-failed"
	end := func(m *catalog.Mutation) {
		m.Points = []catalog.RecoveryPoint{p}
		m.FollowUps = append(follow, unsupported...)
		m.Events = append(m.Events, catalog.Event{At: epoch0, Type: "note", JobID: j.ID, Data: []byte(`{"a":1}`)})
	}
	change(t, s, j.ID, catalog.Completed, nil, end)
	got, err := s.Point(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "point", p, got)
	if cp := get(t, s, follow[0].ID); cp.State != catalog.Created || cp.Version != 1 || cp.PointID != p.ID {
		t.Errorf("follow-up is %+v", cp)
	}
	if failed := get(t, s, "born-failed"); failed.State != catalog.Failed || failed.Class != failure.Unsupported {
		t.Errorf("follow-up that cannot be is %+v", failed)
	}
	holds, err := s.Holds(ctx, p.ID)
	if err != nil || len(holds) != 1 || holds[0].Holder != follow[0].ID || holds[0].Kind != catalog.HoldCopy {
		t.Errorf("holds = %v, %v; want one for the copy", holds, err)
	}
	events, err := s.Events(ctx, catalog.EventFilter{PointID: p.ID})
	if err != nil || len(events) != 1 || events[0].Type != "point.state" || events[0].To != "AVAILABLE" || events[0].Actor != "worker-1" {
		t.Errorf("events of the point = %v, %v", events, err)
	}
	events, err = s.Events(ctx, catalog.EventFilter{JobID: follow[0].ID})
	if err != nil || len(events) != 1 || events[0].Type != "job.created" {
		t.Errorf("events of the follow-up = %v, %v", events, err)
	}
}

func commitMovesPoints(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	a, b := pointOf(t, s, 1, 0), pointOf(t, s, 2, 0)
	j := backup(3)
	insert(t, s, j)
	later := epoch0.Add(24 * time.Hour)
	m := mutation(t, get(t, s, j.ID), catalog.Running, started)
	m.Points = []catalog.RecoveryPoint{point(j, epoch0)}
	m.PointMoves = []catalog.PointMove{
		{PointID: a.ID, From: catalog.Available, To: catalog.Expiring, ExpireAfter: later},
		{PointID: b.ID, From: catalog.Expiring, To: catalog.Deleted},
	}
	_, err := s.Commit(ctx, m)
	fails(t, "a point is not as read", err, catalog.ErrConflict)
	same(t, "first point", catalog.Available, mustPoint(t, s, a.ID).State)
	same(t, "job", catalog.Created, get(t, s, j.ID).State)
	_, err = s.Point(ctx, j.ID)
	fails(t, "point of a refused commit", err, catalog.ErrNotFound)

	m.PointMoves[1].From = catalog.Available
	if _, err := s.Commit(ctx, m); err != nil {
		t.Fatal(err)
	}
	moved := a
	moved.State, moved.ExpireAfter = catalog.Expiring, later
	same(t, "moved point", moved, mustPoint(t, s, a.ID))
	same(t, "other point", catalog.Deleted, mustPoint(t, s, b.ID).State)
	m = mutation(t, get(t, s, j.ID), catalog.Running, nil)
	m.PointMoves = []catalog.PointMove{{PointID: "no-such-point", From: catalog.Available, To: catalog.Deleted}}
	_, err = s.Commit(ctx, m)
	fails(t, "unknown point", err, catalog.ErrConflict)
}

func mustPoint(t *testing.T, s catalog.Store, id string) catalog.RecoveryPoint {
	t.Helper()
	p, err := s.Point(testContext(t), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func commitRefusesHeldFollowUps(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	j := backup(1)
	insert(t, s, j)
	m := mutation(t, get(t, s, j.ID), catalog.Running, started)
	m.FollowUps = []catalog.Job{catalog.NewRestore("restore-1", catalog.RecoveryPoint{ID: "no-such-point"}, resource.Scope{}, nil, "x", epoch0)}
	if _, err := s.Commit(ctx, m); !failure.Is(err, failure.Held) {
		t.Errorf("error %v, want class held", err)
	}
	same(t, "job", catalog.Created, get(t, s, j.ID).State)
	m.FollowUps[0].State = catalog.Running
	if _, err := s.Commit(ctx, m); !failure.Is(err, failure.Internal) {
		t.Errorf("a follow-up that is RUNNING: error %v, want class internal", err)
	}
}

func commitOfCancelledCaller(t *testing.T, open Open) {
	s := open(t)
	insert(t, s, backup(1))
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	_, err := s.Commit(ctx, mutation(t, get(t, s, backup(1).ID), catalog.Running, started))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	same(t, "job", catalog.Created, get(t, s, backup(1).ID).State)
}

func commitKeepsUnprintableMessages(t *testing.T, open Open) {
	s := open(t)
	insert(t, s, backup(1))
	j := change(t, s, backup(1).ID, catalog.Running, func(j *catalog.Job) {
		j.Message = "AWS said \xff\x00 and stopped"
		j.Ref = driver.Ref("snap-1")
	})
	same(t, "job", j, get(t, s, j.ID))
	same(t, "message", "AWS said \uFFFD and stopped", j.Message)
}
