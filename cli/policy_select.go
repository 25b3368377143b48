package cli

import (
	"github.com/urfave/cli/v2"

	"holdfast/policy"
	"holdfast/policy/trial"
	"holdfast/resource"
)

func policySelectCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "select", Usage: "say which resources a selection takes",
		Description: "The selection is JSON as AWS Backup's API has it (alone or under BackupSelection), or the selections\n" +
			"object of an effective organization policy. The resources are JSON, a list or what\n" +
			"`holdfast inventory list --output json` prints:\n\n" +
			"   [{\"arn\": \"arn:aws:ec2:eu-west-1:111122223333:volume/vol-1\", \"type\": \"ec2:volume\", \"tags\": {\"env\": \"prod\"}}, ...]\n\n" +
			"JSON: {\"selected\": [arns, in the order given], \"warnings\": [...]}\n\n" +
			"Example:\n\n   holdfast policy select --selection selection.json --resources resources.json",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "selection", Usage: "`FILE` with the selection; - is the standard input"},
			&cli.StringFlag{Name: "resources", Usage: "`FILE` with the resources; - is the standard input"},
		},
		Action: func(ctx *cli.Context) error { return selectResources(ctx, env) },
	}
}

// selected is the JSON of policy select.
type selected struct {
	Selected []string `json:"selected"`
	Warnings []string `json:"warnings"`
}

func selectResources(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	selection := c.input(ctx, env, "selection")
	resources := c.input(ctx, env, "resources")
	if ctx.String("selection") == "-" && ctx.String("resources") == "-" {
		c.add("--resources", "the standard input can be read once only: name a file")
	}
	if err := c.err(); err != nil {
		return err
	}
	selections, result := policy.ReadSelections(policy.File{Name: ctx.String("selection"), Data: selection})
	c.policyProblems("invalid_selection", result.Problems)
	out := selected{Selected: []string{}, Warnings: []string{}}
	problems := trial.EachResource(resources, func(r resource.Resource) {
		if selections.Match(r) {
			out.Selected = append(out.Selected, r.ARN)
		}
	})
	c.listProblems("invalid_resources", ctx.String("resources"), problems)
	if err := c.err(); err != nil {
		return err
	}
	for _, w := range result.Warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, out)
	}
	for _, w := range out.Warnings {
		writeLine(env.Stderr, "holdfast: warning: %s", w)
	}
	for _, arn := range out.Selected {
		writeLine(env.Stdout, "%s", arn)
	}
	return nil
}
