package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/policy"
	"holdfast/resource"
)

// Options are what a preview needs beside the policies.
type Options struct {
	At    time.Time
	Limit int // entries a list may have
	// Capabilities are what the enabled kinds can do.
	Capabilities []policy.Capabilities
	// Detours returns the ways of the copies a rule makes of a resource that need more than
	// one step; of what it returns Steps and When are taken. Nil: there are none.
	Detours func(policy.Rule, resource.Resource) []Detour
}

// Builder gathers a Report, one resource after another.
type Builder struct {
	set     *policy.Set
	options Options
	caps    map[resource.Kind]policy.Capabilities
	rules   []*rule
	report  Report
	// parts are the taken resources that a container holds, by the container's ARN.
	parts      map[string][]part
	impossible map[string]*Impossible
	detours    map[string]*Detour
}

// rule is one rule with what is worked out once for all resources.
type rule struct {
	plan   *policy.Plan
	rule   *policy.Rule
	asks   []policy.Ask
	report Rule
	// overlaps has, for later rules of the same plan by their place in it, when both run
	// in one start window; zero: never.
	overlaps []time.Time
}

func (r *rule) name() RuleName { return RuleName{r.plan.Name, r.rule.Name} }

type part struct {
	resource resource.Resource
	by       []RuleName
}

// New returns a Builder for the rules of set.
func New(set *policy.Set, options Options) *Builder {
	b := &Builder{
		set: set, options: options, caps: map[resource.Kind]policy.Capabilities{},
		parts: map[string][]part{}, impossible: map[string]*Impossible{}, detours: map[string]*Detour{},
	}
	for _, c := range options.Capabilities {
		b.caps[c.Kind] = c
	}
	for i := range set.Plans {
		plan := &set.Plans[i]
		for j := range plan.Rules {
			r := &rule{plan: plan, rule: &plan.Rules[j], asks: policy.Asks(set, plan.Rules[j])}
			r.report = Rule{RuleName: r.name(), Takes: Findings[Taken]{List: []Taken{}}}
			if next, ok := r.rule.Next(options.At); ok {
				r.report.Next = &next
			}
			for k := range plan.Rules[:j] {
				r.overlaps = append(r.overlaps, overlap(&plan.Rules[k], r.rule, options.At))
			}
			b.rules = append(b.rules, r)
		}
	}
	b.report = Report{At: options.At}
	return b
}

// AddPart notes that r is held by containers, ARNs of other resources. All parts come
// before the first Add.
func (b *Builder) AddPart(r resource.Resource, containers []string) {
	taken := b.taken(r)
	if len(taken) == 0 || len(containers) == 0 {
		return
	}
	p := part{resource: resource.Resource{ARN: r.ARN, Kind: r.Kind}, by: names(taken)}
	for _, arn := range containers {
		b.parts[arn] = append(b.parts[arn], p)
	}
}

// Add looks at one resource of the inventory.
func (b *Builder) Add(r resource.Resource) {
	b.report.Resources++
	taken := b.taken(r)
	if len(taken) == 0 {
		b.report.None.add(b.options.Limit, func() Untaken { return Untaken{r.ARN, r.Kind, b.whyNot(r)} })
		return
	}
	for _, t := range taken {
		t.report.Takes.add(b.options.Limit, func() Taken { return b.explain(t, r) })
		b.check(t, r)
		b.detour(t, r)
	}
	b.twice(taken, r)
	for _, p := range b.parts[r.ARN] {
		b.report.Twice.add(b.options.Limit, func() Twice {
			return Twice{p.resource.ARN, p.resource.Kind, InContainer, p.by, "it is backed up with " + r.ARN + " too, by " + listed(names(taken))}
		})
	}
}

// taken returns the rules that back r up.
func (b *Builder) taken(r resource.Resource) (taken []*rule) {
	if _, enabled := b.caps[r.Kind]; r.Unsupported != "" || !enabled {
		return nil
	}
	for _, candidate := range b.rules {
		if _, ok := candidate.plan.SelectsFor(candidate.rule, r); ok {
			taken = append(taken, candidate)
		}
	}
	return taken
}

func (b *Builder) whyNot(r resource.Resource) string {
	_, enabled := b.caps[r.Kind]
	switch {
	case r.Unsupported != "":
		return "it cannot be backed up: " + r.Unsupported
	case !enabled:
		return fmt.Sprintf("kind %s is not enabled", r.Kind)
	}
	return "no selection of any plan matches it"
}

func (b *Builder) explain(t *rule, r resource.Resource) Taken {
	name, _ := t.plan.SelectsFor(t.rule, r)
	out := Taken{ARN: r.ARN, Kind: r.Kind, Selection: name}
	for i := range t.plan.Selections {
		if t.plan.Selections[i].Name == name {
			_, out.Why = t.plan.Selections[i].Explain(r)
		}
	}
	return out
}

