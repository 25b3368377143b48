package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission"
	"holdfast/admission/budget"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/engine"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/test/rig"
)

// paced is a driver whose first start calls are put off by a minute each.
type paced struct {
	driver.Driver
	clock clock.Clock
	times int
}

func (d *paced) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	if d.times--; d.times >= 0 {
		return "", budget.Refuse(budget.Key{Account: req.Scope.Account, Region: req.Scope.Region, Bucket: "mem:CreatePoint"}, time.Minute, d.clock.Now())
	}
	return d.Driver.Start(ctx, req)
}

// pacedRig has one job whose start is put off times times, and one slot for it.
func pacedRig(t *testing.T, times int) (*rig.Rig, catalog.Job) {
	t.Helper()
	d := &paced{times: times}
	r := rig.New(t, rig.Options{Caps: oneSlot(), Wrap: func(inner driver.Driver) driver.Driver {
		d.Driver = inner
		return d
	}})
	d.clock = r.Clock
	job := newBackup(r)
	r.Submit()
	return r, job
}

// startPutOff runs the one pending start task, which is put off, and returns its grant.
func startPutOff(t *testing.T, r *rig.Rig) admission.Grant {
	t.Helper()
	tasks := r.Tasks()
	if len(tasks) != 1 {
		t.Fatalf("pending are %v, want one start task", r.TaskIDs())
	}
	r.Take(tasks[0])
	g := r.Grant(tasks[0])
	again(t, r, g)
	return g
}

// again runs the start of g, which is put off by a minute.
func again(t *testing.T, r *rig.Rig, g admission.Grant) {
	t.Helper()
	putOff, ok := errors.AsType[*engine.PutOff](r.Engine.Start(r.Context(), g))
	if !ok || putOff.In != time.Minute || putOff.JobID != g.JobID {
		t.Fatalf("start returned %+v, want to be put off by a minute", putOff)
	}
}

func TestAJobThatIsPutOffKeepsItsSlotAndGoesOnWhenTold(t *testing.T) {
	t.Parallel()
	r, job := pacedRig(t, 2)
	g := startPutOff(t, r)
	waiting := r.Job(job.ID)
	if waiting.State != catalog.Created || waiting.IntentOwner != "" || waiting.Class != failure.Throttled ||
		waiting.Attempts != 0 || !waiting.RetryAt.Equal(r.Clock.Now().Add(time.Minute)) {
		t.Errorf("put off, the job is %+v", waiting)
	}
	if got := r.Explain(job.ID).Place; got != admission.Entered {
		t.Errorf("put off, the job is %s in admission, want %s", got, admission.Entered)
	}
	r.Advance(time.Minute)
	r.Submit() // nothing: it has its slot
	if ids := r.TaskIDs(); len(ids) != 0 {
		t.Errorf("the leader enqueued %v beside the task that comes back", ids)
	}
	again(t, r, g)
	r.Advance(time.Minute)
	r.Must(r.Engine.Start(r.Context(), g))
	if running := r.Job(job.ID); running.State != catalog.Running || running.Attempts != 1 || running.Class != "" {
		t.Errorf("after its turn came, the job is %+v", running)
	}
	events, err := r.Store.Events(r.Context(), catalog.EventFilter{JobID: job.ID, Limit: 100})
	r.Must(err)
	putOffs := 0
	for _, e := range events {
		if e.Type == "job.put_off" {
			putOffs++
		}
	}
	if putOffs != 2 {
		t.Errorf("the history tells of %d put-offs, want 2: %+v", putOffs, events)
	}
}

func TestRedisIsEmptiedWhileAJobIsPutOff(t *testing.T) {
	t.Parallel()
	r, job := pacedRig(t, 1)
	startPutOff(t, r)
	r.Redis.FlushAll()
	r.OpenEpoch()
	r.Submit()
	if ids := r.TaskIDs(); len(ids) != 0 {
		t.Errorf("before its time the job is submitted again: %v", ids)
	}
	r.Advance(time.Minute)
	r.Submit()
	r.Work(r.Engine)
	if got := r.Job(job.ID).State; got != catalog.Running {
		t.Errorf("the job is %s", got)
	}
}

func TestAJobIsCancelledWhileItIsPutOff(t *testing.T) {
	t.Parallel()
	r, job := pacedRig(t, 1)
	g := startPutOff(t, r)
	r.Must(r.Engine.End(r.Context(), r.Job(job.ID), catalog.Aborted, "", "cancelled before it began"))
	r.Must(r.Engine.Start(r.Context(), g))
	if diff := cmp.Diff(admission.Absent, r.Explain(job.ID).Place); diff != "" {
		t.Errorf("the slot of a cancelled job: %s", diff)
	}
	if got := r.Job(job.ID).State; got != catalog.Aborted {
		t.Errorf("the job is %s", got)
	}
}
