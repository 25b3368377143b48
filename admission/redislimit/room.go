package redislimit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast/admission"
)

const (
	// jobsPerCall is how many jobs one script call submits or releases.
	jobsPerCall = 32
	// callsPerTrip is how many script calls one pipeline has.
	callsPerTrip = 64
	// maxRounds is how often a call pumps on before it leaves the rest to Pump.
	maxRounds = 8
	// maxStale is the most grants StaleGrants returns.
	maxStale = 1000
)

// Submit implements admission.Controller. All jobs are checked before the first is sent.
func (c *Controller) Submit(ctx context.Context, jobs []admission.Request) ([]admission.Grant, error) {
	var calls []call
	for start := 0; start < len(jobs); start += jobsPerCall {
		args := []any{"0"}
		for _, job := range jobs[start:min(start+jobsPerCall, len(jobs))] {
			if err := checkRequest(job); err != nil {
				return nil, fmt.Errorf("admission: submit job %q: %w", job.JobID, err)
			}
			args = append(args, requestArgs(job)...)
		}
		calls = append(calls, call{script: submitScript, args: args})
	}
	if len(calls) == 0 {
		return nil, nil
	}
	calls[len(calls)-1].args[0] = "1"
	return c.pumpAll(ctx, calls)
}

// Cancel implements admission.Controller.
func (c *Controller) Cancel(ctx context.Context, jobIDs ...string) ([]admission.Grant, error) {
	return c.remove(ctx, "cancel", jobIDs)
}

// turn is one call of turn.lua: grants to begin and jobs to take out.
type turn struct {
	mode     string // release or cancel
	entering []admission.Grant
	leaving  []string
	pump     bool
}

func (t turn) call() call {
	pump := "0"
	if t.pump {
		pump = "1"
	}
	args := make([]any, 0, 3+2*len(t.entering)+len(t.leaving))
	args = append(args, pump, t.mode, len(t.entering))
	for _, g := range t.entering {
		args = append(args, g.JobID, strconv.FormatInt(g.Generation, 10))
	}
	for _, id := range t.leaving {
		args = append(args, id)
	}
	return call{script: turnScript, args: args, head: 1}
}

// remove takes jobs out in as few calls as allowed; the last one pumps.
func (c *Controller) remove(ctx context.Context, mode string, jobIDs []string) ([]admission.Grant, error) {
	var calls []call
	for batch := range slices.Chunk(jobIDs, jobsPerCall) {
		last := len(calls) == (len(jobIDs)-1)/jobsPerCall
		calls = append(calls, turn{mode: mode, leaving: batch, pump: last}.call())
	}
	if len(calls) == 0 {
		return nil, nil
	}
	return c.pumpAll(ctx, calls)
}

// pumpAll runs calls in as many pipelines as they need and pumps on while the last one
// left something to do.
func (c *Controller) pumpAll(ctx context.Context, calls []call) ([]admission.Grant, error) {
	var last answer
	for start := 0; start < len(calls); start += callsPerTrip {
		answers, err := c.runAll(ctx, calls[start:min(start+callsPerTrip, len(calls))])
		if err != nil {
			return nil, err
		}
		last = answers[len(answers)-1][calls[start+len(answers)-1].head:]
	}
	return c.pumpOn(ctx, last)
}

// pumpOn collects the grants of a and pumps until nothing is left, at most maxRounds
// times; recalls are always finished. With an error come the grants made before it.
func (c *Controller) pumpOn(ctx context.Context, a answer) ([]admission.Grant, error) {
	grants, left, err := a.grants()
	for round := 0; err == nil && (left == moreRecalls || left == moreGrants && round < maxRounds); round++ {
		var made []admission.Grant
		if a, err = c.run(ctx, runScript, "run"); err == nil {
			made, left, err = a.grants()
		}
		grants = append(grants, made...)
	}
	return grants, err
}

// Pump implements admission.Controller. An empty answer means that nothing can be granted.
func (c *Controller) Pump(ctx context.Context) ([]admission.Grant, error) {
	for {
		a, err := c.run(ctx, runScript, "run")
		if err != nil {
			return nil, err
		}
		grants, left, err := a.grants()
		if err != nil || len(grants) > 0 || left != moreGrants && left != moreRecalls {
			return grants, err
		}
	}
}

// Regrant implements admission.Controller.
func (c *Controller) Regrant(ctx context.Context, jobID string) (admission.Grant, error) {
	a, err := c.run(ctx, regrantScript, jobID)
	if err != nil {
		return admission.Grant{}, err
	}
	grants, _, err := a.grants()
	if err != nil {
		return admission.Grant{}, err
	}
	if len(grants) != 1 {
		return admission.Grant{}, fmt.Errorf("admission: regrant job %q: %d grants", jobID, len(grants))
	}
	return grants[0], nil
}

// StaleGrants implements admission.Controller; the age is measured in Redis' time and the
// oldest come first. It returns at most 1,000.
func (c *Controller) StaleGrants(ctx context.Context, olderThan time.Duration, limit int) ([]admission.Grant, error) {
	if limit <= 0 {
		return nil, nil
	}
	a, err := c.run(ctx, staleScript, olderThan.Milliseconds(), min(limit, maxStale))
	if err != nil {
		return nil, err
	}
	grants, _, err := a.grants()
	return grants, err
}
