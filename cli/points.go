package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/resource"
)

// pointStates in the order of a point's life.
var pointStates = []catalog.PointState{catalog.Available, catalog.Expiring, catalog.Deleted}

func pointsCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "points", Usage: "look at recovery points",
		Subcommands: []*cli.Command{pointsListCommand(env), pointsShowCommand(env)},
	}
}

func pointsListCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list recovery points, newest first",
		Description: "Without --state only points that can be restored are listed.\n\n" +
			"Examples:\n\n   holdfast points list --resource arn:aws:dynamodb:eu-west-1:111122223333:table/Orders\n" +
			"   holdfast points list --account 111122223333 --state available,expiring --output json",
		Flags: serverFlags(listFlags(
			&cli.StringSliceFlag{Name: "state", Usage: "only these `STATES`: " + joined(pointStates), DefaultText: "AVAILABLE"},
			&cli.StringFlag{Name: "resource", Usage: "only points of this `ARN`"},
			&cli.StringFlag{Name: "plan", Usage: "only points of this `PLAN`"},
			&cli.StringFlag{Name: "chain", Usage: "only points of the chain that began with the backup `ID`"},
			&cli.StringFlag{Name: "before", Usage: "only points completed at or before `TIME` (RFC 3339, or how long ago: 36h, 7d)"},
			&cli.StringFlag{Name: "after", Usage: "go on after the point `ID`, the last one of the page before"},
		)...),
		Action: serviceAction(env, listPoints),
	}
}

// pointList is what `points list --output json` prints.
type pointList struct {
	Points []catalog.RecoveryPoint `json:"points"`
	After  string                  `json:"after,omitempty"`
}

func listPoints(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	filter := catalog.PointFilter{
		States: choices(&c, ctx, "state", pointStates), Kinds: choices(&c, ctx, "kind", resource.Kinds()),
		Account: c.account(ctx), Region: ctx.String("region"), ResourceARN: ctx.String("resource"), Plan: ctx.String("plan"),
		ChainID: lowered(ctx, "chain"), After: lowered(ctx, "after"),
		CompletedBefore: c.instant(ctx, "before", d.clock.Now()), Limit: c.limit(ctx, maxListLimit),
	}
	if filter.After != "" {
		if _, err := d.point(ctx.Context, filter.After); err != nil {
			c.add("--after", "%v", err)
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	if len(filter.States) == 0 {
		filter.States = []catalog.PointState{catalog.Available}
	}
	points, err := d.do.ListPoints(ctx.Context, filter)
	if err != nil {
		return err
	}
	list := pointList{Points: append([]catalog.RecoveryPoint{}, points...)}
	if len(points) == filter.Limit {
		list.After = points[len(points)-1].ID
	}
	return d.print(list, func() error {
		if err := d.pointTable(points); err != nil {
			return err
		}
		d.noteMore(list.After)
		return nil
	})
}

// pointTable prints one line a point.
func (d *desk) pointTable(points []catalog.RecoveryPoint) error {
	if len(points) == 0 {
		d.line("no recovery points")
		return nil
	}
	rows := make([][]string, len(points))
	for i, p := range points {
		rows[i] = []string{
			p.ID, string(p.State), string(p.Kind), p.Account, p.Region,
			instantText(p.CompletedAt), deleteText(p), sizeText(p.SizeBytes), p.ResourceARN,
		}
	}
	return table(d.env.Stdout, []string{"ID", "STATE", "KIND", "ACCOUNT", "REGION", "COMPLETED", "DELETE", "SIZE", "RESOURCE"}, rows)
}

func deleteText(p catalog.RecoveryPoint) string {
	if p.DeleteAt.IsZero() {
		return "never"
	}
	return instantText(p.DeleteAt)
}

// storageText says where a point is kept; "" for one that stays where it is.
func storageText(p catalog.RecoveryPoint) string {
	switch {
	case p.Cold:
		return "cold: it cannot be copied, and a restore brings it back first"
	case p.ColdAt.IsZero():
		return ""
	default:
		return "warm, cold from " + instantText(p.ColdAt)
	}
}

func pointsShowCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show everything about a recovery point: fields, holds, chain, jobs", ArgsUsage: "ID",
		Description: "Example:\n\n   holdfast points show 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:       serverFlags(),
		Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
			if ctx.NArg() != 1 {
				return badInput("name one recovery point: see `holdfast points list`")
			}
			details, err := d.do.ShowPoint(ctx.Context, strings.ToLower(ctx.Args().First()))
			if errors.Is(err, catalog.ErrNotFound) {
				return d.noPoint(ctx.Args().First())
			}
			if err != nil {
				return err
			}
			return d.print(details, func() error { return d.pointText(details) })
		}),
	}
}

func (d *desk) pointText(details operator.PointDetails) error {
	p := details.Point
	err := fields(d.env.Stdout, [][2]string{
		{"Point", p.ID}, {"State", string(p.State)}, {"Resource", p.ResourceARN}, {"Kind", string(p.Kind)}, {"Engine", string(p.Engine)},
		{"Where", p.Account + "/" + p.Region}, {"ARN", p.ARN}, {"AWS id", string(p.Ref)}, {"Vault", p.Vault},
		{"Plan", p.Plan}, {"Rule", p.Rule}, {"Began", instantText(p.CreatedAt)}, {"Completed", instantText(p.CompletedAt)},
		{"Delete", deleteText(p)}, {"Storage", storageText(p)}, {"Size", sizeText(p.SizeBytes)}, {"Encrypted", fmt.Sprint(p.Encrypted)}, {"KMS key", p.KMSKeyID},
		{"Installation", p.Installation}, {"Copy of", p.ParentID}, {"Chain", p.ChainID},
	})
	if err != nil {
		return err
	}
	if details.Fate != nil {
		d.line("Retention    %s", details.Fate)
	}
	for _, h := range details.Holds {
		d.line("Hold         %s by %s since %s %s", h.Kind, h.Holder, instantText(h.CreatedAt), h.Note)
	}
	if len(details.Chain) > 1 {
		d.line("\nChain")
		if err := d.pointTable(details.Chain); err != nil {
			return err
		}
	}
	if len(details.Jobs) == 0 {
		return nil
	}
	d.line("\nJobs")
	return d.jobTable(details.Jobs)
}
