package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/admission"
	"holdfast/admission/budget"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awssession"
)

// Start runs the start task of a granted job: enter, write the intent, call AWS, commit
// the reference, end. It returns an error only when the task should be tried again:
// because our own stores did not answer or, as a *PutOff, at a given time because an API
// budget is used up. What AWS says is kept in the catalog.
//
// The job is read before the grant is entered. A twin of this task that began and handed
// the job back in between has either made the grant stale or changed the job's version,
// so this one cannot begin without a slot.
func (e *Engine) Start(ctx context.Context, g admission.Grant) error {
	if err := e.clockRight(ctx); err != nil {
		return err
	}
	job, err := e.store.Job(ctx, g.JobID)
	if errors.Is(err, catalog.ErrNotFound) {
		return e.release(ctx, g.JobID)
	}
	if err != nil {
		return fmt.Errorf("load job %s: %w", g.JobID, err)
	}
	err = e.slots.Enter(ctx, g)
	if errors.Is(err, admission.ErrStale) || errors.Is(err, admission.ErrNotReady) {
		return nil // somebody newer has the job, or the leader will submit it again
	}
	if err != nil {
		return fmt.Errorf("enter job %s: %w", g.JobID, err)
	}
	switch decideStart(job, e.clock.Now()) {
	case startRelease:
		return e.release(ctx, job.ID)
	case startLeave:
		return nil
	case startExpire:
		return e.End(ctx, job, catalog.Expired, failure.Window, job.LateMessage())
	case startAbort:
		return e.End(ctx, job, catalog.Aborted, job.Class, "cancelled before it began")
	default:
		ctx = e.recording(ctx)
		err := e.begin(ctx, job, g)
		e.keep(ctx, e.unnoted(ctx, job))
		return err
	}
}

// startDecision is what a start task does with a job it was granted.
type startDecision int

const (
	startBegin   startDecision = iota
	startRelease               // it has ended: give the slot back
	startLeave                 // it has a reference or an intent: the look path has it
	startExpire                // its start window has passed
	startAbort                 // somebody asked to cancel it
)

// decideStart is pure.
func decideStart(job catalog.Job, now time.Time) startDecision {
	switch {
	case job.State.Terminal():
		return startRelease
	case job.State != catalog.Created || job.Ref != "" || job.IntentOwner != "":
		return startLeave
	case job.CancelRequested:
		return startAbort
	case windowPassed(job, now):
		return startExpire
	default:
		return startBegin
	}
}

func windowPassed(job catalog.Job, now time.Time) bool {
	return !job.StartBy.IsZero() && now.After(job.StartBy)
}

// begin writes the intent, makes the call and records how it went.
func (e *Engine) begin(ctx context.Context, job catalog.Job, g admission.Grant) error {
	op, err := e.prepare(ctx, job)
	if class := failure.ClassOf(err); final(class) {
		return e.End(ctx, job, catalog.Failed, class, err.Error())
	}
	if err != nil {
		return fmt.Errorf("prepare job %s: %w", job.ID, err)
	}
	op.job, err = e.openIntent(ctx, job, g)
	switch {
	case errors.Is(err, catalog.ErrStaleEpoch):
		return nil // granted before Redis was emptied: the leader submits it again
	case errors.Is(err, catalog.ErrConflict):
		return nil // a twin of this task began, or somebody ended or cancelled the job
	case failure.Is(err, failure.Held):
		return e.End(ctx, job, catalog.Aborted, failure.Held, err.Error())
	case err != nil:
		return fmt.Errorf("open intent of job %s: %w", job.ID, err)
	}
	if job.Class == failure.Throttled {
		ctx = awssession.WithReturn(ctx) // it was told to come back now
	}
	ref, err := e.call(ctx, op)
	if refusal, ok := errors.AsType[*budget.Refusal](err); ok {
		return e.putOff(ctx, op.job, refusal)
	}
	e.opts.OnStart(op.job, failure.ClassOf(err))
	if err != nil {
		return e.startFailed(ctx, op, err)
	}
	e.breakers.closeOn(ctx, e, job.Account)
	return e.started(ctx, op.job, ref)
}

