package orgpolicy

import (
	"fmt"
	"slices"

	"holdfast/policy"
)

// RootName is the name of the target that is the root of an organization.
const RootName = "root"

// Target is the root of an organization, an organizational unit or an account: what a
// policy can be attached to.
type Target struct {
	Name    string        // unique in the organization: RootName, a unit's name or id, an account's id
	Account string        // the id; empty for the root and units
	Files   []policy.File // the policies, in order of attachment
	Below   []*Target     // the units and accounts directly below
}

// Path returns the targets from the root down to an account; nil when it is not there.
func (t *Target) Path(account string) []*Target {
	if account != "" && t.Account == account {
		return []*Target{t}
	}
	for _, child := range t.Below {
		if path := child.Path(account); path != nil {
			return append([]*Target{t}, path...)
		}
	}
	return nil
}

// Group is the accounts that share an effective policy because the same target is the
// lowest above them, or themselves, that has a policy attached.
type Group struct {
	Target   string   // its name; the root's when no policy is attached anywhere above
	Accounts []string // sorted
	// Effective has its variables, since the accounts differ in them; nil with problems.
	Effective *Effective
	// Problems make the document invalid as a whole. One of a policy that several groups
	// inherit is in each of them.
	Problems []policy.Problem
	Warnings []policy.Problem
}

// Groups computes the effective policy of every account of the organization below root,
// once for each group, in the order of the tree. A group without accounts is there to
// report a policy that cannot be read.
func Groups(root *Target) []Group {
	var g grouper
	g.visit(root, chain{})
	for i := range g.groups {
		slices.Sort(g.groups[i].Accounts)
		g.groups[i].merge(g.chains[i])
	}
	return g.groups
}

// chain is what was read from the root down to a target.
type chain struct {
	levels             []Level
	problems, warnings []policy.Problem
	group              int
}

type grouper struct {
	groups []Group
	chains []chain // of each group
}

func (g *grouper) visit(t *Target, above chain) {
	here := above
	if len(t.Files) > 0 || len(g.groups) == 0 {
		here = above.with(t)
		here.group = len(g.groups)
		g.groups = append(g.groups, Group{Target: t.Name})
		g.chains = append(g.chains, here)
	}
	if t.Account != "" {
		group := &g.groups[here.group]
		group.Accounts = append(group.Accounts, t.Account)
	}
	for _, child := range t.Below {
		g.visit(child, here)
	}
}

// with adds what is attached to t.
func (c chain) with(t *Target) chain {
	level, result := ReadLevel(t.Name, t.Files)
	return chain{
		levels:   append(slices.Clip(c.levels), level),
		problems: append(slices.Clip(c.problems), result.Problems...),
		warnings: append(slices.Clip(c.warnings), result.Warnings...),
	}
}

// ReadLevel reads the backup policies attached to one target, in order of attachment. With
// problems the level is not to be used.
func ReadLevel(target string, files []policy.File) (Level, policy.Result) {
	level, result := readLevel(target, files, Parse)
	if len(files) > MaxAttached {
		result.Problems = append(result.Problems, policy.Problem{File: files[MaxAttached].Name, Message: fmt.Sprintf(
			"one of %d policies of one root, unit or account: at most %d can be attached", len(files), MaxAttached)})
	}
	return level, result
}

// ReadAnyLevel is ReadLevel for policies of any type.
func ReadAnyLevel(target string, files []policy.File) (Level, policy.Result) {
	return readLevel(target, files, ParseAny)
}

func readLevel(target string, files []policy.File, parse func(policy.File) (*Policy, policy.Result)) (Level, policy.Result) {
	level, result := Level{Name: target}, policy.Result{}
	for _, f := range files {
		p, read := parse(f)
		result.Problems = append(result.Problems, read.Problems...)
		result.Warnings = append(result.Warnings, read.Warnings...)
		level.Policies = append(level.Policies, p)
	}
	return level, result
}

// merge computes the group's policy. A document nobody is under may be a part of one.
func (g *Group) merge(c chain) {
	g.Problems, g.Warnings = c.problems, c.warnings
	if len(g.Problems) > 0 || len(g.Accounts) == 0 {
		return
	}
	merged := Merge(c.levels)
	merged.name = g.Target
	found := merged.Check()
	g.Problems = found.Problems()
	g.Warnings = append(slices.Clip(g.Warnings), found.Warnings...)
	if len(g.Problems) == 0 {
		g.Effective = merged
	}
}

// PlansFor returns the plans of an effective document for the accounts of a group.
// The roles of its selections are left out: Holdfast has its own.
func PlansFor(target string, accounts []string, e *Effective) policy.Document {
	doc := e.Document()
	for i := range doc.Plans {
		plan := &doc.Plans[i]
		plan.Target, plan.Accounts = target, slices.Clone(accounts)
		for j := range plan.Selections {
			plan.Selections[j].IAMRoleARN = ""
		}
	}
	return doc
}
