package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

func jobsCancelCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "cancel", Usage: "ask for jobs to be cancelled", ArgsUsage: "ID...",
		Description: "A job that has not begun ends within seconds. One that AWS works on goes on as ABORTING until AWS\n" +
			"is done, because AWS cannot cancel a snapshot. Exit code 3: some had ended already.\n\n" +
			"Example:\n\n   holdfast jobs cancel 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:  []cli.Flag{configFlag()},
		Action: deskAction(env, func(ctx *cli.Context, d *desk) error { return d.changeJobs(ctx, d.cancel) }),
	}
}

func jobsRetryCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "retry", Usage: "try again what ended jobs were to do", ArgsUsage: "ID...",
		Description: "A retry is a new job with an id of its own and no window. Exit code 3: some could not be retried.\n\n" +
			"Example:\n\n   holdfast jobs retry 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:  []cli.Flag{configFlag()},
		Action: deskAction(env, func(ctx *cli.Context, d *desk) error { return d.changeJobs(ctx, d.retry) }),
	}
}

func jobsReleaseCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "release", Usage: "give up on a job whose end AWS does not tell, and free its slot", ArgsUsage: "ID...",
		Description: "For jobs that are overdue and that you have looked up on AWS yourself. AWS may still be working:\n" +
			"an artefact it makes later is not recorded by this job. The decision is kept in the history\n" +
			"with your name. The leader frees the slot within a minute.\n\n" +
			"Example:\n\n   holdfast jobs release --force 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags: []cli.Flag{configFlag(), &cli.BoolFlag{Name: "force", Usage: "required: you know what AWS is doing"}},
		Action: deskAction(env, func(ctx *cli.Context, d *desk) error {
			if !ctx.Bool("force") {
				return badInput("--force is required: look on AWS first what became of the operation, see `holdfast jobs show ID`")
			}
			return d.changeJobs(ctx, d.release)
		}),
	}
}

// changeResult is one line of what cancel, retry and release print.
type changeResult struct {
	ID     string        `json:"id"`
	Done   bool          `json:"done"`
	Result string        `json:"result"`           // what was done, or why nothing was
	NewID  string        `json:"new_id,omitempty"` // the job a retry made
	State  catalog.State `json:"state"`            // of the job named, now
}

// changeJobs applies change to every job named; nothing happens when one is unknown.
func (d *desk) changeJobs(ctx *cli.Context, change func(context.Context, catalog.Job) (changeResult, error)) error {
	jobs, err := d.jobs(ctx.Context, ctx.Args().Slice())
	if err != nil {
		return err
	}
	results, refused := make([]changeResult, 0, len(jobs)), 0
	for _, job := range jobs {
		r, err := change(ctx.Context, job)
		if err != nil {
			return err
		}
		if !r.Done {
			refused++
		}
		results = append(results, r)
	}
	err = d.print(map[string]any{"jobs": results}, func() error {
		for _, r := range results {
			d.line("%s %s: %s", r.ID, r.State, r.Result)
		}
		return nil
	})
	switch {
	case err != nil || refused == 0:
		return err
	case refused == len(jobs):
		return d.outcome(codeFailed, "nothing was changed")
	default:
		return d.outcome(codeAttention, "%d of %d jobs were left as they are", refused, len(jobs))
	}
}

// maxConflicts is how often a change is tried again because the job moved on meanwhile.
const maxConflicts = 5

// commitFresh makes and commits a change, reading the job again when somebody else was
// faster. make returns ok false when there is nothing to change in this state.
func (d *desk) commitFresh(ctx context.Context, job catalog.Job, change func(catalog.Job) (m catalog.Mutation, ok bool, err error)) (catalog.Job, bool, error) {
	for attempt := 1; ; attempt++ {
		m, ok, err := change(job)
		if err != nil || !ok {
			return job, false, err
		}
		after, err := d.store.Commit(ctx, m)
		if err == nil {
			return after, true, nil
		}
		if !errors.Is(err, catalog.ErrConflict) || attempt == maxConflicts {
			return job, false, fmt.Errorf("change job %s: %w", job.ID, err)
		}
		if job, err = d.store.Job(ctx, job.ID); err != nil {
			return job, false, err
		}
	}
}

