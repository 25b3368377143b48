package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/test/rig"
)

func TestTwoEnginesRunOneStartTask(t *testing.T) {
	t.Parallel()
	for round := range 8 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			r := rig.New(t, rig.Options{Caps: oneSlot()})
			job := newBackup(r)
			g := granted(t, r, job.ID)
			var group sync.WaitGroup
			errs := make([]error, 4)
			for i := range errs {
				e := r.NewEngine(fmt.Sprintf("worker-%d", i), r.Store, r.Queue)
				group.Go(func() { errs[i] = e.Start(r.Context(), g) })
			}
			group.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Error(err)
			}
			if job := wantState(t, r, job.ID, catalog.Running); job.Attempts != 1 {
				t.Errorf("%d start calls were counted", job.Attempts)
			}
			wantArtefacts(t, r, job.ID, 1)
		})
	}
}

func TestAStaleGenerationDoesNothing(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	job := newBackup(r)
	old := granted(t, r, job.ID)
	r.Must(r.Queue.Regrant(r.Context(), job))
	before := r.Cloud.Calls()
	r.Must(r.Engine.Start(r.Context(), old))
	if got := r.Job(job.ID); got.Attempts != 0 || r.Cloud.Calls() != before {
		t.Errorf("a replaced grant began: %+v", got)
	}
	r.Work(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	wantArtefacts(t, r, job.ID, 1)
}

func TestAnEpochThatMovedOnBetweenEnterAndIntentForbidsTheCall(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	job := newBackup(r)
	g := granted(t, r, job.ID)
	before := r.Cloud.Calls()
	e := r.NewEngine("worker-2", &flakyStore{Store: r.Store, fails: func(m catalog.Mutation) bool {
		if m.RequireEpoch != 0 {
			r.OpenEpoch()
		}
		return false
	}}, r.Queue)
	r.Must(e.Start(r.Context(), g))
	if got := r.Job(job.ID); got.State != catalog.Created || got.IntentOwner != "" || got.Attempts != 0 {
		t.Errorf("under an old epoch the job became %+v", got)
	}
	if after := r.Cloud.Calls(); after != before {
		t.Errorf("AWS was called under an old epoch: %+v, before %+v", after, before)
	}
	r.Finish(1)
	wantState(t, r, job.ID, catalog.Completed)
	wantArtefacts(t, r, job.ID, 1)
}

// A twin that began, failed and gave the slot back while this task was on its way must
// not be followed by a call without a slot.
func TestATaskThatSleptThroughItsTwinsAttemptDoesNotBegin(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before it entered", "after it entered"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t, rig.Options{Tokens: true, Caps: oneSlot()})
			job := newBackup(r)
			g := granted(t, r, job.ID)
			r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Busy, Times: 1})
			twin := func() { r.Must(r.Engine.Start(r.Context(), g)) }
			slots := hookedSlots{Slots: r.Queue, afterEnter: twin}
			if when == "before it entered" {
				slots = hookedSlots{Slots: r.Queue, beforeEnter: twin}
			}
			r.Must(r.NewEngine("worker-2", r.Store, slots).Start(r.Context(), g))
			if got := r.Job(job.ID); got.Attempts != 1 || got.State != catalog.Created || got.IntentOwner != "" {
				t.Errorf("a task without a slot began: %+v", got)
			}
			wantArtefacts(t, r, job.ID, 0)
		})
	}
}

// A look that found nothing and was slow to say so must not free the slot that the job
// has been granted since.
func TestASlowHandBackDoesNotFreeTheNextGrant(t *testing.T) {
	t.Parallel()
	o, h := hook(rig.Options{Tokens: true, Caps: oneSlot()})
	r := rig.New(t, o)
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Transient, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	r.Advance(visibility)
	h.set(func(h *hookedDriver) {
		h.find = func() { // while the slow one waits for its answer another hands back, and the job begins again
			r.Look(r.NewEngine("worker-2", r.Store, r.Queue))
			r.Advance(failure.RuleOf(failure.Transient).Base)
			r.Submit()
			r.Work(r.Engine)
			wantState(t, r, job.ID, catalog.Running)
		}
	})
	r.Look(r.NewEngine("worker-3", r.Store, r.Queue))
	wantState(t, r, job.ID, catalog.Running)
	wantPlace(t, r, job.ID, admission.Entered)
	wantArtefacts(t, r, job.ID, 1)
}

func TestNobodyActsOnAnotherIntentBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	job := newBackup(r)
	g := granted(t, r, job.ID)
	var during catalog.Job
	o := &flakyStore{Store: r.Store, fails: func(m catalog.Mutation) bool {
		if !recordsRef(m) {
			return false
		}
		before := r.Cloud.Calls()
		for range 3 {
			r.Look(r.Engine)
			r.Advance(rig.CallTimeout/3 - 1)
		}
		during = r.Job(job.ID)
		if after := r.Cloud.Calls(); after != before {
			t.Errorf("AWS was asked about an open intent: %+v, before %+v", after, before)
		}
		return false
	}}
	r.Must(r.NewEngine("worker-2", o, r.Queue).Start(r.Context(), g))
	if !during.IntentOpen() || during.IntentOwner != "worker-2" {
		t.Errorf("while its owner calls AWS the job is %+v", during)
	}
	wantState(t, r, job.ID, catalog.Running)
}

func TestAHandBackThatDiesHalfWayIsRepeated(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true, Caps: oneSlot()})
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Throttled, Times: 1})
	closes := func(m catalog.Mutation) bool { return m.From == catalog.Created && !m.Job.RetryAt.IsZero() }
	dying := r.NewEngine("worker-2", &flakyStore{Store: r.Store, fails: closes}, r.Queue)
	if err := dying.Start(r.Context(), granted(t, r, job.ID)); err == nil {
		t.Fatal("the lost commit was not reported")
	}
	if got := r.Job(job.ID); !got.IntentOpen() {
		t.Fatalf("after the crash the job is %+v", got)
	}
	r.Advance(rig.CallTimeout + visibility)
	r.Look(r.Engine)
	checkWentBack(t, r, job.ID, failure.Transient, 1)
	tryAgain(t, r, job.ID)
}

func TestACallIsNotMadeAfterItsIntentRanOut(t *testing.T) {
	t.Parallel()
	o, h := hook(rig.Options{Tokens: true})
	r := rig.New(t, o)
	job := newBackup(r)
	called := false
	h.set(func(h *hookedDriver) {
		h.start = func(driver.StartRequest) (driver.Ref, error) { called = true; return "", errors.New("called") }
	})
	slow := &flakyStore{Store: r.Store, fails: func(m catalog.Mutation) bool {
		if m.RequireEpoch != 0 {
			r.Advance(rig.CallTimeout)
		}
		return false
	}}
	r.Must(r.NewEngine("worker-2", slow, r.Queue).Start(r.Context(), granted(t, r, job.ID)))
	if called {
		t.Error("AWS was called after the deadline of the intent")
	}
	if got := r.Job(job.ID); got.Class != failure.Throttled || got.IntentOwner != "" {
		t.Errorf("the job is %+v", got)
	}
}

func TestRedisEmptiedBeforeTheSlotIsFreed(t *testing.T) {
	t.Parallel()
	t.Run("at the end of a job", func(t *testing.T) {
		t.Parallel()
		r, _, job := running(t)
		r.Advance(rig.Took)
		r.Redis.FlushAll()
		r.Look(r.Engine)
		wantState(t, r, job.ID, catalog.Completed)
		r.OpenEpoch()
		wantPlace(t, r, job.ID, admission.Absent)
	})
	t.Run("at a hand-back", func(t *testing.T) {
		t.Parallel()
		r := rig.New(t, rig.Options{Tokens: true, Caps: oneSlot()})
		job := newBackup(r)
		r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Throttled, Times: 1})
		slots := hookedSlots{Slots: r.Queue, afterEnter: func() { r.Redis.FlushAll() }}
		r.Must(r.NewEngine("worker-2", r.Store, slots).Start(r.Context(), granted(t, r, job.ID)))
		if got := r.Job(job.ID); !got.IntentOpen() {
			t.Fatalf("without admission the job went back: %+v", got)
		}
		r.OpenEpoch()
		wantPlace(t, r, job.ID, admission.Entered)
		r.Advance(rig.CallTimeout + visibility)
		r.Look(r.Engine)
		checkWentBack(t, r, job.ID, failure.Transient, 1)
		tryAgain(t, r, job.ID)
	})
}
