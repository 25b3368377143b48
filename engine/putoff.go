package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/admission/budget"
	"holdfast/catalog"
	"holdfast/failure"
)

// PutOff is what Start returns for a job whose call an API budget put off: no call was
// made, the job keeps its slots, and the same start task should run again after In.
type PutOff struct {
	JobID string
	In    time.Duration // on the machine's clock
	Cause error
}

// Error says which job waits for what.
func (p *PutOff) Error() string { return fmt.Sprintf("job %s: %v", p.JobID, p.Cause) }

// Unwrap returns the refusal.
func (p *PutOff) Unwrap() error { return p.Cause }

// putOff closes the intent of a call that was not made and says when to come back. The
// job keeps its slots: handing them on would only draw the next job out of the waiting
// room, to be put off behind this one, until the whole room stood in the budget's line in
// the order of asking and not of priority and deadline.
func (e *Engine) putOff(ctx context.Context, job catalog.Job, refusal *budget.Refusal) error {
	now := e.clock.Now()
	m, err := catalog.Change(job, catalog.Created, now, e.opts.Owner, func(j *catalog.Job) {
		j.IntentOwner, j.IntentUntil, j.NextLookAt = "", time.Time{}, time.Time{}
		j.RetryAt = refusal.At
		j.Class, j.Message = failure.Throttled, refusal.Error()
		j.Attempts--
	})
	if err != nil {
		return err
	}
	m.Events = append(m.Events, catalog.Event{
		At: now, Type: "job.put_off", JobID: job.ID, Actor: e.opts.Owner, Class: failure.Throttled, Message: refusal.Error(),
	})
	_, err = e.commit(ctx, m)
	if errors.Is(err, catalog.ErrConflict) {
		return nil // somebody ended or cancelled it
	}
	if err != nil {
		// The intent stays open: the look path hands the job back.
		return fmt.Errorf("put job %s off: %w", job.ID, err)
	}
	return &PutOff{JobID: job.ID, In: e.machineTime(refusal.Wait), Cause: refusal}
}

// machineTime turns a duration on the engine's clock into one on the machine's.
func (e *Engine) machineTime(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(e.opts.CallTimeout) / float64(e.opts.IntentTTL))
}
