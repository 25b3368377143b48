package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func restoreCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: "build a resource from a recovery point",
		Description: "What was recorded with the point is enough; --set overrides a value (`holdfast driver list`\n" +
			"names them). --resource takes the newest good point completed at or before --at, in the\n" +
			"resource's own account and region first; --region and --account say which copies to look at.\n" +
			"A restore happens where its point lies: copy the point first to restore it elsewhere.\n" +
			"--dry-run prints the values and the exact AWS calls; names derived from the job's id are those\n" +
			"of the real run only with the same --idempotency-key.\n\n" +
			"Examples:\n\n   holdfast restore --point 6mpz72yzs7geu2grkcuv6eq3hw --dry-run\n" +
			"   holdfast restore --resource arn:aws:rds:eu-west-1:111122223333:db:orders --at 2026-05-05T12:00:00Z --set instance_class=db.r6g.large --wait",
		Flags: manualFlags(
			&cli.StringFlag{Name: "point", Usage: "`ID` of the recovery point"},
			&cli.StringFlag{Name: "resource", Usage: "`ARN` of the resource that was backed up"},
			&cli.StringFlag{Name: "at", Usage: "with --resource: the state of `TIME` (RFC 3339, or how long ago: 36h, 7d; default: now)"},
			&cli.StringSliceFlag{Name: "set", Usage: "`NAME=VALUE` of a parameter; may be repeated"},
			&cli.StringFlag{Name: "region", Usage: "restore in this `REGION`, where the point must lie"},
			&cli.StringFlag{Name: "account", Usage: "restore in this `ACCOUNT`, where the point must lie"},
		),
		Action: deskAction(env, runRestore),
	}
}

func runRestore(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	c.exactlyOne(ctx, "point", "resource")
	c.readKey(ctx)
	c.account(ctx)
	at := c.instant(ctx, "at", d.clock.Now())
	if ctx.IsSet("at") && ctx.IsSet("point") {
		c.add("--at", "goes with --resource only: a point is of one moment")
	}
	overrides := c.overrides(ctx.StringSlice("set"))
	if err := c.err(); err != nil {
		return err
	}
	earlier, err := d.earlier(ctx)
	if err != nil {
		return err
	}
	point, err := d.restorePoint(ctx, at, earlier)
	if err != nil {
		return err
	}
	id, err := d.manualID(ctx)
	if err != nil {
		return err
	}
	job := catalog.NewRestore(id, point, point.Scope(), overrides, d.by, d.clock.Now())
	planned := job
	if planned.ID == "" { // a dry run: the calls carry an id all the same
		if planned.ID, err = catalog.NewManualID(rand.Reader, d.clock.Now()); err != nil {
			return err
		}
	}
	plan, err := d.planRestore(planned, point)
	if err != nil {
		return err
	}
	return d.place(ctx, manualResult{Jobs: []catalog.Job{job}, Point: &point, Plan: plan}, d.restoreText)
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

// restorePoint returns the point to restore from and checks that it can be. A command
// that ran before gets the point it got then, though there may be newer ones.
func (d *desk) restorePoint(ctx *cli.Context, at time.Time, earlier *catalog.Job) (catalog.RecoveryPoint, error) {
	if earlier != nil && (earlier.PointID == lowered(ctx, "point") || earlier.ResourceARN == ctx.String("resource")) {
		return d.point(ctx.Context, earlier.PointID)
	}
	if ctx.IsSet("resource") {
		return d.newestPoint(ctx, at)
	}
	point, err := d.point(ctx.Context, ctx.String("point"))
	if err != nil {
		return point, err
	}
	var c checks
	if point.State != catalog.Available {
		c.add("--point", "%s is %s: only an AVAILABLE point can be restored", point.ID, point.State)
	}
	region, account := ctx.String("region"), ctx.String("account")
	if region != "" && region != point.Region || account != "" && account != point.Account {
		hint, err := d.elsewhere(ctx.Context, point, account, region)
		if err != nil {
			return point, err
		}
		c.add("--region", "%s lies in %s/%s and can only be restored there: %s", point.ID, point.Account, point.Region, hint)
	}
	return point, c.err()
}

// elsewhere says how to restore in a place where the point does not lie.
func (d *desk) elsewhere(ctx context.Context, point catalog.RecoveryPoint, account, region string) (string, error) {
	copies, err := d.store.ListPoints(ctx, catalog.PointFilter{
		States: []catalog.PointState{catalog.Available}, ChainID: point.ChainID, Account: account, Region: region, Limit: 1,
	})
	if err != nil {
		return "", err
	}
	if len(copies) > 0 {
		return "use its copy, --point " + copies[0].ID, nil
	}
	return "copy it first with `holdfast copy`", nil
}

// newestPoint returns the newest good point of --resource completed at or before at. The
// resource's home is looked at first: a copy is younger than what it is a copy of.
func (d *desk) newestPoint(ctx *cli.Context, at time.Time) (catalog.RecoveryPoint, error) {
	if at.IsZero() {
		at = d.clock.Now()
	}
	arn, region, account := ctx.String("resource"), ctx.String("region"), ctx.String("account")
	places := [][2]string{{account, region}}
	if parsed, err := resource.ParseARN(arn); err != nil {
		return catalog.RecoveryPoint{}, badInput("--resource: %w", err)
	} else if account == "" && region == "" {
		places = [][2]string{{parsed.Account, parsed.Region}, {"", ""}}
	}
	for _, place := range places {
		points, err := d.store.ListPoints(ctx.Context, catalog.PointFilter{
			States: []catalog.PointState{catalog.Available}, ResourceARN: arn,
			Account: place[0], Region: place[1], CompletedBefore: at, Limit: 1,
		})
		if err != nil {
			return catalog.RecoveryPoint{}, err
		}
		if len(points) > 0 {
			return points[0], nil
		}
	}
	return catalog.RecoveryPoint{}, badInput("there is no AVAILABLE recovery point of %s completed at or before %s%s: see `holdfast points list --resource %s`",
		arn, instantText(at), placeText(account, region), arn)
}

func placeText(account, region string) string {
	switch {
	case account == "" && region == "":
		return ""
	case account == "":
		return " in " + region
	case region == "":
		return " in account " + account
	default:
		return " in " + account + "/" + region
	}
}

// planRestore asks the driver what the job would do; every bad or missing parameter is
// bad input.
func (d *desk) planRestore(job catalog.Job, point catalog.RecoveryPoint) (*driver.RestorePlan, error) {
	drv, _ := d.drivers.For(point.Kind, point.Engine)
	restorer, ok := drv.(driver.Restorer)
	if !ok {
		return nil, badInput("--point: %s cannot be restored: see `holdfast driver list`", point.Kind)
	}
	plan, err := restorer.PlanRestore(driver.RestoreRequest{
		Scope: job.Scope(), Mark: job.Mark(d.cfg.Installation), Point: point.Point(),
		Resource: point.Source, Overrides: job.Spec.Parameters,
	})
	var wrong *driver.ParameterError
	switch {
	case errors.As(err, &wrong):
		var c checks
		for _, p := range wrong.Problems {
			c.add("--set", "%s", p)
		}
		return nil, c.err()
	case failure.Is(err, failure.Invalid):
		return nil, badInput("--set: %w", err)
	case err != nil:
		return nil, err
	}
	return &plan, nil
}

func (d *desk) restoreText(r manualResult) error {
	p := r.Point
	d.line("from recovery point %s of %s, completed %s, in %s/%s", p.ID, p.ResourceARN, instantText(p.CompletedAt), p.Account, p.Region)
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
