package engine_test

import (
	"errors"
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

// running returns a rig whose one backup runs on AWS, its driver's hooks and the job.
func running(t *testing.T) (*rig.Rig, *hookedDriver, catalog.Job) {
	t.Helper()
	o, h := hook(rig.Options{Tokens: true, Caps: oneSlot()})
	r := rig.New(t, o)
	job := newBackup(r)
	r.Submit()
	r.Work(r.Engine)
	return r, h, wantState(t, r, job.ID, catalog.Running)
}

// answers makes looks see status for every reference.
func (h *hookedDriver) answers(status driver.Status) {
	h.set(func(h *hookedDriver) {
		h.look = func(req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
			seen := map[driver.Ref]driver.Status{}
			for _, ref := range req.Refs {
				seen[ref] = status
			}
			return seen, nil
		}
	})
}

func TestWhatIsNotObservedEndsNoJob(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(driver.LookRequest) (map[driver.Ref]driver.Status, error){
		"denied": func(driver.LookRequest) (map[driver.Ref]driver.Status, error) {
			return nil, failure.Errorf(failure.Denied, "no")
		},
		"invalid": func(driver.LookRequest) (map[driver.Ref]driver.Status, error) {
			return nil, failure.Errorf(failure.Invalid, "no")
		},
		"not found": func(driver.LookRequest) (map[driver.Ref]driver.Status, error) {
			return nil, failure.Errorf(failure.NotFound, "no")
		},
		"no answer": func(driver.LookRequest) (map[driver.Ref]driver.Status, error) { return nil, errors.New("broken pipe") },
		"partial": func(driver.LookRequest) (map[driver.Ref]driver.Status, error) {
			return map[driver.Ref]driver.Status{"another": {State: driver.Failed}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h, job := running(t)
			h.set(func(h *hookedDriver) { h.look = look })
			for range 50 {
				r.Advance(time.Hour)
				r.Look(r.Engine)
			}
			got := wantState(t, r, job.ID, catalog.Running)
			if got.NextLookAt != r.Clock.Now().Add(lookCeiling) {
				t.Errorf("the next look is at %s, now is %s", got.NextLookAt, r.Clock.Now())
			}
			wantPlace(t, r, job.ID, admission.Entered)
			h.set(func(h *hookedDriver) { h.look = nil })
			r.Advance(time.Hour)
			r.Look(r.Engine)
			wantState(t, r, job.ID, catalog.Completed)
		})
	}
}

// lookCeiling is the longest time between two looks.
const lookCeiling = time.Minute

func TestAFailureSeenOnAWSEndsTheJob(t *testing.T) {
	t.Parallel()
	r, h, job := running(t)
	h.answers(driver.Status{State: driver.Failed, Message: "Given key ID is not accessible"})
	r.Advance(time.Minute)
	r.Look(r.Engine)
	if got := wantState(t, r, job.ID, catalog.Failed); got.Class != failure.KMS || got.Message != "Given key ID is not accessible" {
		t.Errorf("the failed job is %+v", got)
	}
	wantPlace(t, r, job.ID, admission.Absent)
	if _, made := r.Point(job.ID); made {
		t.Error("a failed backup left a point in the catalog")
	}
}

func TestGoneIsBelievedOnlyAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	r, h, job := running(t)
	h.answers(driver.Status{State: driver.Gone, Progress: -1})
	for r.Clock.Now().Sub(job.StartedAt) < 5*time.Minute-10*time.Second {
		r.Advance(10 * time.Second)
		r.Look(r.Engine)
		wantState(t, r, job.ID, catalog.Running)
	}
	r.Advance(time.Minute)
	r.Look(r.Engine)
	if got := wantState(t, r, job.ID, catalog.Failed); got.Class != failure.NotFound {
		t.Errorf("the vanished job is %+v", got)
	}
	wantPlace(t, r, job.ID, admission.Absent)
}

// abort does what the leader does with a job that is overdue.
func abort(t *testing.T, r *rig.Rig, job catalog.Job) {
	t.Helper()
	m, err := catalog.Change(r.Job(job.ID), catalog.Aborting, r.Clock.Now(), "leader", func(j *catalog.Job) {
		j.Class, j.Message = failure.Window, "too late"
	})
	r.Must(err)
	_, err = r.Store.Commit(r.Context(), m)
	r.Must(err)
}

