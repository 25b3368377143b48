package cli

import (
	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/operator"
)

func copyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "copy", Usage: "copy a recovery point to another region or account",
		Description: "The copy belongs to the point's chain. It is kept for ever unless --delete-after says otherwise.\n" +
			"Another account gets the point for as long as the copy takes. Where AWS cannot change account and\n" +
			"region at once, or will not share what its own key encrypts, there is a copy in between, kept for a\n" +
			"day; in the second case with the key " + driver.TransitKey + " of the point's account.\n\n" +
			"Examples:\n\n   holdfast copy --point 6mpz72yzs7geu2grkcuv6eq3hw --region eu-central-1 --delete-after 35 --wait\n" +
			"   holdfast copy --point 6mpz72yzs7geu2grkcuv6eq3hw --account 444455556666 --region eu-west-1",
		Flags: manualFlags(
			&cli.StringFlag{Name: "point", Usage: "`ID` of the recovery point"},
			&cli.StringFlag{Name: "region", Usage: "`REGION` to copy to"},
			&cli.StringFlag{Name: "account", Usage: "`ACCOUNT` to copy to (default: the point's own)"},
			&cli.StringFlag{Name: "kms-key", Usage: "`ARN` of the key of the destination, for encrypted points"},
			&cli.IntFlag{Name: "delete-after", Usage: "keep the copy this many `DAYS` (default: for ever)"},
		),
		Action: serviceAction(env, runCopy),
	}
}

func runCopy(ctx *cli.Context, d *desk) error {
	request := operator.CopyRequest{
		Order: order(ctx), Point: ctx.String("point"), Region: ctx.String("region"), Account: ctx.String("account"),
		KMSKey: ctx.String("kms-key"), DeleteAfter: deleteAfter(ctx),
	}
	var c checks
	c.manual(ctx)
	if err := c.errWith(request.Check()); err != nil {
		return err
	}
	r, err := d.do.Copy(ctx.Context, request)
	return d.show(ctx, r, err, func(r operator.Outcome) error {
		d.announce(r)
		d.stops(r.Jobs[0])
		if r.DryRun {
			d.line("the copy is %s", retentionText(ctx.Int("delete-after")))
		}
		return nil
	})
}

// stops says what a copy is on the way to, and with which key it is encrypted until then.
func (d *desk) stops(job catalog.Job) {
	for _, next := range job.Spec.Copies {
		how := ""
		if next.Rekeyed {
			how = " with key " + job.Spec.KMSKeyID
		}
		d.line("on the way there is a copy in %s of account %s%s, kept for %s; from it the way goes on to %s of account %s",
			job.Region, job.Account, how, counted(job.Spec.DeleteAfter, "day"), next.Region, next.Account)
	}
}
