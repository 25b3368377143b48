package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/test/rig"
)

// jobDriver is a driver over an AWS that has jobs of its own: they cannot be found by
// mark unless marked, answer a repeated token, can be stopped, and leave copies without a
// mark.
type jobDriver struct {
	driver.Driver
	driver.Copier
	driver.Restorer
	finds, cancels, finished atomic.Int32
	tokens                   time.Duration // how long AWS knows them
	marked                   bool
	look                     func() driver.Status
	finishCopy               error
}

func (d *jobDriver) Descriptor() driver.Descriptor {
	facts := d.Driver.Descriptor()
	facts.Repeatable = map[driver.Operation]time.Duration{driver.Backup: d.tokens, driver.Copy: d.tokens, driver.Restore: d.tokens}
	facts.Unmarked = !d.marked
	return facts
}

func (d *jobDriver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	d.finds.Add(1)
	if d.marked {
		return d.Driver.Find(ctx, req)
	}
	return "", failure.Errorf(failure.NotFound, "jobs carry no marks")
}

func (d *jobDriver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	seen, err := d.Driver.Look(ctx, req)
	if d.look != nil {
		for _, ref := range req.Refs {
			seen[ref] = d.look()
		}
	}
	return seen, err
}

func (d *jobDriver) Cancel(context.Context, driver.CancelRequest) error {
	d.cancels.Add(1)
	return nil
}

func (d *jobDriver) MarkCopy(context.Context, driver.CopyRequest, driver.Point) error {
	d.finished.Add(1)
	return d.finishCopy
}

func withJobs(t *testing.T) (*rig.Rig, *jobDriver) {
	t.Helper()
	d := &jobDriver{tokens: time.Hour}
	r := rig.New(t, rig.Options{Tokens: true, Caps: oneSlot(), Wrap: func(inner driver.Driver) driver.Driver {
		d.Driver, d.Copier, d.Restorer = inner, inner.(driver.Copier), inner.(driver.Restorer)
		return d
	}})
	return r, d
}

func TestAnInterruptedStartIsRepeatedInItsSlot(t *testing.T) {
	t.Parallel()
	r, d := withJobs(t)
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Lose, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	wantPlace(t, r, job.ID, admission.Entered)
	// What is not known is asked again, without giving the slot back.
	lift := r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Throttled})
	for range 3 {
		r.Advance(2 * rig.CallTimeout)
		r.Look(r.Engine)
		wantPlace(t, r, job.ID, admission.Entered)
	}
	lift()
	r.Advance(2 * rig.CallTimeout)
	r.Look(r.Engine)
	if got := r.Job(job.ID); got.Ref == "" || got.State != catalog.Running {
		t.Fatalf("the job is %+v, want what the first call began", got)
	}
	wantArtefacts(t, r, job.ID, 1)
	if n := d.finds.Load(); n != 0 {
		t.Errorf("%d look-ups were made", n)
	}
}

func TestAStartIsNotRepeatedWhenItsTokenHasLapsed(t *testing.T) {
	t.Parallel()
	r, d := withJobs(t)
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Lose, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	// Each attempt renews the intent; what counts is when the first was.
	lift := r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Transient})
	for n := 0; d.finds.Load() == 0; n++ {
		if n > 20 {
			t.Fatal("the start is repeated for ever")
		}
		wantPlace(t, r, job.ID, admission.Entered)
		r.Advance(10 * time.Minute)
		r.Look(r.Engine)
	}
	if passed := r.Clock.Now().Sub(rig.Start()); passed < d.tokens || passed > d.tokens+30*time.Minute {
		t.Errorf("it was looked for after %v, want when the token had lapsed", passed)
	}
	lift()
	wantArtefacts(t, r, job.ID, 1)
}

// interrupted returns a rig on which a marked artefact is begun once per token, and a job
// whose start call struck effect and was not answered.
func interrupted(t *testing.T, effect conformance.Effect) (*rig.Rig, *jobDriver, catalog.Job) {
	t.Helper()
	r, d := withJobs(t)
	d.marked = true
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: effect, Class: failure.Transient, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	return r, d, job
}

func TestWhatIsFoundIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	r, d, job := interrupted(t, conformance.Lose)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Invalid})
	r.Advance(rig.Lag)
	r.Look(r.Engine)
	if got := wantState(t, r, job.ID, catalog.Running); got.Ref == "" || d.finds.Load() != 1 {
		t.Errorf("after %d look-ups the job is %+v", d.finds.Load(), got)
	}
	wantArtefacts(t, r, job.ID, 1)
}