// openIntent stores that this process is about to call AWS for job, and until when. What
// an earlier attempt said is in the history; the row speaks of this one from now on.
func (e *Engine) openIntent(ctx context.Context, job catalog.Job, g admission.Grant) (catalog.Job, error) {
	now := e.clock.Now()
	m, err := catalog.Change(job, catalog.Created, now, e.opts.Owner, func(j *catalog.Job) {
		j.IntentOwner = e.opts.Owner
		j.IntentUntil = now.Add(e.opts.IntentTTL)
		j.NextLookAt = j.IntentUntil
		j.Class, j.Message = "", ""
		j.Attempts++
	})
	if err != nil {
		return catalog.Job{}, err
	}
	m.RequireEpoch = admission.EpochOf(g.Generation)
	if job.Type == driver.Expire {
		return e.store.BeginExpiry(ctx, m, catalog.ExpiryGuard{Installation: e.opts.Installation, Now: now})
	}
	if job.Type == driver.Archive {
		return e.store.BeginArchive(ctx, m, e.opts.Installation)
	}
	return e.store.Commit(ctx, m)
}

// call makes the start call under what is left of the intent's time.
func (e *Engine) call(ctx context.Context, op operation) (driver.Ref, error) {
	if !e.clock.Now().Before(op.job.IntentUntil) {
		return "", failure.Errorf(failure.Throttled, "the intent ran out before the call was made")
	}
	ctx, cancel := e.withinIntent(ctx, op.job)
	defer cancel()
	return op.start(forJob(ctx, op.job))
}

// forJob returns a context whose AWS calls name job, in their user agent and in traces.
func forJob(ctx context.Context, job catalog.Job) context.Context {
	return awssession.WithTrace(awssession.WithJob(ctx, job.ID), job.TraceID())
}

// withinIntent returns a context that ends with the intent of job.
func (e *Engine) withinIntent(ctx context.Context, job catalog.Job) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, e.machineTime(job.IntentUntil.Sub(e.clock.Now())))
}

// started records the reference AWS gave.
func (e *Engine) started(ctx context.Context, job catalog.Job, ref driver.Ref) error {
	now := e.clock.Now()
	m, err := catalog.Change(job, catalog.Running, now, e.opts.Owner, func(j *catalog.Job) {
		j.Ref, j.StartedAt, j.Progress = ref, now, -1
		j.IntentOwner, j.IntentUntil = "", time.Time{}
		j.NextLookAt = now.Add(lookFloor)
		j.Class, j.Message = "", ""
	})
	if err != nil {
		return err
	}
	if _, err := e.commit(ctx, m); err != nil && !errors.Is(err, catalog.ErrConflict) {
		// The intent stays open: the look path finds the artefact by its mark.
		return fmt.Errorf("record reference of job %s: %w", job.ID, err)
	}
	return nil
}

// final reports whether a start call that failed with class ends the job.
func final(class failure.Class) bool {
	return class != "" && !failure.RuleOf(class).Retry
}

// ambiguous reports whether a call that failed with class may have taken effect.
func ambiguous(class failure.Class) bool {
	return class == failure.Transient || class == failure.Internal
}

// startFailed decides what a failed start call means: the end of the job, another
// attempt later, or, when AWS may have done it all the same, a look-up first.
func (e *Engine) startFailed(ctx context.Context, op operation, cause error) error {
	job, class := op.job, failure.ClassOf(cause)
	e.log.Warn().Str("job", job.ID).Str("trace", job.TraceID()).Str("class", string(class)).Str("account", job.Account).
		Int("attempt", job.Attempts).Err(cause).Msg("start call failed")
	if failure.RuleOf(class).Breaker && !e.regionRefused(ctx, job) {
		e.breakers.trip(ctx, e, job.Account, cause)
	}
	switch {
	case final(class):
		return e.endUnstarted(ctx, job, class, cause)
	case ambiguous(class):
		return e.awaitFind(ctx, job, class, cause)
	default:
		return e.handBack(ctx, job, class, cause.Error())
	}
}

// endUnstarted ends a job whose start call failed for good. While something is left to
// be taken back its intent stays open, and the look path hands the job back first.
func (e *Engine) endUnstarted(ctx context.Context, job catalog.Job, class failure.Class, cause error) error {
	done, err := e.retracted(ctx, job)
	if err != nil || !done {
		return err
	}
	return e.End(ctx, job, endStateOf(class), class, cause.Error())
}

