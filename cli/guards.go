package cli

import (
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/operator"
)

// guardCommands are the commands about what keeps recovery points from being deleted.
func guardCommands(env Env) []*cli.Command {
	return []*cli.Command{holdCommand(env), vaultCommand(env), deletionsCommand(env)}
}

func reasonFlag(usage string) cli.Flag { return &cli.StringFlag{Name: "reason", Usage: usage} }

func holdCommand(env Env) *cli.Command {
	named := func(own ...cli.Flag) []cli.Flag {
		return append(serverFlags(own...), &cli.StringFlag{Name: "point", Usage: "the recovery `POINT`"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the hold, for example a case number"})
	}
	return &cli.Command{
		Name: "hold", Usage: "put legal holds on recovery points: one with a hold is not deleted, whoever asks",
		Subcommands: []*cli.Command{
			{
				Name: "add", Usage: "put a legal hold on a recovery point",
				Description: "Example:\n\n   holdfast hold add --point 6mpz72yzs7geu2grkcuv6eq3hw --name case-7 --reason 'asked for by counsel'",
				Flags:       named(reasonFlag("`TEXT` that says why")),
				Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
					holds, err := d.do.AddHold(ctx.Context, operator.HoldRequest{Point: ctx.String("point"), Name: ctx.String("name"), Note: ctx.String("reason")})
					return d.holdsLeft(ctx, holds, err)
				}),
			},
			{
				Name: "remove", Usage: "take a legal hold off",
				Description: "Example:\n\n   holdfast hold remove --point 6mpz72yzs7geu2grkcuv6eq3hw --name case-7",
				Flags:       named(),
				Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
					holds, err := d.do.RemoveHold(ctx.Context, operator.HoldRequest{Point: ctx.String("point"), Name: ctx.String("name")})
					return d.holdsLeft(ctx, holds, err)
				}),
			},
			{
				Name: "list", Usage: "list legal holds, newest first",
				Description: "Example:\n\n   holdfast hold list --output json",
				Flags:       serverFlags(&cli.IntFlag{Name: "limit", Value: defaultListLimit, Usage: "at most this many"}),
				Action:      serviceAction(env, listHolds),
			},
		},
	}
}

// holdList is what the hold commands print with --output json.
type holdList struct {
	Holds []catalog.Hold `json:"holds"`
}

func (d *desk) holdsLeft(ctx *cli.Context, holds []catalog.Hold, err error) error {
	if err != nil {
		return refused(err)
	}
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	return d.printHolds(holds)
}

func listHolds(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	limit := c.limit(ctx, maxListLimit)
	if err := c.err(); err != nil {
		return err
	}
	holds, err := d.do.HeldPoints(ctx.Context, catalog.HoldLegal, limit)
	if err != nil {
		return err
	}
	return d.printHolds(holds)
}

func (d *desk) printHolds(holds []catalog.Hold) error {
	return d.print(holdList{append([]catalog.Hold{}, holds...)}, func() error {
		if len(holds) == 0 {
			d.line("no holds")
			return nil
		}
		rows := make([][]string, len(holds))
		for i, h := range holds {
			rows[i] = []string{h.PointID, string(h.Kind), h.Holder, instantText(h.CreatedAt), h.Note}
		}
		return table(d.env.Stdout, []string{"POINT", "KIND", "HOLDER", "SINCE", "WHY"}, rows)
	})
}

func vaultCommand(env Env) *cli.Command {
	vault := &cli.StringFlag{Name: "vault", Usage: "`NAME` of the vault, as rules have it"}
	return &cli.Command{
		Name: "vault", Usage: "lock vaults: their recovery points stay for a number of days, whatever a rule or anybody says",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the locks",
				Description: "Example:\n\n   holdfast vault list",
				Flags:       serverFlags(), Action: serviceAction(env, listLocks),
			},
			{
				Name: "lock", Usage: "lock every vault of a name, or make its lock longer",
				Description: "A governance lock can be taken back by who may (`holdfast vault unlock`). A compliance lock can be\n" +
					"taken back within its grace time, three days at least, and never after it: then it can only be\n" +
					"made longer. The lock is Holdfast's own and holds for all engines; an AWS Backup Vault Lock holds beside it.\n\n" +
					"Examples:\n\n   holdfast vault lock --vault default --mode governance --min-days 30 --reason 'ransomware drill'\n" +
					"   holdfast vault lock --vault gold --mode compliance --min-days 365 --grace-days 14",
				Flags: serverFlags(
					vault,
					&cli.StringFlag{Name: "mode", Value: string(catalog.Governance), Usage: "governance or compliance"},
					&cli.IntFlag{Name: "min-days", Usage: "keep every point this many `DAYS` after it was completed"},
					&cli.IntFlag{Name: "grace-days", Value: 3, Usage: "`DAYS` in which a compliance lock can be taken back"},
					reasonFlag("`TEXT` that says why"),
				),
				Action: serviceAction(env, lockVault),
			},
			{
				Name: "unlock", Usage: "take a lock off that is not final",
				Description: "Example:\n\n   holdfast vault unlock --vault default --reason 'the drill is over'",
				Flags:       serverFlags(vault, reasonFlag("`TEXT` that says why")),
				Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
					if err := d.do.UnlockVault(ctx.Context, ctx.String("vault"), ctx.String("reason")); err != nil {
						return refused(err)
					}
					return listLocks(ctx, d)
				}),
			},
		},
	}
}

