package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
	"holdfast/test/rig"
)

func TestLifeOfABackup(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	source := r.AddResources(1)[0]
	job := r.NewBackup("one", source)
	job.Spec = catalog.Spec{Vault: "default", DeleteAfter: 7, Tags: map[string]string{"cost": "a"}, Copies: []catalog.CopySpec{
		{Account: rig.Account, Region: rig.AwayRegion, Vault: "dr", DeleteAfter: 30},
	}}
	r.Insert(job)
	r.Submit()
	r.Work(r.Engine)

	running := job
	running.State, running.Version, running.Epoch, running.Attempts = catalog.Running, 3, 1, 1
	running.Ref, running.StartedAt, running.NextLookAt = r.Job(job.ID).Ref, rig.Start(), rig.Start().Add(10*time.Second)
	if diff := cmp.Diff(running, r.Job(job.ID)); diff != "" || running.Ref == "" {
		t.Fatalf("the running job (-want +got):\n%s", diff)
	}
	wantPlace(t, r, job.ID, admission.Entered)

	r.Advance(rig.Took + rig.Lag)
	end := r.Clock.Now()
	r.Look(r.Engine)
	ended := running
	ended.State, ended.Version, ended.EndedAt, ended.NextLookAt, ended.Progress = catalog.Completed, 4, end, time.Time{}, 100
	ended.Epoch = 0
	if diff := cmp.Diff(ended, r.Job(job.ID)); diff != "" {
		t.Errorf("the ended job (-want +got):\n%s", diff)
	}
	wantPlace(t, r, job.ID, admission.Absent)
	wantArtefacts(t, r, job.ID, 1)
	checkPoint(t, r, ended, source)
	checkFollowUp(t, r, ended)
	checkEvents(t, r, job.ID, []string{"job.created  CREATED", "job.state CREATED RUNNING", "point.state  AVAILABLE", "job.state RUNNING COMPLETED"})
}

func checkPoint(t *testing.T, r *rig.Rig, job catalog.Job, source resource.Resource) {
	t.Helper()
	point, ok := r.Point(job.ID)
	want := catalog.RecoveryPoint{
		ID: job.ID, State: catalog.Available, Kind: resource.EBS, Partition: "aws", Account: rig.Account, Region: rig.HomeRegion,
		ResourceARN: source.ARN, ARN: point.ARN, Ref: job.Ref, Vault: "default", ChainID: job.ID,
		CreatedAt: rig.Start(), CompletedAt: job.EndedAt, DeleteAt: rig.Start().AddDate(0, 0, 7), SizeBytes: 8 << 30,
		Source: source, Installation: rig.Installation,
	}
	if diff := cmp.Diff(want, point); diff != "" || !ok || point.ARN == "" {
		t.Errorf("the recovery point (-want +got):\n%s", diff)
	}
	for _, item := range r.Cloud.Points(rig.Home()) {
		if item.Tags["cost"] != "a" || item.Tags[driver.TagJob] != job.ID || item.Tags[driver.TagSource] != source.ARN {
			t.Errorf("the artefact has the tags %v", item.Tags)
		}
	}
}

func checkFollowUp(t *testing.T, r *rig.Rig, backup catalog.Job) {
	t.Helper()
	spec := backup.Spec.Copies[0]
	id := catalog.CopyJobID(backup.ID, 1, spec)
	want := catalog.Job{
		ID: id, Type: driver.Copy, State: catalog.Created, Version: 1, Kind: resource.EBS, Partition: "aws",
		Account: rig.Account, Region: rig.AwayRegion, ResourceARN: backup.ResourceARN, PointID: backup.ID,
		ChainID: backup.ID, ParentID: backup.ID, CreatedBy: "somebody", CreatedAt: backup.EndedAt, Progress: -1,
		Spec: catalog.Spec{Vault: "dr", DeleteAfter: 30, Tags: map[string]string{"cost": "a"}},
	}
	if diff := cmp.Diff(want, r.Job(id)); diff != "" {
		t.Errorf("the copy job (-want +got):\n%s", diff)
	}
	holds, err := r.Store.Holds(r.Context(), backup.ID)
	r.Must(err)
	if len(holds) != 1 || holds[0].Kind != catalog.HoldCopy || holds[0].Holder != id {
		t.Errorf("the point's holds are %v, want one of the copy", holds)
	}
	r.Finish(1)
	done := wantState(t, r, id, catalog.Completed)
	if holds, _ := r.Store.Holds(r.Context(), backup.ID); len(holds) != 0 {
		t.Errorf("after the copy the point has the holds %v", holds)
	}
	copied, ok := r.Point(id)
	if !ok || copied.Region != rig.AwayRegion || copied.ParentID != backup.ID || copied.Vault != "dr" ||
		copied.DeleteAt != done.CreatedAt.AddDate(0, 0, 30) || copied.Source.ARN != backup.ResourceARN {
		t.Errorf("the copied point is %+v", copied)
	}
	wantArtefacts(t, r, id, 1)
}

