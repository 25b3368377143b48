package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// Change is what became of one job that somebody wanted to change.
type Change struct {
	ID     string        `json:"id"`
	Done   bool          `json:"done"`
	Result string        `json:"result"`           // what was done, or why nothing was
	NewID  string        `json:"new_id,omitempty"` // the job a retry made
	State  catalog.State `json:"state"`            // of the job named, now
}

// Cancel asks for jobs to be aborted; the leader carries it out.
func (d *Desk) Cancel(ctx context.Context, ids []string) ([]Change, error) {
	return d.change(ctx, ids, access.Cancel, d.cancel)
}

// Retry makes a new job for each that ended without success.
func (d *Desk) Retry(ctx context.Context, ids []string) ([]Change, error) {
	return d.change(ctx, ids, "", d.retry)
}

// Release ends jobs without knowing what AWS does, and frees their slots. It is for jobs
// that are overdue and that somebody has looked up on AWS.
func (d *Desk) Release(ctx context.Context, ids []string) ([]Change, error) {
	if err := d.Who.Check(access.Release); err != nil {
		return nil, err
	}
	return d.change(ctx, ids, access.Release, d.release)
}

// actionOf is what makes jobs of a type.
var actionOf = map[driver.Operation]access.Action{
	driver.Backup: access.BackUp, driver.Copy: access.Copy, driver.Restore: access.Restore, driver.Expire: access.Expire,
	driver.Archive: access.BackUp,
}

// change applies do to every job named; nothing happens when one is unknown or not the
// actor's to change. Who may do any is enough; else one must be allowed to make such a job.
func (d *Desk) change(ctx context.Context, ids []string, anyJob access.Action, do func(context.Context, catalog.Job) (Change, error)) ([]Change, error) {
	jobs, err := d.named(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, job := range jobs {
		if access.May(d.Who.Role, anyJob) {
			break
		}
		if err := d.Who.Check(actionOf[job.Type]); err != nil {
			return nil, err
		}
	}
	results := make([]Change, 0, len(jobs))
	for _, job := range jobs {
		r, err := do(ctx, job)
		if err != nil {
			return results, err
		}
		results = append(results, r)
	}
	return results, nil
}

// named returns the jobs ids name, in that order; all unknown ones are reported at once.
func (d *Desk) named(ctx context.Context, ids []string) ([]catalog.Job, error) {
	if len(ids) == 0 {
		return nil, refuse("", "name at least one job: see `holdfast jobs list`")
	}
	if len(ids) > MaxNamed {
		return nil, refuse("", "%d jobs are named: name at most %d", len(ids), MaxNamed)
	}
	lower := make([]string, len(ids))
	for i, id := range ids {
		lower[i] = strings.ToLower(id)
	}
	found, err := d.Store.JobsByID(ctx, lower)
	if err != nil {
		return nil, err
	}
	var p problems
	jobs := make([]catalog.Job, 0, len(ids))
	for i, id := range lower {
		job, ok := found[id]
		if !ok {
			p.add("", "there is no job %q: see `holdfast jobs list`", ids[i])
			continue
		}
		jobs = append(jobs, job)
	}
	return jobs, p.err()
}

// maxConflicts is how often a change is tried again because the job moved on meanwhile.
const maxConflicts = 5

// commitFresh makes and commits a change, reading the job again when somebody else was
// faster. make returns ok false when there is nothing to change in this state.
func (d *Desk) commitFresh(ctx context.Context, job catalog.Job, change func(catalog.Job) (m catalog.Mutation, ok bool, err error)) (catalog.Job, bool, error) {
	for attempt := 1; ; attempt++ {
		m, ok, err := change(job)
		if err != nil || !ok {
			return job, false, err
		}
		after, err := d.Store.Commit(ctx, m)
		if err == nil {
			return after, true, nil
		}
		if !errors.Is(err, catalog.ErrConflict) || attempt == maxConflicts {
			return job, false, fmt.Errorf("change job %s: %w", job.ID, err)
		}
		if job, err = d.Store.Job(ctx, job.ID); err != nil {
			return job, false, err
		}
	}
}

func (d *Desk) cancel(ctx context.Context, job catalog.Job) (Change, error) {
	after, done, err := d.commitFresh(ctx, job, func(j catalog.Job) (catalog.Mutation, bool, error) {
		if j.State.Terminal() || j.CancelRequested || j.State == catalog.Aborting {
			return catalog.Mutation{}, false, nil
		}
		m, err := catalog.Change(j, j.State, d.Clock.Now(), d.Who.Name, func(j *catalog.Job) { j.CancelRequested = true })
		m.Events = append(m.Events, catalog.Event{
			At: d.Clock.Now(), Type: "job.cancel", JobID: j.ID, Actor: d.Who.Name, Message: "cancellation requested",
		})
		return m, err == nil, err
	})
	r := Change{ID: job.ID, Done: done, State: after.State}
	switch {
	case done && after.State == catalog.Created:
		r.Result = "cancellation requested; it ends before it begins"
	case done:
		r.Result = "cancellation requested; it is ABORTING until AWS is done"
	case after.State.Terminal():
		r.Result = "it has ended already"
	default:
		r.Result, r.Done = "it is being cancelled already", true
	}
	return r, err
}

// retry inserts the job that tries again.
func (d *Desk) retry(ctx context.Context, old catalog.Job) (Change, error) {
	r := Change{ID: old.ID, State: old.State}
	job, err := catalog.NewRetry(old, d.Who.Name, d.Clock.Now())
	if err != nil {
		r.Result = err.Error()
		return r, nil //nolint:nilerr // it is the result of this job, the others go on
	}
	inserted, err := d.Store.InsertJobs(ctx, []catalog.Job{job})
	switch {
	case failure.Is(err, failure.Held):
		r.Result = err.Error()
		return r, nil
	case err != nil:
		return r, fmt.Errorf("retry job %s: %w", old.ID, err)
	case inserted == 0:
		r.Result, r.NewID = "it was retried already as job "+job.ID, job.ID
		return r, nil
	}
	r.Done, r.Result, r.NewID = true, "is retried as job "+job.ID, job.ID
	return r, nil
}
