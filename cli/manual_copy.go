package cli

import (
	"cmp"
	"regexp"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
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
		Action: deskAction(env, runCopy),
	}
}

// regionName is the form of AWS's region names.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

func runCopy(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	c.readKey(ctx)
	days := c.deleteAfter(ctx)
	region := ctx.String("region")
	if !regionName.MatchString(region) {
		c.add("--region", "%q is not a region, for example eu-central-1", region)
	}
	earlier, err := d.earlier(ctx)
	if err != nil {
		return err
	}
	point, known := c.thePoint(ctx, d)
	account := cmp.Or(c.account(ctx), point.Account)
	if known && earlier == nil {
		c.copyable(ctx, d, point, account, region)
	}
	if err := c.err(); err != nil {
		return err
	}
	id, err := d.manualID(ctx)
	if err != nil {
		return err
	}
	first, then := catalog.Route(point, catalog.CopySpec{
		Account: account, Region: region, Vault: point.Vault, DeleteAfter: days, KMSKeyID: ctx.String("kms-key"),
	}, d.factsOf(point))
	job := catalog.NewCopy(id, point, first, nil, d.by, d.clock.Now())
	job.Spec.Copies = then
	return d.place(ctx, manualResult{Jobs: []catalog.Job{job}, Point: &point}, func(r manualResult) error {
		d.announce(r)
		d.stops(job)
		if r.DryRun {
			d.line("the copy is %s", retentionText(days))
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

// thePoint reads --point; ok is false when there is no such point, which is noted.
func (c *checks) thePoint(ctx *cli.Context, d *desk) (point catalog.RecoveryPoint, ok bool) {
	id := ctx.String("point")
	if id == "" {
		c.add("--point", "is missing: see `holdfast points list`")
		return point, false
	}
	point, err := d.point(ctx.Context, id)
	if err != nil {
		c.add("--point", "%v", err)
		return point, false
	}
	return point, true
}

// factsOf returns what the driver that made point says of itself, nothing without one.
func (d *desk) factsOf(point catalog.RecoveryPoint) driver.Descriptor {
	if drv, ok := d.drivers.For(point.Kind, point.Engine); ok {
		return drv.Descriptor()
	}
	return driver.Descriptor{}
}

// copyable notes why point cannot be copied to account and region.
func (c *checks) copyable(ctx *cli.Context, d *desk, point catalog.RecoveryPoint, account, region string) {
	if point.State != catalog.Available {
		c.add("--point", "%s is %s: only an AVAILABLE point can be copied", point.ID, point.State)
	}
	if region == point.Region && account == point.Account && ctx.String("kms-key") == "" {
		c.add("--region", "the point lies in %s of account %s already: name a --kms-key to encrypt a copy with it", region, account)
	}
	facts := d.factsOf(point)
	if account != point.Account && !facts.CopyAccount {
		c.add("--account", "%s cannot be copied to another account: see `holdfast driver list`", point.Kind)
	}
	if !facts.CopyRegion {
		c.add("--point", "%s cannot be copied to another region: see `holdfast driver list`", point.Kind)
	}
}
