package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast/catalog"
	"holdfast/report/protection"
)

// Protection is the kind of the report on what is protected.
const Protection Kind = "protection"

// maxFindings is how many findings a report lists.
const maxFindings = 50_000

// The findings of the protection report, worst first.
const (
	findingUnsupported = "unsupported"
	findingNoRule      = "no_rule"
	findingNoPoint     = "no_point"
	findingNoCopy      = "no_copy"
)

func protectionKind() Description {
	return Description{
		Kind: Protection, Title: "Protection", Grouped: true, Present: true,
		Doc: "Which resources have no recovery point, no copy in another region or account, or no rule.",
		Tables: []Table{
			{Name: "groups", Title: "Protection by group", Columns: []Column{
				{"group", Text, "what --by groups by; `-` is none"},
				{"resources", Count, "resources in the inventory"},
				{"protected", Count, "with a rule and a recovery point, and with a copy if a rule asks for one"},
				{"share", Share, "of all resources, those that are protected"},
				{"no_rule", Count, "no rule takes it"},
				{"no_point", Count, "no recovery point can be restored"},
				{"no_copy", Count, "there are points, but none in another region or account"},
				{"unsupported", Count, "AWS or Holdfast cannot back it up"},
				{"bytes", Bytes, "size of the recovery points, copies too"},
			}},
			{Name: "findings", Title: "What is not protected", Columns: []Column{
				{"resource", Text, "ARN of the resource"},
				{"kind", Text, "its kind"},
				{"account", Text, "its account"},
				{"region", Text, "its region"},
				{"group", Text, "the group it is in"},
				{"finding", Outcome, "`no_rule`, `no_point`, `no_copy` or `unsupported`; a resource may have several"},
				{"reason", Text, "why, and what to do"},
				{"points", Count, "recovery points that can be restored"},
				{"newest", Time, "when AWS began the newest of them"},
			}},
		},
	}
}

// finding is one thing that is wrong with a resource.
type finding struct {
	what, reason string
	missed       bool // a rule asks for it, or everybody needs it
}

// findings says what is wrong with r.
func findingsOf(r protection.Resource) (all []finding) {
	if r.Unsupported != "" {
		return []finding{{findingUnsupported, "it cannot be backed up: " + r.Unsupported, true}}
	}
	if len(r.Rules) == 0 {
		all = append(all, finding{findingNoRule, "no selection of any plan takes it: tag it, or add it to a selection", true})
	}
	if r.Points == 0 {
		reason := "there is no recovery point: back it up with `holdfast backup`, or give it a rule"
		if len(r.Rules) > 0 {
			reason = "there is no recovery point yet: see `holdfast jobs list --resource`"
		}
		return append(all, finding{findingNoPoint, reason, true})
	}
	if r.Elsewhere == 0 {
		asked := slices.IndexFunc(r.Rules, func(rule protection.Rule) bool { return len(rule.Rule.CopyActions) > 0 })
		if asked >= 0 {
			rule := r.Rules[asked]
			all = append(all, finding{findingNoCopy, fmt.Sprintf("rule %s of plan %s asks for copies, but there is none in another region or account", rule.Rule.Name, rule.Plan.Name), true})
		} else {
			all = append(all, finding{findingNoCopy, "all points are in its own region and account, and no rule asks for a copy", false})
		}
	}
	return all
}

// protectedGroup counts a group's resources.
type protectedGroup struct {
	name                string
	resources, fine     int64
	bytes               int64
	byFinding           map[string]int64
	within, risk, worse int64 // standings, for the RPO report
	compliance          protection.Compliance
}

// groupsOf returns the groups r belongs to: the plans of its rules, or one.
func groupsOf(g catalog.Grouping, r protection.Resource) []string {
	switch g.By {
	case catalog.ByAccount:
		return []string{r.Account}
	case catalog.ByUnit:
		return []string{orDash(g.Units[r.Account])}
	case catalog.ByTag:
		return []string{orDash(r.Tags[g.Tag])}
	case catalog.ByPlan:
		var plans []string
		for _, rule := range r.Rules {
			plans = append(plans, rule.Plan.Name)
		}
		slices.Sort(plans)
		if plans = slices.Compact(plans); len(plans) > 0 {
			return plans
		}
	}
	return []string{"-"}
}

// groupTable finds groups by name.
type groupTable map[string]*protectedGroup

func (t groupTable) get(name string) *protectedGroup {
	if t[name] == nil {
		t[name] = &protectedGroup{name: name, byFinding: map[string]int64{}}
	}
	return t[name]
}

