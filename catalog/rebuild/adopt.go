package rebuild

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/resource"
)

// Found is a marked artefact and where it was seen.
type Found struct {
	driver.Artefact
	Scope  resource.Scope
	Kind   resource.Kind
	Engine driver.Engine
}

// Facts are what adoption knows beside the marks.
type Facts struct {
	Installation string
	Policies     *policy.Set // nil: none
	// Source returns the resource as the inventory has it; ok is false when it has none.
	Source func(arn string) (r resource.Resource, ok bool)
	// Drivers are those of this build; without them no point moves to cold storage.
	Drivers *driver.Registry
}

// Inconsistency is an artefact of ours that cannot be taken over as it is.
type Inconsistency struct {
	Ref     driver.Ref    `json:"ref"`
	JobID   string        `json:"job_id"`
	Kind    resource.Kind `json:"kind"`
	Account string        `json:"account"`
	Region  string        `json:"region"`
	Reason  string        `json:"reason"`
}

// Adoption is what becomes of artefacts. It is decided without any effect.
type Adoption struct {
	Points       []catalog.RecoveryPoint
	Foreign      int // of other installations
	Pending      int // not ready yet
	Inconsistent []Inconsistency
}

// Adopt decides about all artefacts of an installation at once: a copy's chain is found
// among the others.
func Adopt(found []Found, facts Facts) Adoption {
	var a Adoption
	byID := map[string]Found{}
	var ids []string
	for _, f := range found {
		reason := ""
		_, twice := byID[f.Mark.JobID]
		switch {
		case f.Mark.Installation != facts.Installation:
			a.Foreign++
			continue
		case f.State == driver.Pending:
			a.Pending++
			continue
		case f.State == driver.Failed || f.State == driver.Gone:
			reason = "AWS shows it as " + string(f.State)
		case twice:
			reason = "another artefact carries the mark of the same job: " + string(byID[f.Mark.JobID].Point.Ref)
		case f.Mark.SourceARN == "":
			reason = "neither its mark nor AWS says what it was made of"
		}
		if reason != "" {
			a.Inconsistent = append(a.Inconsistent, Inconsistency{f.Point.Ref, f.Mark.JobID, f.Kind, f.Scope.Account, f.Scope.Region, reason})
			continue
		}
		byID[f.Mark.JobID] = f
		ids = append(ids, f.Mark.JobID)
	}
	bySource := map[string][]Found{}
	for _, id := range ids {
		bySource[byID[id].Mark.SourceARN] = append(bySource[byID[id].Mark.SourceARN], byID[id])
	}
	for _, id := range ids {
		a.Points = append(a.Points, facts.point(byID[id], bySource[byID[id].Mark.SourceARN]))
	}
	chain(a.Points)
	return a
}

// point makes the recovery point of f; kin are all artefacts of the same source.
func (facts Facts) point(f Found, kin []Found) catalog.RecoveryPoint {
	source, known := facts.Source(f.Mark.SourceARN)
	if !known {
		source = resource.Resource{ARN: f.Mark.SourceARN, Kind: f.Kind}
		if arn, err := resource.ParseARN(f.Mark.SourceARN); err == nil {
			source.Account, source.Region = arn.Account, arn.Region
		}
	}
	p := catalog.RecoveryPoint{
		ID: f.Mark.JobID, State: catalog.Available, Kind: f.Kind, Engine: f.Engine,
		Partition: f.Scope.Partition, Account: f.Scope.Account, Region: f.Scope.Region,
		ResourceARN: f.Mark.SourceARN, ARN: f.Point.ARN, Ref: f.Point.Ref, Plan: f.Mark.Plan, Rule: f.Mark.Rule, ChainID: f.Mark.JobID,
		CreatedAt: cmpTime(f.Point.CreatedAt, f.Mark.CreatedAt), CompletedAt: cmpTime(f.Point.CreatedAt, f.Mark.CreatedAt), DeleteAt: f.Mark.DeleteAfter,
		SizeBytes: f.Point.SizeBytes, Encrypted: f.Point.Encrypted, KMSKeyID: f.Point.KMSKeyID,
		Source: source, Installation: f.Mark.Installation,
	}
	p.ParentID, p.Vault = facts.parent(p, kin)
	p.Counted, p.Cold = facts.counted(p), f.Point.Cold
	p.ColdAt = facts.coldAt(p)
	return p
}

// cmpTime returns the first that is known.
func cmpTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// rule returns the rule that made p, nil when the policies have it no more.
func (facts Facts) rule(p catalog.RecoveryPoint) *policy.Rule {
	if facts.Policies == nil || p.Plan == "" {
		return nil
	}
	plan := facts.Policies.Plan(p.Plan)
	if plan == nil {
		return nil
	}
	return plan.Rule(p.Rule)
}

