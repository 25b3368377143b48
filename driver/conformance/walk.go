package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

const (
	walkSteps = 400
	walkJobs  = 6
)

func walkChecks() []Check {
	return []Check{{
		Name: "random-walk", Proves: "Whatever happens in whatever order, a job has at most one artefact and none is lost.",
		run: checkWalk,
	}}
}

// stage is how far the model believes a job to be.
type stage int

const (
	idle    stage = iota // nothing was called, or the call was refused
	unsure               // the call was made and not answered
	running              // the reference is known
	done                 // seen succeeded
	deleted              // deleted by us
	removed              // deleted by somebody else
)

// job is one backup in the model.
type job struct {
	res   resource.Resource
	mark  driver.Mark
	ref   driver.Ref
	point driver.Ref // of the recovery point, once seen
	stage stage
}

// walk is a model of a few jobs beside the world they are in.
type walk struct {
	*lab
	rnd  *rand.Rand
	jobs []*job // one for each resource
	past []*job // whose points are deleted
	lift func() // of the fault in force, never nil
}

func checkWalk(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	made, err := l.resources(ctx, walkJobs)
	if err != nil {
		return err
	}
	w := &walk{lab: l, rnd: rand.New(rand.NewPCG(e.seed, 0)), lift: func() {}}
	for _, r := range made {
		w.jobs = append(w.jobs, &job{res: r, mark: l.mark(r.ARN)})
	}
	for i := range walkSteps {
		name, err := w.step(ctx)
		if err == nil {
			err = w.invariants(ctx)
		}
		if err != nil {
			w.lift()
			return fmt.Errorf("step %d, %s: %w", i, name, err)
		}
	}
	return w.end(ctx)
}

// step does one random thing.
func (w *walk) step(ctx context.Context) (string, error) {
	n := w.rnd.IntN(len(w.jobs))
	j := w.jobs[n]
	if j.stage == deleted || j.stage == removed {
		w.past = append(w.past, j)
		j = &job{res: j.res, mark: w.mark(j.res.ARN)}
		w.jobs[n] = j
	}
	switch roll := w.rnd.IntN(100); {
	case roll < 30:
		return "begin " + j.mark.JobID, w.begin(ctx, j)
	case roll < 55:
		return "look", w.lookAll(ctx)
	case roll < 65:
		return "advance", w.Advance(ctx)
	case roll < 75:
		return "settle", w.Settle(ctx)
	case roll < 83:
		return "delete " + j.mark.JobID, w.expire(ctx, j)
	case roll < 86:
		return "remove " + j.mark.JobID, w.remove(ctx, j)
	case roll < 94:
		return "fault", w.fault()
	default:
		w.lift()
		return "lift the fault", nil
	}
}

// begin does what the engine does with a job that waits or was interrupted.
func (w *walk) begin(ctx context.Context, j *job) error {
	a := &action{lab: w.lab, op: driver.Backup, method: Start, scope: w.Home(), source: j.res.ARN}
	a.begin = func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error) {
		return d.Start(ctx, driver.StartRequest{Scope: a.scope, Mark: m, Resource: j.res, Vault: vault})
	}
	begin := a.start
	switch j.stage {
	case unsure:
		begin = a.recover
	case idle:
	default:
		return nil
	}
	ref, err := begin(ctx, j.mark)
	switch class := failure.ClassOf(err); {
	case err == nil:
		j.ref, j.stage = ref, running
	case class == failure.Transient:
		j.stage = unsure
	case !failure.RuleOf(class).Retry || class == failure.Internal:
		return err
	}
	return nil
}

