package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/scheduler"
)

func backupCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "backup", Usage: "back up resources now",
		Description: "--resource takes one resource of the inventory. --plan takes everything a plan selects, with\n" +
			"the lifecycle and the copies of one of its rules, as manual jobs: they have no window and do\n" +
			"not replace the plan's own runs. It wants --now or --dry-run, since it may begin thousands.\n\n" +
			"Examples:\n\n   holdfast backup --resource arn:aws:ec2:eu-west-1:111122223333:volume/vol-0a1b2c3d --wait\n" +
			"   holdfast backup --plan production --rule nightly --dry-run\n   holdfast backup --plan production --rule nightly --now",
		Flags: manualFlags(
			&cli.StringSliceFlag{Name: "resource", Usage: "`ARN` of the resource; may be repeated"},
			&cli.StringFlag{Name: "plan", Usage: "back up what the plan `NAME` selects"},
			&cli.StringFlag{Name: "rule", Usage: "with --plan: the rule whose lifecycle and copies apply; needed when the plan has several"},
			&cli.StringFlag{Name: "engine", Usage: "with --resource: the `ENGINE` that makes the point, native or aws-backup (default: the kind's own)"},
			&cli.BoolFlag{Name: "now", Usage: "with --plan: begin"},
			&cli.IntFlag{Name: "delete-after", Usage: "with --resource: keep the point this many `DAYS` (default: for ever)"},
		),
		Action: deskAction(env, runBackup),
	}
}

func runBackup(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	c.exactlyOne(ctx, "resource", "plan")
	c.readKey(ctx)
	days := c.deleteAfter(ctx)
	if ctx.IsSet("plan") {
		c.planFlags(ctx)
	} else if ctx.IsSet("rule") {
		c.add("--rule", "goes with --plan only")
	}
	if err := c.err(); err != nil {
		return err
	}
	var jobs []catalog.Job
	var err error
	if ctx.IsSet("plan") {
		jobs, err = d.planBackups(ctx)
	} else {
		jobs, err = d.resourceBackups(ctx, days)
	}
	if err != nil {
		return err
	}
	return d.place(ctx, manualResult{Jobs: jobs}, d.backupText)
}

// planFlags checks what only makes sense together with --plan.
func (c *checks) planFlags(ctx *cli.Context) {
	if ctx.IsSet("engine") {
		c.add("--engine", "goes with --resource only: the rule says which engine makes its points")
	}
	if ctx.IsSet("delete-after") {
		c.add("--delete-after", "goes with --resource only: the rule says how long its points live")
	}
	if ctx.Bool("now") == ctx.Bool("dry-run") {
		c.add("--plan", "say --now to begin, or --dry-run to see what would be done")
	}
}

func (d *desk) backupText(r manualResult) error {
	d.announce(r)
	if r.DryRun {
		for _, job := range r.Jobs {
			if len(job.Spec.Copies) > 0 {
				d.line("%s, each followed by its copies; points are %s", counted(len(r.Jobs), "job"), retentionText(job.Spec.DeleteAfter))
				return nil
			}
		}
		d.line("%s; points are %s", counted(len(r.Jobs), "job"), retentionText(r.Jobs[0].Spec.DeleteAfter))
	}
	return nil
}

// resourceBackups makes a job for each --resource, all unusable ones reported at once.
func (d *desk) resourceBackups(ctx *cli.Context, days int) ([]catalog.Job, error) {
	var c checks
	var jobs []catalog.Job
	arns := ctx.StringSlice("resource")
	for _, arn := range arns {
		item, err := d.usableResource(ctx.Context, &c, arn)
		if err != nil {
			return nil, err
		}
		id, err := d.backupID(ctx, arn, len(arns) > 1)
		if err != nil {
			return nil, err
		}
		job := catalog.NewBackup(id, item.Resource, d.cfg.AWS.Partition, d.by, d.clock.Now())
		job.Engine = c.engine(ctx, d, item.Kind)
		job.Spec.DeleteAfter = days
		jobs = append(jobs, job)
	}
	return jobs, c.err()
}

// engine reads --engine for a resource of kind: the kind's default when it is not given.
func (c *checks) engine(ctx *cli.Context, d *desk, kind resource.Kind) driver.Engine {
	if !ctx.IsSet("engine") {
		return d.drivers.DefaultEngine(kind)
	}
	engine, err := driver.ParseEngine(ctx.String("engine"))
	if err != nil {
		c.add("--engine", "%v", err)
	} else if _, ok := d.drivers.For(kind, engine); !ok {
		c.add("--engine", "%s cannot back up %s: use %s", engine, kind, joined(d.drivers.Engines(kind)))
	}
	return engine
}

// backupID returns the id of a manual backup. Where one command makes several jobs, each
// has an id of its own under the key, spelled as exactly as the ARN.
func (d *desk) backupID(ctx *cli.Context, arn string, several bool) (string, error) {
	if key := ctx.String("idempotency-key"); key != "" && several {
		return catalog.BackupJobID(d.cfg.Installation, "manual:"+key, "", "", arn, time.Time{}), nil
	}
	return d.manualID(ctx)
}