func (t groupTable) sorted() []*protectedGroup {
	var all []*protectedGroup
	for _, g := range t {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *protectedGroup) int { return strings.Compare(a.name, b.name) })
	return all
}

// note counts r with what is wrong with it.
func (g *protectedGroup) note(r protection.Resource, found []finding) {
	g.resources++
	g.bytes += r.Bytes
	missed := false
	for _, f := range found {
		g.byFinding[f.what]++
		missed = missed || f.missed
	}
	if !missed {
		g.fine++
	}
}

func makeProtection(ctx context.Context, src Source, req Request, r *Report) error {
	resources, err := protection.Survey(ctx, src.Store, src.Policies, protection.Options{Now: src.Now, From: src.Now, To: src.Now})
	if err != nil {
		return err
	}
	groups, total := groupTable{}, groupTable{}.get("")
	var rows [][]any
	left := 0
	for _, one := range resources {
		found := findingsOf(one)
		total.note(one, found)
		in := groupsOf(req.Grouping, one)
		for _, name := range in {
			groups.get(name).note(one, found)
		}
		for _, f := range found {
			if len(rows) == maxFindings {
				left++
				continue
			}
			rows = append(rows, []any{one.ARN, string(one.Kind), one.Account, one.Region, strings.Join(in, ", "), f.what, f.reason, one.Points, one.Newest})
		}
	}
	order := map[any]int{findingNoPoint: 1, findingNoRule: 2, findingNoCopy: 3, findingUnsupported: 4}
	slices.SortStableFunc(rows, func(a, b []any) int { return cmp.Compare(order[a[5]], order[b[5]]) })
	r.Figures = protectionFigures(total)
	r.Tables = fill(Protection, protectionCells(groups.sorted()), rows)
	r.Tables[1].Left = left
	r.Charts = []Chart{protectionChart(groups.sorted(), req.By)}
	r.Notes = append(r.Notes, "Resources are those of the last complete listings; `holdfast inventory list` says how old they are.")
	return nil
}

func protectionFigures(total *protectedGroup) []Figure {
	return []Figure{
		{"resources", "Resources", Value{Count, total.resources}, Neutral},
		{"protected", "Protected", Value{Share, shareOf(total.fine, total.resources)}, goodIf(total.fine == total.resources)},
		{"no_point", "No recovery point", Value{Count, total.byFinding[findingNoPoint]}, goodIf(total.byFinding[findingNoPoint] == 0)},
		{"no_rule", "No rule", Value{Count, total.byFinding[findingNoRule]}, goodIf(total.byFinding[findingNoRule] == 0)},
		{"no_copy", "No copy elsewhere", Value{Count, total.byFinding[findingNoCopy]}, warnUnless(total.byFinding[findingNoCopy] == 0)},
		{"unsupported", "Cannot be backed up", Value{Count, total.byFinding[findingUnsupported]}, warnUnless(total.byFinding[findingUnsupported] == 0)},
	}
}

// shareOf is part of whole, nil when there is no whole.
func shareOf(part, whole int64) any {
	if whole == 0 {
		return nil
	}
	return float64(part) / float64(whole)
}

func goodIf(is bool) Tone {
	if is {
		return Good
	}
	return Bad
}

func warnUnless(is bool) Tone {
	if is {
		return Good
	}
	return Warning
}

func protectionCells(groups []*protectedGroup) (rows [][]any) {
	for _, g := range groups {
		rows = append(rows, []any{
			g.name, g.resources, g.fine, shareOf(g.fine, g.resources), g.byFinding[findingNoRule], g.byFinding[findingNoPoint],
			g.byFinding[findingNoCopy], g.byFinding[findingUnsupported], g.bytes,
		})
	}
	return rows
}

// protectionChart shows the groups with most unprotected resources.
func protectionChart(groups []*protectedGroup, by string) Chart {
	slices.SortStableFunc(groups, func(a, b *protectedGroup) int {
		return cmp.Or(cmp.Compare(b.resources-b.fine, a.resources-a.fine), cmp.Compare(b.resources, a.resources))
	})
	groups = groups[:min(len(groups), maxBars)]
	chart := Chart{Title: "Resources by " + by, Shape: Bars, Type: Count, Series: []Series{{Name: "protected", Tone: Good}, {Name: "not protected", Tone: Bad}}}
	for _, g := range groups {
		chart.Labels = append(chart.Labels, g.name)
		chart.Series[0].Values = append(chart.Series[0].Values, float64(g.fine))
		chart.Series[1].Values = append(chart.Series[1].Values, float64(g.resources-g.fine))
	}
	return chart
}