// cancel asks for an abort; the leader carries it out.
func (d *desk) cancel(ctx context.Context, job catalog.Job) (changeResult, error) {
	after, done, err := d.commitFresh(ctx, job, func(j catalog.Job) (catalog.Mutation, bool, error) {
		if j.State.Terminal() || j.CancelRequested || j.State == catalog.Aborting {
			return catalog.Mutation{}, false, nil
		}
		m, err := catalog.Change(j, j.State, d.clock.Now(), d.by, func(j *catalog.Job) { j.CancelRequested = true })
		m.Events = append(m.Events, catalog.Event{
			At: d.clock.Now(), Type: "job.cancel", JobID: j.ID, Actor: d.by, Message: "cancellation requested",
		})
		return m, err == nil, err
	})
	r := changeResult{ID: job.ID, Done: done, State: after.State}
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
func (d *desk) retry(ctx context.Context, old catalog.Job) (changeResult, error) {
	r := changeResult{ID: old.ID, State: old.State}
	job, err := catalog.NewRetry(old, d.by, d.clock.Now())
	if err != nil {
		r.Result = err.Error()
		return r, nil //nolint:nilerr // it is the result of this job, the others go on
	}
	inserted, err := d.store.InsertJobs(ctx, []catalog.Job{job})
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

// release ends a job without knowing what AWS does.
func (d *desk) release(ctx context.Context, job catalog.Job) (changeResult, error) {
	r := changeResult{ID: job.ID, State: job.State}
	if !job.State.Terminal() && !job.HoldsSlot() && job.State == catalog.Created {
		r.Result = "it holds no slot, because it has not begun: use `holdfast jobs cancel`"
		return r, nil
	}
	if job.State == catalog.Running {
		var err error
		if job, _, err = d.commitFresh(ctx, job, d.giveUp(ctx, catalog.Running, catalog.Aborting)); err != nil {
			return r, err
		}
	}
	after, done, err := d.commitFresh(ctx, job, d.giveUp(ctx, job.State, catalog.Aborted))
	r.Done, r.State = done, after.State
	switch {
	case done:
		r.Result = "released by force"
	case after.State.Terminal():
		r.Result = "it has ended already"
	default:
		r.Result = "it moved on meanwhile: try again"
	}
	return r, err
}

// giveUp returns the change of a forced release from one state to another.
func (d *desk) giveUp(ctx context.Context, from, to catalog.State) func(catalog.Job) (catalog.Mutation, bool, error) {
	return func(j catalog.Job) (catalog.Mutation, bool, error) {
		if j.State != from || j.State.Terminal() {
			return catalog.Mutation{}, false, nil
		}
		message := releaseMessage(j, d.by)
		m, err := catalog.Change(j, to, d.clock.Now(), d.by, func(j *catalog.Job) {
			if j.Class == "" {
				j.Class = failure.Window
			}
			j.Message = message
			j.IntentOwner = ""
		})
		if err != nil || to != catalog.Aborted {
			return m, err == nil, err
		}
		m.Events = append(m.Events, catalog.Event{
			At: d.clock.Now(), Type: "job.released", JobID: j.ID, Actor: d.by, Class: m.Job.Class, Message: message,
		})
		return m, true, d.givePointBack(ctx, &m)
	}
}

// releaseMessage says what nobody knows any more.
func releaseMessage(j catalog.Job, by string) string {
	if j.Ref != "" {
		return fmt.Sprintf("released by force by %s; AWS may still be working on %s", by, j.Ref)
	}
	return fmt.Sprintf("released by force by %s while a call to AWS was open", by)
}

// givePointBack makes the point of a released deletion available again: deleting it once
// more is harmless, while a point nobody deletes would stay EXPIRING for ever.
func (d *desk) givePointBack(ctx context.Context, m *catalog.Mutation) error {
	if m.Job.Type != driver.Expire {
		return nil
	}
	point, err := d.store.Point(ctx, m.Job.PointID)
	if err != nil {
		return err
	}
	if point.State == catalog.Expiring {
		m.PointMoves = append(m.PointMoves, catalog.PointMove{PointID: point.ID, From: catalog.Expiring, To: catalog.Available})
	}
	return nil
}
