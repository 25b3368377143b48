package cli

import (
	"github.com/urfave/cli/v2"

	"holdfast/operator"
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
		Action: serviceAction(env, runExpire),
	}
}

func runExpire(ctx *cli.Context, d *desk) error {
	request := operator.ExpireRequest{Order: order(ctx), Point: ctx.String("point")}
	var c checks
	c.manual(ctx)
	if err := c.errWith(request.Check()); err != nil {
		return err
	}
	r, err := d.do.Expire(ctx.Context, request)
	if err := d.show(ctx, r, err, d.expireText); err != nil || len(r.Guards) == 0 {
		return err
	}
	return d.outcome(codeAttention, "recovery point %s would not be deleted", r.Point.ID)
}

func (d *desk) expireText(r operator.Outcome) error {
	if r.Fate != nil {
		d.line("retention: %s", r.Fate)
	}
	for _, g := range r.Guards {
		d.line("%s: %s", g.Name, g.Message)
	}
	d.announce(r)
	return nil
}
