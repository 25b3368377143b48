package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/report/protection"
)

// RPO is the kind of the report on recovery point objectives.
const RPO Kind = "rpo"

// rpoSpan is the period over which an error budget is usually counted.
const rpoSpan = 30 * 24 * time.Hour

func rpoKind() Description {
	return Description{
		Kind: RPO, Title: "Recovery point objectives", Grouped: true, Span: rpoSpan,
		Doc: "How much of the period the newest good point of each resource was no older than the rpo_objective of the rules that take it, and how much of the error budget is left.",
		Tables: []Table{
			{Name: "groups", Title: "Objectives by group", Columns: []Column{
				{"group", Text, "what --by groups by; `-` is none"},
				{"objectives", Count, "pairs of a resource and a rule with an objective that takes it"},
				{"within", Count, "of these, the newest good point is young enough now"},
				{"at_risk", Count, "it is, but will not be before the rule's next backup begins"},
				{"breached", Count, "it is too old now, or there is none in time"},
				{"time_within", Share, "part of the measured time in which the objectives were met"},
				{"budget_left", Share, "part of the error budget that is left; below 0: overspent; -99 is the least shown"},
			}},
			{Name: "resources", Title: "Resources, the worst first", Columns: []Column{
				{"resource", Text, "ARN of the resource"},
				{"account", Text, "its account"},
				{"region", Text, "its region"},
				{"plan", Text, "the plan"},
				{"rule", Text, "its rule that takes the resource"},
				{"objective", Duration, "the rule's rpo_objective"},
				{"last_good", Time, "what the newest good point holds: when AWS began the backup; all its copies are complete"},
				{"age", Duration, "how old that is, or how long there has been none"},
				{"standing", Outcome, "`within`, `at_risk` or `breached`"},
				{"measured", Duration, "part of the period in which both resource and rule were known"},
				{"time_within", Share, "part of that time in which the objective was met"},
				{"budget_left", Share, "part of the error budget that is left"},
			}},
		},
	}
}

// rpoRow is one resource against one objective.
type rpoRow struct {
	resource protection.Resource
	rule     protection.Rule
}

func makeRPO(ctx context.Context, src Source, req Request, r *Report) error {
	to := req.To
	if to.After(src.Now) {
		to = src.Now // the future cannot be measured
	}
	resources, err := protection.Survey(ctx, src.Store, src.Policies, protection.Options{Now: src.Now, From: req.From, To: to})
	if err != nil {
		return err
	}
	groups, total := groupTable{}, groupTable{}.get("")
	var rows []rpoRow
	for _, one := range resources {
		for _, rule := range one.Rules {
			if rule.Standing == protection.NoObjective {
				continue
			}
			rows = append(rows, rpoRow{one, rule})
			total.stand(rule)
			for _, name := range rpoGroups(req.Grouping, one, rule) {
				groups.get(name).stand(rule)
			}
		}
	}
	sortWorst(rows, src.Target)
	r.Figures = rpoFigures(total, src.Target)
	r.Tables = fill(RPO, rpoCells(groups.sorted(), src.Target), rpoResourceCells(rows[:min(len(rows), maxFindings)], src))
	r.Tables[1].Left = max(0, len(rows)-maxFindings)
	r.Charts = rpoCharts(groups.sorted(), req.By, src.Target)
	r.Notes = append(r.Notes,
		fmt.Sprintf("The target is %s of the time; what it allows to be outside the objective is the error budget.", percentText(src.Target)),
		"A point counts from when it and every copy its rule asks for were complete. A new resource or rule has as long as the objective says before it counts as outside.")
	if len(rows) == 0 {
		r.Notes = append(r.Notes, "No rule that takes a resource has an rpo_objective: see docs/policies.md.")
	}
	return nil
}

