package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/policy"
	"holdfast/policy/jsonlist"
	"holdfast/policy/retention"
	"holdfast/policy/trial"
)

func policyRetainCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "retain", Usage: "say which recovery points a rule keeps, and why; nothing is deleted",
		Description: "The rule is YAML or JSON: a rule of a policy, or only what it keeps. A point is kept when anything keeps it:\n\n" +
			"   lifecycle: {delete_after_days: 7}   # everything younger\n" +
			"   retention:                          # and the newest point of each of the last n\n" +
			"     keep_last: 3                      # points\n" +
			"     keep_daily: 14                    # days; also keep_hourly, keep_weekly, keep_monthly, keep_yearly\n" +
			"     timezone: Europe/Berlin           # in which they begin\n\n" +
			"The points are JSON, a list or what `holdfast points list --output json` prints:\n\n" +
			"   [{\"id\": \"p1\", \"created_at\": \"2026-05-05T02:00:00Z\"}, ...]\n\n" +
			"with, if wanted, state (only AVAILABLE and COMPLETED count), delete_at (stamped when the point was made),\n" +
			"resource_arn, account and region (points of different ones never stand in for each other) and holds.\n\n" +
			"JSON: {\"points\": [{\"id\", \"created_at\", \"decision\": \"keep|delete\", \"reasons\": [...]}], \"keep\": [ids], \"delete\": [ids]}\n\n" +
			"Example:\n\n   holdfast policy retain --rule rule.yaml --points points.json --now 2026-06-01T00:00:00Z",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "rule", Usage: "`FILE` with the rule; - is the standard input"},
			&cli.StringFlag{Name: "points", Usage: "`FILE` with the recovery points; - is the standard input"},
			&cli.StringFlag{Name: "now", Usage: "decide as of this `MOMENT`, e.g. 2026-05-05T12:00:00Z (default: now)"},
		},
		Action: func(ctx *cli.Context) error { return retainPoints(ctx, env) },
	}
}

// retained is the JSON of policy retain.
type retained struct {
	Now      time.Time       `json:"now"`
	Policy   retainedBy      `json:"policy"`
	Points   []retainedPoint `json:"points"` // by series, newest first
	Keep     []string        `json:"keep"`
	Delete   []string        `json:"delete"`
	Warnings []string        `json:"warnings"`
}

// retainedBy is the policy the way it was understood.
type retainedBy struct {
	DeleteAfterDays int    `json:"delete_after_days,omitempty"`
	KeepLast        int    `json:"keep_last,omitempty"`
	KeepHourly      int    `json:"keep_hourly,omitempty"`
	KeepDaily       int    `json:"keep_daily,omitempty"`
	KeepWeekly      int    `json:"keep_weekly,omitempty"`
	KeepMonthly     int    `json:"keep_monthly,omitempty"`
	KeepYearly      int    `json:"keep_yearly,omitempty"`
	Timezone        string `json:"timezone"`
}

type retainedPoint struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Series    string    `json:"series,omitempty"`
	Decision  string    `json:"decision"` // keep or delete
	Keep      bool      `json:"keep"`
	Reasons   []string  `json:"reasons"`
}

func retainPoints(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	now := env.Clock.Now()
	if ctx.IsSet("now") {
		now = c.instant(ctx, "now", now)
	}
	rule := c.input(ctx, env, "rule")
	points := c.input(ctx, env, "points")
	if ctx.String("rule") == "-" && ctx.String("points") == "-" {
		c.add("--points", "the standard input can be read once only: name a file")
	}
	if err := c.err(); err != nil {
		return err
	}
	keep, result := policy.ReadRetention(policy.File{Name: ctx.String("rule"), Data: rule})
	c.policyProblems("invalid_rule", result.Problems)
	list, problems := trial.ReadPoints(points)
	c.listProblems("invalid_points", ctx.String("points"), problems)
	if err := c.err(); err != nil {
		return err
	}
	out := newRetained(keep, retention.Decide(keep, list, now), now)
	for _, w := range result.Warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, out)
	}
	return out.text(env)
}

func newRetained(keep retention.Policy, decisions []retention.Decision, now time.Time) retained {
	out := retained{
		Now: now, Points: []retainedPoint{}, Keep: []string{}, Delete: []string{}, Warnings: []string{},
		Policy: retainedBy{
			keep.DeleteAfterDays, keep.KeepLast, keep.KeepHourly, keep.KeepDaily,
			keep.KeepWeekly, keep.KeepMonthly, keep.KeepYearly, keep.Timezone(),
		},
	}
	for _, d := range decisions {
		p := retainedPoint{ID: d.Point.ID, CreatedAt: d.Point.CreatedAt, Series: d.Point.Series, Decision: "delete", Keep: d.Keep, Reasons: d.Reasons}
		if d.Keep {
			p.Decision = "keep"
			out.Keep = append(out.Keep, p.ID)
		} else {
			out.Delete = append(out.Delete, p.ID)
		}
		out.Points = append(out.Points, p)
	}
	return out
}

func (r retained) text(env Env) error {
	for _, w := range r.Warnings {
		writeLine(env.Stderr, "holdfast: warning: %s", w)
	}
	rows := make([][]string, len(r.Points))
	for i, p := range r.Points {
		rows[i] = []string{p.Decision, instantText(p.CreatedAt), p.ID, strings.Join(p.Reasons, "; ")}
	}
	if len(rows) > 0 {
		if err := table(env.Stdout, []string{"DECISION", "CREATED", "POINT", "WHY"}, rows); err != nil {
			return err
		}
	}
	writeLine(env.Stdout, "%d kept, %d to delete", len(r.Keep), len(r.Delete))
	return nil
}

// maxInputBytes bounds what is read from a file or the standard input.
const maxInputBytes = jsonlist.MaxBytes

// input reads the file a flag names.
func (c *checks) input(ctx *cli.Context, env Env, flag string) []byte {
	name := ctx.String(flag)
	switch name {
	case "":
		c.add("--"+flag, "must be given: name a file, or - for the standard input")
		return nil
	case "-":
		data, err := io.ReadAll(io.LimitReader(env.Stdin, maxInputBytes+1))
		if err != nil {
			c.add("--"+flag, "read the standard input: %v", err)
		}
		return data
	}
	data, err := readBounded(name)
	if err != nil {
		c.add("--"+flag, "%v", err)
	}
	return data
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // G304: the user names the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(f, maxInputBytes+1))
	if err == nil && len(data) > maxInputBytes {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxInputBytes)
	}
	return data, err
}

// policyProblems adds what is wrong with a policy document.
func (c *checks) policyProblems(kind string, found []policy.Problem) {
	for _, p := range found {
		c.found = append(c.found, problem{Kind: kind, File: p.File, Line: p.Line, Path: p.Path, Message: p.Message})
	}
}

// listProblems adds what is wrong with a list in a file.
func (c *checks) listProblems(kind, file string, found []jsonlist.Problem) {
	for _, p := range found {
		c.found = append(c.found, problem{Kind: kind, File: file, Line: p.Line, Path: p.Path, Message: p.Message})
	}
}
