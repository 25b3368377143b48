package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awscall"
)

// Limits of one look task.
const (
	maxLookBatches = 20  // batches of Descriptor.LookMax jobs
	lookParallel   = 128 // commits and look-ups at once, so that they share transactions
)

// Look observes the due jobs of group, batch by batch: it ends those AWS shows as ended,
// resolves open intents whose time is over, and says when to look at the others again.
// Jobs of different engines share a group; each engine is asked about its own.
func (e *Engine) Look(ctx context.Context, group catalog.LookGroup) error {
	if err := e.clockRight(ctx); err != nil {
		return err
	}
	size, err := e.lookSize(group)
	if err != nil {
		return err
	}
	for range maxLookBatches {
		jobs, err := e.store.DueJobs(ctx, group, e.clock.Now(), size)
		if err != nil {
			return fmt.Errorf("load due jobs of %s: %w", group, err)
		}
		if len(jobs) == 0 {
			return nil
		}
		if err := e.lookByEngine(ctx, group, jobs); err != nil {
			return err
		}
		if len(jobs) < size {
			return nil
		}
	}
	return nil
}

// maxLookSize bounds a batch whatever the descriptors say.
const maxLookSize = 1000

// lookSize returns how many due jobs are loaded at once: as many as the engine that
// observes the most in one look.
func (e *Engine) lookSize(group catalog.LookGroup) (int, error) {
	size := 0
	for _, engine := range e.drivers.Engines(group.Kind) {
		d, _ := e.drivers.For(group.Kind, engine)
		size = max(size, d.Descriptor().LookMax, 1)
	}
	if size == 0 {
		return 0, fmt.Errorf("look at %s: this build has no driver for the kind", group)
	}
	return min(size, maxLookSize), nil
}

// lookByEngine hands each job to its engine's driver.
func (e *Engine) lookByEngine(ctx context.Context, group catalog.LookGroup, jobs []catalog.Job) error {
	byEngine := map[driver.Engine][]catalog.Job{}
	for _, job := range jobs {
		byEngine[job.Engine] = append(byEngine[job.Engine], job)
	}
	var errs []error
	for _, engine := range slices.Sorted(maps.Keys(byEngine)) {
		d, ok := e.drivers.For(group.Kind, engine)
		if !ok {
			errs = append(errs, fmt.Errorf("look at %s: this build has no driver for engine %q", group, engine))
			continue
		}
		for batch := range slices.Chunk(byEngine[engine], max(d.Descriptor().LookMax, 1)) {
			errs = append(errs, e.lookAt(ctx, d, group, batch))
		}
	}
	return firstError(errs...)
}

// lookAt handles one batch.
func (e *Engine) lookAt(ctx context.Context, d driver.Driver, group catalog.LookGroup, jobs []catalog.Job) error {
	var open, running []catalog.Job
	for _, job := range jobs {
		if job.Ref == "" {
			open = append(open, job)
		} else {
			running = append(running, job)
		}
	}
	return e.settleAll(ctx, running, e.observe(ctx, d, group, running), open)
}

// observation is what AWS showed of some jobs, and in which call.
type observation struct {
	statuses map[driver.Ref]driver.Status
	call     []awscall.Call // the last one: none when AWS was not asked
}

// observe asks AWS about running. An error is logged and leaves everything unobserved.
func (e *Engine) observe(ctx context.Context, d driver.Driver, group catalog.LookGroup, running []catalog.Job) (seen observation) {
	if len(running) == 0 {
		return seen
	}
	req := driver.LookRequest{Scope: running[0].Scope(), Operation: group.Operation, Since: running[0].StartedAt}
	for _, job := range running {
		req.Refs = append(req.Refs, job.Ref)
		if job.StartedAt.Before(req.Since) {
			req.Since = job.StartedAt
		}
	}
	ctx, cancel := context.WithTimeout(e.recording(ctx), e.opts.CallTimeout)
	defer cancel()
	statuses, err := d.Look(ctx, req)
	if err != nil {
		e.log.Warn().Err(err).Str("group", group.String()).Str("class", string(failure.ClassOf(err))).
			Int("jobs", len(running)).Msg("look failed: nothing was observed")
		return seen
	}
	seen.statuses, seen.call = statuses, awscall.From(ctx).Calls().Calls
	seen.call = seen.call[max(len(seen.call)-1, 0):]
	return seen
}

// settleAll applies every verdict at once, so that their commits share transactions, and
// then frees the slots of what ended in one go.
func (e *Engine) settleAll(ctx context.Context, running []catalog.Job, seen observation, open []catalog.Job) error {
	ended := make([]bool, len(running))
	later := make([]catalog.NextLook, len(running)+len(open))
	unnoted := make([]*catalog.Event, len(later))
	var group errgroup.Group
	group.SetLimit(lookParallel)
	for i, job := range running {
		group.Go(func() (err error) {
			ctx := e.recording(ctx)
			ended[i], later[i], err = e.settle(ctx, job, seen)
			unnoted[i] = e.unnoted(ctx, job)
			return err
		})
	}
	for i, job := range open {
		group.Go(func() (err error) {
			ctx := e.recording(ctx)
			later[len(running)+i], err = e.resolve(ctx, job)
			unnoted[len(running)+i] = e.unnoted(ctx, job)
			return err
		})
	}
	err := group.Wait()
	e.keep(ctx, unnoted...)
	return firstError(err, e.postpone(ctx, later), e.releaseEnded(ctx, running, ended))
}

