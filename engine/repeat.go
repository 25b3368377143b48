package engine

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// eventRepeated marks in the history when an interrupted start was first made again.
const eventRepeated = "job.repeated"

// repeats reports whether the interrupted start of op may be made again: while AWS still
// knows the token of the first call. Intents are renewed by each attempt, so that the
// history has to tell when the first was.
func (e *Engine) repeats(ctx context.Context, op operation) (bool, error) {
	window := op.driver.Descriptor().Repeatable[op.job.Type]
	if window == 0 {
		return false, nil
	}
	first := op.job.IntentUntil.Add(-e.opts.IntentTTL)
	events, err := e.store.Events(ctx, catalog.EventFilter{JobID: op.job.ID, Limit: 1000})
	if err != nil {
		return false, fmt.Errorf("load history of job %s: %w", op.job.ID, err)
	}
	for _, event := range events {
		if event.Type == eventRepeated && event.At.Before(first) {
			first = event.At
		}
	}
	return e.clock.Now().Sub(first) < window, nil
}

// repeat makes the start call of an interrupted job again, where AWS answers a repeated
// token with what the first call began. The slot stays taken throughout. Only an answer
// that proves nothing was begun hands the job back; what is not known is asked again. A
// conflict is a token that was used with other parameters: the first call took effect.
func (e *Engine) repeat(ctx context.Context, job catalog.Job) (later catalog.NextLook, err error) {
	op, err := e.prepare(ctx, job)
	if failure.Is(err, failure.NotFound) && job.Type == driver.Backup {
		op, err = e.operationOf(job)
		op.source = named(job)
	}
	if failure.Is(err, failure.NotFound) {
		return later, e.handBack(ctx, job, failure.NotFound, err.Error())
	}
	if err != nil {
		return later, fmt.Errorf("repeat the start of job %s: %w", job.ID, err)
	}
	if op.job, err = e.renew(ctx, job); err != nil {
		return later, ignoreConflict(err)
	}
	ref, err := e.call(ctx, op)
	switch class := failure.ClassOf(err); class {
	case "":
		return later, e.started(ctx, op.job, ref)
	case failure.Throttled, failure.Transient, failure.Credentials, failure.Denied, failure.Internal, failure.Conflict:
		e.log.Warn().Str("job", job.ID).Str("trace", job.TraceID()).Err(err).Msg("an interrupted start could not be repeated: trying again")
		return catalog.NextLook{JobID: job.ID, Version: op.job.Version, At: op.job.IntentUntil, Progress: -1}, nil
	default:
		return later, e.startFailed(ctx, op, err)
	}
}

// renew claims the intent of job for another call and notes that in the history.
func (e *Engine) renew(ctx context.Context, job catalog.Job) (catalog.Job, error) {
	now := e.clock.Now()
	m, err := catalog.Change(job, catalog.Created, now, e.opts.Owner, func(j *catalog.Job) {
		j.IntentOwner, j.IntentUntil = e.opts.Owner, now.Add(e.opts.IntentTTL)
		j.NextLookAt = j.IntentUntil
	})
	if err != nil {
		return catalog.Job{}, err
	}
	m.Events = append(m.Events, catalog.Event{
		At: job.IntentUntil.Add(-e.opts.IntentTTL), Type: eventRepeated, JobID: job.ID, Actor: e.opts.Owner,
		Message: "an interrupted start is made again with its token",
	})
	return e.commit(ctx, m)
}
