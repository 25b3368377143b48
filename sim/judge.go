package sim

import (
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

// Due is one backup that a policy promised: of a resource, by a rule, at an instant.
type Due struct {
	ResourceARN string    `json:"resource_arn"`
	Plan        string    `json:"plan"`
	Rule        string    `json:"rule"`
	Fire        time.Time `json:"fire"`
}

// Case is what a judge has to know beside the artefacts.
type Case struct {
	// Expected are the resources each rule must take.
	Expected []Expectation
	// Fires returns the instants a rule was due at, in any order.
	Fires func(plan, rule string) []time.Time
	// Ended reports whether the product recorded an end without an artefact (failed,
	// expired, aborted) for something due. Nil: it never did.
	Ended func(Due) bool
}

// Verdict is what the judge found. A sound night has three empty lists.
type Verdict struct {
	// Lost is what was due and has neither an artefact nor a recorded end.
	Lost []Due
	// Unexpected are backups made for a rule that must not take their source.
	Unexpected []Artefact
	// Duplicates are artefacts beyond the first of one job.
	Duplicates []Artefact
}

// Judge compares every artefact ever made (Organization.History, ordered by creation) with
// what was due. A backup counts for a fire when it was truly made from the resource, did
// not fail, is marked with the plan and rule or, where AWS has no tags, with any job, and
// its job was made at the fire or after, but before the next fire.
func Judge(history []Artefact, c Case) Verdict {
	v := Verdict{Duplicates: cloud.Duplicates(history)}
	bySource := map[string][]Artefact{}
	expected := map[Expectation]bool{}
	for _, e := range c.Expected {
		expected[e] = true
	}
	for _, a := range history {
		mark, marked := a.Mark()
		if a.Operation != driver.Backup || !marked {
			continue
		}
		bySource[a.Source] = append(bySource[a.Source], a)
		if mark.Plan != "" && !expected[Expectation{a.Source, mark.Plan, mark.Rule}] {
			v.Unexpected = append(v.Unexpected, a)
		}
	}
	for _, e := range c.Expected {
		v.Lost = append(v.Lost, lost(e, bySource[e.ResourceARN], c)...)
	}
	return v
}

// lost returns the fires of one expectation that nothing came of.
func lost(e Expectation, backups []Artefact, c Case) []Due {
	fires := slices.SortedFunc(slices.Values(c.Fires(e.Plan, e.Rule)), time.Time.Compare)
	var missing []Due
	for n, fire := range fires {
		var next time.Time
		if n+1 < len(fires) {
			next = fires[n+1]
		}
		made := slices.ContainsFunc(backups, func(a Artefact) bool { return madeFor(a, e, fire, next) })
		due := Due{e.ResourceARN, e.Plan, e.Rule, fire}
		if !made && (c.Ended == nil || !c.Ended(due)) {
			missing = append(missing, due)
		}
	}
	return missing
}

// madeFor reports whether a backup is that of a fire; next is the following fire, zero
// for none.
func madeFor(a Artefact, e Expectation, fire, next time.Time) bool {
	mark, _ := a.Mark()
	if a.Failed || mark.Plan != "" && (mark.Plan != e.Plan || mark.Rule != e.Rule) {
		return false
	}
	at := mark.CreatedAt
	if at.IsZero() {
		at = a.CreatedAt
	}
	return !at.Before(fire) && (next.IsZero() || at.Before(next))
}
