package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/policy/orgpolicy"
)

// policyPullCommand brings the policies of an organization into files.
func policyPullCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "pull", Usage: "write the backup policies of AWS Organizations into a directory, as organization_policies reads it",
		Description: "Reads the root, units, active accounts and backup policies of the organization with the process's own\n" +
			"credentials, which must be those of the management account or a delegated administrator, and writes them\n" +
			"into a new directory. Units are named by their ids. Keep the directory under version control: a change\n" +
			"in AWS is then a change to review, and what is in force does not depend on AWS Organizations answering.\n\n" +
			"Examples:\n\n   holdfast policy pull --config holdfast.yaml --to organization\n" +
			"   holdfast policy pull --to organization --output json",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "to", Usage: "the `DIRECTORY` to make; must be given"},
		},
		Action: func(ctx *cli.Context) error { return pullPolicies(ctx, env) },
	}
}

// pulled is the JSON of policy pull.
type pulled struct {
	Directory string `json:"directory"`
	Units     int    `json:"units"`
	Accounts  int    `json:"accounts"`
	Attached  int    `json:"attached"` // policies, one attached twice counts twice
}

func pullPolicies(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	if ctx.String("to") == "" {
		c.add("--to", "must be given: name the directory to make")
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
	root, err := source.Tree(ctx.Context)
	if err != nil {
		return err
	}
	if err := app.WriteOrganization(ctx.String("to"), root); errors.Is(err, app.ErrExists) {
		return badInput("--to: %w", err)
	} else if err != nil {
		return err
	}
	out := pulled{Directory: ctx.String("to")}
	out.count(root)
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, out)
	}
	writeLine(env.Stdout, "%d policies attached to %d units, %d accounts and the root are in %s", out.Attached, out.Units, out.Accounts, out.Directory)
	return nil
}

// count adds what is attached to t and below it.
func (p *pulled) count(t *orgpolicy.Target) {
	p.Attached += len(t.Files)
	for _, child := range t.Below {
		if child.Account != "" {
			p.Accounts++
		} else {
			p.Units++
		}
		p.count(child)
	}
}
