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
	cancels // backups in progress
	chills  // moves points to cold storage
)

// Result is the outcome of one check: passed when Skipped is empty and Err is nil.
type Result struct {
	Check   string
	Skipped string // why the check does not apply to this driver
	// Lacking is what the driver cannot do that the check needs, when that is why it was skipped.
	Lacking Ability
	Err     error
}

// Checks returns every check in a fixed order.
func Checks() []Check {
	return slices.Concat(
		descriptorChecks(), listingChecks(), beginChecks(), lookChecks(),
		deleteChecks(), errorChecks(), contextChecks(), markChecks(),
		copyChecks(), accountChecks(), restoreChecks(), momentChecks(), lifecycleChecks(), walkChecks(),
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
	if result.Skipped = h.Facts().Exempt[c.Name]; result.Skipped != "" {
		return result
	}
	if result.Lacking, result.Skipped = c.lacks(w.Driver()); result.Skipped != "" {
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

// lacks says what the driver cannot do that the check needs, and in words; nothing when it can.
func (c Check) lacks(d driver.Driver) (Ability, string) {
	_, copier := d.(driver.Copier)
	_, restorer := d.(driver.Restorer)
	_, canceler := d.(driver.Canceler)
	facts := d.Descriptor()
	switch {
	case c.needs == copies && !copier:
		return CanCopyRegion, "the driver makes no copies"
	case c.needs == copiesAbroad && !(copier && facts.CopyAccount):
		return CanCopyAccount, "the driver makes no copies to another account"
	case (c.needs == restores || c.needs == moments) && !restorer:
		return CanRestore, "the driver restores nothing"
	case c.needs == moments && !facts.PointInTime:
		return "", "the driver restores no moments" // few kinds of AWS have any
	case c.needs == cancels && (!canceler || facts.Steady):
		return CanCancel, "the driver stops no backups"
	case c.needs == chills && !facts.ColdStorage:
		return CanChill, "the driver has no cold storage"
	default:
		return "", ""
	}
}
