package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/operator"
)

func limitsSetCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "set or take away a cap, or the weight of an account", ArgsUsage: "KEY concurrency=N|weight=N",
		Description: "Keys: " + strings.Join(operator.KeyForms(), ", ") + ". The part\n" +
			"after = may be * for all that have no cap of their own. concurrency=0 pauses: what was granted\n" +
			"and has not begun is called back, what has begun goes on. concurrency=default takes the cap\n" +
			"away. A cap below what is held drains. weight=3 gives an account three turns where others\n" +
			"have one. The running leader applies a change within a second.\n\n" +
			"--expect-version refuses when somebody else has set the key since `limits show` printed that\n" +
			"version, and says what they did; 0 expects that nobody has set it.\n\n" +
			"Examples:\n\n   holdfast limits set account=111122223333 concurrency=40\n" +
			"   holdfast limits set account=* concurrency=20 --dry-run\n" +
			"   holdfast limits set account=111122223333 concurrency=0 --expect-version 7\n" +
			"   holdfast limits set unit=production concurrency=200\n" +
			"   holdfast limits set account=111122223333 concurrency=default\n" +
			"   holdfast limits set account=111122223333 weight=3",
		Flags: serverFlags(
			&cli.Int64Flag{Name: "expect-version", DefaultText: "any", Usage: "refuse unless the key is at this version"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would change and change nothing"},
		),
		Action: serviceAction(env, setLimit),
	}
}

func setLimit(ctx *cli.Context, d *desk) error {
	if ctx.NArg() != 2 {
		return badInput("write KEY concurrency=N, for example account=111122223333 concurrency=40")
	}
	var c checks
	request := c.limitRequest(ctx)
	if len(c.found) > 0 {
		if d.act != nil { // a server only knows when it is asked
			c.refusal(d.act.CheckLimit(request))
		}
		return c.err()
	}
	after, err := d.do.SetLimit(ctx.Context, request)
	var changed *operator.LimitConflictError
	switch {
	case errors.As(err, &changed):
		return &exitError{code: codeFailed, err: fmt.Errorf("%w; nothing was changed: look at `holdfast limits show` and, if it is still right, use --expect-version %d", changed, changed.Version())}
	case err != nil:
		return refused(err)
	}
	return d.print(after, func() error { return d.changeText(request, after) })
}

// limitRequest reads KEY and concurrency=N or weight=N, and the flags.
func (c *checks) limitRequest(ctx *cli.Context) operator.LimitRequest {
	name, text, _ := strings.Cut(ctx.Args().Get(1), "=")
	request := operator.LimitRequest{Key: strings.ToLower(ctx.Args().Get(0)), Setting: name, DryRun: ctx.Bool("dry-run")}
	if n, err := strconv.Atoi(text); err == nil {
		request.Value = &n
	} else if text != "default" {
		c.add("", "%q is not understood: write concurrency=N or weight=N, or default instead of N", ctx.Args().Get(1))
	}
	if ctx.IsSet("expect-version") {
		version := ctx.Int64("expect-version")
		request.ExpectVersion = &version
	}
	return request
}

// changeText says what was changed, and what it was before.
func (d *desk) changeText(change operator.LimitRequest, after operator.LimitOutcome) error {
	may, is := "may", "is"
	if after.DryRun {
		may, is = "would be allowed to", "would be"
	}
	was := ""
	if after.Before != nil {
		was = fmt.Sprintf(" (was %d, set by %s at %s)", after.Before.Limit, after.Before.UpdatedBy, instantText(after.Before.UpdatedAt))
	}
	weight := change.Setting == operator.Weight
	switch {
	case weight && change.Value == nil:
		d.line("%s has no weight of its own any more%s", change.Key, was)
	case weight:
		d.line("%s has %s where an account of weight 1 has one%s", change.Key, counted(*change.Value, "turn"), was)
	case change.Value == nil:
		d.line("%s has no cap of its own any more%s", change.Key, was)
	case *change.Value == 0:
		d.line("%s %s paused: nothing new begins%s", change.Key, is, was)
	default:
		d.line("%s %s have %s in progress%s", change.Key, may, counted(*change.Value, "operation"), was)
	}
	if limit := operator.SlotsOf(after.Concurrency); !weight && limit != operator.NoLimit && after.Held > limit {
		d.line("%s in progress: it drains to %d", counted(after.Held, "operation"), limit)
	}
	if after.DryRun {
		d.line("dry run: nothing was changed")
	}
	return nil
}
