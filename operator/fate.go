package operator

import (
	"context"
	"strings"

	"holdfast/catalog"
	"holdfast/scheduler"
)

// Fate is what the policy in force wants of a recovery point, and why. Guards and holds
// come on top.
type Fate struct {
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
}

// FateOf asks the policies in force about point.
func (o *Office) FateOf(ctx context.Context, point catalog.RecoveryPoint) (Fate, error) {
	set, err := o.Policies(ctx)
	if err != nil {
		return Fate{}, err
	}
	var points []catalog.RecoveryPoint
	if point.Plan != "" {
		if points, err = scheduler.RulePoints(ctx, o.Store, point.Plan, point.Rule); err != nil {
			return Fate{}, err
		}
	}
	decision := scheduler.Keeper{Set: set}.Explain(point, points, o.Clock.Now())
	return Fate{decision.Keep, decision.Reasons}, nil
}

// String is the fate in one line.
func (f Fate) String() string {
	if f.Keep {
		return "kept: " + strings.Join(f.Reasons, "; ")
	}
	return "may go: " + strings.Join(f.Reasons, "; ")
}
