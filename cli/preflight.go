package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/preflight"
)

// Bounds of a preflight.
const (
	preflightParallel = 16
	preflightTimeout  = 30 * time.Second // for one check
)

// preflightCommand walks the hops of rules before any backup does.
func preflightCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "preflight", Usage: "walk every hop of every rule before backups do, and name what would stop them",
		Description: "For the resources that rules select (as the inventory has them): whether the accounts of backups and copies belong\n" +
			"to the installation, whether their roles can be assumed, whether points can be looked for there, whether the keys\n" +
			"of copies are where the copies go, and whether the vaults of AWS Backup take the lifecycles of the rules. It\n" +
			"changes nothing, so the right to create, copy or delete shows with the first job only: compare the roles with\n" +
			"`holdfast driver iam`. Exit code 0: nothing is in the way, 1: jobs would fail, 3: something needs attention.\n\n" +
			"Examples:\n\n   holdfast preflight --config holdfast.yaml\n   holdfast preflight --plan production --account 111122223333\n" +
			"   holdfast preflight --output json | jq '.checks[] | select(.status == \"fail\")'",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "plan", Usage: "only this `PLAN`"},
			&cli.StringFlag{Name: "account", Usage: "only resources of this `ACCOUNT`"},
			&cli.BoolFlag{Name: "all", Usage: "show the checks that are well too"},
		},
		Action: func(ctx *cli.Context) error { return runPreflight(ctx, env) },
	}
}

func runPreflight(ctx *cli.Context, env Env) error {
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return err
	}
	var c checks
	c.noArguments(ctx)
	account := c.account(ctx)
	if err := c.err(); err != nil {
		return err
	}
	a, err := app.New(ctx.Context, app.Options{Config: cfg, Clock: env.Clock, Log: zerolog.Nop(), WithoutRedis: true})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // nothing was written
	walk, resources, err := walkRules(ctx, env, a, account)
	if err != nil {
		return err
	}
	findings, err := walk.Run(ctx.Context)
	if err != nil {
		return err
	}
	return printPreflight(ctx, env, findings, resources)
}

// walkRules adds every resource of the inventory to a walk.
func walkRules(ctx *cli.Context, env Env, a *app.App, account string) (walk *preflight.Walk, resources int, err error) {
	policies, err := a.LoadPolicy(ctx.Context)
	if err != nil {
		return nil, 0, err
	}
	if len(policies.Result.Problems) > 0 {
		return nil, 0, policyProblems(policies.Result.Problems)
	}
	plan := ctx.String("plan")
	if plan != "" && policies.Set.Plan(plan) == nil {
		return nil, 0, badInput("--plan: there is no plan %q", plan)
	}
	if plan != "" {
		plan = policies.Set.Plan(plan).Name
	}
	accounts, err := a.Accounts(ctx.Context)
	if err != nil {
		return nil, 0, err
	}
	o := preflight.Options{
		Policies: policies.Set, Drivers: a.Drivers, Accounts: accounts, Regions: a.Config.AWS.Regions, Partition: a.Config.AWS.Partition,
		Plan: plan, Assume: a.CheckRole, Now: env.Clock.Now(), Parallel: preflightParallel, Timeout: preflightTimeout,
	}
	if !jsonWanted(ctx) {
		o.Done = func(done, all int) { showDone(env, done, all) }
	}
	walk = preflight.New(o)
	err = a.Store.Resources(ctx.Context, catalog.ResourceFilter{Account: account}, func(item catalog.InventoryItem) error {
		resources++
		walk.Add(item.Resource)
		return nil
	})
	return walk, resources, err
}

func printPreflight(ctx *cli.Context, env Env, findings []preflight.Finding, resources int) error {
	count := map[string]int{}
	for _, f := range findings {
		count[f.Status]++
	}
	if jsonWanted(ctx) {
		if findings == nil {
			findings = []preflight.Finding{}
		}
		doc := map[string]any{"checks": findings, "resources": resources, "failures": count[preflight.Fail], "warnings": count[preflight.Warn]}
		if err := printJSON(env.Stdout, doc); err != nil {
			return err
		}
	} else {
		printChecks(ctx, env, findings, resources)
	}
	switch {
	case count[preflight.Fail] > 0:
		return &exitError{code: codeFailed, err: fmt.Errorf("%d of %d checks failed, %d need attention", count[preflight.Fail], len(findings), count[preflight.Warn]), silent: jsonWanted(ctx)}
	case count[preflight.Warn] > 0 || len(findings) == 0:
		return &exitError{code: codeAttention, err: fmt.Errorf("%d of %d checks need attention; the inventory has %d resources", count[preflight.Warn], len(findings), resources), silent: jsonWanted(ctx)}
	default:
		return nil
	}
}

func printChecks(ctx *cli.Context, env Env, findings []preflight.Finding, resources int) {
	for _, f := range findings {
		if f.Status == preflight.OK && !ctx.Bool("all") {
			continue
		}
		writeLine(env.Stdout, "%-5s %-8s %s: %s", f.Status, f.Check, subjectOf(f), f.Message)
		writeLine(env.Stdout, "%-14s rules %s", "", firstOf(f.Rules))
		if f.Remedy != "" {
			writeLine(env.Stdout, "%-14s -> %s", "", f.Remedy)
		}
	}
	if len(findings) == 0 {
		writeLine(env.Stdout, "no rule selects any of the %d resources of the inventory: run `holdfast inventory sync`, or `holdfast policy select`", resources)
		return
	}
	writeLine(env.Stdout, "%d checks for %d resources", len(findings), resources)
}

// subjectOf names what a check is about.
func subjectOf(f preflight.Finding) string {
	parts := []string{f.Account, f.Region, string(f.Purpose), string(f.Kind), string(f.Engine), f.Vault}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