func lockVault(ctx *cli.Context, d *desk) error {
	_, err := d.do.LockVault(ctx.Context, operator.LockRequest{
		Vault: ctx.String("vault"), Mode: catalog.LockMode(ctx.String("mode")), MinDays: ctx.Int("min-days"),
		GraceDays: ctx.Int("grace-days"), Reason: ctx.String("reason"),
	})
	if err != nil {
		return refused(err)
	}
	return listLocks(ctx, d)
}

// lockList is what the vault commands print with --output json.
type lockList struct {
	Locks []catalog.VaultLock `json:"locks"`
}

func listLocks(ctx *cli.Context, d *desk) error {
	locks, err := d.do.VaultLocks(ctx.Context)
	if err != nil {
		return err
	}
	return d.print(lockList{append([]catalog.VaultLock{}, locks...)}, func() error {
		if len(locks) == 0 {
			d.line("no vault is locked")
			return nil
		}
		rows := make([][]string, len(locks))
		for i, l := range locks {
			final := "can be taken back"
			if l.Final(d.clock.Now()) {
				final = "final"
			} else if l.Mode == catalog.Compliance {
				final = "final from " + instantText(l.GraceUntil)
			}
			rows[i] = []string{l.Vault, string(l.Mode), strconv.Itoa(l.MinDays), final, instantText(l.LockedAt), l.LockedBy, l.Note}
		}
		return table(d.env.Stdout, []string{"VAULT", "MODE", "MIN DAYS", "LOCK", "SINCE", "BY", "WHY"}, rows)
	})
}

func deletionsCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "deletions", Usage: "see and approve scheduled deletions that stopped because too many were due",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list what is stopped",
				Description: "When more recovery points are due within a day than expiry.resource_share or\n" +
					"expiry.installation_share allows, their deletion stops until it is approved or less is due.\n\n" +
					"Exits with 3 when something waits for an approval.\n\nExample:\n\n   holdfast deletions list",
				Flags: serverFlags(), Action: serviceAction(env, listStops),
			},
			{
				Name: "approve", Usage: "let the stopped deletions of a resource, or of the installation, go on",
				Description: "An approval of `installation` covers every resource. The leader goes on within ten minutes.\n\n" +
					"Examples:\n\n   holdfast deletions approve --subject arn:aws:ec2:eu-west-1:111122223333:volume/vol-0abc --reason 'retention cut to 7 days'\n" +
					"   holdfast deletions approve --subject installation --for 8h --reason 'change 4711'",
				Flags: serverFlags(
					&cli.StringFlag{Name: "subject", Usage: "the `ARN` of a resource, or installation"},
					&cli.DurationFlag{Name: "for", Value: 24 * time.Hour, Usage: "how long the approval lasts"},
					reasonFlag("`TEXT` that says why"),
				),
				Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
					err := d.do.Approve(ctx.Context, operator.ApproveRequest{Subject: ctx.String("subject"), For: ctx.Duration("for"), Reason: ctx.String("reason")})
					if err != nil {
						return refused(err)
					}
					stops, err := d.do.Stops(ctx.Context)
					if err != nil {
						return err
					}
					return d.printStops(stops)
				}),
			},
		},
	}
}

// stopList is what the deletions commands print with --output json.
type stopList struct {
	Stops []catalog.Stop `json:"stops"`
}

func listStops(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	stops, err := d.do.Stops(ctx.Context)
	if err != nil {
		return err
	}
	if err := d.printStops(stops); err != nil {
		return err
	}
	waiting := 0
	for _, s := range stops {
		if !s.Approved(d.clock.Now()) {
			waiting++
		}
	}
	if waiting > 0 {
		return d.outcome(codeAttention, "deletions of %d subjects wait for an approval", waiting)
	}
	return nil
}

func (d *desk) printStops(stops []catalog.Stop) error {
	return d.print(stopList{append([]catalog.Stop{}, stops...)}, func() error {
		if len(stops) == 0 {
			d.line("no deletions are stopped")
			return nil
		}
		rows := make([][]string, len(stops))
		for i, s := range stops {
			approved := "no"
			if s.Approved(d.clock.Now()) {
				approved = "by " + s.ApprovedBy + " until " + instantText(s.ApprovedUntil)
			}
			rows[i] = []string{s.Subject, instantText(s.Since), strconv.Itoa(s.Due), strconv.Itoa(s.Of), approved}
		}
		return table(d.env.Stdout, []string{"SUBJECT", "SINCE", "LOST IN A DAY", "OF", "APPROVED"}, rows)
	})
}
