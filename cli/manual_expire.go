package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
)

func expireCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "expire", Usage: "delete a recovery point before its time",
		Description: "A point with a hold, of another installation, or the last one of its resource in its account and\n" +
			"region is not deleted; --dry-run says which guard would fire and exits with 3, and what the policy\n" +
			"wants of the point, which this command overrides. The guards are\n" +
			"checked again, in one transaction, when the deletion begins.\n\n" +
			"Examples:\n\n   holdfast expire --point 6mpz72yzs7geu2grkcuv6eq3hw --dry-run\n   holdfast expire --point 6mpz72yzs7geu2grkcuv6eq3hw --wait",
		Flags:  manualFlags(&cli.StringFlag{Name: "point", Usage: "`ID` of the recovery point"}),
		Action: deskAction(env, runExpire),
	}
}

// guard is one reason not to delete a point.
type guard struct {
	Name    string `json:"name"` // state, installation, hold or last
	Message string `json:"message"`
}

func runExpire(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	c.readKey(ctx)
	point, _ := c.thePoint(ctx, d)
	if err := c.err(); err != nil {
		return err
	}
	earlier, err := d.earlier(ctx)
	if err != nil {
		return err
	}
	job := catalog.NewExpiry(point, d.by, d.clock.Now())
	if ctx.IsSet("idempotency-key") {
		if job.ID, err = d.manualID(ctx); err != nil {
			return err
		}
	}
	var guards []guard
	if earlier == nil {
		if guards, err = d.guards(ctx.Context, point); err != nil {
			return err
		}
	}
	result := manualResult{Jobs: []catalog.Job{job}, Point: &point, Guards: guards}
	if ctx.Bool("dry-run") && point.State == catalog.Available {
		verdict, err := d.fate(ctx.Context, point)
		if err != nil {
			return err
		}
		result.Fate = &verdict
	}
	if len(guards) == 0 {
		return d.place(ctx, result, d.expireText)
	}
	if !ctx.Bool("dry-run") {
		for _, g := range guards {
			c.add("--point", "%s", g.Message)
		}
		return c.err()
	}
	result.Jobs = []catalog.Job{}
	if err := d.place(ctx, result, d.expireText); err != nil {
		return err
	}
	return d.outcome(codeAttention, "recovery point %s would not be deleted", point.ID)
}

func (d *desk) expireText(r manualResult) error {
	if r.Fate != nil {
		d.line("retention: %s", r.Fate)
	}
	for _, g := range r.Guards {
		d.line("%s: %s", g.Name, g.Message)
	}
	d.announce(r)
	return nil
}

// guards returns everything that keeps point from being deleted now.
func (d *desk) guards(ctx context.Context, point catalog.RecoveryPoint) ([]guard, error) {
	var found []guard
	if point.State != catalog.Available {
		found = append(found, guard{"state", fmt.Sprintf("%s is %s: only an AVAILABLE point can be deleted", point.ID, point.State)})
	}
	if point.Installation != d.cfg.Installation {
		found = append(found, guard{"installation", fmt.Sprintf("%s belongs to installation %q, not to %q", point.ID, point.Installation, d.cfg.Installation)})
	}
	running, err := d.store.ListJobs(ctx, catalog.JobFilter{
		Types: []driver.Operation{driver.Expire}, PointID: point.ID, Limit: 1,
		States: []catalog.State{catalog.Created, catalog.Running, catalog.Aborting},
	})
	if err != nil {
		return nil, err
	}
	if len(running) > 0 {
		found = append(found, guard{"state", fmt.Sprintf("job %s is deleting %s already", running[0].ID, point.ID)})
	}
	holds, err := d.store.Holds(ctx, point.ID)
	if err != nil {
		return nil, err
	}
	for _, h := range holds {
		found = append(found, guard{"hold", fmt.Sprintf("%s has a %s hold by %s since %s", point.ID, h.Kind, h.Holder, instantText(h.CreatedAt))})
	}
	others, err := d.store.ListPoints(ctx, catalog.PointFilter{
		States: []catalog.PointState{catalog.Available}, ResourceARN: point.ResourceARN,
		Account: point.Account, Region: point.Region, Limit: 2,
	})
	if err != nil {
		return nil, err
	}
	if len(others) == 1 && others[0].ID == point.ID {
		found = append(found, guard{"last", fmt.Sprintf("%s is the last good point of %s in %s/%s", point.ID, point.ResourceARN, point.Account, point.Region)})
	}
	return found, nil
}
