package difference

import (
	"slices"
	"strings"

	"holdfast/policy"
	"holdfast/resource"
)

// ResourceChange is a resource that other rules take than before.
type ResourceChange struct {
	ARN    string        `json:"arn"`
	Kind   resource.Kind `json:"kind"`
	Gained []string      `json:"gained"` // plan/rule
	Lost   []string      `json:"lost"`
	// Unprotected: no rule takes it any more.
	Unprotected bool `json:"unprotected"`
}

// Resource compares what two policies do to r; changed is false when it is the same.
func Resource(before, after *policy.Set, r resource.Resource) (change ResourceChange, changed bool) {
	if r.Unsupported != "" {
		return change, false
	}
	old, now := takenBy(before, r), takenBy(after, r)
	change = ResourceChange{ARN: r.ARN, Kind: r.Kind, Gained: without(now, old), Lost: without(old, now), Unprotected: len(now) == 0}
	return change, len(change.Gained)+len(change.Lost) > 0
}

func takenBy(set *policy.Set, r resource.Resource) (names []string) {
	eachRule(set, func(p *policy.Plan, rule *policy.Rule) {
		if _, ok := p.SelectsFor(rule, r); ok {
			names = append(names, p.Name+"/"+rule.Name)
		}
	})
	return names
}

// without returns the names of list that other does not have, whatever the case.
func without(list, other []string) []string {
	out := []string{}
	for _, name := range list {
		if !slices.ContainsFunc(other, func(o string) bool { return strings.EqualFold(o, name) }) {
			out = append(out, name)
		}
	}
	return out
}