// settle carries out the verdict on one job; later is set when the job goes on.
func (e *Engine) settle(ctx context.Context, job catalog.Job, o observation) (ended bool, later catalog.NextLook, err error) {
	status, seen := o.statuses[job.Ref]
	seen = seen && !tooYoung(job, status, e.clock.Now())
	v := decideLook(job, status, seen)
	if v.to == catalog.Completed {
		if v, err = e.finish(ctx, job, v, status.Point); err != nil {
			return false, catalog.NextLook{}, err
		}
	}
	if v.to.Terminal() && job.Type == driver.Copy {
		if v, err = e.finishCopy(ctx, job, v); err != nil {
			return false, catalog.NextLook{}, err
		}
	}
	if !v.to.Terminal() {
		e.cancel(ctx, job)
		return false, e.lookLater(job, status, seen), nil
	}
	m, err := e.endMutation(ctx, job, v, status)
	if err != nil {
		return false, catalog.NextLook{}, err
	}
	for _, call := range o.call {
		awscall.From(ctx).Add(call)
	}
	if _, err := e.commit(ctx, m); err != nil {
		return false, catalog.NextLook{}, ignoreConflict(fmt.Errorf("end job %s: %w", job.ID, err))
	}
	return true, catalog.NextLook{}, nil
}

// lookLater returns the next look of a job that goes on.
func (e *Engine) lookLater(job catalog.Job, status driver.Status, seen bool) catalog.NextLook {
	progress := job.Progress
	if seen {
		progress = status.Progress
	}
	return catalog.NextLook{JobID: job.ID, Version: job.Version, At: nextLook(job, e.clock.Now()), Progress: progress}
}

// resolve finds out what became of an intent whose writer is gone: adopt what it made,
// make the call again with its token, ask again while AWS may not show it yet, or hand
// the job back for a new start.
func (e *Engine) resolve(ctx context.Context, job catalog.Job) (later catalog.NextLook, err error) {
	now := e.clock.Now()
	if now.Before(job.IntentUntil) {
		return catalog.NextLook{JobID: job.ID, Version: job.Version, At: job.IntentUntil, Progress: -1}, nil
	}
	op, err := e.traceable(ctx, job)
	if err != nil {
		return later, fmt.Errorf("resolve intent of job %s: %w", job.ID, err)
	}
	repeats, err := e.repeats(ctx, op)
	if err != nil {
		return later, err
	}
	if repeats && op.driver.Descriptor().Unmarked {
		return e.repeat(ctx, job)
	}
	callCtx, cancel := context.WithTimeout(ctx, e.opts.CallTimeout)
	ref, err := op.find(callCtx)
	cancel()
	again := catalog.NextLook{JobID: job.ID, Version: job.Version, At: now.Add(lookFloor), Progress: -1}
	switch {
	case err == nil:
		return later, e.started(ctx, job, ref)
	case !failure.Is(err, failure.NotFound):
		e.log.Warn().Str("job", job.ID).Str("trace", job.TraceID()).Err(err).Msg("look-up of an open intent failed: asking again")
		return again, nil
	case repeats && !job.CancelRequested:
		return e.repeat(ctx, job)
	case now.Before(job.IntentUntil.Add(op.settle())):
		return again, nil
	default:
		class, message := untraced(job)
		return later, e.handBack(ctx, job, class, message)
	}
}

// cancel asks AWS to stop what an aborting job began, where AWS can. Whether it did, the
// next looks tell.
func (e *Engine) cancel(ctx context.Context, job catalog.Job) {
	if job.State != catalog.Aborting {
		return
	}
	op, err := e.operationOf(job)
	if err != nil {
		return // the look that brought us here has reported it
	}
	canceler, ok := op.driver.(driver.Canceler)
	if !ok {
		return
	}
	ctx, done := context.WithTimeout(ctx, e.opts.CallTimeout)
	defer done()
	err = canceler.Cancel(forJob(ctx, job), driver.CancelRequest{Scope: job.Scope(), Operation: job.Type, Ref: job.Ref})
	if err != nil {
		e.log.Warn().Str("job", job.ID).Str("trace", job.TraceID()).Str("class", string(failure.ClassOf(err))).Err(err).Msg("AWS did not take the cancellation")
	}
}

// postpone stores the next looks that are set.
func (e *Engine) postpone(ctx context.Context, later []catalog.NextLook) error {
	set := later[:0]
	for _, l := range later {
		if l.JobID != "" {
			set = append(set, l)
		}
	}
	if len(set) == 0 {
		return nil
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return e.store.Postpone(ctx, set)
}

// releaseEnded frees the slots of the jobs that ended.
func (e *Engine) releaseEnded(ctx context.Context, jobs []catalog.Job, ended []bool) error {
	ids := make([]string, 0, len(jobs))
	for i, job := range jobs {
		if ended[i] {
			ids = append(ids, job.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return e.release(ctx, ids...)
}

// firstError returns the first of errs that is set.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
