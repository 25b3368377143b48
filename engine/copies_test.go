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

// otherAccount is where copies that leave the account go.
const otherAccount = "444455556666"

// copyAbroad stores a copy of a new point into the other account.
func copyAbroad(r *rig.Rig) catalog.Job {
	point := r.BackedUp(r.AddResources(1)[0], "one")[0]
	job := catalog.NewCopy(catalog.JobID("copy"), point, catalog.CopySpec{
		Account: otherAccount, Region: rig.HomeRegion, Vault: "dr",
	}, nil, "somebody", r.Clock.Now())
	r.Insert(job)
	return job
}

// wantShared fails unless the accounts that may copy the points at home are these.
func wantShared(t *testing.T, r *rig.Rig, want ...string) {
	t.Helper()
	var got []string
	for _, item := range r.Cloud.Points(rig.Home()) {
		got = append(got, item.SharedWith...)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the source is shared with %v, want %v", got, want)
	}
}

func TestACopyIntoAnotherAccountLeavesNoShare(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	job := copyAbroad(r)
	r.Submit()
	r.Work(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	wantShared(t, r, otherAccount)
	r.Advance(rig.Took + rig.Lag)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Completed)
	wantShared(t, r)
	if point, ok := r.Point(job.ID); !ok || point.Account != otherAccount {
		t.Errorf("the copied point is %+v", point)
	}
}

func TestAFailedCopyLeavesNoShare(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	r.Cloud.FailNext(driver.Copy)
	job := copyAbroad(r)
	r.Finish(1)
	wantState(t, r, job.ID, catalog.Failed)
	wantShared(t, r)
}

// Between the share and the end there are four places to die; each is followed by the
// leader's and the looks' ordinary work, which must not forget the share.
func TestAShareSurvivesNoCrash(t *testing.T) {
	t.Parallel()
	for name, copyFault := range map[string]conformance.Fault{
		"refused for now":  {Method: conformance.Copy, Effect: conformance.Refuse, Class: failure.Quota},
		"refused for good": {Method: conformance.Copy, Effect: conformance.Refuse, Class: failure.KMS},
		"never answered":   {Method: conformance.Copy, Effect: conformance.Refuse, Class: failure.Transient},
		"share unanswered": {Method: conformance.Share, Effect: conformance.Lose},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t, rig.Options{Tokens: true})
			job := copyAbroad(r)
			liftCopy := r.Cloud.Inject(copyFault)
			liftFinish := r.Cloud.Inject(conformance.Fault{Method: conformance.FinishCopy, Effect: conformance.Refuse, Class: failure.Transient})
			r.Submit()
			r.Work(r.Engine)
			got := r.Job(job.ID)
			if got.State != catalog.Created || got.IntentOwner == "" {
				t.Errorf("while the share cannot be taken back the job is %s with the intent of %q", got.State, got.IntentOwner)
			}
			wantShared(t, r, otherAccount)
			liftFinish()
			for range 4 {
				r.Advance(2 * time.Minute)
				r.Look(r.Engine)
			}
			wantShared(t, r)
			liftCopy()
			r.Advance(time.Hour)
			r.Finish(2)
			wantState(t, r, job.ID, catalog.Completed)
			wantShared(t, r)
		})
	}
}

func TestAProcessThatDiesBeforeTheEndIsCommittedLeavesNoShare(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	job := copyAbroad(r)
	r.Submit()
	r.Work(r.Engine)
	dying := &flakyStore{Store: r.Store, fails: func(m catalog.Mutation) bool { return m.Job.State.Terminal() }}
	other := r.NewEngine("worker-2", dying, r.Queue)
	r.Advance(rig.Took + rig.Lag)
	if err := other.Look(r.Context(), groupOf(r, job.ID)); !errors.Is(err, errCatalogDown) {
		t.Fatalf("look = %v, want the catalog's failure", err)
	}
	wantState(t, r, job.ID, catalog.Running)
	r.Advance(time.Minute)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Completed)
	wantShared(t, r)
}

func groupOf(r *rig.Rig, jobID string) catalog.LookGroup { return r.Job(jobID).Group() }

func TestAShareThatCannotBeTakenBackIsToldOf(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	job := copyAbroad(r)
	r.Submit()
	r.Work(r.Engine)
	r.Cloud.Inject(conformance.Fault{Method: conformance.FinishCopy, Effect: conformance.Refuse, Class: failure.Denied})
	for range 23 {
		r.Advance(time.Hour)
		r.Look(r.Engine)
	}
	wantState(t, r, job.ID, catalog.Running)
	wantPlace(t, r, job.ID, admission.Entered)
	r.Advance(2 * time.Hour)
	r.Look(r.Engine)
	got := wantState(t, r, job.ID, catalog.Completed)
	if got.Class != failure.Denied || !strings.Contains(got.Message, "account "+otherAccount+" may still have the source") {
		t.Errorf("the job says %s: %s", got.Class, got.Message)
	}
	if _, ok := r.Point(job.ID); !ok {
		t.Error("the copy is there and left no point")
	}
}

// byAccount is a driver whose copies change either the account or the region.
type byAccount struct {
	driver.Driver
	driver.Copier
	driver.CopyFinisher
}

func (d byAccount) Descriptor() driver.Descriptor {
	facts := d.Driver.Descriptor()
	facts.CopyPath = driver.AccountFirst
	return facts
}

func TestACopyThatNeedsTwoStepsTakesThem(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true, Wrap: func(d driver.Driver) driver.Driver {
		return byAccount{d, d.(driver.Copier), d.(driver.CopyFinisher)}
	}})
	spec := catalog.CopySpec{Account: otherAccount, Region: rig.AwayRegion, Vault: "dr", DeleteAfter: 30, KMSKeyID: "alias/dr"}
	backup := r.NewBackup("one", r.AddResources(1)[0])
	backup.Spec.Copies = []catalog.CopySpec{spec}
	r.Insert(backup)
	r.Finish(3)
	first := catalog.CopyJobID(backup.ID, 1, spec)
	second := catalog.CopyJobID(first, 1, spec)
	wantState(t, r, first, catalog.Completed)
	wantState(t, r, second, catalog.Completed)
	wantShared(t, r)
	between, _ := r.Point(first)
	last, _ := r.Point(second)
	if between.Account != otherAccount || between.Region != rig.HomeRegion || between.DeleteAt.Sub(between.CreatedAt) > 25*time.Hour {
		t.Errorf("the point in between is %+v", between)
	}
	if last.Account != otherAccount || last.Region != rig.AwayRegion || last.ChainID != backup.ID || last.ParentID != first || last.KMSKeyID != "alias/dr" {
		t.Errorf("the last point is %+v", last)
	}
}
