package engine

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

// restoreFinishPatience is how long settings of a restored resource are tried, counted
// from the first failure, before the restore is reported complete without them.
const restoreFinishPatience = time.Hour

// eventFinishing marks in the history when finishing a restore first failed.
const eventFinishing = "restore.finishing"

// finishRestore applies a restored resource's remaining settings before the job is
// completed. What passes by itself is tried at the next look; anything else completes
// the job and says what is missing, because the data is there.
func (e *Engine) finishRestore(ctx context.Context, job catalog.Job, v verdict) (verdict, error) {
	cause := e.applySettings(ctx, job)
	if cause == nil {
		return v, nil
	}
	class := failure.ClassOf(cause)
	if failure.RuleOf(class).Retry {
		patient, err := e.patient(ctx, job, class, cause, patience{eventFinishing, restoreFinishPatience})
		if err != nil || patient {
			return verdict{to: job.State}, err
		}
	}
	v.class, v.message = class, "restored, but not every setting could be applied: "+cause.Error()
	return v, nil
}

// applySettings calls the driver's FinishRestore.
func (e *Engine) applySettings(ctx context.Context, job catalog.Job) error {
	op, err := e.prepare(ctx, job)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.opts.CallTimeout)
	defer cancel()
	return op.finishRestore(ctx)
}

// patience is for how long something is tried again after it first failed, which an event
// of the job's history marks.
type patience struct {
	event string
	last  time.Duration
}

// patient reports whether what ends job should be tried again, and records the first
// failure: a restore or copy takes minutes or hours, so its start says nothing.
func (e *Engine) patient(ctx context.Context, job catalog.Job, class failure.Class, cause error, p patience) (bool, error) {
	events, err := e.store.Events(ctx, catalog.EventFilter{JobID: job.ID, Limit: 1000})
	if err != nil {
		return false, fmt.Errorf("load history of job %s: %w", job.ID, err)
	}
	now := e.clock.Now()
	for _, event := range events {
		if event.Type == p.event {
			return now.Sub(event.At) < p.last, nil
		}
	}
	m, err := catalog.Change(job, job.State, now, e.opts.Owner, func(j *catalog.Job) {
		j.NextLookAt = nextLook(job, now)
	})
	if err != nil {
		return false, err
	}
	m.Events = append(m.Events, catalog.Event{
		At: now, Type: p.event, JobID: job.ID, Actor: e.opts.Owner, Class: class, Message: cause.Error(),
	})
	_, err = e.commit(ctx, m)
	return true, ignoreConflict(err)
}
