package cli

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/operator"
)

// jobCommands are the commands about jobs. The first four only write the catalog: the
// leader submits what they wrote within a second.
func jobCommands(env Env) []*cli.Command {
	return []*cli.Command{
		backupCommand(env), copyCommand(env), restoreCommand(env), expireCommand(env), jobsCommand(env),
	}
}

// manualFlags are on every command that makes jobs.
func manualFlags(own ...cli.Flag) []cli.Flag {
	return append(serverFlags(own...),
		&cli.StringFlag{Name: "idempotency-key", Usage: "the same `KEY` makes the same job, however often the command runs"},
		&cli.BoolFlag{Name: "wait", Usage: "show progress until the end and exit by the result"},
		waitTimeoutFlag(),
		&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done and change nothing"},
	)
}

// order reads what the requests that make jobs have in common.
func order(ctx *cli.Context) operator.Order {
	return operator.Order{IdempotencyKey: ctx.String("idempotency-key"), DryRun: ctx.Bool("dry-run")}
}

// show prints what became of a request, and waits for its jobs when asked to.
func (d *desk) show(ctx *cli.Context, r operator.Outcome, err error, text func(operator.Outcome) error) error {
	if err != nil {
		return refused(err)
	}
	if r.DryRun || !ctx.Bool("wait") {
		return d.print(r, func() error { return text(r) })
	}
	if !d.json {
		if err := text(r); err != nil {
			return err
		}
	}
	ended, err := d.await(ctx, r.Jobs)
	if err != nil {
		return err
	}
	r.Jobs = ended // follow-up copies included
	if err := d.print(r, func() error { return d.jobTable(ended) }); err != nil {
		return err
	}
	return d.verdict(ended)
}

// announce prints one line a job.
func (d *desk) announce(r operator.Outcome) {
	for _, job := range r.Jobs {
		switch {
		case r.DryRun:
			d.line("would %s %s in %s/%s", job.Type, subject(job), job.Account, job.Region)
		default:
			d.line("%s %s: %s of %s in %s/%s", job.ID, job.State, job.Type, subject(job), job.Account, job.Region)
		}
	}
	if r.DryRun || r.Created == len(r.Jobs) {
		return
	}
	d.note("%d of %s existed already under this key", len(r.Jobs)-r.Created, counted(len(r.Jobs), "job"))
}

// subject names what a job works on.
func subject(job catalog.Job) string {
	if job.PointID != "" {
		return "recovery point " + job.PointID + " of " + job.ResourceARN
	}
	return job.ResourceARN
}

// retentionText says how long an artefact is kept.
func retentionText(days int) string {
	if days <= 0 {
		return "kept for ever"
	}
	return fmt.Sprintf("deleted after %d days", days)
}

// deleteAfter reads --delete-after in days; nil when it is left out.
func deleteAfter(ctx *cli.Context) *int {
	if !ctx.IsSet("delete-after") {
		return nil
	}
	days := ctx.Int("delete-after")
	return &days
}

// manual checks the flags of manualFlags.
func (c *checks) manual(ctx *cli.Context) {
	c.noArguments(ctx)
	if ctx.IsSet("idempotency-key") && ctx.String("idempotency-key") == "" {
		c.add("--idempotency-key", "has 0 characters: use 1 to %d", operator.MaxKey)
	}
	if timeout := ctx.Duration("timeout"); timeout < time.Second {
		c.add("--timeout", "is %s: use at least 1s", timeout)
	}
}