// maxHops bounds how many copies follow one backup.
const maxHops = 8

// parent finds the point p is a copy of, and the vault p is in. The id of a copy is derived
// from its parent's, its place and its vault, so that the right ones can be told: only the
// vaults the policies name are tried.
func (facts Facts) parent(p catalog.RecoveryPoint, kin []Found) (parent, vault string) {
	for _, v := range facts.vaults(p) {
		to := catalog.CopySpec{Account: p.Account, Region: p.Region, Vault: v}
		for _, k := range kin {
			for hop := range maxHops {
				if k.Mark.JobID != p.ID && catalog.CopyJobID(k.Mark.JobID, hop+1, to) == p.ID {
					return k.Mark.JobID, v
				}
			}
		}
	}
	if p.Account == p.Source.Account && p.Region == p.Source.Region {
		if rule := facts.rule(p); rule != nil {
			return "", rule.Vault
		}
		return "", ""
	}
	return guessedParent(p, kin), facts.copyVault(p)
}

// vaults lists the names of vaults the plan of p uses, and none.
func (facts Facts) vaults(p catalog.RecoveryPoint) []string {
	names := []string{""}
	if facts.Policies == nil {
		return names
	}
	for _, plan := range facts.Policies.Plans {
		for _, rule := range plan.Rules {
			names = append(names, rule.Vault)
			for _, action := range rule.CopyActions {
				names = append(names, action.Vault)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// copyVault returns the vault of the copy action that goes where p lies.
func (facts Facts) copyVault(p catalog.RecoveryPoint) string {
	rule := facts.rule(p)
	if rule == nil {
		return ""
	}
	for _, action := range rule.CopyActions {
		if to := action.For(p.Source.Account); to.Account == p.Account && to.Region == p.Region {
			return to.Vault
		}
	}
	return ""
}

// guessedParent returns the newest point of the same rule that was there when p was asked
// for, closest to its source; p's own id when there is none: it is a copy all the same, and
// must not be judged by the rule's own retention.
func guessedParent(p catalog.RecoveryPoint, kin []Found) string {
	best := Found{}
	for _, k := range kin {
		home := k.Scope.Account == p.Source.Account && k.Scope.Region == p.Source.Region
		if home && strings.EqualFold(k.Mark.Rule, p.Rule) && !k.Point.CreatedAt.After(p.CreatedAt) && k.Point.CreatedAt.After(best.Point.CreatedAt) {
			best = k
		}
	}
	return cmp.Or(best.Mark.JobID, p.ID)
}

// counted reports whether the rule of p keeps points by count; where the rule is not known
// any more it may have, and the point is kept.
func (facts Facts) counted(p catalog.RecoveryPoint) bool {
	if p.Plan == "" {
		return false
	}
	rule := facts.rule(p)
	if rule == nil {
		return true
	}
	if p.ParentID == "" {
		return rule.Keep().Counts()
	}
	action, ok := actionOf(rule, p)
	return ok && action.Keep().Counts()
}

// actionOf returns the copy action of rule that made the copy p.
func actionOf(rule *policy.Rule, p catalog.RecoveryPoint) (policy.CopyAction, bool) {
	for _, action := range rule.CopyActions {
		if to := action.For(p.Source.Account); to.Account == p.Account && to.Region == p.Region {
			return action, true
		}
	}
	return policy.CopyAction{}, false
}

// coldAt returns when p is to move to cold storage by the rule that is in force, where the
// engine does that.
func (facts Facts) coldAt(p catalog.RecoveryPoint) time.Time {
	rule := facts.rule(p)
	if facts.Drivers == nil || rule == nil || p.Cold {
		return time.Time{}
	}
	lifecycle := rule.Lifecycle
	if p.ParentID != "" {
		action, _ := actionOf(rule, p)
		lifecycle = action.Lifecycle
	}
	d, ok := facts.Drivers.For(p.Kind, p.Engine)
	if !ok || lifecycle.MoveToColdStorageAfterDays == 0 {
		return time.Time{}
	}
	if d := d.Descriptor(); !d.ColdStorage || d.ColdByAWS || d.Archive && !lifecycle.OptInToArchive {
		return time.Time{}
	}
	return p.CreatedAt.AddDate(0, 0, lifecycle.MoveToColdStorageAfterDays)
}

// chain gives every point the id its chain began with.
func chain(points []catalog.RecoveryPoint) {
	at := map[string]int{}
	for i, p := range points {
		at[p.ID] = i
	}
	for i := range points {
		root := points[i]
		for range maxHops {
			up, ok := at[root.ParentID]
			if !ok || root.ParentID == root.ID {
				break
			}
			root = points[up]
		}
		points[i].ChainID = root.ID
	}
}
