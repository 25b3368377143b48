package engine_test

import (
	"fmt"
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

// fate is what becomes of a job whose start call failed.
type fate int

const (
	ends        fate = iota // the job is over
	goesBack                // the same job waits for its next attempt
	staysUnsure             // the intent stays open until AWS was asked
)

// fates is the documented fate of each class.
func fates() map[failure.Class]fate {
	return map[failure.Class]fate{
		failure.Throttled: goesBack, failure.Busy: goesBack, failure.Quota: goesBack,
		failure.Credentials: goesBack, failure.Denied: goesBack,
		failure.Transient: staysUnsure, failure.Internal: staysUnsure,
		failure.KMS: ends, failure.Invalid: ends, failure.Unsupported: ends, failure.NotFound: ends,
		failure.Conflict: ends, failure.Held: ends, failure.Window: ends,
	}
}

func TestFateOfEveryClassOfAFailedStart(t *testing.T) {
	t.Parallel()
	for _, class := range failure.Classes() {
		for _, tokens := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/tokens=%t", class, tokens), func(t *testing.T) {
				t.Parallel()
				r := rig.New(t, rig.Options{Tokens: tokens, Caps: oneSlot()})
				job := newBackup(r)
				r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: class, Times: 1})
				r.Submit()
				r.Work(r.Engine)
				switch fates()[class] {
				case ends:
					checkEnded(t, r, job.ID, class)
				case goesBack:
					checkWentBack(t, r, job.ID, class, 1)
					tryAgain(t, r, job.ID)
				default:
					checkUnsure(t, r, job.ID, class)
					tryAgain(t, r, job.ID)
				}
			})
		}
	}
}

func checkEnded(t *testing.T, r *rig.Rig, jobID string, class failure.Class) {
	t.Helper()
	want := catalog.Failed
	if class == failure.Held {
		want = catalog.Aborted
	}
	job := wantState(t, r, jobID, want)
	if job.Class != class || !strings.Contains(job.Message, "refused as "+string(class)) || job.Attempts != 1 || job.EndedAt != r.Clock.Now() {
		t.Errorf("the ended job is %+v", job)
	}
	wantPlace(t, r, jobID, admission.Absent)
	wantArtefacts(t, r, jobID, 0)
}

func checkWentBack(t *testing.T, r *rig.Rig, jobID string, class failure.Class, attempts int) {
	t.Helper()
	job := wantState(t, r, jobID, catalog.Created)
	if job.Class != class || job.Message == "" || job.Attempts != attempts || job.Epoch != 0 || job.IntentOwner != "" || !job.NextLookAt.IsZero() {
		t.Errorf("the job that went back is %+v", job)
	}
	if want := r.Clock.Now().Add(failure.RuleOf(class).Wait(attempts)); job.RetryAt != want {
		t.Errorf("its next attempt is at %s, want %s", job.RetryAt, want)
	}
	wantPlace(t, r, jobID, admission.Absent)
	r.Submit()
	if ids := r.TaskIDs(); len(ids) != 0 {
		t.Errorf("before its time the job has the tasks %v", ids)
	}
}

// visibility is how long the engine waits for AWS to show what a call may have made.
const visibility = 2 * time.Minute

func checkUnsure(t *testing.T, r *rig.Rig, jobID string, class failure.Class) {
	t.Helper()
	job := wantState(t, r, jobID, catalog.Created)
	if !job.IntentOpen() || job.Class != class || job.NextLookAt != r.Clock.Now() {
		t.Errorf("the job whose call may have worked is %+v", job)
	}
	wantPlace(t, r, jobID, admission.Entered)
	// An empty answer proves nothing until AWS would show the artefact; with a token too
	// the slot stays taken so long.
	for range 3 {
		r.Look(r.Engine)
		if job := r.Job(jobID); !job.IntentOpen() {
			t.Fatalf("handed back before AWS could show the artefact: %+v", job)
		}
		wantPlace(t, r, jobID, admission.Entered)
		r.Advance(visibility / 3)
	}
	r.Look(r.Engine)
	checkWentBack(t, r, jobID, class, 1)
}

// tryAgain lets the wait pass: the same job succeeds.
func tryAgain(t *testing.T, r *rig.Rig, jobID string) {
	t.Helper()
	r.Advance(r.Job(jobID).RetryAt.Sub(r.Clock.Now()))
	r.Finish(1)
	if job := wantState(t, r, jobID, catalog.Completed); job.Attempts != 2 || job.Message != "" {
		t.Errorf("after the second attempt the job is %+v", job)
	}
	wantArtefacts(t, r, jobID, 1)
}

