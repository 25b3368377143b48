package preview

import (
	"time"

	"holdfast/resource"
)

// Report is what policies would do. Lists are cut at Options.Limit entries; the counts
// are complete.
type Report struct {
	At        time.Time `json:"at"`
	Resources int       `json:"resources"` // looked at
	Rules     []Rule    `json:"rules"`
	// Twice are resources that are backed up more often than somebody may have meant.
	Twice Findings[Twice] `json:"taken_twice"`
	// None are resources no rule backs up.
	None Findings[Untaken] `json:"taken_by_none"`
	// Impossible are rules that cannot be carried out as they are for resources they take.
	Impossible Findings[Impossible] `json:"cannot_be_carried_out"`
	Wrong      int                  `json:"wrong"` // all findings together
	// Detours are copies that need others in between; they are no findings.
	Detours Findings[Detour] `json:"copies_in_between"`
	// Withheld says which groups of accounts have an invalid organization policy; the caller
	// fills it in.
	Withheld []string `json:"withheld,omitempty"`
}

// Findings is a list that may have been cut.
type Findings[T any] struct {
	Count int `json:"count"`
	List  []T `json:"list"`
}

func (f *Findings[T]) add(limit int, make func() T) {
	f.Count++
	if len(f.List) < limit {
		f.List = append(f.List, make())
	}
}

// RuleName names a rule in its plan.
type RuleName struct {
	Plan string `json:"plan"`
	Rule string `json:"rule"`
}

// Rule is what one rule takes.
type Rule struct {
	RuleName
	Next  *time.Time      `json:"next"` // the first run after Report.At; null when there is none
	Takes Findings[Taken] `json:"takes"`
}

// Taken is a resource a rule backs up.
type Taken struct {
	ARN       string        `json:"arn"`
	Kind      resource.Kind `json:"kind"`
	Selection string        `json:"selection"`
	Why       string        `json:"why"`
}

// The reasons why a resource counts as taken twice.
const (
	TwoPlans    = "two_plans"    // two plans take it
	OneWindow   = "one_window"   // two rules of a plan run in one start window
	InContainer = "in_container" // another resource that is taken holds it, as an instance its volume
)

// Twice is a resource that is taken twice.
type Twice struct {
	ARN    string        `json:"arn"`
	Kind   resource.Kind `json:"kind"`
	Reason string        `json:"reason"`
	By     []RuleName    `json:"by"`
	Detail string        `json:"detail"`
}

// Untaken is a resource no rule backs up.
type Untaken struct {
	ARN  string        `json:"arn"`
	Kind resource.Kind `json:"kind"`
	Why  string        `json:"why"`
}

// Impossible is what a rule asks and cannot get for resources of one kind in one place.
type Impossible struct {
	RuleName
	Kind      resource.Kind `json:"kind"`
	Account   string        `json:"account"`
	Region    string        `json:"region"`
	Path      string        `json:"path"` // of the setting, inside the rule
	Message   string        `json:"message"`
	Resources int           `json:"resources"` // how many are concerned
	Example   string        `json:"example"`   // one of them
}

// Detour is the way of the copies of a rule that do not get from one place to another in
// one step.
type Detour struct {
	RuleName
	Kind      resource.Kind `json:"kind"`
	Account   string        `json:"account"`
	Region    string        `json:"region"`
	Steps     []string      `json:"steps"`          // the places in order, and what is done there
	When      string        `json:"when,omitempty"` // which recovery points go this way; empty: all
	Resources int           `json:"resources"`      // how many are concerned
}