// usableResource returns the inventory's entry for arn and notes why it cannot be backed
// up. The error is the catalog's only.
func (d *desk) usableResource(ctx context.Context, c *checks, arn string) (catalog.InventoryItem, error) {
	item, err := d.store.Resource(ctx, arn)
	switch {
	case errors.Is(err, catalog.ErrNotFound):
		c.add("--resource", "%s is not in the inventory: check the ARN, or run `holdfast inventory sync`", arn)
		return item, nil
	case err != nil:
		return item, err
	case !item.GoneAt.IsZero():
		c.add("--resource", "%s is gone since %s", arn, instantText(item.GoneAt))
	case item.Unsupported != "":
		c.add("--resource", "%s cannot be backed up: %s", arn, item.Unsupported)
	}
	if _, ok := d.drivers.Get(item.Kind); !ok {
		c.add("--resource", "%s is of kind %s, which the configuration leaves out", arn, item.Kind)
	}
	return item, nil
}

// planBackups makes a job for every resource the plan selects.
func (d *desk) planBackups(ctx *cli.Context) ([]catalog.Job, error) {
	plan, rule, err := d.planRule(ctx.Context, ctx.String("plan"), ctx.String("rule"))
	if err != nil {
		return nil, err
	}
	var jobs []catalog.Job
	now := d.clock.Now()
	err = d.store.Resources(ctx.Context, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		_, known := d.drivers.Get(item.Kind)
		if _, selected := plan.SelectsFor(rule, item.Resource); !selected || !known || item.Unsupported != "" {
			return nil
		}
		id, err := d.backupID(ctx, item.ARN, true)
		if err != nil {
			return err
		}
		// No plan and rule: a later fire of the rule would supersede the job.
		job := catalog.NewBackup(id, item.Resource, d.cfg.AWS.Partition, d.by, now)
		job.Engine = scheduler.EngineOf(*rule, d.drivers, item.Kind)
		job.Spec = scheduler.BackupSpec(*rule, item.Resource)
		jobs = append(jobs, job)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	if len(jobs) == 0 {
		return nil, badInput("plan %s selects nothing of the inventory: see `holdfast inventory list`", plan.Name)
	}
	return jobs, nil
}

// planRule returns the plan and the rule named; a plan with one rule needs no name.
func (d *desk) planRule(ctx context.Context, planName, ruleName string) (*policy.Plan, *policy.Rule, error) {
	set, err := d.policies(ctx)
	if err != nil {
		return nil, nil, err
	}
	plan := set.Plan(planName)
	if plan == nil {
		return nil, nil, badInput("--plan: there is no plan %q: the policies have %s", planName, planNames(set))
	}
	names := make([]string, len(plan.Rules))
	for i, r := range plan.Rules {
		names[i] = r.Name
	}
	if ruleName == "" && len(plan.Rules) == 1 {
		return plan, &plan.Rules[0], nil
	}
	rule := plan.Rule(ruleName)
	if ruleName == "" {
		return nil, nil, badInput("--rule: is needed, because plan %s has several: name one of %s", plan.Name, strings.Join(names, ", "))
	}
	if rule == nil {
		return nil, nil, badInput("--rule: %q is no rule of plan %s: name one of %s", ruleName, plan.Name, strings.Join(names, ", "))
	}
	return plan, rule, nil
}

// policies compiles the configured policies and warns of what is withheld.
func (d *desk) policies(ctx context.Context) (*policy.Set, error) {
	last, err := d.store.LastValidPolicies(ctx)
	if err != nil {
		return nil, err
	}
	policies, err := app.LoadPolicies(d.cfg, d.drivers, last)
	if err != nil {
		return nil, err
	}
	if len(policies.Result.Problems) > 0 {
		return nil, policyProblems(policies.Result.Problems)
	}
	for _, g := range policies.Withheld() {
		d.withheld = append(d.withheld, g.String())
		writeLine(d.env.Stderr, "holdfast: warning: %s", g)
	}
	return policies.Set, nil
}

// namedPolicies compiles the files given, those of the configuration when there are none.
func (d *desk) namedPolicies(ctx context.Context, names []string) (*policy.Set, error) {
	if len(names) == 0 {
		return d.policies(ctx)
	}
	return d.compiled(names)
}

func (d *desk) compiled(names []string) (*policy.Set, error) {
	files, err := app.ReadPolicies(names)
	if err != nil {
		return nil, badInput("%w", err)
	}
	set, result := policy.Compile(files, app.Capabilities(d.drivers))
	if len(result.Problems) > 0 {
		return nil, policyProblems(result.Problems)
	}
	return set, nil
}

func planNames(set *policy.Set) string {
	if len(set.Plans) == 0 {
		return "no plans"
	}
	names := make([]string, len(set.Plans))
	for i, p := range set.Plans {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}
