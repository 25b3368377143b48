package engine_test

import (
	"testing"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/test/rig"
)

// byAWSBackup is a driver under the name of the other engine.
type byAWSBackup struct {
	driver.Driver
	driver.Copier
	driver.Restorer
}

func (d *byAWSBackup) Descriptor() driver.Descriptor {
	facts := d.Driver.Descriptor()
	facts.Engine = driver.AWSBackup
	return facts
}

func TestJobsOfTwoEnginesAreEachTheirEnginesOwn(t *testing.T) {
	t.Parallel()
	o, native := hook(rig.Options{Tokens: true})
	r := rig.New(t, o)
	other := &hookedDriver{Driver: native.Driver, Copier: native.Copier, Restorer: native.Restorer}
	r.Drivers = driver.NewRegistry(native, &byAWSBackup{Driver: other, Copier: other, Restorer: other})
	worker := r.NewEngine("worker-2", r.Store, r.Queue)
	var started []driver.Engine
	count := func(h *hookedDriver, e driver.Engine) {
		h.set(func(h *hookedDriver) {
			h.start = func(req driver.StartRequest) (driver.Ref, error) {
				started = append(started, e)
				return h.Driver.Start(t.Context(), req)
			}
		})
	}
	count(native, driver.Native)
	count(other, driver.AWSBackup)
	sources := r.AddResources(2)
	jobs := []catalog.Job{r.NewBackup("one", sources[0]), r.NewBackup("two", sources[1])}
	jobs[0].Engine, jobs[1].Engine = driver.Native, driver.AWSBackup
	r.Insert(jobs...)
	r.Submit()
	r.Work(worker)
	if len(started) != 2 || started[0] == started[1] {
		t.Fatalf("started by %v, want one job by each engine", started)
	}
	r.Advance(rig.Took + rig.Lag)
	r.Look(worker)
	for _, job := range jobs {
		wantState(t, r, job.ID, catalog.Completed)
		if p, ok := r.Point(job.ID); !ok || p.Engine != job.Engine {
			t.Errorf("the point of %s was made by %q, want %q", job.ID, p.Engine, job.Engine)
		}
	}
}

func TestAJobOfAnEngineThisBuildLacksFails(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	job := r.NewBackup("one", r.AddResources(1)[0])
	job.Engine = driver.AWSBackup
	r.Insert(job)
	r.Submit()
	r.Work(r.Engine)
	wantState(t, r, job.ID, catalog.Failed)
}
