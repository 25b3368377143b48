package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/scheduler"
)

// How --wait and jobs wait look at the catalog.
const (
	waitEvery   = time.Second
	waitTimeout = 24 * time.Hour
	// idlePatience is how long a job may wait for a scheduler before somebody should know
	// that there is none.
	idlePatience = 15 * time.Second
)

func waitTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Value: waitTimeout, Usage: "how long to wait at most; the jobs go on"}
}

// watch follows jobs to their end, and the copies their backups are followed by.
type watch struct {
	order []string
	jobs  map[string]catalog.Job
}

// follow adds a job and returns whether it was new.
func (w *watch) follow(job catalog.Job) {
	if _, known := w.jobs[job.ID]; !known {
		w.order = append(w.order, job.ID)
	}
	w.jobs[job.ID] = job
}

// pending returns the ids of jobs that have not ended.
func (w *watch) pending() []string {
	var ids []string
	for _, id := range w.order {
		if !w.jobs[id].State.Terminal() {
			ids = append(ids, id)
		}
	}
	return ids
}

// all returns the jobs in the order they were asked for, copies last.
func (w *watch) all() []catalog.Job {
	jobs := make([]catalog.Job, len(w.order))
	for i, id := range w.order {
		jobs[i] = w.jobs[id]
	}
	return jobs
}

// refresh reads what has not ended, and the copies of backups that completed: they were
// inserted by the transaction that completed the backup.
func (w *watch) refresh(ctx context.Context, jobs service, ids []string) error {
	for len(ids) > 0 {
		found, err := jobs.JobsByID(ctx, ids)
		if err != nil {
			return err
		}
		var copies []string
		for _, id := range ids {
			job, ok := found[id]
			if !ok {
				return fmt.Errorf("job %s has vanished from the catalog", id)
			}
			w.follow(job)
			copies = append(copies, copiesOf(job)...)
		}
		ids = copies
	}
	return nil
}

// copiesOf returns the ids of the copies that follow job; none before it completed.
func copiesOf(job catalog.Job) []string {
	if job.Type != driver.Backup || job.State != catalog.Completed {
		return nil
	}
	ids := make([]string, len(job.Spec.Copies))
	for hop, c := range job.Spec.Copies {
		ids[hop] = catalog.CopyJobID(job.ID, hop+1, c)
	}
	return ids
}

// await shows progress until every one of jobs and their copies has ended, and returns
// them all.
func (d *desk) await(ctx *cli.Context, jobs []catalog.Job) ([]catalog.Job, error) {
	limited, cancel := context.WithCancel(ctx.Context)
	defer cancel()
	ids := make([]string, len(jobs))
	for i, job := range jobs {
		ids[i] = job.ID
	}
	w := &watch{jobs: map[string]catalog.Job{}}
	show := d.progress()
	defer show.done()
	started, warned := d.clock.Now(), false
	for {
		if err := w.refresh(limited, d.do, ids); err != nil {
			return nil, d.interrupted(ctx.Context, err, w)
		}
		show.update(w.all())
		if ids = w.pending(); len(ids) == 0 {
			return w.all(), nil
		}
		passed := d.clock.Now().Sub(started)
		if passed > ctx.Duration("timeout") {
			return nil, &exitError{code: codeAttention, err: fmt.Errorf("after %s, %d of %s has not ended and goes on: see `holdfast jobs list`", durationText(passed), len(ids), counted(len(w.order), "job"))}
		}
		if !warned && passed > idlePatience {
			warned = true
			d.warnWithoutLeader(limited, show)
		}
		if err := d.clock.Sleep(limited, waitEvery); err != nil {
			return nil, d.interrupted(ctx.Context, err, w)
		}
	}
}

// interrupted turns Ctrl-C into a failure that says the jobs go on.
func (d *desk) interrupted(ctx context.Context, err error, w *watch) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return &exitError{code: codeFailed, err: fmt.Errorf("no longer waiting; %d of %s has not ended and goes on: see `holdfast jobs list`", len(w.pending()), counted(len(w.order), "job"))}
	}
	return fmt.Errorf("wait: %w", err)
}

// warnWithoutLeader tells somebody who waits that nobody carries jobs to the queue.
func (d *desk) warnWithoutLeader(ctx context.Context, show progress) {
	if d.store == nil {
		return // only its server knows
	}
	lease, err := d.store.Lease(ctx, scheduler.LeaseName)
	if err == nil && !lease.Held {
		show.note("no scheduler leads this installation: nothing begins until `holdfast up` or `holdfast scheduler` runs")
	}
}

// verdict turns how jobs ended into the exit code.
func (d *desk) verdict(jobs []catalog.Job) error {
	good, partial := 0, 0
	for _, job := range jobs {
		switch {
		case job.State == catalog.Completed && job.Class == "":
			good++
		case job.State == catalog.Completed, job.State == catalog.Partial:
			partial++
		}
	}
	switch {
	case good == len(jobs):
		return nil
	case good+partial == 0:
		return d.outcome(codeFailed, "%s", failedText(jobs))
	default:
		return d.outcome(codeAttention, "%d of %d jobs completed: %s", good, len(jobs), failedText(jobs))
	}
}

// failedText says why the first job that did not complete did not.
func failedText(jobs []catalog.Job) string {
	for _, job := range jobs {
		if job.State != catalog.Completed || job.Class != "" {
			return fmt.Sprintf("%s %s is %s: %s", job.Type, job.ID, job.State, orDash(job.Message))
		}
	}
	return ""
}
