package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awscall"
	"holdfast/test/rig"
)

// calling is a driver that makes one call to AWS wherever a driver does, as the SDK's
// middleware notes it.
type calling struct {
	driver.Driver
	driver.Copier
	driver.Restorer
	driver.Canceler
	clock interface{ Now() time.Time }
	fail  error // of the next start
}

func (d *calling) called(ctx context.Context, operation, code string) {
	awscall.From(ctx).Add(awscall.Call{Operation: operation, Code: code, Attempt: 1, At: d.clock.Now()})
}

func (d *calling) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	if err := d.fail; err != nil {
		d.fail = nil
		d.called(ctx, "ec2:CreateSnapshot", string(failure.ClassOf(err)))
		return "", err
	}
	d.called(ctx, "ec2:CreateSnapshot", "")
	return d.Driver.Start(ctx, req)
}

func (d *calling) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	d.called(ctx, "ec2:DescribeSnapshots", "first page")
	d.called(ctx, "ec2:DescribeSnapshots", "")
	return d.Driver.Look(ctx, req)
}

func (d *calling) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	d.called(ctx, "ec2:DescribeTags", "")
	return d.Driver.Find(ctx, req)
}

func (d *calling) Cancel(ctx context.Context, _ driver.CancelRequest) error {
	d.called(ctx, "ec2:Cancel", "")
	return nil
}

// callingRig returns a rig whose driver is the one that is returned too.
func callingRig(t *testing.T) (*rig.Rig, *calling) {
	t.Helper()
	d := &calling{}
	r := rig.New(t, rig.Options{Wrap: func(inner driver.Driver) driver.Driver {
		d.Driver, d.Copier, d.Restorer = inner, inner.(driver.Copier), inner.(driver.Restorer)
		return d
	}})
	d.clock = r.Clock
	return r, d
}

// wantCalls compares the calls in a job's history, each with the event it is in.
func wantCalls(t *testing.T, r *rig.Rig, jobID string, want ...string) {
	t.Helper()
	events, err := r.Store.Events(r.Context(), catalog.EventFilter{JobID: jobID, Limit: 1000})
	r.Must(err)
	var got []string
	for _, e := range events {
		for _, c := range awscall.Parse(e.Data).Calls {
			got = append(got, e.Type+" "+e.To+": "+c.Operation+" "+c.Code)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls in the history (-want +got):\n%s", diff)
	}
}

// What a step asked of AWS is in the event of its change; of the looks only the one that
// ended the job.
func TestCallsAreInTheHistory(t *testing.T) {
	t.Parallel()
	r, _ := callingRig(t)
	job := newBackup(r)
	r.Submit()
	r.Work(r.Engine)
	r.Advance(rig.Took / 2)
	r.Look(r.Engine)
	r.Advance(rig.Took + rig.Lag)
	r.Look(r.Engine)
	wantState(t, r, job.ID, catalog.Completed)
	wantCalls(t, r, job.ID, "job.state RUNNING: ec2:CreateSnapshot ", "job.state COMPLETED: ec2:DescribeSnapshots ")
}

func TestCallsThatFailedAreInTheHistory(t *testing.T) {
	t.Parallel()
	for class, want := range map[failure.Class][]string{
		failure.Invalid:   {"job.state FAILED: ec2:CreateSnapshot invalid"},
		failure.Busy:      {"job.attempt : ec2:CreateSnapshot busy"},
		failure.Transient: {"job.unclear : ec2:CreateSnapshot transient"},
	} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			r, d := callingRig(t)
			job := newBackup(r)
			d.fail = failure.Errorf(class, "no")
			r.Submit()
			r.Work(r.Engine)
			wantCalls(t, r, job.ID, want...)
		})
	}
}

// Calls of steps that change nothing are kept once, however often the step is repeated.
func TestRepeatedCallsAreKeptOnce(t *testing.T) {
	t.Parallel()
	r, d := callingRig(t)
	job := newBackup(r)
	d.fail = failure.Errorf(failure.Transient, "no answer")
	r.Submit()
	r.Work(r.Engine)
	for range 3 {
		r.Advance(11 * time.Second)
		r.Look(r.Engine)
	}
	wantCalls(t, r, job.ID, "job.unclear : ec2:CreateSnapshot transient", "job.calls : ec2:DescribeTags ")
}

func TestCancellationsAreInTheHistory(t *testing.T) {
	t.Parallel()
	r, _ := callingRig(t)
	job := newBackup(r)
	r.Submit()
	r.Work(r.Engine)
	m, err := catalog.Change(r.Job(job.ID), catalog.Aborting, r.Clock.Now(), "scheduler", nil)
	r.Must(err)
	_, err = r.Store.Commit(r.Context(), m)
	r.Must(err)
	for range 3 {
		r.Advance(11 * time.Second)
		r.Look(r.Engine)
	}
	wantCalls(t, r, job.ID, "job.state RUNNING: ec2:CreateSnapshot ", "job.calls : ec2:Cancel ")
}