// rpoGroups is groupsOf, but by plan only the rule's own counts.
func rpoGroups(g catalog.Grouping, r protection.Resource, rule protection.Rule) []string {
	if g.By == catalog.ByPlan {
		return []string{rule.Plan.Name}
	}
	return groupsOf(g, r)
}

func (g *protectedGroup) stand(rule protection.Rule) {
	g.resources++
	g.compliance = g.compliance.Add(rule.Compliance)
	switch rule.Standing {
	case protection.Within:
		g.within++
	case protection.AtRisk:
		g.risk++
	default:
		g.worse++
	}
}

func rpoFigures(total *protectedGroup, target float64) []Figure {
	share, left := total.compliance.Share(), total.compliance.BudgetLeft(target)
	return []Figure{
		{"objectives", "Objectives", Value{Count, total.resources}, Neutral},
		{"breached", "Breached now", Value{Count, total.worse}, goodIf(total.worse == 0)},
		{"at_risk", "At risk now", Value{Count, total.risk}, warnUnless(total.risk == 0)},
		{"time_within", "Time within objective", Value{Share, share}, goodIf(share >= target)},
		{"budget_left", "Error budget left", Value{Share, left}, goodIf(left > 0)},
	}
}

func rpoCells(groups []*protectedGroup, target float64) (rows [][]any) {
	for _, g := range groups {
		rows = append(rows, []any{g.name, g.resources, g.within, g.risk, g.worse, g.compliance.Share(), g.compliance.BudgetLeft(target)})
	}
	return rows
}

// sortWorst puts what is breached before what is at risk, and then the smallest budgets.
func sortWorst(rows []rpoRow, target float64) {
	order := map[protection.Standing]int{protection.Breached: 0, protection.AtRisk: 1, protection.Within: 2}
	slices.SortStableFunc(rows, func(a, b rpoRow) int {
		return cmp.Or(
			cmp.Compare(order[a.rule.Standing], order[b.rule.Standing]),
			cmp.Compare(a.rule.Compliance.BudgetLeft(target), b.rule.Compliance.BudgetLeft(target)),
			strings.Compare(a.resource.ARN, b.resource.ARN), strings.Compare(a.rule.Rule.Name, b.rule.Rule.Name))
	})
}

func rpoResourceCells(list []rpoRow, src Source) [][]any {
	rows := make([][]any, len(list))
	for i, row := range list {
		r, rule := row.resource, row.rule
		rows[i] = []any{
			r.ARN, r.Account, r.Region, rule.Plan.Name, rule.Rule.Name, rule.Rule.RPOObjective, rule.LastGood, rule.Age(src.Now),
			string(rule.Standing), rule.Compliance.Measured, rule.Compliance.Share(), rule.Compliance.BudgetLeft(src.Target),
		}
	}
	return rows
}

// rpoCharts show how things stand, and which groups have least of their budget left.
func rpoCharts(groups []*protectedGroup, by string, target float64) []Chart {
	slices.SortStableFunc(groups, func(a, b *protectedGroup) int {
		return cmp.Compare(a.compliance.BudgetLeft(target), b.compliance.BudgetLeft(target))
	})
	groups = groups[:min(len(groups), maxBars)]
	stand := Chart{Title: "Objectives now, by " + by, Shape: Bars, Type: Count, Series: []Series{{Name: "within", Tone: Good}, {Name: "at risk", Tone: Warning}, {Name: "breached", Tone: Bad}}}
	spent := Chart{Title: "Error budget left, by " + by, Shape: Bars, Type: Share, Series: []Series{{Name: "left", Tone: Good}}}
	for _, g := range groups {
		stand.Labels, spent.Labels = append(stand.Labels, g.name), append(spent.Labels, g.name)
		for i, n := range []int64{g.within, g.risk, g.worse} {
			stand.Series[i].Values = append(stand.Series[i].Values, float64(n))
		}
		spent.Series[0].Values = append(spent.Series[0].Values, max(0, g.compliance.BudgetLeft(target)))
	}
	return []Chart{stand, spent}
}
