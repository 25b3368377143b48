package cli

import (
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"holdfast/operator"
)

func limitsShowCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show every cap, who holds and waits, since when, and who is next; or the API budgets",
		Description: "KEY=* is the default of all keys of its dimension. What is held and waited for comes from\n" +
			"Redis, or from the catalog when Redis is inside the running process; then nobody can say who\n" +
			"is next. OLDEST is how long the job has waited that has waited longest; NEXT is who gets the\n" +
			"next slot of a full key. `holdfast jobs show` says why one job waits.\n\n" +
			"--budgets shows how fast AWS is called instead: per account, region and API the calls that could\n" +
			"go at once (below 0: reserved ahead), the part of the rate in use, which AWS lowers by throttling,\n" +
			"and how long a call would be put off.\n\n" +
			"Examples:\n\n   holdfast limits show\n   holdfast limits show --budgets\n   holdfast limits show --output json",
		Flags:  serverFlags(&cli.BoolFlag{Name: "budgets", Usage: "show the API budgets in use"}),
		Action: serviceAction(env, showLimits),
	}
}

func showLimits(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	if ctx.Bool("budgets") && d.act == nil {
		c.add("--budgets", "does not go with --server: the server's metrics holdfast_budget_* tell of the budgets")
	}
	if err := c.err(); err != nil {
		return err
	}
	if ctx.Bool("budgets") {
		return showBudgets(ctx.Context, d)
	}
	list, err := d.do.ListLimits(ctx.Context)
	if err != nil {
		return err
	}
	if list.Note != "" {
		d.note("%s", list.Note)
	}
	return d.print(list, func() error { return d.limitTable(list) })
}

// maxUsage bounds how many budgets are shown.
const maxUsage = 10_000

func (d *desk) limitTable(list operator.LimitList) error {
	rows := make([][]string, len(list.Limits))
	for i, l := range list.Limits {
		waiting, oldest := "-", "-"
		if l.Waiting != nil {
			waiting = strconv.Itoa(*l.Waiting)
		}
		if !l.WaitingSince.IsZero() {
			oldest = durationText(d.clock.Now().Sub(l.WaitingSince))
		}
		rows[i] = []string{l.Key, concurrencyText(l), weightText(l), originText(l), strconv.Itoa(l.Held), waiting, oldest, orDash(l.Next)}
	}
	return table(d.env.Stdout, []string{"KEY", "CONCURRENCY", "WEIGHT", "FROM", "HELD", "WAITING", "OLDEST", "NEXT"}, rows)
}

// concurrencyText gives the cap, and what admission goes by when that is another.
func concurrencyText(l operator.Limit) string {
	text := func(n int) string {
		if n == operator.NoLimit {
			return "none"
		}
		return strconv.Itoa(n)
	}
	own := text(operator.SlotsOf(l.Concurrency))
	if l.Applied != nil {
		own += fmt.Sprintf(" (%s now)", text(*l.Applied))
	}
	return own
}

func weightText(l operator.Limit) string {
	if l.Weight == nil {
		return "-"
	}
	return strconv.Itoa(*l.Weight)
}

func originText(l operator.Limit) string {
	if l.SetBy == "" {
		return orDash(l.Origin)
	}
	return fmt.Sprintf("%s by %s, version %d", l.Origin, l.SetBy, l.Version)
}