// checkEvents compares the states in a job's history.
func checkEvents(t *testing.T, r *rig.Rig, jobID string, want []string) {
	t.Helper()
	events, err := r.Store.Events(r.Context(), catalog.EventFilter{JobID: jobID})
	r.Must(err)
	var got []string
	for _, e := range events {
		if e.Type == "job.intent" {
			continue
		}
		got = append(got, e.Type+" "+e.From+" "+e.To)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestLifeOfARestore(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	source := r.AddResources(1)[0]
	point := r.BackedUp(source, "one")[0]
	job := catalog.NewRestore(catalog.JobID("restore"), point, rig.Home(), map[string]string{"size_gib": "16"}, "somebody", r.Clock.Now())
	r.Insert(job)
	if holds, _ := r.Store.Holds(r.Context(), point.ID); len(holds) != 1 || holds[0].Kind != catalog.HoldRestore {
		t.Errorf("holds of the point: %v", holds)
	}
	r.Finish(1)
	ended := wantState(t, r, job.ID, catalog.Completed)
	wantArtefacts(t, r, job.ID, 1)
	for _, item := range r.Cloud.Resources(rig.Home()) {
		if item.Ref == ended.Ref && item.Tags["team"] != "orders" {
			t.Errorf("the restored resource lacks the tags of its source: %v", item.Tags)
		}
	}
	if _, made := r.Point(job.ID); made {
		t.Error("a restore left a recovery point")
	}
	if holds, _ := r.Store.Holds(r.Context(), point.ID); len(holds) != 0 {
		t.Errorf("after the restore the point has the holds %v", holds)
	}
}

func TestLifeOfAnExpiry(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	points := r.BackedUp(r.AddResources(1)[0], "one", "two")
	job := catalog.NewExpiry(points[0], "scheduler", r.Clock.Now())
	r.Insert(job)
	r.Submit()
	r.Work(r.Engine)
	if p, _ := r.Point(points[0].ID); p.State != catalog.Expiring {
		t.Errorf("while it is deleted the point is %s", p.State)
	}
	r.Advance(10 * time.Second)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Completed)
	if p, _ := r.Point(points[0].ID); p.State != catalog.Deleted {
		t.Errorf("the point is %s", p.State)
	}
	wantArtefacts(t, r, points[0].ID, 0)
	wantArtefacts(t, r, points[1].ID, 1)
	wantPlace(t, r, job.ID, admission.Absent)
	checkEvents(t, r, job.ID, []string{
		"job.created  CREATED", "point.state AVAILABLE EXPIRING", "job.state CREATED RUNNING",
		"job.state RUNNING COMPLETED", "point.state EXPIRING DELETED",
	})
}

// noCopier is a driver of a kind that AWS cannot copy natively.
type noCopier struct{ driver.Driver }

func (n noCopier) Descriptor() driver.Descriptor {
	d := n.Driver.Descriptor()
	d.CopyRegion, d.CopyAccount = false, false
	return d
}

func TestACopyTheKindCannotMakeIsBornFailed(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Wrap: func(d driver.Driver) driver.Driver { return noCopier{d} }})
	job := r.NewBackup("one", r.AddResources(1)[0])
	spec := catalog.CopySpec{Account: rig.Account, Region: rig.AwayRegion, Vault: "dr"}
	job.Spec.Copies = []catalog.CopySpec{spec}
	r.Insert(job)
	r.Finish(1)
	wantState(t, r, job.ID, catalog.Completed)
	follow := wantState(t, r, catalog.CopyJobID(job.ID, 1, spec), catalog.Failed)
	if follow.Class != failure.Unsupported || follow.Message == "" || follow.EndedAt.IsZero() {
		t.Errorf("the copy is %+v", follow)
	}
	if holds, _ := r.Store.Holds(r.Context(), job.ID); len(holds) != 0 {
		t.Errorf("a copy that never begins holds the point: %v", holds)
	}
}

func TestRetryIsANewJobOfTheSameChain(t *testing.T) {
	t.Parallel()
	o, h := hook(rig.Options{Tokens: true})
	r := rig.New(t, o)
	job := newBackup(r)
	h.set(func(h *hookedDriver) {
		h.start = func(driver.StartRequest) (driver.Ref, error) {
			return "", failure.Errorf(failure.Invalid, "no such shape")
		}
	})
	r.Finish(1)
	wantState(t, r, job.ID, catalog.Failed)
	h.set(func(h *hookedDriver) { h.start = nil })
	again, err := r.Engine.Retry(r.Context(), job.ID, "somebody")
	r.Must(err)
	if again.ID == job.ID || again.RetryOf != job.ID || again.ChainID != job.ChainID {
		t.Errorf("the retry is %+v", again)
	}
	if _, err := r.Engine.Retry(r.Context(), job.ID, "somebody"); err == nil {
		t.Error("one job was retried twice")
	}
	r.Finish(1)
	wantState(t, r, again.ID, catalog.Completed)
	if _, err := r.Engine.Retry(r.Context(), again.ID, "somebody"); err == nil {
		t.Error("a completed job was retried")
	}
	wantArtefacts(t, r, job.ID, 0)
	wantArtefacts(t, r, again.ID, 1)
}

func TestARestoreOfAMomentNeedsNoPoint(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	source := r.AddResources(1)[0]
	r.Advance(2 * time.Hour)
	job := catalog.NewMomentRestore(catalog.JobID("moment"), source, driver.Native, rig.Home(), r.Clock.Now().Add(-time.Hour), nil, "somebody", r.Clock.Now())
	r.Insert(job)
	r.Finish(1)
	got := wantState(t, r, job.ID, catalog.Completed)
	for _, item := range r.Cloud.Resources(rig.Home()) {
		if mark, _ := driver.MarkFromTags(item.Tags); item.Ref == got.Ref && mark.JobID == job.ID {
			return
		}
	}
	t.Errorf("nothing that was restored carries the mark of job %s", job.ID)
}
