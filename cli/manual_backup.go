package cli

import (
	"slices"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/operator"
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
		Action: serviceAction(env, runBackup),
	}
}

func runBackup(ctx *cli.Context, d *desk) error {
	request := operator.BackupRequest{
		Order: order(ctx), Resources: ctx.StringSlice("resource"), Plan: ctx.String("plan"), Rule: ctx.String("rule"),
		Engine: ctx.String("engine"), DeleteAfter: deleteAfter(ctx),
	}
	var c checks
	c.manual(ctx)
	if ctx.IsSet("plan") && ctx.Bool("now") == ctx.Bool("dry-run") {
		c.add("--plan", "say --now to begin, or --dry-run to see what would be done")
	}
	if err := c.errWith(request.Check()); err != nil {
		return err
	}
	r, err := d.do.Backup(ctx.Context, request)
	return d.show(ctx, r, err, d.backupText)
}

func (d *desk) backupText(r operator.Outcome) error {
	d.announce(r)
	if !r.DryRun {
		return nil
	}
	what := counted(len(r.Jobs), "job")
	if slices.ContainsFunc(r.Jobs, func(job catalog.Job) bool { return len(job.Spec.Copies) > 0 }) {
		what += ", each followed by its copies"
	}
	d.line("%s; points are %s", what, retentionText(r.Jobs[0].Spec.DeleteAfter))
	return nil
}
