package redislimit

import (
	"context"
	"fmt"
	"strconv"

	"holdfast/admission"
)

const (
	// maxPassages is how many calls of Enter and Release share one trip to Redis.
	maxPassages = callsPerTrip
	// passTrips is how many such trips are under way at once.
	passTrips = 2
)

// passage is one call of Enter, or of Release when it names jobs, on its way. grants and
// err are written before done is closed.
type passage struct {
	ctx     context.Context
	enter   admission.Grant
	release []string
	grants  []admission.Grant
	err     error
	done    chan struct{}
}

// Enter implements admission.Controller. Concurrent calls share round trips.
func (c *Controller) Enter(ctx context.Context, g admission.Grant) ([]admission.Grant, error) {
	return c.through(ctx, &passage{enter: g})
}

// Release implements admission.Controller. Concurrent calls share round trips and scripts.
func (c *Controller) Release(ctx context.Context, jobIDs ...string) ([]admission.Grant, error) {
	switch {
	case len(jobIDs) == 0:
		return nil, nil
	case len(jobIDs) > jobsPerCall: // fills trips of its own
		return c.remove(ctx, "release", jobIDs)
	default:
		return c.through(ctx, &passage{release: jobIDs})
	}
}

// through waits for the outcome of p. It does so even when ctx ends meanwhile, which is
// bounded by the timeout of the trips: the grants in it would be lost for half a minute.
func (c *Controller) through(ctx context.Context, p *passage) ([]admission.Grant, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("admission: %w", err)
	}
	p.ctx, p.done = ctx, make(chan struct{})
	c.passing.Add(p)
	<-p.done
	return p.grants, p.err
}

// pass carries out a batch in one pipeline: each Enter is a script of its own, the jobs of
// all Releases share a few. A call alone goes under its own context; several go under
// nobody's, because one that gives up must not fail the others.
func (c *Controller) pass(batch []*passage) {
	ctx := context.Background()
	if len(batch) == 1 {
		ctx = batch[0].ctx
	}
	var entering, releasing []*passage
	var calls []call
	var leaving []string
	for _, p := range batch {
		if p.release != nil {
			releasing, leaving = append(releasing, p), append(leaving, p.release...)
			continue
		}
		entering = append(entering, p)
		calls = append(calls, call{script: enterScript, args: []any{p.enter.JobID, strconv.FormatInt(p.enter.Generation, 10)}})
	}
	answers, errs := c.runEach(ctx, append(calls, removals("release", leaving)...))
	for i, p := range entering {
		if p.err = errs[i]; p.err == nil {
			p.grants, _, p.err = answers[i].grants()
		}
	}
	n := len(entering)
	c.released(ctx, releasing, answers[n:], errs[n:])
	for _, p := range batch {
		close(p.done)
	}
}

// released shares what the scripts of a batch's Releases granted among their callers, so
// that they enqueue it side by side. When one script failed all callers are told: to
// release again what is released does nothing.
func (c *Controller) released(ctx context.Context, releasing []*passage, answers []answer, errs []error) {
	if len(releasing) == 0 {
		return
	}
	last := len(answers) - 1 // the only one that pumps
	var grants []admission.Grant
	var err error
	if err = errs[last]; err == nil {
		grants, err = c.pumpOn(ctx, answers[last])
	}
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	for i, g := range grants {
		p := releasing[i%len(releasing)]
		p.grants = append(p.grants, g)
	}
	for _, p := range releasing {
		p.err = err
	}
}
