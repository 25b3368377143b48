package cli

import (
	"context"
	"strings"

	"holdfast/catalog"
	"holdfast/scheduler"
)

// fate is what the policy in force wants of a recovery point, and why. Guards and holds
// come on top.
type fate struct {
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
}

// fate asks the configured policies about point.
func (d *desk) fate(ctx context.Context, point catalog.RecoveryPoint) (fate, error) {
	set, err := d.policies(ctx)
	if err != nil {
		return fate{}, err
	}
	var points []catalog.RecoveryPoint
	if point.Plan != "" {
		if points, err = scheduler.RulePoints(ctx, d.store, point.Plan, point.Rule); err != nil {
			return fate{}, err
		}
	}
	decision := scheduler.Keeper{Set: set}.Explain(point, points, d.clock.Now())
	return fate{decision.Keep, decision.Reasons}, nil
}

// String is the fate in one line.
func (f fate) String() string {
	if f.Keep {
		return "kept: " + strings.Join(f.Reasons, "; ")
	}
	return "may go: " + strings.Join(f.Reasons, "; ")
}
