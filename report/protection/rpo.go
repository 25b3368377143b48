// Package protection tells how well resources are protected: by rules, points and copies,
// and against the recovery point objectives of their rules. What it decides it decides
// from data and the time it is given; Survey alone reads the catalog.
package protection

import (
	"time"
)

// Good is a backup that can be restored, with all the copies its rule asks for.
type Good struct {
	At   time.Time // what it holds: when AWS began the backup
	From time.Time // since when it can be restored at the last copy
}

// Compliance is how much of a time the newest good point was no older than an objective.
type Compliance struct {
	Measured time.Duration
	Within   time.Duration
}

// Share is the part of the time within the objective, 1 when nothing was measured.
func (c Compliance) Share() float64 {
	if c.Measured <= 0 {
		return 1
	}
	return float64(c.Within) / float64(c.Measured)
}

// BudgetLeft is the part of the error budget that is left: the budget is what a target
// share (0.99) allows to be outside the objective. 1 is all of it, 0 none; below 0 it is
// overspent, -1 by as much again. A target of 1 has no budget: what is left is 1 or -1.
func (c Compliance) BudgetLeft(target float64) float64 {
	outside := float64(c.Measured - c.Within)
	budget := (1 - target) * float64(c.Measured)
	switch {
	case outside <= 0:
		return 1
	case budget <= 0:
		return -1
	}
	return max(1-outside/budget, -99)
}

// Add sums two compliances.
func (c Compliance) Add(other Compliance) Compliance {
	return Compliance{c.Measured + other.Measured, c.Within + other.Within}
}

// Meter measures one resource against the objective of one rule over a period. Add takes
// what was good in the order of From; Result may be asked once.
type Meter struct {
	objective time.Duration
	at, to    time.Time
	newest    time.Time // what could be restored at that moment
	sum       Compliance
}

// NewMeter measures [from, to). since is when the resource and the rule were both first
// seen: nothing is measured before, and until there is a good point age is counted from
// then, so that a new resource has as long as the objective says.
func NewMeter(objective time.Duration, since, from, to time.Time) *Meter {
	m := &Meter{objective: objective, at: from, to: to, newest: since}
	if since.After(from) {
		m.at = since
	}
	return m
}

// Add takes the next good point.
func (m *Meter) Add(g Good) {
	if g.From.After(m.at) {
		m.until(g.From)
	}
	if g.At.After(m.newest) {
		m.newest = g.At
	}
}

// until measures from where the meter is to at.
func (m *Meter) until(at time.Time) {
	if at.After(m.to) {
		at = m.to
	}
	if !at.After(m.at) {
		return
	}
	m.sum.Measured += at.Sub(m.at)
	if limit := m.newest.Add(m.objective); limit.After(m.at) {
		m.sum.Within += min(limit.Sub(m.at), at.Sub(m.at))
	}
	m.at = at
}

// Result returns what was measured up to the end of the period.
func (m *Meter) Result() Compliance {
	m.until(m.to)
	return m.sum
}

// Standing is how a resource stands against an objective now.
type Standing string

// The standings.
const (
	NoObjective Standing = "none"     // the rule has no objective
	Within      Standing = "within"   // the newest good point is young enough
	AtRisk      Standing = "at_risk"  // it is, and will not be before the next backup begins
	Breached    Standing = "breached" // it is too old, or there is none in time
)

// Stand says how things stand at now. newest is what the newest good point holds, or since
// when there should have been one. next is when the rule fires next, zero for never;
// underway is whether a backup or copy of the rule has not ended.
func Stand(objective time.Duration, newest, now, next time.Time, underway bool) Standing {
	if objective <= 0 {
		return NoObjective
	}
	limit := newest.Add(objective)
	switch {
	case now.After(limit):
		return Breached
	case underway || !next.IsZero() && !next.After(limit):
		return Within
	}
	return AtRisk
}