func TestLostAnswerIsAdopted(t *testing.T) {
	t.Parallel()
	for _, tokens := range []bool{true, false} {
		t.Run(fmt.Sprintf("tokens=%t", tokens), func(t *testing.T) {
			t.Parallel()
			r := rig.New(t, rig.Options{Tokens: tokens})
			job := newBackup(r)
			r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Lose, Times: 1})
			r.Submit()
			r.Work(r.Engine)
			if !r.Job(job.ID).IntentOpen() {
				t.Fatalf("after a lost answer the job is %+v", r.Job(job.ID))
			}
			wantPlace(t, r, job.ID, admission.Entered)
			r.Advance(rig.Lag)
			r.Look(r.Engine)
			if got := wantState(t, r, job.ID, catalog.Running); got.Attempts != 1 {
				t.Errorf("the adopted job is %+v", got)
			}
			r.Finish(1)
			wantState(t, r, job.ID, catalog.Completed)
			wantArtefacts(t, r, job.ID, 1)
		})
	}
}

func TestCrashBeforeTheReferenceIsRecorded(t *testing.T) {
	t.Parallel()
	for _, tokens := range []bool{true, false} {
		t.Run(fmt.Sprintf("tokens=%t", tokens), func(t *testing.T) {
			t.Parallel()
			r := rig.New(t, rig.Options{Tokens: tokens})
			job := newBackup(r)
			dying := r.NewEngine("worker-2", &flakyStore{Store: r.Store, fails: recordsRef}, r.Queue)
			if err := dying.Start(r.Context(), granted(t, r, job.ID)); err == nil {
				t.Fatal("the lost commit was not reported")
			}
			wantArtefacts(t, r, job.ID, 1)
			if got := r.Job(job.ID); !got.IntentOpen() || got.NextLookAt != got.IntentUntil {
				t.Fatalf("after the crash the job is %+v", got)
			}
			r.Advance(rig.CallTimeout + rig.Lag)
			r.Look(r.Engine)
			if got := wantState(t, r, job.ID, catalog.Running); got.Ref == "" || got.Attempts != 1 {
				t.Errorf("the adopted job is %+v", got)
			}
			r.Finish(1)
			wantState(t, r, job.ID, catalog.Completed)
			wantArtefacts(t, r, job.ID, 1)
		})
	}
}

func TestStartOfAJobWhoseWindowPassedOrWasCancelled(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	sources := r.AddResources(2)
	late, cancelled := r.NewBackup("late", sources[0]), r.NewBackup("cancelled", sources[1])
	late.StartBy = r.Clock.Now().Add(time.Minute)
	r.Insert(late, cancelled)
	r.Submit()
	r.Advance(2 * time.Minute)
	m, err := catalog.Change(r.Job(cancelled.ID), catalog.Created, r.Clock.Now(), "somebody", func(j *catalog.Job) { j.CancelRequested = true })
	r.Must(err)
	_, err = r.Store.Commit(r.Context(), m)
	r.Must(err)
	r.Work(r.Engine)
	if job := wantState(t, r, late.ID, catalog.Expired); job.Class != failure.Window {
		t.Errorf("the late job is %+v", job)
	}
	wantState(t, r, cancelled.ID, catalog.Aborted)
	wantPlace(t, r, late.ID, admission.Absent)
	wantPlace(t, r, cancelled.ID, admission.Absent)
	wantArtefacts(t, r, late.ID, 0)
}

func TestStartOfWhatTheCatalogDoesNotKnow(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	ghost := r.NewBackup("ghost", r.AddResources(1)[0])
	r.Must(r.Queue.Submit(r.Context(), []catalog.Job{ghost}, 1))
	wantPlace(t, r, ghost.ID, admission.Granted)
	r.Work(r.Engine)
	wantPlace(t, r, ghost.ID, admission.Absent)

	stranger := r.NewBackup("stranger", r.AddResources(1)[0])
	stranger.ResourceARN += "-nobody-listed"
	r.Insert(stranger)
	r.Submit()
	r.Work(r.Engine)
	if job := wantState(t, r, stranger.ID, catalog.Failed); job.Class != failure.NotFound || !strings.Contains(job.Message, "inventory sync") {
		t.Errorf("the job of an unlisted resource is %+v", job)
	}
	wantPlace(t, r, stranger.ID, admission.Absent)
}

func TestAnAttemptCanWaitForItsKey(t *testing.T) {
	t.Parallel()
	o, h := hook(rig.Options{Tokens: true})
	r := rig.New(t, o)
	job := r.NewBackup("one", r.AddResources(1)[0])
	job.StartBy = r.Clock.Now().Add(time.Minute)
	r.Insert(job)
	h.set(func(h *hookedDriver) {
		h.start = func(driver.StartRequest) (driver.Ref, error) { return "", failure.Errorf(failure.Busy, "in use") }
	})
	r.Submit()
	r.Work(r.Engine)
	r.Advance(2 * time.Minute)
	r.Submit()
	r.Work(r.Engine)
	if job := wantState(t, r, job.ID, catalog.Expired); !strings.Contains(job.Message, "in use") {
		t.Errorf("an expired job does not say why its attempts failed: %q", job.Message)
	}
}