func TestAbortingJobsEndAsAWSDoes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status driver.Status
		want   catalog.State
		class  failure.Class
		points bool
	}{
		"still under way": {driver.Status{State: driver.Pending}, catalog.Aborting, failure.Window, false},
		"finished":        {driver.Status{State: driver.Succeeded, Point: driver.Point{ARN: "arn:x"}}, catalog.Completed, "", true},
		"failed":          {driver.Status{State: driver.Failed}, catalog.Aborted, failure.Window, false},
		"vanished":        {driver.Status{State: driver.Gone}, catalog.Aborted, failure.Window, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h, job := running(t)
			abort(t, r, job)
			h.answers(test.status)
			r.Advance(time.Hour)
			r.Look(r.Engine)
			if got := wantState(t, r, job.ID, test.want); got.Class != test.class {
				t.Errorf("the job is %+v", got)
			}
			if _, made := r.Point(job.ID); made != test.points {
				t.Errorf("a point was made: %t, want %t", made, test.points)
			}
			if place := r.Explain(job.ID).Place; (place == admission.Entered) == test.want.Terminal() {
				t.Errorf("a job that is %s is %s in admission", test.want, place)
			}
		})
	}
}

// restoring returns a rig whose one restore is ready on AWS but for its settings.
func restoring(t *testing.T, took time.Duration) (*rig.Rig, *hookedDriver, catalog.Job) {
	t.Helper()
	o, h := hook(rig.Options{Tokens: true})
	r := rig.New(t, o)
	point := r.BackedUp(r.AddResources(1)[0], "one")[0]
	job := catalog.NewRestore(catalog.JobID("restore"), point, rig.Home(), nil, "somebody", r.Clock.Now())
	r.Insert(job)
	r.Submit()
	r.Work(r.Engine)
	r.Advance(took)
	h.set(func(h *hookedDriver) {
		h.finishRestore = func() error { return failure.Errorf(failure.Busy, "the table is being updated") }
	})
	return r, h, job
}

func TestARestoreWhoseSettingsAreBusyGoesOn(t *testing.T) {
	t.Parallel()
	for name, took := range map[string]time.Duration{"quick": rig.Took + rig.Lag, "long": 9 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h, job := restoring(t, took)
			for range 20 {
				r.Look(r.Engine)
				wantState(t, r, job.ID, catalog.Running)
				r.Advance(2 * time.Minute)
			}
			h.set(func(h *hookedDriver) { h.finishRestore = nil })
			r.Look(r.Engine)
			if got := wantState(t, r, job.ID, catalog.Completed); got.Message != "" {
				t.Errorf("the restore says %q", got.Message)
			}
		})
	}
}

func TestARestoreWhoseSettingsStayBusyEndsAndSaysSo(t *testing.T) {
	t.Parallel()
	r, _, job := restoring(t, 9*time.Hour)
	r.Look(r.Engine)
	r.Advance(time.Hour)
	r.Look(r.Engine)
	got := wantState(t, r, job.ID, catalog.Completed)
	if got.Class != failure.Busy || !strings.Contains(got.Message, "not every setting") || !strings.Contains(got.Message, "being updated") {
		t.Errorf("the restore ended as %s: %q", got.Class, got.Message)
	}
}

func TestARestoreWhoseSettingsAreRefusedEndsAtOnce(t *testing.T) {
	t.Parallel()
	r, h, job := restoring(t, rig.Took+rig.Lag)
	h.set(func(h *hookedDriver) {
		h.finishRestore = func() error { return failure.Errorf(failure.Invalid, "no such stream") }
	})
	r.Look(r.Engine)
	if got := wantState(t, r, job.ID, catalog.Completed); got.Class != failure.Invalid || !strings.Contains(got.Message, "no such stream") {
		t.Errorf("the restore ended as %s: %q", got.Class, got.Message)
	}
}

func TestALookUpThatFailsLeavesTheIntentOpen(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true, Caps: oneSlot()})
	job := newBackup(r)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Transient, Times: 1})
	lift := r.Cloud.Inject(conformance.Fault{Method: conformance.Find, Effect: conformance.Refuse, Class: failure.Denied})
	r.Submit()
	r.Work(r.Engine)
	for range 30 {
		r.Look(r.Engine)
		r.Advance(time.Minute)
	}
	if got := r.Job(job.ID); !got.IntentOpen() {
		t.Fatalf("without an answer the job became %+v", got)
	}
	wantPlace(t, r, job.ID, admission.Entered)
	lift()
	r.Look(r.Engine)
	checkWentBack(t, r, job.ID, failure.Transient, 1)
}

func TestOneLookSeesManyJobs(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	var jobs []catalog.Job
	for _, source := range r.AddResources(250) {
		jobs = append(jobs, r.NewBackup(source.Name, source))
	}
	r.Insert(jobs...)
	r.Submit()
	if n := r.Work(r.Engine); n != 250 {
		t.Fatalf("%d start tasks ran", n)
	}
	r.Advance(rig.Took + rig.Lag)
	r.Look(r.Engine)
	counts, err := r.Store.CountJobs(r.Context(), catalog.JobFilter{})
	r.Must(err)
	if counts[driver.Backup][catalog.Completed] != 250 {
		t.Errorf("after one look the jobs are %v", counts)
	}
}
