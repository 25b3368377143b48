package cli

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/policy/orgpolicy"
	"holdfast/resource"
)

// policyCompareCommand holds our merge against that of AWS Organizations.
func policyCompareCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "compare", Usage: "compare the effective policies Holdfast computes with those of AWS Organizations",
		Description: "Reads the root, units, accounts and backup policies of the organization with the process's own\n" +
			"credentials, which must be those of the management account or a delegated administrator, computes every\n" +
			"account's effective policy and asks DescribeEffectivePolicy for AWS's. Names compare without case, lists\n" +
			"without order. Prints each difference and exits with 3 when there is one, or when a document is invalid.\n\n" +
			"Examples:\n\n   holdfast policy compare --config holdfast.yaml\n" +
			"   holdfast policy compare --account 111122223333 --output json",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringSliceFlag{Name: "account", Usage: "only these accounts, an `ID` each"},
		},
		Action: func(ctx *cli.Context) error { return comparePolicies(ctx, env) },
	}
}

func comparePolicies(ctx *cli.Context, env Env) error {
	accounts := ctx.StringSlice("account")
	var c checks
	c.noArguments(ctx)
	for _, account := range accounts {
		if !resource.ValidAccount(account) {
			c.add("--account", "%q is not an account id: write twelve digits", account)
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return err
	}
	source, err := app.OrganizationPolicies(ctx.Context, cfg)
	if err != nil {
		return err
	}
	compared, err := app.ComparePolicies(ctx.Context, source, func(account string) bool {
		return len(accounts) == 0 || slices.Contains(accounts, account)
	})
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if !slices.ContainsFunc(compared, func(c app.Comparison) bool { return c.Account == account }) {
			return badInput("--account: %s is no active account of the organization", account)
		}
	}
	return printComparisons(ctx, env, compared)
}

func printComparisons(ctx *cli.Context, env Env, compared []app.Comparison) error {
	apart := 0
	for _, c := range compared {
		if !c.Agree() {
			apart++
		}
	}
	if jsonWanted(ctx) {
		if err := printJSON(env.Stdout, map[string]any{"accounts": compared, "different": apart}); err != nil {
			return err
		}
	} else {
		writeComparisons(env, compared)
		writeLine(env.Stdout, "%d accounts compared, %d differ", len(compared), apart)
	}
	if apart > 0 {
		return &exitError{code: codeAttention, err: fmt.Errorf("%d accounts differ", apart), silent: true}
	}
	return nil
}

func writeComparisons(env Env, compared []app.Comparison) {
	for _, c := range compared {
		for _, p := range c.Problems {
			writeLine(env.Stdout, "%s  not compared: %s", c.Account, p)
		}
		for _, d := range c.Differences {
			writeLine(env.Stdout, "%s  %s: Holdfast has %s, AWS %s", c.Account, d.Path, valueOrNone(d.Ours), valueOrNone(d.Theirs))
		}
	}
}

func valueOrNone(v *orgpolicy.Value) string {
	if v == nil {
		return "nothing"
	}
	return valueText(*v)
}
