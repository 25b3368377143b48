package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"holdfast/operator"
)

func jobsCancelCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "cancel", Usage: "ask for jobs to be cancelled", ArgsUsage: "ID...",
		Description: "A job that has not begun ends within seconds. One that AWS works on goes on as ABORTING until AWS\n" +
			"is done, because AWS cannot cancel a snapshot. Exit code 3: some had ended already.\n\n" +
			"Example:\n\n   holdfast jobs cancel 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:  serverFlags(),
		Action: serviceAction(env, func(ctx *cli.Context, d *desk) error { return d.changeJobs(ctx, d.do.Cancel) }),
	}
}

func jobsRetryCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "retry", Usage: "try again what ended jobs were to do", ArgsUsage: "ID...",
		Description: "A retry is a new job with an id of its own and no window. Exit code 3: some could not be retried.\n\n" +
			"Example:\n\n   holdfast jobs retry 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:  serverFlags(),
		Action: serviceAction(env, func(ctx *cli.Context, d *desk) error { return d.changeJobs(ctx, d.do.Retry) }),
	}
}

func jobsReleaseCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "release", Usage: "give up on a job whose end AWS does not tell, and free its slot", ArgsUsage: "ID...",
		Description: "For jobs that are overdue and that you have looked up on AWS yourself. AWS may still be working:\n" +
			"an artefact it makes later is not recorded by this job. The decision is kept in the history\n" +
			"with your name. The leader frees the slot within a minute.\n\n" +
			"Example:\n\n   holdfast jobs release --force 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags: serverFlags(&cli.BoolFlag{Name: "force", Usage: "required: you know what AWS is doing"}),
		Action: serviceAction(env, func(ctx *cli.Context, d *desk) error {
			if !ctx.Bool("force") {
				return badInput("--force is required: look on AWS first what became of the operation, see `holdfast jobs show ID`")
			}
			return d.changeJobs(ctx, d.do.Release)
		}),
	}
}

// changeJobs applies change to every job named; nothing happens when one is unknown.
func (d *desk) changeJobs(ctx *cli.Context, change func(context.Context, []string) ([]operator.Change, error)) error {
	results, err := change(ctx.Context, ctx.Args().Slice())
	if err != nil {
		return refused(err)
	}
	left := 0
	for _, r := range results {
		if !r.Done {
			left++
		}
	}
	err = d.print(map[string]any{"jobs": results}, func() error {
		for _, r := range results {
			d.line("%s %s: %s", r.ID, r.State, r.Result)
		}
		return nil
	})
	switch {
	case err != nil || left == 0:
		return err
	case left == len(results):
		return d.outcome(codeFailed, "nothing was changed")
	default:
		return d.outcome(codeAttention, "%d of %d jobs were left as they are", left, len(results))
	}
}
