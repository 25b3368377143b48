package cli

import (
	"context"

	"holdfast/app"
	"holdfast/policy"
)

// policies compiles the configured policies and warns of what is withheld.
func (d *desk) policies(ctx context.Context) (*policy.Set, error) {
	last, err := d.store.LastValidPolicies(ctx)
	if err != nil {
		return nil, err
	}
	policies, err := app.LoadPolicies(d.cfg, d.drivers, last)
	if err != nil {
		return nil, err
	}
	if len(policies.Result.Problems) > 0 {
		return nil, policyProblems(policies.Result.Problems)
	}
	for _, g := range policies.Withheld() {
		d.withheld = append(d.withheld, g.String())
		writeLine(d.env.Stderr, "holdfast: warning: %s", g)
	}
	return policies.Set, nil
}

// namedPolicies compiles the files given, those of the configuration when there are none.
func (d *desk) namedPolicies(ctx context.Context, names []string) (*policy.Set, error) {
	if len(names) == 0 {
		return d.policies(ctx)
	}
	return d.compiled(names)
}

func (d *desk) compiled(names []string) (*policy.Set, error) {
	files, err := app.ReadPolicies(names)
	if err != nil {
		return nil, badInput("%w", err)
	}
	set, result := policy.Compile(files, app.Capabilities(d.drivers))
	if len(result.Problems) > 0 {
		return nil, policyProblems(result.Problems)
	}
	return set, nil
}
