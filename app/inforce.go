package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"holdfast/config"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
)

// LastValid has the last valid effective document of each target of an organization, as
// Organizations prints it.
type LastValid map[string]json.RawMessage

// OrganizationGroup is the accounts below one target, and what became of their document.
type OrganizationGroup struct {
	orgpolicy.Group
	// LastValid is set when the document is invalid and the last valid one is in force
	// instead. Without one nothing is.
	LastValid bool
}

// Consequence says what an invalid document leads to.
func (g OrganizationGroup) Consequence() string {
	if g.LastValid {
		return "the last valid document stays in force"
	}
	return "no organization policy is in force for its accounts, since none was valid before"
}

// String says that the group's document is withheld, what that leads to and why.
func (g OrganizationGroup) String() string {
	return fmt.Sprintf("the organization policy of %s (%d accounts) is withheld: %s; %d problems, the first: %s",
		g.Target, len(g.Accounts), g.Consequence(), len(g.Problems), g.Problems[0])
}

// organizationGroups reads the policies of the organization the configuration names.
func organizationGroups(cfg *config.Config) ([]orgpolicy.Group, []policy.Problem, error) {
	dir := cfg.OrganizationDir()
	if dir == "" {
		return nil, nil, nil
	}
	root, problems, err := ReadOrganization(dir)
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return orgpolicy.Groups(root), nil, nil
}

// unplaced warns of listed accounts that are nowhere in the organization: they may be
// taken to be protected.
func unplaced(cfg *config.Config, groups []OrganizationGroup) (warnings []policy.Problem) {
	if len(groups) == 0 {
		return nil
	}
	placed := map[string]bool{}
	for _, g := range groups {
		for _, account := range g.Accounts {
			placed[account] = true
		}
	}
	for _, account := range withoutExcluded(cfg, cfg.AWS.Accounts.IDs) {
		if !placed[account] {
			warnings = append(warnings, policy.Problem{
				File: cfg.OrganizationDir(), Message: "account " + account + " is nowhere in the directory: no organization policy is in force for it",
			})
		}
	}
	return warnings
}

// compile puts files and the documents of groups together. A document that is invalid, or
// that Holdfast cannot carry out, is withheld as a whole; the last valid one takes its
// place as long as it can be carried out.
func (p *Policies) compile(files []policy.File, groups []orgpolicy.Group, last LastValid, caps []policy.Capabilities) {
	for _, g := range groups {
		p.Organization = append(p.Organization, OrganizationGroup{Group: g})
	}
	documents := inForce(p.Organization, last)
	for {
		p.Set, p.Result = policy.CompileAll(files, sources(p.Organization, documents), caps)
		if !p.withhold(documents, last) {
			return
		}
	}
}

// inForce returns the document of each group: its own when it is valid, else the last
// valid one, else none.
func inForce(groups []OrganizationGroup, last LastValid) []*orgpolicy.Effective {
	documents := make([]*orgpolicy.Effective, len(groups))
	for i := range groups {
		if documents[i] = groups[i].Effective; len(groups[i].Problems) > 0 {
			documents[i] = groups[i].fallBack(last)
		}
	}
	return documents
}

// fallBack returns the last valid document of the group's target.
func (g *OrganizationGroup) fallBack(last LastValid) *orgpolicy.Effective {
	data, ok := last[g.Target]
	if !ok {
		return nil
	}
	e, result := orgpolicy.ParseEffective(policy.File{Name: g.Target, Data: data})
	g.LastValid = len(result.Problems) == 0
	return e
}

// sourceName is what problems of a group's document name as the file.
func (g *OrganizationGroup) sourceName() string { return "organization policy of " + g.Target }

// sources returns what is to be compiled. A group without accounts has no part in it: a
// plan that names no accounts is for all of them.
func sources(groups []OrganizationGroup, documents []*orgpolicy.Effective) (list []policy.Source) {
	for i := range groups {
		if documents[i] == nil || documents[i].Empty() || len(groups[i].Accounts) == 0 {
			continue
		}
		list = append(list, policy.Source{
			Name: groups[i].sourceName(), Document: orgpolicy.PlansFor(groups[i].Target, groups[i].Accounts, documents[i]),
		})
	}
	return list
}

// withhold takes what Holdfast cannot carry out from the documents in force, and reports
// whether there was any. What stays in the result is about files.
func (p *Policies) withhold(documents []*orgpolicy.Effective, last LastValid) (any bool) {
	for i := range p.Organization {
		g := &p.Organization[i]
		mine := func(found policy.Problem) bool { return found.File == g.sourceName() }
		found := slices.DeleteFunc(slices.Clone(p.Result.Problems), func(found policy.Problem) bool { return !mine(found) })
		if len(found) == 0 {
			continue
		}
		any = true
		own := len(g.Problems) == 0
		g.Problems = append(slices.Clip(g.Problems), found...)
		g.LastValid, documents[i] = false, nil
		if own {
			documents[i] = g.fallBack(last)
		}
	}
	return any
}

// remember returns the last valid documents from now on: those in force that are valid,
// and of what is withheld those there were. Targets without a policy are forgotten.
func (p Policies) remember(last LastValid) LastValid {
	now := LastValid{}
	for _, g := range p.Organization {
		before, was := last[g.Target]
		switch {
		case len(g.Problems) > 0 && was:
			now[g.Target] = before
		case len(g.Problems) == 0 && g.Effective != nil:
			now[g.Target] = g.Effective.JSON()
		}
	}
	return now
}

func (v LastValid) equal(other LastValid) bool {
	return maps.EqualFunc(v, other, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}
