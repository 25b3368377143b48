package protection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/policy"
)

// Store is the part of the catalog a survey reads.
type Store interface {
	catalog.Reports
	Resources(ctx context.Context, f catalog.ResourceFilter, yield func(catalog.InventoryItem) error) error
}

// Options say what a survey looks at.
type Options struct {
	Now      time.Time
	From, To time.Time // compliance is measured in [From, To)
}

// Resource is one resource of the inventory and how it is protected.
type Resource struct {
	catalog.InventoryItem
	Rules     []Rule // that take it
	Points    int64  // AVAILABLE, copies too
	Encrypted int64  // of these
	Bytes     int64
	Newest    time.Time // when AWS began the newest; zero without any
	// Places are where the points lie; Elsewhere counts those outside the resource's region
	// or account.
	Places    []catalog.PointPlace
	Elsewhere int64
}

// Rule is a rule that takes a resource, and how it fares.
type Rule struct {
	Plan       *policy.Plan
	Rule       *policy.Rule
	Since      time.Time // when both were first seen
	LastGood   time.Time // what the newest good point holds that is still kept; zero: there is none
	Compliance Compliance
	Standing   Standing

	next  time.Time
	meter *Meter
	open  bool
}

// Age is how old the newest good point is, or how long there has been none.
func (r Rule) Age(now time.Time) time.Duration { return now.Sub(r.newest()) }

func (r Rule) newest() time.Time {
	if r.LastGood.IsZero() {
		return r.Since
	}
	return r.LastGood
}

// Survey looks at every resource that is there, in the order of ARNs.
func Survey(ctx context.Context, store Store, set *policy.Set, opts Options) ([]Resource, error) {
	s := survey{opts: opts, rules: map[string]catalog.RuleState{}, nexts: map[*policy.Rule]time.Time{}}
	states, err := store.Rules(ctx)
	if err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	for _, state := range states {
		s.rules[ruleKey(state.Plan, state.Rule)] = state
	}
	for _, step := range []func() error{
		func() error {
			return store.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error { s.add(set, item); return nil })
		},
		func() error { return store.Places(ctx, func(p catalog.PointPlace) error { s.place(p); return nil }) },
		func() error {
			return store.OpenResources(ctx, func(arn, plan, rule string) error { s.underway(arn, plan, rule); return nil })
		},
		func() error {
			return store.Chains(ctx, opts.From.Add(-s.longest), func(c catalog.Chain) error { s.chain(c); return nil })
		},
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("survey: %w", err)
		}
	}
	s.finish()
	return s.resources, nil
}

// survey is a Survey under way.
type survey struct {
	opts      Options
	rules     map[string]catalog.RuleState
	nexts     map[*policy.Rule]time.Time
	resources []Resource
	longest   time.Duration // of all objectives
	// goods are the chains of one resource and rule, which come one after another.
	goods []Good
	of    *Rule
}

// ruleKey names a rule: case does not count.
func ruleKey(plan, rule string) string { return strings.ToLower(plan) + "\x00" + strings.ToLower(rule) }

// add notes a resource and the rules that take it.
func (s *survey) add(set *policy.Set, item catalog.InventoryItem) {
	item.Settings = nil // of no use here, and large
	r := Resource{InventoryItem: item}
	if set != nil && item.Unsupported == "" {
		for i := range set.Plans {
			plan := &set.Plans[i]
			for j := range plan.Rules {
				if _, ok := plan.SelectsFor(&plan.Rules[j], item.Resource); ok {
					r.Rules = append(r.Rules, s.rule(plan, &plan.Rules[j], item))
				}
			}
		}
	}
	s.resources = append(s.resources, r)
}

func (s *survey) rule(plan *policy.Plan, rule *policy.Rule, item catalog.InventoryItem) Rule {
	state, seen := s.rules[ruleKey(plan.Name, rule.Name)]
	since := state.FirstSeenAt
	if !seen {
		since = s.opts.Now
	}
	if item.FirstSeenAt.After(since) {
		since = item.FirstSeenAt
	}
	next, known := s.nexts[rule]
	if !known {
		next = nextChance(rule, state.LastFireAt, s.opts.Now)
		s.nexts[rule] = next
	}
	s.longest = max(s.longest, rule.RPOObjective)
	r := Rule{Plan: plan, Rule: rule, Since: since, next: next}
	if rule.RPOObjective > 0 {
		r.meter = NewMeter(rule.RPOObjective, since, s.opts.From, s.opts.To)
	}
	return r
}

// nextChance is when the rule's next backups begin: its next fire, or now when one is due
// that has not been planned yet. Zero: never.
func nextChance(rule *policy.Rule, planned, now time.Time) time.Time {
	if !planned.IsZero() {
		if due, ok := rule.Next(planned); ok && !due.After(now) && now.Sub(due) < rule.StartWindow {
			return now
		}
	}
	next, _ := rule.Next(now)
	return next
}

// find returns the resource called arn, nil when it is not in the inventory.
func (s *survey) find(arn string) *Resource {
	i, ok := slices.BinarySearchFunc(s.resources, arn, func(r Resource, arn string) int { return strings.Compare(r.ARN, arn) })
	if !ok {
		return nil
	}
	return &s.resources[i]
}

// findRule returns a rule that takes arn.
func (s *survey) findRule(arn, plan, rule string) *Rule {
	r := s.find(arn)
	if r == nil {
		return nil
	}
	for i := range r.Rules {
		if strings.EqualFold(r.Rules[i].Plan.Name, plan) && strings.EqualFold(r.Rules[i].Rule.Name, rule) {
			return &r.Rules[i]
		}
	}
	return nil
}

func (s *survey) place(p catalog.PointPlace) {
	r := s.find(p.ResourceARN)
	if r == nil {
		return
	}
	r.Places = append(r.Places, p)
	r.Points += p.Points
	r.Encrypted += p.Encrypted
	r.Bytes += p.Bytes
	if p.Newest.After(r.Newest) {
		r.Newest = p.Newest
	}
	if p.Account != r.Account || p.Region != r.Region {
		r.Elsewhere += p.Points
	}
}

func (s *survey) underway(arn, plan, rule string) {
	if r := s.findRule(arn, plan, rule); r != nil {
		r.open = true
	}
}

// chain takes the next chain; the meter of a rule wants them in the order in which they
// became good, so those of one rule are gathered first.
func (s *survey) chain(c catalog.Chain) {
	r := s.findRule(c.ResourceARN, c.Plan, c.Rule)
	if r != s.of {
		s.flush()
		s.of = r
	}
	if r == nil || c.GoodAt.IsZero() {
		return
	}
	if c.Kept && c.At.After(r.LastGood) && !c.GoodAt.After(s.opts.Now) {
		r.LastGood = c.At
	}
	s.goods = append(s.goods, Good{c.At, c.GoodAt})
}

// flush measures the chains that were gathered.
func (s *survey) flush() {
	if s.of != nil && s.of.meter != nil {
		slices.SortFunc(s.goods, func(a, b Good) int { return a.From.Compare(b.From) })
		for _, g := range s.goods {
			s.of.meter.Add(g)
		}
	}
	s.goods = s.goods[:0]
}

// finish closes the meters and says how everything stands now.
func (s *survey) finish() {
	s.flush()
	for i := range s.resources {
		for j := range s.resources[i].Rules {
			r := &s.resources[i].Rules[j]
			if r.meter != nil {
				r.Compliance = r.meter.Result()
			}
			r.Standing = Stand(r.Rule.RPOObjective, r.newest(), s.opts.Now, r.next, r.open)
		}
	}
}
