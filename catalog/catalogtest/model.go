package catalogtest

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"holdfast/catalog"
)

var modelChecks = map[string]func(*testing.T, Open){
	"commit-follows-the-model": commitFollowsModel,
}

// modelJob is what the model knows of a job.
type modelJob struct {
	state   catalog.State
	version int64
	events  int
}

// commitFollowsModel draws commits with right and wrong versions, states and epochs and
// compares every answer, and at the end every job, with a model of a few lines.
func commitFollowsModel(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	epoch, round := int64(0), 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		var jobs []catalog.Job
		model := map[string]*modelJob{}
		for n := range 4 {
			j := backup(n)
			j.ID = catalog.JobID("model", fmt.Sprint(round), fmt.Sprint(n))
			jobs = append(jobs, j)
			model[j.ID] = &modelJob{state: catalog.Created, version: 1, events: 1}
		}
		if n, err := s.InsertJobs(ctx, jobs); n != len(jobs) || err != nil {
			rt.Fatalf("InsertJobs = %d, %v", n, err)
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			if rapid.IntRange(0, 9).Draw(rt, "bump") == 0 {
				next, err := s.BumpEpoch(ctx, epoch)
				if err != nil || next != epoch+1 {
					rt.Fatalf("BumpEpoch(%d) = %d, %v", epoch, next, err)
				}
				epoch = next
			}
			j := rapid.SampledFrom(jobs).Draw(rt, "job")
			have := model[j.ID]
			from := rapid.SampledFrom(append(catalog.States(), have.state, have.state, have.state)).Draw(rt, "from")
			to := rapid.SampledFrom(catalog.States()).Draw(rt, "to")
			j.Version = have.version - int64(rapid.IntRange(-1, 4).Draw(rt, "version")/4)
			j.State = from
			m, err := catalog.Change(j, to, epoch0, "w", nil)
			if err != nil {
				m = catalog.Mutation{Job: j, From: from}
				m.Job.State = to
			}
			m.RequireEpoch = rapid.SampledFrom([]int64{0, epoch, epoch + 1}).Draw(rt, "epoch")
			got, err := s.Commit(ctx, m)
			step(rt, have, m, epoch, got, err)
		}
		for id, want := range model {
			j, err := s.Job(ctx, id)
			if err != nil || j.State != want.state || j.Version != want.version {
				rt.Fatalf("job %s is %s at %d, %v; the model says %s at %d", id, j.State, j.Version, err, want.state, want.version)
			}
			if events, err := s.Events(ctx, catalog.EventFilter{JobID: id}); len(events) != want.events {
				rt.Fatalf("job %s has %d events, %v; the model says %d", id, len(events), err, want.events)
			}
		}
	})
}

// step checks one answer and moves the model on.
func step(rt *rapid.T, have *modelJob, m catalog.Mutation, epoch int64, got catalog.Job, err error) {
	allowed := catalog.CheckTransition(m.From, m.Job.State) == nil
	current := m.Job.Version == have.version && m.From == have.state
	fresh := m.RequireEpoch == 0 || m.RequireEpoch == epoch
	switch {
	case !allowed:
		if err == nil {
			rt.Fatalf("%s -> %s was stored", m.From, m.Job.State)
		}
	case !current:
		if !errors.Is(err, catalog.ErrConflict) {
			rt.Fatalf("commit of %s at %d on %s at %d: error %v, want ErrConflict", m.From, m.Job.Version, have.state, have.version, err)
		}
	case !fresh:
		if !errors.Is(err, catalog.ErrStaleEpoch) {
			rt.Fatalf("commit under epoch %d in epoch %d: error %v, want ErrStaleEpoch", m.RequireEpoch, epoch, err)
		}
	case err != nil:
		rt.Fatalf("commit %s -> %s: %v", m.From, m.Job.State, err)
	default:
		have.events += len(m.Events)
		have.version++
		have.state = m.Job.State
		if got.Version != have.version || got.State != have.state {
			rt.Fatalf("Commit returned %s at %d, want %s at %d", got.State, got.Version, have.state, have.version)
		}
	}
}
