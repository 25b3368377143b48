package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/policy/difference"
	"holdfast/scheduler"
)

func policyDiffCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "say what a change of policies changes for resources and recovery points",
		ArgsUsage: "OLD NEW",
		Description: "OLD and NEW are policy files, several of them with commas between. It lists the rules that change,\n" +
			"the resources of the inventory that other rules take, and the recovery points that would go and did not,\n" +
			"or the other way round. Lifecycles are stamped on points when they are made: a new delete_after_days\n" +
			"changes none of them. It exits with 3 when a resource loses its last rule, or a point would go.\n\n" +
			"Example:\n\n   holdfast policy diff --config holdfast.yaml policies/production.yaml production-new.yaml",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "at", Usage: "points as of this `TIME`, e.g. 2026-05-05T12:00:00Z (default: now)"},
			&cli.IntFlag{Name: "limit", Value: 20, Usage: "list `N` entries at most of each sort; all are counted"},
		},
		Action: deskAction(env, diffPolicies),
	}
}

// policyDiff is what `policy diff --output json` prints. Lists are cut at --limit.
type policyDiff struct {
	Rules     []difference.RuleChange `json:"rules"`
	Resources resourceChanges         `json:"resources"`
	Points    pointChanges            `json:"points"`
}

type resourceChanges struct {
	Count       int                         `json:"count"`
	Unprotected int                         `json:"unprotected"` // those that no rule takes any more
	List        []difference.ResourceChange `json:"list"`
}

type pointChanges struct {
	WouldGo   int           `json:"would_go"`   // kept by the old policy, not by the new one
	WouldStay int           `json:"would_stay"` // the other way round
	List      []pointChange `json:"list"`
}

type pointChange struct {
	ID          string    `json:"id"`
	ResourceARN string    `json:"resource_arn"`
	CreatedAt   time.Time `json:"created_at"`
	Keep        bool      `json:"keep"`
	Reasons     []string  `json:"reasons"` // of the new policy
}

func diffPolicies(ctx *cli.Context, d *desk) error {
	var c checks
	at := d.clock.Now()
	if ctx.IsSet("at") {
		at = c.instant(ctx, "at", at)
	}
	limit := c.limit(ctx, maxPreviewLimit)
	if ctx.NArg() != 2 {
		c.add("", "name two policies: see `holdfast policy diff --help`")
	}
	if err := c.err(); err != nil {
		return err
	}
	before, err := d.namedPolicies(ctx.Context, strings.Split(ctx.Args().Get(0), ","))
	if err != nil {
		return err
	}
	after, err := d.namedPolicies(ctx.Context, strings.Split(ctx.Args().Get(1), ","))
	if err != nil {
		return err
	}
	out := policyDiff{Rules: append([]difference.RuleChange{}, difference.Rules(before, after)...)}
	if out.Resources, err = d.resourceChanges(ctx.Context, before, after, limit); err != nil {
		return err
	}
	if out.Points, err = d.pointChanges(ctx.Context, before, after, at, limit); err != nil {
		return err
	}
	if err := d.print(out, func() error { return d.diffText(out) }); err != nil {
		return err
	}
	if out.Resources.Unprotected+out.Points.WouldGo > 0 {
		return d.outcome(codeAttention, "%d resources lose their last rule, %d recovery points would go", out.Resources.Unprotected, out.Points.WouldGo)
	}
	return nil
}

func (d *desk) resourceChanges(ctx context.Context, before, after *policy.Set, limit int) (resourceChanges, error) {
	out := resourceChanges{List: []difference.ResourceChange{}}
	err := d.store.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		change, changed := difference.Resource(before, after, item.Resource)
		if !changed {
			return nil
		}
		out.Count++
		if change.Unprotected {
			out.Unprotected++
		}
		if len(out.List) < limit {
			out.List = append(out.List, change)
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("read the inventory: %w", err)
	}
	return out, nil
}

// pointChanges asks both policies about the points of every rule either has.
func (d *desk) pointChanges(ctx context.Context, before, after *policy.Set, at time.Time, limit int) (pointChanges, error) {
	out := pointChanges{List: []pointChange{}}
	seen := map[string]bool{}
	for _, set := range []*policy.Set{before, after} {
		for _, plan := range set.Plans {
			for _, rule := range plan.Rules {
				name := strings.ToLower(plan.Name + "/" + rule.Name)
				if seen[name] {
					continue
				}
				seen[name] = true
				points, err := scheduler.RulePoints(ctx, d.store, plan.Name, rule.Name)
				if err != nil {
					return out, err
				}
				out.compare(before, after, points, at, limit)
			}
		}
	}
	return out, nil
}

// compare adds the points of one rule about which the policies differ.
func (p *pointChanges) compare(before, after *policy.Set, points []catalog.RecoveryPoint, at time.Time, limit int) {
	old, now := scheduler.Keeper{Set: before}.Fates(points, at), scheduler.Keeper{Set: after}.Fates(points, at)
	for i, point := range points {
		switch {
		case old[i].Keep == now[i].Keep:
			continue
		case now[i].Keep:
			p.WouldStay++
		default:
			p.WouldGo++
		}
		if len(p.List) < limit {
			p.List = append(p.List, pointChange{point.ID, point.ResourceARN, point.CreatedAt, now[i].Keep, now[i].Reasons})
		}
	}
}

func (d *desk) diffText(out policyDiff) error {
	if len(out.Rules) == 0 {
		d.line("no rule changes")
	}
	for _, r := range out.Rules {
		d.line("rule %s/%s is %s", r.Plan, r.Rule, r.Change)
		for _, f := range r.Fields {
			d.line("  %s: %s -> %s", f.Path, orNothing(f.Old), orNothing(f.New))
		}
	}
	d.heading("resources that other rules take", out.Resources.Count, len(out.Resources.List))
	for _, r := range out.Resources.List {
		d.line("  %s%s", r.ARN, gainsAndLosses(r))
	}
	d.heading("recovery points that would go", out.Points.WouldGo, out.Points.WouldGo)
	d.heading("recovery points that would stay", out.Points.WouldStay, out.Points.WouldStay)
	for _, p := range out.Points.List {
		what := "would go"
		if p.Keep {
			what = "would stay"
		}
		d.line("  %s of %s %s: %s", p.ID, p.ResourceARN, what, strings.Join(p.Reasons, "; "))
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

func gainsAndLosses(r difference.ResourceChange) string {
	text := ""
	if len(r.Gained) > 0 {
		text += " +" + strings.Join(r.Gained, " +")
	}
	if len(r.Lost) > 0 {
		text += " -" + strings.Join(r.Lost, " -")
	}
	if r.Unprotected {
		text += " (no rule takes it any more)"
	}
	return text
}
