package engine_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/test/rig"
)

// expiring returns a rig with two points of one resource and the expiry job of the first.
func expiring(t *testing.T) (*rig.Rig, *hookedDriver, []catalog.RecoveryPoint, catalog.Job) {
	t.Helper()
	o, h := hook(rig.Options{Tokens: true, Caps: oneSlot()})
	r := rig.New(t, o)
	points := r.BackedUp(r.AddResources(1)[0], "one", "two")
	job := catalog.NewExpiry(points[0], "scheduler", r.Clock.Now())
	r.Insert(job)
	return r, h, points, job
}

func wantPoint(t *testing.T, r *rig.Rig, id string, state catalog.PointState) {
	t.Helper()
	if p, ok := r.Point(id); !ok || p.State != state {
		t.Errorf("the point is %q, want %s", p.State, state)
	}
}

func TestAHeldPointIsNotDeleted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(r *rig.Rig, p []catalog.RecoveryPoint)
		says    string
	}{
		"legal hold": {func(r *rig.Rig, p []catalog.RecoveryPoint) {
			r.Must(r.Store.AddHold(r.Context(), catalog.Hold{PointID: p[0].ID, Kind: catalog.HoldLegal, Holder: "case 7"}, "counsel"))
		}, "legal hold by case 7"},
		"planned restore": {func(r *rig.Rig, p []catalog.RecoveryPoint) {
			r.Insert(catalog.NewRestore(catalog.JobID("restore"), p[0], rig.Home(), nil, "somebody", r.Clock.Now().Add(time.Hour)))
		}, "restore hold"},
		"last one": {func(r *rig.Rig, p []catalog.RecoveryPoint) {
			other := catalog.NewExpiry(p[1], "scheduler", r.Clock.Now())
			r.Insert(other)
			g := granted(r.TB.(*testing.T), r, other.ID)
			r.Must(r.Engine.Start(r.Context(), g))
		}, "last available"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, points, job := expiring(t)
			test.prepare(r, points)
			// The grant of the expiry is entered whatever else holds the account's slot.
			before := r.Cloud.Calls().Mutating
			r.Must(r.Engine.Start(r.Context(), grantOf(t, r, job)))
			ended := wantState(t, r, job.ID, catalog.Aborted)
			if ended.Class != failure.Held || !strings.Contains(ended.Message, test.says) {
				t.Errorf("the expiry ended as %s: %q", ended.Class, ended.Message)
			}
			wantPoint(t, r, points[0].ID, catalog.Available)
			wantArtefacts(t, r, points[0].ID, 1)
			wantPlace(t, r, job.ID, admission.Absent)
			if after := r.Cloud.Calls().Mutating; after != before {
				t.Errorf("AWS was changed")
			}
		})
	}
}

// grantOf returns the grant of job, freeing the account's slot when another has it.
func grantOf(t *testing.T, r *rig.Rig, job catalog.Job) admission.Grant {
	t.Helper()
	r.Submit()
	if place := r.Explain(job.ID); place.Place == admission.Waiting {
		for _, holder := range place.HeldBy {
			r.Must(r.Queue.Release(r.Context(), holder))
		}
	}
	for _, info := range r.Tasks() {
		if g := r.Grant(info); g.JobID == job.ID {
			r.Take(info)
			return g
		}
	}
	t.Fatalf("the expiry was not granted: %+v", r.Explain(job.ID))
	return admission.Grant{}
}

func TestAPointComesBackWhenItsDeletionFailsForGood(t *testing.T) {
	t.Parallel()
	for name, class := range map[string]failure.Class{"refused": failure.Invalid, "not ours on AWS": failure.Held} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h, points, job := expiring(t)
			h.set(func(h *hookedDriver) {
				h.remove = func(driver.DeleteRequest) error { return failure.Errorf(class, "it is in use by an image") }
			})
			r.Submit()
			r.Work(r.Engine)
			ended := r.Job(job.ID)
			if !ended.State.Terminal() || ended.Class != class {
				t.Errorf("the expiry is %+v", ended)
			}
			wantPoint(t, r, points[0].ID, catalog.Available)
			wantArtefacts(t, r, points[0].ID, 1)
			wantPlace(t, r, job.ID, admission.Absent)
		})
	}
}

func TestADeletionThatIsBusyKeepsItsPointExpiring(t *testing.T) {
	t.Parallel()
	r, h, points, job := expiring(t)
	h.set(func(h *hookedDriver) {
		h.remove = func(driver.DeleteRequest) error { return failure.Errorf(failure.Busy, "being copied") }
	})
	r.Submit()
	r.Work(r.Engine)
	checkWentBack(t, r, job.ID, failure.Busy, 1)
	wantPoint(t, r, points[0].ID, catalog.Expiring)
	h.set(func(h *hookedDriver) { h.remove = nil })
	r.Advance(time.Minute)
	r.Finish(1)
	wantState(t, r, job.ID, catalog.Completed)
	wantPoint(t, r, points[0].ID, catalog.Deleted)
}

func TestADeletionThatFailsLateGivesThePointBack(t *testing.T) {
	t.Parallel()
	r, h, points, job := expiring(t)
	h.set(func(h *hookedDriver) { h.remove = func(driver.DeleteRequest) error { return nil } })
	r.Submit()
	r.Work(r.Engine)
	h.answers(driver.Status{State: driver.Failed, Message: "locked by a vault"})
	r.Advance(time.Minute)
	r.Look(r.Engine)
	if ended := wantState(t, r, job.ID, catalog.Failed); ended.Message != "locked by a vault" {
		t.Errorf("the expiry says %q", ended.Message)
	}
	wantPoint(t, r, points[0].ID, catalog.Available)
}

func TestALostAnswerOfADeletionIsLookedUp(t *testing.T) {
	t.Parallel()
	r, _, points, job := expiring(t)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Delete, Effect: conformance.Lose, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	if got := r.Job(job.ID); !got.IntentOpen() {
		t.Fatalf("after a lost answer the job is %+v", got)
	}
	before := r.Cloud.Calls().Mutating
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	r.Advance(time.Minute)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Completed)
	wantPoint(t, r, points[0].ID, catalog.Deleted)
	if after := r.Cloud.Calls().Mutating; after != before {
		t.Error("the deletion was made twice")
	}
}

func TestADeletionThatDidNotHappenIsMadeAgain(t *testing.T) {
	t.Parallel()
	r, _, points, job := expiring(t)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Delete, Effect: conformance.Refuse, Class: failure.Transient, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	r.Look(r.Engine)
	checkWentBack(t, r, job.ID, failure.Transient, 1)
	wantPoint(t, r, points[0].ID, catalog.Expiring)
	r.Advance(time.Minute)
	r.Finish(1)
	if ended := wantState(t, r, job.ID, catalog.Completed); ended.Attempts != 2 {
		t.Errorf("%d attempts", ended.Attempts)
	}
	wantPoint(t, r, points[0].ID, catalog.Deleted)
}

func TestAPointSomebodyDeletedByHandIsDeleted(t *testing.T) {
	t.Parallel()
	r, _, points, job := expiring(t)
	r.Cloud.RemovePoint(rig.Home(), points[0].Ref)
	r.Finish(1)
	wantState(t, r, job.ID, catalog.Completed)
	wantPoint(t, r, points[0].ID, catalog.Deleted)
}
