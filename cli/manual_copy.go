package cli

import (
	"regexp"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
)

func copyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "copy", Usage: "copy a recovery point to another region",
		Description: "The copy belongs to the point's chain. It is kept for ever unless --delete-after says otherwise.\n\n" +
			"Example:\n\n   holdfast copy --point 6mpz72yzs7geu2grkcuv6eq3hw --region eu-central-1 --delete-after 35 --wait",
		Flags: manualFlags(
			&cli.StringFlag{Name: "point", Usage: "`ID` of the recovery point"},
			&cli.StringFlag{Name: "region", Usage: "`REGION` to copy to"},
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
	if known && earlier == nil {
		c.copyable(d, point, region)
	}
	if err := c.err(); err != nil {
		return err
	}
	id, err := d.manualID(ctx)
	if err != nil {
		return err
	}
	job := catalog.NewCopy(id, point, catalog.CopySpec{
		Account: point.Account, Region: region, Vault: point.Vault, DeleteAfter: days, KMSKeyID: ctx.String("kms-key"),
	}, nil, d.by, d.clock.Now())
	return d.place(ctx, manualResult{Jobs: []catalog.Job{job}, Point: &point}, func(r manualResult) error {
		d.announce(r)
		if r.DryRun {
			d.line("the copy is %s", retentionText(days))
		}
		return nil
	})
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

// copyable notes why point cannot be copied to region.
func (c *checks) copyable(d *desk, point catalog.RecoveryPoint, region string) {
	if point.State != catalog.Available {
		c.add("--point", "%s is %s: only an AVAILABLE point can be copied", point.ID, point.State)
	}
	if region == point.Region {
		c.add("--region", "the point lies in %s already", region)
	}
	if drv, ok := d.drivers.For(point.Kind, point.Engine); !ok || !drv.Descriptor().CopyRegion {
		c.add("--point", "%s cannot be copied to another region: see `holdfast driver list`", point.Kind)
	}
}