// endStateOf returns the terminal state a final class leads to.
func endStateOf(class failure.Class) catalog.State {
	if class == failure.Held {
		return catalog.Aborted
	}
	return catalog.Failed
}

// awaitFind ends the call but keeps the intent open, so that the look path finds out
// whether AWS did it.
func (e *Engine) awaitFind(ctx context.Context, job catalog.Job, class failure.Class, cause error) error {
	now := e.clock.Now()
	m, err := catalog.Change(job, catalog.Created, now, e.opts.Owner, func(j *catalog.Job) {
		j.IntentUntil, j.NextLookAt = now, now
		j.Class, j.Message = class, cause.Error()
	})
	if err != nil {
		return err
	}
	m.Events = append(m.Events, catalog.Event{
		At: now, Type: "job.unclear", JobID: job.ID, Actor: e.opts.Owner, Class: class, Message: cause.Error(),
	})
	_, err = e.commit(ctx, m)
	return ignoreConflict(err)
}

// handBack closes the intent of a call that had no effect, frees the slot and lets the
// leader submit the same job again when its class' wait is over. The slot goes first: a
// crash in between leaves an open intent, which the look path hands back again. Only the
// owner of the intent frees the slot, and only until the intent's deadline: a straggler
// must not free the slot the job was given since.
func (e *Engine) handBack(ctx context.Context, job catalog.Job, class failure.Class, message string) error {
	job, err := e.claim(ctx, job)
	if err != nil {
		return ignoreConflict(err)
	}
	if done, err := e.retracted(ctx, job); err != nil || !done {
		return err
	}
	err = e.releaseWithinIntent(ctx, job)
	if errors.Is(err, admission.ErrNotReady) {
		return nil // the leader is rebuilding the slots: the open intent is resolved later
	}
	if err != nil {
		return err
	}
	now := e.clock.Now()
	m, err := catalog.Change(job, catalog.Created, now, e.opts.Owner, func(j *catalog.Job) {
		j.IntentOwner, j.IntentUntil, j.NextLookAt = "", time.Time{}, time.Time{}
		j.Epoch, j.RetryAt = 0, now.Add(failure.RuleOf(class).Wait(j.Attempts))
		j.Class, j.Message = class, message
	})
	if err != nil {
		return err
	}
	m.Events = append(m.Events, catalog.Event{
		At: now, Type: "job.attempt", JobID: job.ID, Actor: e.opts.Owner, Class: class, Message: message,
	})
	_, err = e.commit(ctx, m)
	return ignoreConflict(err)
}

// claim returns job with an intent of this process that stands for a while yet: the one
// it has, or a new one by compare-and-set, ErrConflict when somebody else was faster.
func (e *Engine) claim(ctx context.Context, job catalog.Job) (catalog.Job, error) {
	now := e.clock.Now()
	if job.IntentOwner == e.opts.Owner && job.IntentUntil.Sub(now) > e.opts.IntentTTL/2 {
		return job, nil
	}
	m, err := catalog.Change(job, catalog.Created, now, e.opts.Owner, func(j *catalog.Job) {
		j.IntentOwner, j.IntentUntil = e.opts.Owner, now.Add(e.opts.IntentTTL)
		j.NextLookAt = j.IntentUntil
	})
	if err != nil {
		return catalog.Job{}, err
	}
	return e.commit(ctx, m)
}

// releaseWithinIntent frees the slot of job unless its intent ends first.
func (e *Engine) releaseWithinIntent(ctx context.Context, job catalog.Job) error {
	ctx, cancel := e.withinIntent(context.WithoutCancel(ctx), job)
	defer cancel()
	if err := e.slots.Release(ctx, job.ID); err != nil {
		return fmt.Errorf("release job %s: %w", job.ID, err)
	}
	return nil
}

// ignoreConflict drops ErrConflict: whoever changed the row first has the job now.
func ignoreConflict(err error) error {
	if errors.Is(err, catalog.ErrConflict) {
		return nil
	}
	return err
}
