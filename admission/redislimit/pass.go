package redislimit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/admission"
)

const (
	// maxPassages is how many calls of Enter and Release share one script call. It keeps the
	// script below 5 ms.
	maxPassages = 64
	// passTrips is how many such calls are under way at once: with one, those that arrive
	// meanwhile share the next.
	passTrips = 1
	// passPace is the least time from one such call to the next while others wait. A call
	// has a cost of its own, several times that of one more job in it, and asynq's own calls
	// have to wait for it.
	passPace = 2 * time.Millisecond
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

// Enter implements admission.Controller. Concurrent calls share script calls.
func (c *Controller) Enter(ctx context.Context, g admission.Grant) ([]admission.Grant, error) {
	return c.through(ctx, &passage{enter: g})
}

// Release implements admission.Controller. Concurrent calls share script calls.
func (c *Controller) Release(ctx context.Context, jobIDs ...string) ([]admission.Grant, error) {
	switch len(jobIDs) {
	case 0:
		return nil, nil
	case 1:
		return c.through(ctx, &passage{release: jobIDs})
	default: // fills calls of its own
		return c.remove(ctx, "release", jobIDs)
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

// pass carries out a batch in one script call. A call alone goes under its own context;
// several go under nobody's, because one that gives up must not fail the others.
func (c *Controller) pass(batch []*passage) {
	began := c.clock.Now()
	ctx := context.Background()
	if len(batch) == 1 {
		ctx = batch[0].ctx
	}
	t := turn{mode: "release", pump: true}
	var entering []*passage
	for _, p := range batch {
		if p.release != nil {
			t.leaving = append(t.leaving, p.release...)
		} else {
			entering, t.entering = append(entering, p), append(t.entering, p.enter)
		}
	}
	grants, err := c.take(ctx, t, entering)
	share(grants, err, batch)
	for _, p := range batch {
		close(p.done)
	}
	if c.passing.Waiting() > 0 {
		_ = c.clock.Sleep(context.Background(), passPace-c.clock.Now().Sub(began)) // cannot fail
	}
}

// take runs a turn and gives those whose grant was stale their error. Their grants and
// the error it returns are everybody's: to release again what is released does nothing,
// nor does to enter again what was entered.
func (c *Controller) take(ctx context.Context, t turn, entering []*passage) ([]admission.Grant, error) {
	answers, err := c.runAll(ctx, []call{t.call()})
	if err != nil {
		return nil, err
	}
	for position := range strings.FieldsSeq(answers[0][0]) {
		i, err := strconv.Atoi(position)
		if err != nil || i < 1 || i > len(entering) {
			return nil, fmt.Errorf("admission: stale grant at %q of %d", position, len(entering))
		}
		entering[i-1].err = fmt.Errorf("admission %s: %w", turnScript.name, admission.ErrStale)
	}
	return c.pumpOn(ctx, answers[0][1:])
}

// share spreads grants over those whose call succeeded, so that they enqueue them side by
// side, and gives err to all.
func share(grants []admission.Grant, err error, batch []*passage) {
	takers := make([]*passage, 0, len(batch))
	for _, p := range batch {
		if p.err == nil {
			takers, p.err = append(takers, p), err
		}
	}
	if len(takers) == 0 {
		takers = batch
	}
	for i, g := range grants {
		p := takers[i%len(takers)]
		p.grants = append(p.grants, g)
	}
}
