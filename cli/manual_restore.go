package cli

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/operator"
)

func restoreCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: "build a resource from a recovery point; on a terminal it asks what and when",
		Description: "Without --point and --resource it leads through a restore on a terminal: which resource, which recovery\n" +
			"point or moment, the values it would have, the exact AWS calls, and progress to the end.\n\n" +
			"What was recorded with the point is enough; --set overrides a value (`holdfast driver list`\n" +
			"names them). --resource takes the newest good point completed at or before --at, in the\n" +
			"resource's own account and region first; --region and --account say which copies to look at.\n" +
			"A restore happens where its point lies: copy the point first to restore it elsewhere. DynamoDB\n" +
			"tables alone may be made in another --region. --point-in-time restores the resource exactly as it\n" +
			"was at --at, from the continuous backups AWS keeps of it (RDS, Aurora, Neptune, DocumentDB,\n" +
			"DynamoDB), with its settings of today.\n" +
			"--dry-run prints the values and the exact AWS calls; names derived from the job's id are those\n" +
			"of the real run only with the same --idempotency-key.\n\n" +
			"Examples:\n\n   holdfast restore\n   holdfast restore --point 6mpz72yzs7geu2grkcuv6eq3hw --dry-run\n" +
			"   holdfast restore --resource arn:aws:rds:eu-west-1:111122223333:db:orders --at 2026-05-05T12:00:00Z --set instance_class=db.r6g.large --wait\n" +
			"   holdfast restore --resource arn:aws:dynamodb:eu-west-1:111122223333:table/Orders --at 20m --point-in-time --dry-run",
		Flags: manualFlags(
			&cli.StringFlag{Name: "point", Usage: "`ID` of the recovery point"},
			&cli.StringFlag{Name: "resource", Usage: "`ARN` of the resource that was backed up"},
			&cli.StringFlag{Name: "at", Usage: "with --resource: the state of `TIME` (RFC 3339, or how long ago: 36h, 7d; default: now)"},
			&cli.BoolFlag{Name: "point-in-time", Usage: "with --resource and --at: that very moment, from AWS's continuous backups, not a recovery point"},
			&cli.StringSliceFlag{Name: "set", Usage: "`NAME=VALUE` of a parameter; may be repeated"},
			&cli.StringFlag{Name: "region", Usage: "restore in this `REGION`, where the point must lie"},
			&cli.StringFlag{Name: "account", Usage: "restore in this `ACCOUNT`, where the point must lie"},
		),
		Action: serviceAction(env, runRestore),
	}
}

func runRestore(ctx *cli.Context, d *desk) error {
	var c checks
	c.manual(ctx)
	request := operator.RestoreRequest{
		Order: order(ctx), Point: ctx.String("point"), Resource: ctx.String("resource"),
		At: c.instant(ctx, "at", d.clock.Now()), Region: ctx.String("region"), Account: ctx.String("account"),
		PointInTime: ctx.Bool("point-in-time"), Parameters: c.overrides(ctx.StringSlice("set")),
	}
	if request.Point == "" && request.Resource == "" {
		if in, ok := d.typist(); ok {
			return newDialogue(ctx.Context, d, in).restore(ctx, &c, request)
		}
		c.add("", "name a recovery point with --point or a resource with --resource; on a terminal `holdfast restore` asks")
		return c.err()
	}
	if err := c.errWith(request.Check()); err != nil {
		return err
	}
	r, err := d.do.Restore(ctx.Context, request)
	return d.show(ctx, r, err, d.restoreText)
}

// overrides reads NAME=VALUE pairs.
func (c *checks) overrides(pairs []string) map[string]string {
	values := map[string]string{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		_, twice := values[name]
		switch {
		case !ok || name == "":
			c.add("--set", "%q is not NAME=VALUE", pair)
		case twice:
			c.add("--set", "%s is given twice", name)
		default:
			values[name] = value
		}
	}
	return values
}

func (d *desk) restoreText(r operator.Outcome) error {
	if p := r.Point; p == nil {
		d.line("from the continuous backups of %s, as of %s", r.Jobs[0].ResourceARN, instantText(r.Jobs[0].Spec.RestoreAt))
	} else {
		d.line("from recovery point %s of %s, completed %s, in %s/%s", p.ID, p.ResourceARN, instantText(p.CompletedAt), p.Account, p.Region)
	}
	if !r.DryRun {
		d.announce(r)
		return nil
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(r.Plan.Parameters)) {
		origin := "recorded or default"
		if _, given := r.Jobs[0].Spec.Parameters[name]; given {
			origin = "--set"
		}
		rows = append(rows, []string{name, r.Plan.Parameters[name], origin})
	}
	if err := table(d.env.Stdout, []string{"PARAMETER", "VALUE", "FROM"}, rows); err != nil {
		return err
	}
	for i, call := range r.Plan.Calls {
		input, err := json.MarshalIndent(call.Input, "", "  ")
		if err != nil {
			return err
		}
		d.line("\n%d. %s\n%s", i+1, call.Operation, input)
	}
	return nil
}
