package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/policy/format"
	"holdfast/policy/orgpolicy"
)

// effectiveCommand merges organization policies.
func effectiveCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "effective", Usage: "merge organization backup policies into the effective policy of an account",
		Description: "One --level for the root, each organizational unit and the account, in this order; the\n" +
			"policies of a level in order of attachment, separated by commas. Prints the effective policy\n" +
			"in the shape AWS Organizations prints it. When a policy is malformed, or the merged document\n" +
			"invalid, nothing of it is printed: every problem is listed, and the exit code is 2.\n" +
			"With --organization the levels come from a directory laid out as the organization is; with --server\n" +
			"they are those in force there.\n\n" +
			"Examples:\n\n" +
			"   holdfast policy effective --level root.json --level ou.json,ou-extra.json --level account.json\n" +
			"   holdfast policy effective --level root.json --account 111122223333 --region eu-west-1 --output json\n" +
			"   holdfast policy effective --level root.json --level account.json --explain\n" +
			"   holdfast policy effective --organization policies/organization --account 111122223333 --explain\n" +
			"   holdfast policy effective --server https://backup.example.com --token-file token --account 111122223333 --explain\n" +
			"   holdfast policy effective --no-schema --level root-tags.json --level account-tags.json",
		Flags: append(throughFlags(),
			&cli.StringSliceFlag{Name: "level", Usage: "policies of one level, `FILE[,FILE...]`; repeat it from the root down"},
			&cli.StringFlag{Name: "organization", Usage: "take the levels above --account from this `DIR`, see docs/organization-policies.md"},
			&cli.StringFlag{Name: "account", Usage: "fill in $account with this account `ID`"},
			&cli.StringFlag{Name: "region", Usage: "fill in $region with this `REGION`"},
			&cli.BoolFlag{Name: "no-schema", Usage: "merge policies of any type, such as tag policies, by their operators alone"},
			&cli.BoolFlag{Name: "explain", Usage: "say which level and policy set each value, and what was ignored and why"},
		),
		Action: func(ctx *cli.Context) error { return effectivePolicy(ctx, env) },
	}
}

func effectivePolicy(ctx *cli.Context, env Env) error {
	if ctx.String("server") != "" {
		return effectiveThere(ctx, env)
	}
	var c checks
	c.noArguments(ctx)
	c.levels(ctx)
	c.account(ctx)
	if name := ctx.String("region"); name != "" && !policy.ValidRegion(name) {
		c.add("--region", "%q is not a region: write a name such as eu-west-1", name)
	}
	if err := c.err(); err != nil {
		return err
	}
	targets, err := namedTargets(ctx)
	if err != nil {
		return err
	}
	filled, warnings, err := operator.MergePolicies(targets, operator.MergeOptions{
		Account: ctx.String("account"), Region: ctx.String("region"), AnyType: ctx.Bool("no-schema"),
	})
	if err != nil {
		return policyRefused(err)
	}
	return printEffective(ctx, env, operator.Explain(filled, warnings))
}

// effectiveThere asks a server for what is in force there.
func effectiveThere(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	for _, flag := range []string{"level", "organization", "no-schema"} {
		if ctx.IsSet(flag) {
			c.add("--"+flag, "does not go with --server, which merges the policies of its own organization")
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	server, err := newClient(ctx)
	if err != nil {
		return err
	}
	out, err := server.EffectivePolicy(ctx.Context, operator.EffectiveRequest{Account: ctx.String("account"), Region: ctx.String("region")})
	if err != nil {
		return policyRefused(err)
	}
	return printEffective(ctx, env, out)
}

// levels wants the levels from one source.
func (c *checks) levels(ctx *cli.Context) {
	switch given, organization := len(ctx.StringSlice("level")) > 0, ctx.String("organization") != ""; {
	case given && organization:
		c.add("--organization", "together with --level: the levels come from one or the other")
	case !given && !organization:
		c.add("--level", "is missing: give one for the root, each organizational unit and the account, or --organization")
	case organization && ctx.String("account") == "":
		c.add("--account", "is missing: say whose effective policy it is")
	}
}

// namedTargets returns the root, units and account whose policies are to be merged.
func namedTargets(ctx *cli.Context) (targets []*orgpolicy.Target, err error) {
	if dir := ctx.String("organization"); dir != "" {
		return organizationPath(dir, ctx.String("account"))
	}
	for _, names := range ctx.StringSlice("level") {
		files, err := app.ReadPolicies(strings.Split(names, ","))
		if err != nil {
			return nil, badInput("--level %s: %w", names, err)
		}
		targets = append(targets, &orgpolicy.Target{Files: files})
	}
	return targets, nil
}

func organizationPath(dir, account string) ([]*orgpolicy.Target, error) {
	root, problems, err := app.ReadOrganization(dir)
	switch {
	case err != nil:
		return nil, badInput("--organization: %w", err)
	case len(problems) > 0:
		return nil, problemsOf(format.KindMalformed, problems)
	}
	path := root.Path(account)
	if path == nil {
		return nil, badInput("--account: %s is nowhere in %s: give it a directory, or a line in accounts.txt", account, dir)
	}
	return path, nil
}

// printEffective prints the document, which is JSON either way.
func printEffective(ctx *cli.Context, env Env, e operator.Effective) error {
	explain := ctx.Bool("explain")
	if explain && jsonWanted(ctx) {
		return printJSON(env.Stdout, e)
	}
	for _, w := range e.Warnings {
		writeLine(env.Stderr, "holdfast: warning: %s", w)
	}
	if _, err := env.Stdout.Write(e.Policy); err != nil {
		return err
	}
	if explain {
		writeExplanation(env, e)
	}
	return nil
}

// writeExplanation tells the story of each setting, then of what had no effect.
func writeExplanation(env Env, e operator.Effective) {
	for _, s := range e.Provenance {
		value := "not set"
		if s.Value != nil {
			value = valueText(*s.Value)
		}
		writeLine(env.Stdout, "\n%s = %s", s.Path, value)
		for _, step := range s.Steps {
			line := fmt.Sprintf("  level %d  %s  %s %s", step.Level, place(step.Policy, step.Line), step.Operator, valueText(step.Value))
			if !step.Applied {
				line += "  ignored: " + step.Reason
			}
			writeLine(env.Stdout, "%s", line)
		}
	}
	for _, i := range e.Ignored {
		writeLine(env.Stdout, "\n%s\n  level %d  %s  ignored: %s", i.Path, i.Level, place(i.Policy, i.Line), i.Reason)
	}
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

func valueText(v orgpolicy.Value) string {
	if !v.List {
		return strings.Join(v.Items, "")
	}
	return "[" + strings.Join(v.Items, ", ") + "]"
}
