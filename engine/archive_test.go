package engine_test

import (
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/test/rig"
)

// archiving returns a rig with two points of one resource, both to be cold after a day, and
// the archive job of the first.
func archiving(t *testing.T) (*rig.Rig, []catalog.RecoveryPoint, catalog.Job) {
	t.Helper()
	r := rig.New(t, rig.Options{Tokens: true, Moves: true, Caps: oneSlot()})
	source := r.AddResources(1)[0]
	var points []catalog.RecoveryPoint
	for _, name := range []string{"one", "two"} {
		backup := r.NewBackup(name, source)
		backup.Spec.ColdAfter = 1
		r.Insert(backup)
		r.Finish(1)
		p, _ := r.Point(backup.ID)
		if want := backup.CreatedAt.AddDate(0, 0, 1); !p.ColdAt.Equal(want) || p.Cold {
			t.Fatalf("the new point moves at %s, want %s; cold: %t", p.ColdAt, want, p.Cold)
		}
		points = append(points, p)
	}
	job := catalog.NewArchive(points[0], "scheduler", r.Clock.Now())
	r.Insert(job)
	return r, points, job
}

func look(r *rig.Rig, after time.Duration) {
	r.Advance(after)
	r.Look(r.Engine)
}

func TestAPointMovesToColdStorageAndBackForARestore(t *testing.T) {
	t.Parallel()
	r, points, job := archiving(t)
	r.Submit()
	r.Work(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	look(r, time.Minute)
	wantState(t, r, job.ID, catalog.Running)
	look(r, 2*rig.Took)
	wantState(t, r, job.ID, catalog.Completed)
	p, _ := r.Point(points[0].ID)
	if !p.Cold || !p.ColdAt.IsZero() || !p.Point().Cold {
		t.Errorf("the moved point is %+v", p)
	}
	restore := catalog.NewRestore(catalog.JobID("restore"), p, rig.Home(), nil, "somebody", r.Clock.Now())
	r.Insert(restore)
	r.Submit()
	r.Work(r.Engine)
	if waits := wantState(t, r, restore.ID, catalog.Created); waits.Class != failure.Busy || waits.RetryAt.IsZero() {
		t.Errorf("the restore of a cold point is %+v, want it to wait without a slot", waits)
	}
	r.Advance(2 * rig.Took)
	r.Submit()
	r.Work(r.Engine)
	wantState(t, r, restore.ID, catalog.Running)
	look(r, 2*rig.Took)
	wantState(t, r, restore.ID, catalog.Completed)
}

func TestAMoveWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	t.Parallel()
	r, points, job := archiving(t)
	lift := r.Cloud.Inject(conformance.Fault{Method: conformance.Archive, Effect: conformance.Lose, Times: 1})
	defer lift()
	r.Submit()
	r.Work(r.Engine)
	if open := wantState(t, r, job.ID, catalog.Created); !open.IntentOpen() {
		t.Fatalf("after a lost answer the job is %+v, want its intent open", open)
	}
	before := r.Cloud.Calls().Mutating
	look(r, rig.CallTimeout+time.Second)
	if adopted := wantState(t, r, job.ID, catalog.Running); adopted.Ref != points[0].Ref {
		t.Errorf("adopted %q", adopted.Ref)
	}
	look(r, 2*rig.Took)
	wantState(t, r, job.ID, catalog.Completed)
	if after := r.Cloud.Calls().Mutating; after != before {
		t.Error("the move was asked for twice")
	}
}

func TestAMoveThatNeverReachedAWSIsMadeAgain(t *testing.T) {
	t.Parallel()
	r, _, job := archiving(t)
	lift := r.Cloud.Inject(conformance.Fault{Method: conformance.Archive, Effect: conformance.Refuse, Class: failure.Transient, Times: 1})
	defer lift()
	r.Submit()
	r.Work(r.Engine)
	look(r, rig.CallTimeout+time.Second)
	wantState(t, r, job.ID, catalog.Created)
	r.Advance(time.Hour)
	r.Submit()
	r.Work(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
}

func TestThePointOfACopyStaysWarm(t *testing.T) {
	t.Parallel()
	r, points, job := archiving(t)
	r.Insert(catalog.NewCopy(catalog.JobID("copy"), points[0], catalog.CopySpec{Account: rig.Account, Region: rig.AwayRegion}, nil, "somebody", r.Clock.Now()))
	r.Must(r.Engine.Start(r.Context(), grantOf(t, r, job)))
	if ended := wantState(t, r, job.ID, catalog.Aborted); ended.Class != failure.Held {
		t.Errorf("the move of a point that is being copied is %+v", ended)
	}
	if holds, err := r.Store.Holds(r.Context(), points[0].ID); err != nil || len(holds) != 1 || holds[0].Kind != catalog.HoldCopy {
		t.Errorf("holds = %v, %v: want the copy's alone", holds, err)
	}
}

func TestADriverThatMovesNothingFailsTheJob(t *testing.T) {
	t.Parallel()
	o, _ := hook(rig.Options{Tokens: true}) // the hooked driver is no ColdMover
	r := rig.New(t, o)
	points := r.BackedUp(r.AddResources(1)[0], "one", "two")
	job := catalog.NewArchive(points[0], "somebody", r.Clock.Now())
	r.Insert(job)
	r.Submit()
	r.Work(r.Engine)
	if ended := wantState(t, r, job.ID, catalog.Failed); ended.Class != failure.Unsupported || ended.Type != driver.Archive {
		t.Errorf("the job is %+v", ended)
	}
}