func (w *walk) lookAll(ctx context.Context) error {
	var refs []driver.Ref
	for _, j := range w.jobs {
		if j.ref != "" {
			refs = append(refs, j.ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	seen, err := w.look(ctx, driver.Backup, w.Home(), refs...)
	if err != nil {
		return retryable(err)
	}
	for _, j := range w.jobs {
		status, ok := seen[j.ref]
		if !ok {
			continue
		}
		if err := j.observe(status); err != nil {
			return err
		}
	}
	return nil
}

// retryable returns nil for errors the engine would meet by trying again.
func retryable(err error) error {
	if failure.RuleOf(failure.ClassOf(err)).Retry && !failure.Is(err, failure.Internal) {
		return nil
	}
	return err
}

// observe moves the model on and refuses observations that contradict it.
func (j *job) observe(s driver.Status) error {
	gone := j.stage == deleted || j.stage == removed
	switch {
	case s.State == driver.Failed:
		return fmt.Errorf("job %s was seen failed: %s", j.mark.JobID, s.Message)
	case s.State == driver.Gone && !gone:
		return fmt.Errorf("job %s was seen gone and is there", j.mark.JobID)
	case s.State == driver.Pending && j.stage == done:
		return fmt.Errorf("job %s was seen pending after it had succeeded", j.mark.JobID)
	case s.State == driver.Succeeded && j.stage == running:
		j.stage, j.point = done, s.Point.Ref
	}
	return nil
}

func (w *walk) expire(ctx context.Context, j *job) error {
	if j.stage != done {
		return nil
	}
	err := w.delete(ctx, j.point)
	if err == nil {
		j.stage = deleted
		return nil
	}
	if failure.Is(err, failure.Transient) { // it may have happened: asked for until it is sure
		w.lift()
		err = w.delete(ctx, j.point)
		if err == nil {
			j.stage = deleted
		}
	}
	return retryable(err)
}

func (w *walk) remove(ctx context.Context, j *job) error {
	if j.stage != done {
		return nil
	}
	j.stage = removed
	return w.RemovePoint(ctx, w.Home(), j.point)
}

// fault replaces the fault in force by a random one.
func (w *walk) fault() error {
	w.lift()
	// Half of the faults are the one that makes duplicates.
	f := Fault{Method: Start, Effect: Lose}
	if w.rnd.IntN(2) == 0 {
		f = Fault{
			Method: []Method{Start, Find, Look, Delete}[w.rnd.IntN(4)], Effect: Refuse,
			Class: alwaysRefused()[w.rnd.IntN(len(alwaysRefused()))],
		}
	}
	var err error
	w.lift, err = w.inject(f)
	return err
}

// invariants compares the model with what is there.
func (w *walk) invariants(ctx context.Context) error {
	items, err := w.Points(ctx, w.Home())
	if err != nil {
		return fmt.Errorf("see what is there: %w", err)
	}
	for _, j := range slices.Concat(w.jobs, w.past) {
		n := 0
		for _, item := range items {
			if item.carries(j.mark) {
				n++
			}
		}
		if low, high := j.bounds(); n < low || n > high {
			return fmt.Errorf("job %s has %d artefacts, want %d to %d", j.mark.JobID, n, low, high)
		}
	}
	return nil
}

// bounds is how many artefacts of the job may be there.
func (j *job) bounds() (low, high int) {
	switch j.stage {
	case running, done:
		return 1, 1
	case unsure, deleted: // a deletion may take its time
		return 0, 1
	default:
		return 0, 0
	}
}

// carries reports whether the item was made with m, by its tags or its names.
func (i Item) carries(m driver.Mark) bool {
	if found, ok := driver.MarkFromTags(i.Tags); ok {
		return found.Installation == m.Installation && found.JobID == m.JobID
	}
	return i.Name == m.Name() || string(i.Ref) == m.Token() || i.Name == m.Token()
}

// end lifts the fault and brings every job to its end.
func (w *walk) end(ctx context.Context) error {
	w.lift()
	for _, j := range w.jobs {
		if err := w.begin(ctx, j); err != nil {
			return err
		}
		if j.stage == idle || j.stage == unsure {
			return fmt.Errorf("job %s cannot begin although nothing is in its way", j.mark.JobID)
		}
	}
	if err := w.finish(ctx); err != nil {
		return err
	}
	if err := w.lookAll(ctx); err != nil {
		return err
	}
	for _, j := range w.jobs {
		if j.stage == running {
			return fmt.Errorf("job %s never ends", j.mark.JobID)
		}
	}
	return w.invariants(ctx)
}
