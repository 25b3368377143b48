package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/policy"
)

// maxNext is the most runs policy next prints.
const maxNext = 1000

// policyCommand checks policies and schedules; it needs no catalog.
func policyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "policy", Usage: "check backup plans and schedules before they are used",
		Subcommands: []*cli.Command{
			validateCommand(env),
			{
				Name: "next", Usage: "print when a schedule expression is due next",
				Description: "Example:\n\n   holdfast policy next --expression 'cron(0 2 ? * MON-FRI *)' --timezone Europe/Berlin --count 5",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "expression", Usage: "cron(...) `EXPRESSION` of six fields, or rate(...); must be given"},
					&cli.StringFlag{Name: "timezone", Value: policy.DefaultTimezone, Usage: "IANA `NAME` of the time zone"},
					&cli.StringFlag{Name: "after", Usage: "runs after this `MOMENT`, e.g. 2026-05-05T12:00:00Z (default: now)"},
					&cli.IntFlag{Name: "count", Value: 5, Usage: "print `N` runs"},
				},
				Action: func(ctx *cli.Context) error { return nextRuns(ctx, env) },
			},
			policyRetainCommand(env),
			effectiveCommand(env), policyCompareCommand(env), policyPullCommand(env),
			convertCommand(env),
			schemaCommand(env),
			policySelectCommand(env),
			policyPreviewCommand(env),
			policyDiffCommand(env),
		},
	}
}

// runs is the JSON of policy next.
type runs struct {
	Expression string      `json:"expression"`
	Timezone   string      `json:"timezone"`
	Next       []time.Time `json:"next"`     // UTC; fewer than asked for when the schedule ends
	Warnings   []string    `json:"warnings"` // forms that AWS takes but does not document
	Notes      []string    `json:"notes,omitempty"`
}

func nextRuns(ctx *cli.Context, env Env) error {
	schedule, from, err := readSchedule(ctx, env)
	if err != nil {
		return err
	}
	out, at := schedule.runs, from
	for range ctx.Int("count") {
		next, ok := schedule.next(at)
		if !ok {
			break
		}
		out.Next = append(out.Next, next)
		at = next
	}
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, out)
	}
	for _, w := range slices.Concat(out.Warnings, out.Notes) {
		writeLine(env.Stderr, "holdfast: warning: %s", w)
	}
	return printRuns(env, out)
}

// readable is a schedule with what there is to say about how it was written.
type readable struct {
	runs
	next func(time.Time) (time.Time, bool)
}

// readSchedule reads the flags of policy next.
func readSchedule(ctx *cli.Context, env Env) (readable, time.Time, error) {
	var c checks
	c.noArguments(ctx)
	from := env.Clock.Now()
	if ctx.IsSet("after") {
		from = c.instant(ctx, "after", from)
	}
	if n := ctx.Int("count"); n < 1 || n > maxNext {
		c.add("--count", "is %d: use 1 to %d", n, maxNext)
	}
	expression, timezone := ctx.String("expression"), ctx.String("timezone")
	if err := policy.CheckTimezone(timezone); err != nil {
		c.add("--timezone", "%v", err)
		timezone = "" // the expression is still worth checking
	}
	read := readCron
	if policy.IsRate(expression) {
		read = readRate
	}
	schedule, err := read(expression, timezone)
	if err != nil {
		c.add("--expression", "%v", err)
	}
	schedule.Next, schedule.Warnings = []time.Time{}, append([]string{}, schedule.Warnings...)
	return schedule, from, c.err()
}

func readCron(expression, timezone string) (readable, error) {
	s, warnings, err := policy.ParseSchedule(expression, timezone)
	out := readable{runs{Expression: s.String(), Timezone: s.Timezone(), Warnings: warnings}, s.Next}
	if s.SubHourly() {
		out.Notes = []string{"runs are less than an hour apart: a backup plan is refused with this expression"}
	}
	return out, err
}

func readRate(expression, timezone string) (readable, error) {
	r, err := policy.ParseRate(expression)
	return readable{runs{
		Expression: r.String(), Timezone: cmp.Or(timezone, policy.DefaultTimezone),
		Notes: []string{"rate() is for Holdfast's own jobs: backup plans and organization policies are refused with it"},
	}, r.Next}, err
}

// printRuns prints each run in the zone of the schedule and in UTC.
func printRuns(env Env, out runs) error {
	if len(out.Next) == 0 {
		writeLine(env.Stdout, "never again")
		return nil
	}
	zone, err := time.LoadLocation(out.Timezone)
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(out.Next))
	for _, at := range out.Next {
		rows = append(rows, []string{instantText(at), at.In(zone).Format("Mon 2006-01-02 15:04 MST")})
	}
	return table(env.Stdout, []string{"UTC", strings.ToUpper(out.Timezone)}, rows)
}
