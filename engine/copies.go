package engine

import (
	"context"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awssession"
)

// A copy into another account lets that account have the source for a while. Nothing may
// be left of that, whenever which process dies, so it is taken back before the job gives
// up what would remind us of it: before a started copy reaches a terminal state, and
// before an intent whose call left nothing on AWS is closed. In between, the job is looked
// at again and again anyway. See docs/adr/0010-what-a-copy-shares-is-taken-back.md.

// copyFinishPatience is how long that is tried, counted from the first failure.
const copyFinishPatience = 24 * time.Hour

// eventUnsharing marks in the history when taking back first failed.
const eventUnsharing = "copy.unsharing"

// finishCopy takes back what the ended copy job let the destination have. What passes by
// itself is tried at the next look; after that the job ends and says what is left.
func (e *Engine) finishCopy(ctx context.Context, job catalog.Job, v verdict) (verdict, error) {
	cause := e.takeBack(ctx, job)
	if cause == nil {
		return v, nil
	}
	later, err := e.tryLater(ctx, job, cause)
	if err != nil || later {
		return verdict{to: job.State}, err
	}
	left := leftWith(job, cause)
	if v.message != "" {
		left = v.message + "; " + left
	}
	if v.class == "" {
		v.class = failure.ClassOf(cause)
	}
	v.message = left
	return v, nil
}

// retracted reports whether nothing is left of a start call of job that began no copy. It
// is false while that is to be tried again; the intent must stay open then.
func (e *Engine) retracted(ctx context.Context, job catalog.Job) (bool, error) {
	if job.Type != driver.Copy {
		return true, nil
	}
	cause := e.takeBack(ctx, job)
	if cause == nil {
		return true, nil
	}
	later, err := e.tryLater(ctx, job, cause)
	if err == nil && !later {
		e.log.Warn().Str("job", job.ID).Str("trace", job.TraceID()).Err(cause).Msg(leftWith(job, nil))
	}
	return !later, err
}

// leftWith says what could not be undone, and why unless cause is nil.
func leftWith(job catalog.Job, cause error) string {
	text := "account " + job.Account + " may still have the source of the copy: take that back by hand"
	if cause != nil {
		text += ": " + cause.Error()
	}
	return text
}

// takeBack calls the driver's FinishCopy for copies between accounts.
func (e *Engine) takeBack(ctx context.Context, job catalog.Job) error {
	op, err := e.operationOf(job)
	if err != nil {
		return ignoreGone(err)
	}
	finisher, ok := op.driver.(driver.CopyFinisher)
	if !ok {
		return nil
	}
	if op, err = e.prepare(ctx, job); err != nil {
		return ignoreGone(err)
	}
	if op.point.Account == job.Account {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.opts.CallTimeout)
	defer cancel()
	// It is a mutating call of the job, and one that has waited for its turn before.
	return finisher.FinishCopy(awssession.WithReturn(forJob(ctx, job)), op.copyRequest())
}

// ignoreGone drops errors that say that there is nothing any more to be taken back from.
func ignoreGone(err error) error {
	if failure.Is(err, failure.NotFound) || failure.Is(err, failure.Unsupported) {
		return nil
	}
	return err
}

// tryLater reports whether what failed with cause is to be tried again.
func (e *Engine) tryLater(ctx context.Context, job catalog.Job, cause error) (bool, error) {
	class := failure.ClassOf(cause)
	if !failure.RuleOf(class).Retry {
		return false, nil
	}
	return e.patient(ctx, job, class, cause, patience{eventUnsharing, copyFinishPatience})
}
