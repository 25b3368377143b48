package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/report"
	"holdfast/report/cost"
)

// reportFormats are the shapes of a report, the default first.
var reportFormats = []string{"text", "csv", "json", "html"}

func reportCommand(env Env) *cli.Command {
	var kinds strings.Builder
	for _, d := range report.Kinds() {
		fmt.Fprintf(&kinds, "   %-11s %s\n", d.Kind, d.Doc)
	}
	return &cli.Command{
		Name: "report", Usage: "report on jobs, protection, controls and cost", ArgsUsage: "KIND",
		Description: "The kinds:\n\n" + kinds.String() +
			"\ndocs/reports.md has every column. CSV has one table, --table says which; HTML is one file that can be printed.\n\n" +
			"Examples:\n\n   holdfast report backup\n   holdfast report backup --from 2026-05-01T00:00:00Z --to 2026-06-01T00:00:00Z --by plan --out backups.html\n" +
			"   holdfast report restore --from 30d --by tag=team --format csv\n" +
			"   holdfast report controls --set requiredRetentionDays=30 --set crossRegionList=eu-west-1",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "from", Usage: "begin of the period, a `TIME` (RFC 3339, or how long ago: 36h, 7d)", DefaultText: "as long ago as the kind usually is about"},
			&cli.StringFlag{Name: "to", Usage: "end of the period, a `TIME`", DefaultText: "now"},
			&cli.StringFlag{Name: "by", Usage: "group by account, unit, plan or tag=KEY", DefaultText: "account"},
			&cli.StringFlag{Name: "format", Usage: strings.Join(reportFormats, ", "), DefaultText: "by the ending of --out, or text"},
			&cli.StringFlag{Name: "table", Usage: "the `TABLE` CSV has", DefaultText: "the first"},
			&cli.StringFlag{Name: "prices", Usage: "price `FILE` for the cost report, see docs/reports.md", DefaultText: "the prices Holdfast comes with"},
			&cli.StringSliceFlag{Name: "set", Usage: "a parameter of the controls as `NAME=VALUE`: " + strings.Join(report.ParameterNames(), ", ")},
			&cli.StringFlag{Name: "out", Usage: "write to this `FILE`"},
		},
		Action: deskAction(env, makeReport),
	}
}

// reportWish is what the command line asks for.
type reportWish struct {
	request            report.Request
	format, table, out string
	prices             *cost.Prices // nil for the default
	parameters         report.Parameters
}

func makeReport(ctx *cli.Context, d *desk) error {
	wish, err := d.reportWish(ctx)
	if err != nil {
		return err
	}
	source, err := app.ReportSource(ctx.Context, d.cfg, d.store, d.drivers, d.clock.Now())
	if err != nil {
		return err
	}
	if wish.prices != nil {
		source.Prices = *wish.prices
	}
	source.Parameters = wish.parameters
	made, err := report.Make(ctx.Context, source, wish.request)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return app.WriteReport(w, made, wish.format, wish.table) }
	if wish.out == "" {
		return write(d.env.Stdout)
	}
	if err := writeWhole(wish.out, write); err != nil {
		return err
	}
	d.note("wrote %s", wish.out)
	return nil
}

// reportWish reads the flags and tells everything wrong with them at once.
func (d *desk) reportWish(ctx *cli.Context) (wish reportWish, err error) {
	var c checks
	kind, known := report.Find(ctx.Args().First())
	if ctx.NArg() != 1 || !known {
		c.add("", "name one kind of report: %s", strings.Join(report.Names(), ", "))
	}
	wish.out = ctx.String("out")
	wish.format = c.reportFormat(ctx, wish.out)
	wish.table = c.reportTable(ctx, wish.format, kind)
	now := d.clock.Now()
	wish.request = report.Request{Kind: kind.Kind, From: c.instant(ctx, "from", now), To: c.instant(ctx, "to", now), By: ctx.String("by")}
	req := &wish.request
	if !ctx.IsSet("to") {
		req.To = now
	}
	if !ctx.IsSet("from") {
		req.From = req.To.Add(-kind.Span)
	}
	wish.prices = c.prices(ctx)
	wish.parameters = c.parameters(ctx, kind)
	if known {
		c.reportPeriod(ctx, kind, *req, now)
		c.reportGrouping(ctx, kind, d.cfg.AWS.Accounts.InnermostUnits(), req)
	}
	return wish, c.err()
}

