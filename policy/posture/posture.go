// Package posture says how well a resource is protected: which rules take it and why,
// how old its newest good point is, and by how much a recovery point objective is missed.
// It is pure: policies, resources, points and the time come in.
package posture

import (
	"time"

	"holdfast/policy"
	"holdfast/resource"
)

// Status sums up how well a resource is protected.
type Status string

// The statuses, worst first.
const (
	Never       Status = "never"       // a rule takes it and there is no good point yet
	Missed      Status = "missed"      // its newest good point is older than its objective
	Unprotected Status = "unprotected" // no rule takes it
	Unsupported Status = "unsupported" // it cannot be backed up as it is
	Met         Status = "met"         // its newest good point is young enough
)

// Statuses returns every status, worst first.
func Statuses() []Status { return []Status{Never, Missed, Unprotected, Unsupported, Met} }

// Points is what there is to restore a resource from.
type Points struct {
	Count    int
	Last     time.Time // when the newest good point was begun; zero without one
	LastCopy time.Time // the same of copies
}

// Taker is a rule that takes a resource.
type Taker struct {
	Plan, Rule string
	Selection  string
	// Objective is the longest time between two good points; Stated is false when it comes
	// from the schedule, because the rule has no objective of its own.
	Objective time.Duration
	Stated    bool
	// Age is how old what counts for the objective is: the newest point, or the newest copy
	// where the rule asks for copies.
	Age    time.Duration
	Copies bool
}

// Late returns by how much the objective is missed; 0 when it is met.
func (t Taker) Late() time.Duration { return max(t.Age-t.Objective, 0) }

// Judgement is how well one resource is protected.
type Judgement struct {
	Status Status
	Takers []Taker
	// Worst is the index in Takers of the rule that is missed most, or nearest to it; -1
	// without rules.
	Worst int
}

// Late returns by how much the worst objective is missed.
func (j Judgement) Late() time.Duration {
	if j.Worst < 0 {
		return 0
	}
	return j.Takers[j.Worst].Late()
}

// Judge looks at resources for one set of policies at one time. Make one with New.
type Judge struct {
	set   *policy.Set
	now   time.Time
	rules map[*policy.Rule]objective
}

// objective is what a rule promises.
type objective struct {
	within time.Duration
	stated bool
}

// New returns a Judge. A nil set takes nothing.
func New(set *policy.Set, now time.Time) *Judge {
	j := &Judge{set: set, now: now, rules: map[*policy.Rule]objective{}}
	if set == nil {
		j.set = &policy.Set{}
	}
	for p := range j.set.Plans {
		for r := range j.set.Plans[p].Rules {
			rule := &j.set.Plans[p].Rules[r]
			j.rules[rule] = objectiveOf(rule, now)
		}
	}
	return j
}

// gaps is how many runs ahead say how far apart a rule's runs are.
const gaps = 8

// objectiveOf returns the rule's own objective, else what its schedule amounts to: the
// longest time between two runs that come, and the window in which a run may begin.
func objectiveOf(rule *policy.Rule, now time.Time) objective {
	if rule.RPOObjective > 0 {
		return objective{rule.RPOObjective, true}
	}
	var longest time.Duration
	last, ok := rule.Next(now)
	for range gaps {
		if !ok {
			break
		}
		var next time.Time
		if next, ok = rule.Next(last); ok {
			longest = max(longest, next.Sub(last))
			last = next
		}
	}
	if longest == 0 {
		return objective{} // it never runs again: nothing is promised
	}
	return objective{longest + rule.StartWindow, false}
}

// Look judges one resource.
func (j *Judge) Look(r resource.Resource, points Points) Judgement {
	judgement := Judgement{Worst: -1}
	for p := range j.set.Plans {
		plan := &j.set.Plans[p]
		for i := range plan.Rules {
			rule := &plan.Rules[i]
			selection, ok := plan.SelectsFor(rule, r)
			if !ok {
				continue
			}
			judgement.add(j.taker(plan, rule, selection, points))
		}
	}
	judgement.Status = judgement.status(r, points)
	return judgement
}

func (j *Judge) taker(plan *policy.Plan, rule *policy.Rule, selection string, points Points) Taker {
	o := j.rules[rule]
	t := Taker{
		Plan: plan.Name, Rule: rule.Name, Selection: selection,
		Objective: o.within, Stated: o.stated, Copies: len(rule.CopyActions) > 0,
	}
	at := points.Last
	if t.Copies && !points.LastCopy.IsZero() && points.LastCopy.Before(at) {
		at = points.LastCopy
	}
	if !at.IsZero() {
		t.Age = j.now.Sub(at)
	}
	if o.within == 0 {
		t.Objective = t.Age // nothing is promised, so nothing is missed
	}
	return t
}

// add keeps the index of the rule that is missed most.
func (j *Judgement) add(t Taker) {
	j.Takers = append(j.Takers, t)
	if j.Worst < 0 || t.Age-t.Objective > j.Takers[j.Worst].Age-j.Takers[j.Worst].Objective {
		j.Worst = len(j.Takers) - 1
	}
}

func (j *Judgement) status(r resource.Resource, points Points) Status {
	switch {
	case r.Unsupported != "":
		return Unsupported
	case len(j.Takers) == 0:
		return Unprotected
	case points.Last.IsZero():
		return Never
	case j.Late() > 0:
		return Missed
	default:
		return Met
	}
}

// Reason is why a plan takes a resource or not.
type Reason struct {
	Plan, Rule, Selection string
	Taken                 bool
	Text                  string
}

// Explain says of every rule whether it takes r, and which selection or limit decided.
func Explain(set *policy.Set, r resource.Resource) (reasons []Reason) {
	if set == nil {
		return nil
	}
	for p := range set.Plans {
		plan := &set.Plans[p]
		for i := range plan.Rules {
			reasons = append(reasons, explain(plan, &plan.Rules[i], r))
		}
	}
	return reasons
}

func explain(plan *policy.Plan, rule *policy.Rule, r resource.Resource) Reason {
	reason := Reason{Plan: plan.Name, Rule: rule.Name}
	if !plan.Covers(r.Account, r.Region) {
		reason.Text = "the plan is not for " + r.Account + " in " + r.Region
		return reason
	}
	for i := range plan.Selections {
		s := &plan.Selections[i]
		if !rule.Uses(s.Name) {
			continue
		}
		taken, text := s.Explain(r)
		if reason.Text == "" || taken {
			reason.Taken, reason.Selection, reason.Text = taken, s.Name, text
		}
		if taken {
			return reason
		}
	}
	if reason.Text == "" {
		reason.Text = "the rule has no selection"
	}
	return reason
}
