package engine

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// finishPatience is how long the last touch to a restored resource or a copy is tried,
// counted from the first failure, before the job is reported complete without it.
const finishPatience = time.Hour

// eventFinishing marks in the history when finishing a job first failed.
const eventFinishing = "job.finishing"

// finish applies what can only be set once a restored resource or a copy is there, before
// the job is completed. What passes by itself is tried at the next look; anything else
// completes the job and says what is missing, because the data is there.
func (e *Engine) finish(ctx context.Context, job catalog.Job, v verdict, made driver.Point) (verdict, error) {
	op, err := e.operationOf(job)
	if err != nil || !op.finishes() {
		return v, err
	}
	cause := e.applySettings(ctx, job, made)
	if cause == nil {
		return v, nil
	}
	class := failure.ClassOf(cause)
	if failure.RuleOf(class).Retry {
		patient, err := e.patient(ctx, job, class, cause, patience{eventFinishing, finishPatience})
		if err != nil || patient {
			return verdict{to: job.State}, err
		}
	}
	v.class, v.message = class, "the data is there, but not every setting could be applied: "+cause.Error()
	return v, nil
}

// applySettings calls the driver's FinishRestore or MarkCopy.
func (e *Engine) applySettings(ctx context.Context, job catalog.Job, made driver.Point) error {
	op, err := e.prepare(ctx, job)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.opts.CallTimeout)
	defer cancel()
	return op.finish(forJob(ctx, job), made)
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