// reportFormat is what --format says, or --output, or the ending of the file.
func (c *checks) reportFormat(ctx *cli.Context, out string) string {
	format := ctx.String("format")
	ending := strings.TrimPrefix(filepath.Ext(out), ".")
	switch {
	case format != "" && !slices.Contains(reportFormats, format):
		c.add("--format", "%q is none of %s", format, strings.Join(reportFormats, ", "))
	case format != "":
	case jsonWanted(ctx):
		return outputJSON
	case slices.Contains(reportFormats, ending):
		return ending
	default:
		return outputText
	}
	return format
}

// parameters are AWS's, changed by --set.
func (c *checks) parameters(ctx *cli.Context, kind report.Description) report.Parameters {
	parameters := report.DefaultParameters()
	assignments := ctx.StringSlice("set")
	if len(assignments) > 0 && kind.Kind != report.Controls {
		c.add("--set", "is for the report %s", report.Controls)
	}
	for _, assignment := range assignments {
		if err := parameters.Set(assignment); err != nil {
			c.add("--set", "%v", err)
		}
	}
	return parameters
}

// prices reads the file of --prices; nil without the flag.
func (c *checks) prices(ctx *cli.Context) *cost.Prices {
	if !ctx.IsSet("prices") {
		return nil
	}
	prices, err := app.ReadPrices(ctx.String("prices"))
	var wrong *cost.Error
	switch {
	case errors.As(err, &wrong):
		for _, p := range wrong.Problems {
			c.found = append(c.found, problem{Kind: "invalid_prices", File: wrong.File, Line: p.Line, Path: p.Path, Message: p.Message})
		}
	case err != nil:
		c.add("--prices", "%v", err)
	}
	return &prices
}

func (c *checks) reportTable(ctx *cli.Context, format string, kind report.Description) string {
	name := ctx.String("table")
	if name == "" {
		return ""
	}
	if format != "csv" {
		c.add("--table", "is for --format csv: the other formats have every table")
	}
	var names []string
	for _, t := range kind.Tables {
		names = append(names, t.Name)
	}
	if len(names) > 0 && !slices.Contains(names, name) {
		c.add("--table", "report %s has no table %q: it has %s", kind.Kind, name, strings.Join(names, ", "))
	}
	return name
}

func (c *checks) reportPeriod(ctx *cli.Context, kind report.Description, req report.Request, now time.Time) {
	switch {
	case kind.Present && (ctx.IsSet("from") || ctx.IsSet("to")):
		c.add("--from", "report %s is about the present: leave --from and --to out", kind.Kind)
	case kind.Present, req.From.IsZero(), req.To.IsZero():
	case !req.From.Before(req.To):
		c.add("--from", "%s is not before %s, the end of the period", instantText(req.From), instantText(req.To))
	case req.From.After(now):
		c.add("--from", "%s is in the future", instantText(req.From))
	}
}

func (c *checks) reportGrouping(ctx *cli.Context, kind report.Description, units map[string]string, req *report.Request) {
	if !kind.Grouped {
		if ctx.IsSet("by") {
			c.add("--by", "report %s has rows of its own: leave --by out", kind.Kind)
		}
		return
	}
	if req.By == "" {
		req.By = string(catalog.ByAccount)
	}
	grouping, err := report.ParseGrouping(req.By, units)
	if err != nil {
		c.add("--by", "%v", err)
	}
	req.Grouping = grouping
}

// writeWhole writes a file that is there as a whole or, after an error, as it was before.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".report-*")
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // not the name of a file nobody asked for
		}
		return badInput("--out: %s cannot be written: %v", name, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil { //nolint:gosec // G302: a report is for others to read
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
