// Package verify runs the conformance checks on drivers and says what each can do. Tests run
// the same checks; this is for people who want to see for themselves.
package verify

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/resource"
)

// Outcome is what came of one check.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	// Unsupported: AWS has no such thing for the kind and engine. What the driver merely
	// lacks is a failure.
	Unsupported Outcome = "unsupported"
)

// Result is the outcome of one check on one driver.
type Result struct {
	Kind    resource.Kind       `json:"kind"`
	Engine  driver.Engine       `json:"engine"`
	Ability conformance.Ability `json:"ability"`
	Check   string              `json:"check"`
	Outcome Outcome             `json:"result"`
	Detail  string              `json:"detail"` // what the check proves, why it failed, why there is no such thing
}

// Subject is a driver and where it is tried.
type Subject struct {
	Driver  conformance.Tried
	Harness conformance.Harness
}

// Options say how checks are run.
type Options struct {
	Seed     uint64 // of all random choices
	Parallel int    // checks at once, at least one
	// Done, when set, is told after each check how many of how many are done.
	Done func(done, all int)
}

// checkTimeout bounds one check.
const checkTimeout = 2 * time.Minute

// Run runs every check on every subject and returns the results in the order of subjects,
// abilities and checks. Checks the wiring exempts have none. The error is of the context.
func Run(ctx context.Context, subjects []Subject, o Options) ([]Result, error) {
	checks := ordered()
	results := make([]*Result, len(subjects)*len(checks))
	var group errgroup.Group
	group.SetLimit(max(o.Parallel, 1))
	var mu sync.Mutex
	done := 0
	for i, subject := range subjects {
		for j, check := range checks {
			group.Go(func() error {
				if ctx.Err() == nil {
					results[i*len(checks)+j] = try(ctx, subject, check, o.Seed)
				}
				mu.Lock()
				defer mu.Unlock()
				if done++; o.Done != nil {
					o.Done(done, len(results))
				}
				return nil
			})
		}
	}
	_ = group.Wait() // no check returns an error
	var all []Result
	for _, r := range results {
		if r != nil {
			all = append(all, *r)
		}
	}
	return all, ctx.Err()
}

// ordered returns the checks by ability.
func ordered() []conformance.Check {
	checks := conformance.Checks()
	place := func(c conformance.Check) int { return slices.Index(conformance.Abilities(), c.Ability()) }
	slices.SortStableFunc(checks, func(a, b conformance.Check) int { return place(a) - place(b) })
	return checks
}

// try runs one check; nil for one that the wiring exempts.
func try(ctx context.Context, s Subject, check conformance.Check, seed uint64) *Result {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	d := s.Driver.Descriptor()
	r := &Result{Kind: d.Kind, Engine: driver.EngineOf(s.Driver), Ability: check.Ability(), Check: check.Name, Outcome: Pass, Detail: check.Proves}
	switch result := check.Run(ctx, s.Harness, seed); {
	case result.Err != nil:
		r.Outcome, r.Detail = Fail, result.Err.Error()
	case result.Lacking != "":
		r.Ability = result.Lacking
		r.Outcome, r.Detail = Fail, result.Skipped+", though AWS has it"
		if reason, none := s.Driver.Wiring().Unsupported[result.Lacking]; none {
			r.Outcome, r.Detail = Unsupported, reason
		}
	case result.Skipped != "":
		return nil
	}
	return r
}

// Cell sums up the results of one ability of one driver: failed where any check failed,
// unsupported where none passed. ok is false when there is no result.
func Cell(results []Result, kind resource.Kind, engine driver.Engine, ability conformance.Ability) (o Outcome, ok bool) {
	for _, r := range results {
		if r.Kind != kind || r.Engine != engine || r.Ability != ability {
			continue
		}
		switch {
		case r.Outcome == Fail:
			return Fail, true
		case !ok || r.Outcome == Pass:
			o, ok = r.Outcome, true
		}
	}
	return o, ok
}

// Failed returns how many results are failures.
func Failed(results []Result) (n int) {
	for _, r := range results {
		if r.Outcome == Fail {
			n++
		}
	}
	return n
}
