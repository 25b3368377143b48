package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holdfast/driver"
)

// Check is one property of the contract.
type Check struct {
	Name   string // lower case with dashes, stable: exemptions and reports use it
	Proves string // one sentence
	needs  capability
	run    func(ctx context.Context, e *env) error
}

// capability is what a driver must be able to do for a check to mean anything.
type capability int

const (
	anything capability = iota
	copies
	copiesAbroad // to another account
	restores
	moments // restores of them
)

// Result is the outcome of one check: passed when Skipped is empty and Err is nil.
type Result struct {
	Check   string
	Skipped string // why the check does not apply to this driver
	Err     error
}

// Checks returns every check in a fixed order.
func Checks() []Check {
	return slices.Concat(
		descriptorChecks(), listingChecks(), beginChecks(), lookChecks(),
		deleteChecks(), errorChecks(), contextChecks(), markChecks(),
		copyChecks(), accountChecks(), restoreChecks(), momentChecks(), walkChecks(),
	)
}

// Run runs the check in worlds of h. Marks and random choices are a function of seed, so
// a failure comes back with the same seed.
func (c Check) Run(ctx context.Context, h Harness, seed uint64) Result {
	result := Result{Check: c.Name}
	w, err := h.World(ctx)
	if err != nil {
		result.Err = fmt.Errorf("make a world: %w", err)
		return result
	}
	result.Skipped = c.skip(h.Facts(), w.Driver())
	if result.Skipped != "" {
		return result
	}
	result.Err = c.run(ctx, &env{Facts: h.Facts(), harness: h, seed: seed})
	if reason := notApplicable(""); errors.As(result.Err, &reason) {
		result.Skipped, result.Err = string(reason), nil
	}
	return result
}

// notApplicable is what a check returns when the driver's descriptor shows that it means
// nothing for the kind. The text is the reason.
type notApplicable string

// Error returns the reason.
func (n notApplicable) Error() string { return string(n) }

// skip says why the check does not apply, or "".
func (c Check) skip(f Facts, d driver.Driver) string {
	_, copier := d.(driver.Copier)
	_, restorer := d.(driver.Restorer)
	switch {
	case f.Exempt[c.Name] != "":
		return f.Exempt[c.Name]
	case (c.needs == copies || c.needs == copiesAbroad) && !copier:
		return "the driver makes no copies"
	case c.needs == copiesAbroad && !d.Descriptor().CopyAccount:
		return "the driver makes no copies to another account"
	case c.needs == moments && !d.Descriptor().PointInTime:
		return "the driver restores no moments"
	case (c.needs == restores || c.needs == moments) && !restorer:
		return "the driver restores nothing"
	default:
		return ""
	}
}