func TestWhatIsNotFoundIsBegunAgainWithItsToken(t *testing.T) {
	t.Parallel()
	for _, effect := range []conformance.Effect{conformance.Lose, conformance.Refuse} {
		t.Run(string(effect), func(t *testing.T) {
			t.Parallel()
			r, _, job := interrupted(t, effect)
			r.Look(r.Engine) // at once: AWS shows nothing yet
			wantState(t, r, job.ID, catalog.Running)
			wantArtefacts(t, r, job.ID, 1)
			wantPlace(t, r, job.ID, admission.Entered)
		})
	}
}

func TestATokenThatWasUsedOtherwiseKeepsTheSlot(t *testing.T) {
	t.Parallel()
	r, _, job := interrupted(t, conformance.Lose)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Conflict, Times: 1})
	r.Look(r.Engine)
	wantPlace(t, r, job.ID, admission.Entered)
	if got := wantState(t, r, job.ID, catalog.Created); !got.IntentOpen() {
		t.Errorf("the job is %+v, though the first call took effect", got)
	}
	r.Advance(rig.Lag)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	wantArtefacts(t, r, job.ID, 1)
}

func TestACancelledStartIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	r, _, job := interrupted(t, conformance.Refuse)
	m, err := catalog.Change(r.Job(job.ID), catalog.Created, r.Clock.Now(), "somebody", func(j *catalog.Job) { j.CancelRequested = true })
	r.Must(err)
	_, err = r.Store.Commit(r.Context(), m)
	r.Must(err)
	for range 3 {
		r.Look(r.Engine)
		r.Advance(visibility / 2)
	}
	wantArtefacts(t, r, job.ID, 0)
	if got := wantState(t, r, job.ID, catalog.Created); got.IntentOpen() {
		t.Errorf("the job is not given back to be ended: %+v", got)
	}
}

func TestARepeatedStartThatIsRefusedHandsTheJobBack(t *testing.T) {
	t.Parallel()
	r, _ := withJobs(t)
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Transient, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Quota, Times: 1})
	r.Advance(2 * rig.CallTimeout)
	r.Look(r.Engine)
	if got := r.Job(job.ID); got.IntentOpen() || got.Class != failure.Quota || got.RetryAt.IsZero() {
		t.Errorf("the job is %+v, want it waiting for the quota", got)
	}
	wantArtefacts(t, r, job.ID, 0)
}

func TestAnAbortingJobIsStoppedOnAWS(t *testing.T) {
	t.Parallel()
	r, d := withJobs(t)
	job := newBackup(r)
	r.Submit()
	r.Work(r.Engine)
	abort(t, r, r.Job(job.ID))
	d.look = func() driver.Status { return driver.Status{State: driver.Pending, Progress: -1} }
	r.Advance(rig.Took / 2)
	r.Look(r.Engine)
	if n := d.cancels.Load(); n != 1 {
		t.Errorf("AWS was asked to stop %d times, want once a look", n)
	}
	d.look = func() driver.Status { return driver.Status{State: driver.Failed, Message: "aborted"} }
	r.Advance(rig.Took)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Aborted)
}

func TestAPartialBackupLeavesAPoint(t *testing.T) {
	t.Parallel()
	r, d := withJobs(t)
	job := newBackup(r)
	r.Submit()
	r.Work(r.Engine)
	d.look = func() driver.Status {
		return driver.Status{
			State: driver.Partial, Message: "one member failed", Class: failure.KMS,
			Point: driver.Point{Ref: "vault/point", ARN: "arn:aws:backup:eu-west-1:111122223333:recovery-point:p"},
		}
	}
	r.Advance(rig.Took)
	r.Look(r.Engine)
	if got := wantState(t, r, job.ID, catalog.Partial); got.Message != "one member failed" || got.Class != failure.KMS {
		t.Errorf("the job says %s: %q", got.Class, got.Message)
	}
	if p, ok := r.Point(job.ID); !ok || p.Ref != "vault/point" {
		t.Errorf("the point is %+v, %t", p, ok)
	}
}

func TestACopyIsMarkedBeforeItIsCompleted(t *testing.T) {
	t.Parallel()
	r, d := withJobs(t)
	point := r.BackedUp(r.AddResources(1)[0], "one")[0]
	job := catalog.NewCopy(catalog.JobID("copy"), point, catalog.CopySpec{
		Account: rig.Away().Account, Region: rig.Away().Region, Vault: "dr",
	}, nil, "somebody", r.Clock.Now())
	r.Insert(job)
	r.Submit()
	r.Work(r.Engine)
	d.finishCopy = failure.Errorf(failure.Busy, "the copy is not there yet")
	r.Advance(rig.Took + rig.Lag)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	d.finishCopy = nil
	r.Advance(rig.Took)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Completed)
	if n := d.finished.Load(); n != 2 {
		t.Errorf("the copy was finished %d times, want 2", n)
	}
}