// check asks whether the rule can be carried out for r. Findings are gathered by kind and
// place: a rule has them for every resource there.
func (b *Builder) check(t *rule, r resource.Resource) {
	caps := b.caps[r.Kind]
	for i := range t.asks {
		ask := &t.asks[i]
		if ask.Met(caps, r) {
			continue
		}
		key := strings.Join([]string{t.plan.Name, t.rule.Name, ask.Path, ask.What, string(r.Kind), r.Account, r.Region}, "\x00")
		if found := b.impossible[key]; found != nil {
			found.Resources++
			continue
		}
		b.impossible[key] = &Impossible{
			RuleName: t.name(), Kind: r.Kind, Account: r.Account, Region: r.Region,
			Path: ask.Path, Message: ask.Explain(caps, r), Resources: 1, Example: r.ARN,
		}
	}
}

// detour gathers the ways of copies by kind and place.
func (b *Builder) detour(t *rule, r resource.Resource) {
	if b.options.Detours == nil {
		return
	}
	for _, d := range b.options.Detours(*t.rule, r) {
		d.RuleName, d.Kind, d.Account, d.Region = t.name(), r.Kind, r.Account, r.Region
		key := strings.Join(append([]string{d.Plan, d.Rule, string(d.Kind), d.Account, d.Region, d.When}, d.Steps...), "\x00")
		found := b.detours[key]
		if found == nil {
			found = &d
			b.detours[key] = found
		}
		found.Resources++
	}
}

// twice finds rules that do the same work on r.
func (b *Builder) twice(taken []*rule, r resource.Resource) {
	if i := slices.IndexFunc(taken, func(t *rule) bool { return t.plan != taken[0].plan }); i > 0 {
		b.report.Twice.add(b.options.Limit, func() Twice {
			return Twice{r.ARN, r.Kind, TwoPlans, names(taken), "plans " + taken[0].plan.Name + " and " + taken[i].plan.Name + " both take it"}
		})
	}
	for j, later := range taken {
		for _, earlier := range taken[:j] {
			at := b.together(earlier, later)
			if at.IsZero() {
				continue
			}
			b.report.Twice.add(b.options.Limit, func() Twice {
				return Twice{
					r.ARN, r.Kind, OneWindow, names([]*rule{earlier, later}),
					"both run in one start window, next on " + at.UTC().Format(time.RFC3339),
				}
			})
		}
	}
}

// together returns when two rules of one plan run in one start window; zero: never, or
// they are of two plans.
func (b *Builder) together(earlier, later *rule) time.Time {
	if earlier.plan != later.plan {
		return time.Time{}
	}
	for k := range earlier.plan.Rules {
		if &earlier.plan.Rules[k] == earlier.rule && k < len(later.overlaps) {
			return later.overlaps[k]
		}
	}
	return time.Time{}
}

// Report returns what was found.
func (b *Builder) Report() Report {
	out := b.report
	out.Rules = make([]Rule, len(b.rules))
	for i, r := range b.rules {
		out.Rules[i] = r.report
	}
	var all []Impossible
	for _, found := range b.impossible {
		all = append(all, *found)
	}
	slices.SortFunc(all, func(x, y Impossible) int {
		return cmp.Or(cmp.Compare(x.Plan, y.Plan), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Path, y.Path),
			cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Message, y.Message))
	})
	out.Impossible = Findings[Impossible]{Count: len(all), List: append([]Impossible{}, all[:min(len(all), b.options.Limit)]...)}
	out.Detours = Findings[Detour]{Count: len(b.detours), List: []Detour{}}
	for _, key := range slices.Sorted(maps.Keys(b.detours))[:min(len(b.detours), b.options.Limit)] {
		out.Detours.List = append(out.Detours.List, *b.detours[key])
	}
	out.Twice.List = append([]Twice{}, out.Twice.List...)
	out.None.List = append([]Untaken{}, out.None.List...)
	out.Wrong = out.Twice.Count + out.None.Count + out.Impossible.Count
	return out
}

// overlapRuns and overlapSpan bound the search for runs of two rules in one window: two
// years see every yearly rule twice.
const (
	overlapRuns = 5000
	overlapSpan = 2 * 366 * 24 * time.Hour
)

// overlap returns the first moment after from at which one of two rules runs while the
// start window of the other's last run is open; zero when there is none within the span.
func overlap(a, b *policy.Rule, from time.Time) time.Time {
	nextA, okA := a.Next(from)
	nextB, okB := b.Next(from)
	for range overlapRuns {
		if !okA || !okB || min(nextA.Sub(from), nextB.Sub(from)) > overlapSpan {
			return time.Time{}
		}
		switch gap := nextB.Sub(nextA); {
		case gap >= 0 && gap < a.StartWindow:
			return nextB
		case gap < 0 && -gap < b.StartWindow:
			return nextA
		case gap > 0:
			nextA, okA = a.Next(nextA)
		default:
			nextB, okB = b.Next(nextB)
		}
	}
	return time.Time{}
}

func names(rules []*rule) []RuleName {
	out := make([]RuleName, len(rules))
	for i, r := range rules {
		out[i] = r.name()
	}
	return out
}

func listed(names []RuleName) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = n.Plan + "/" + n.Rule
	}
	return strings.Join(parts, ", ")
}
