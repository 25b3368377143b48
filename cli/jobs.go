package cli

import (
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/operator"
	"holdfast/resource"
)

// The limits of lists.
const (
	defaultListLimit = 100
	maxListLimit     = 1000
)

func jobsCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "jobs", Usage: "look at jobs, cancel, retry and wait for them",
		Subcommands: []*cli.Command{
			jobsListCommand(env), jobsShowCommand(env), jobsWaitCommand(env),
			jobsCancelCommand(env), jobsRetryCommand(env), jobsReleaseCommand(env),
		},
	}
}

// listFlags are on every command that lists what has a kind and a place.
func listFlags(own ...cli.Flag) []cli.Flag {
	return append(own,
		&cli.StringSliceFlag{Name: "kind", Usage: "only these `KINDS`"},
		&cli.StringFlag{Name: "account", Usage: "only this `ACCOUNT`"},
		&cli.StringFlag{Name: "region", Usage: "only this `REGION`"},
		&cli.IntFlag{Name: "limit", Value: defaultListLimit, Usage: "at most this many"},
	)
}

func jobsListCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list jobs, newest first",
		Description: "--type, --state, --class and --kind may be repeated or hold a list with commas.\n\n" +
			"Examples:\n\n   holdfast jobs list --state failed --since 24h\n   holdfast jobs list --class denied,credentials --account 111122223333 --output json",
		Flags: serverFlags(listFlags(
			&cli.StringSliceFlag{Name: "type", Usage: "only these `TYPES`: " + joined(operator.Operations())},
			&cli.StringSliceFlag{Name: "state", Usage: "only these `STATES`: " + joined(catalog.States())},
			&cli.StringSliceFlag{Name: "class", Usage: "only jobs whose last failure had one of these `CLASSES`"},
			&cli.StringFlag{Name: "resource", Usage: "only jobs of this `ARN`"},
			&cli.StringFlag{Name: "point", Usage: "only jobs that copy, restore or expire this recovery `POINT`"},
			&cli.StringFlag{Name: "chain", Usage: "only jobs of the chain that began with the backup `ID`"},
			&cli.StringFlag{Name: "plan", Usage: "only jobs of this `PLAN`"},
			&cli.StringFlag{Name: "rule", Usage: "only jobs of this `RULE`"},
			&cli.StringFlag{Name: "since", Usage: "only jobs created since `TIME` (RFC 3339, or how long ago: 36h, 7d)"},
			&cli.StringFlag{Name: "until", Usage: "only jobs created before `TIME`"},
			&cli.StringFlag{Name: "after", Usage: "go on after the job `ID`, the last one of the page before"},
		)...),
		Action: serviceAction(env, listJobs),
	}
}

// jobList is what `jobs list --output json` prints.
type jobList struct {
	Jobs []catalog.Job `json:"jobs"`
	// After is what --after takes to go on; absent on the last page.
	After string `json:"after,omitempty"`
}

func listJobs(ctx *cli.Context, d *desk) error {
	var c checks
	filter := c.jobFilter(ctx, d.clock.Now())
	if filter.After != "" {
		if _, err := d.job(ctx.Context, filter.After); err != nil {
			c.add("--after", "%v", err)
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	jobs, err := d.do.ListJobs(ctx.Context, filter)
	if err != nil {
		return err
	}
	list := jobList{Jobs: append([]catalog.Job{}, jobs...)}
	if len(jobs) == filter.Limit {
		list.After = jobs[len(jobs)-1].ID
	}
	return d.print(list, func() error {
		if err := d.jobTable(jobs); err != nil {
			return err
		}
		d.noteMore(list.After)
		return nil
	})
}

// noteMore says how to see the next page.
func (d *desk) noteMore(after string) {
	if after != "" {
		d.note("there may be more: go on with --after %s, or raise --limit", after)
	}
}

// jobFilter reads the filter flags.
func (c *checks) jobFilter(ctx *cli.Context, now time.Time) catalog.JobFilter {
	c.noArguments(ctx)
	return catalog.JobFilter{
		Types:   choices(c, ctx, "type", operator.Operations()),
		States:  choices(c, ctx, "state", catalog.States()),
		Kinds:   choices(c, ctx, "kind", resource.Kinds()),
		Classes: choices(c, ctx, "class", failure.Classes()),
		Account: c.account(ctx), Region: ctx.String("region"), ResourceARN: ctx.String("resource"),
		Plan: ctx.String("plan"), Rule: ctx.String("rule"),
		ChainID: lowered(ctx, "chain"), PointID: lowered(ctx, "point"), After: lowered(ctx, "after"),
		Since: c.instant(ctx, "since", now), Until: c.instant(ctx, "until", now),
		Limit: c.limit(ctx, maxListLimit),
	}
}

// jobTable prints one line a job.
func (d *desk) jobTable(jobs []catalog.Job) error {
	if len(jobs) == 0 {
		d.line("no jobs")
		return nil
	}
	now := d.clock.Now()
	rows := make([][]string, len(jobs))
	for i, j := range jobs {
		rows[i] = []string{
			j.ID, string(j.Type), string(j.State), orDash(string(j.Class)), j.Account, j.Region,
			instantText(j.CreatedAt), runtimeText(j, now), j.ResourceARN,
		}
	}
	return table(d.env.Stdout, []string{"ID", "TYPE", "STATE", "CLASS", "ACCOUNT", "REGION", "CREATED", "TOOK", "RESOURCE"}, rows)
}

func jobsWaitCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "wait", Usage: "wait until jobs have ended, and exit by the result", ArgsUsage: "ID...",
		Description: "Copies that follow a backup are waited for too. Exit code 0: all completed; 1: none did; 3: some did.\n\n" +
			"Example:\n\n   holdfast jobs wait 6mpz72yzs7geu2grkcuv6eq3hw --timeout 2h",
		Flags: serverFlags(waitTimeoutFlag()),
		Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
			jobs, err := d.jobs(ctx.Context, ctx.Args().Slice())
			if err != nil {
				return err
			}
			ended, err := d.await(ctx, jobs)
			if err != nil {
				return err
			}
			if err := d.print(jobList{Jobs: ended}, func() error { return d.jobTable(ended) }); err != nil {
				return err
			}
			return d.verdict(ended)
		}),
	}
}
