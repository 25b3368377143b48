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

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/report"
	"holdfast/report/cost"
	"holdfast/report/format"
)

func reportCommand(env Env) *cli.Command {
	var kinds strings.Builder
	for _, d := range report.Kinds() {
		fmt.Fprintf(&kinds, "   %-11s %s\n", d.Kind, d.Doc)
	}
	return &cli.Command{
		Name: "report", Usage: "report on jobs, protection, controls and cost", ArgsUsage: "KIND|schedules",
		Description: "The kinds:\n\n" + kinds.String() +
			"\n`holdfast report schedules` lists the reports that are made by themselves (reports.schedules in the configuration), when they " +
			"are next and where the last one is.\n" +
			"\ndocs/reports.md has every column. CSV has one table, --table says which; HTML is one file that can be printed.\n\n" +
			"Examples:\n\n   holdfast report backup\n   holdfast report backup --from 2026-05-01T00:00:00Z --to 2026-06-01T00:00:00Z --by plan --out backups.html\n" +
			"   holdfast report restore --from 30d --by tag=team --format csv\n" +
			"   holdfast report controls --set requiredRetentionDays=30 --set crossRegionList=eu-west-1\n" +
			"   holdfast report cost --prices prices.yaml --out cost.html\n   holdfast report schedules --output json",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "from", Usage: "begin of the period, a `TIME` (RFC 3339, or how long ago: 36h, 7d)", DefaultText: "as long ago as the kind usually is about"},
			&cli.StringFlag{Name: "to", Usage: "end of the period, a `TIME`", DefaultText: "now"},
			&cli.StringFlag{Name: "by", Usage: "group by account, unit, plan or tag=KEY", DefaultText: "account"},
			&cli.StringFlag{Name: "format", Usage: strings.Join(format.Names(), ", "), DefaultText: "by the ending of --out, or text"},
			&cli.StringFlag{Name: "table", Usage: "the `TABLE` CSV has", DefaultText: "the first"},
			&cli.StringFlag{Name: "prices", Usage: "price `FILE` for the cost report, see docs/reports.md", DefaultText: "reports.prices, or the prices Holdfast comes with"},
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
	prices             *cost.Prices // nil for those of the configuration
	set                []string     // parameters of the controls
}

func makeReport(ctx *cli.Context, d *desk) error {
	if ctx.Args().First() == schedulesWord {
		return listSchedules(ctx, d)
	}
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
	for _, assignment := range wish.set {
		if err := source.Parameters.Set(assignment); err != nil {
			return err
		}
	}
	made, err := report.Make(ctx.Context, source, wish.request)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return format.Write(w, made, wish.format, wish.table) }
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
		c.add("", "name one kind of report: %s; or %s", strings.Join(report.Names(), ", "), schedulesWord)
	}
	wish.out = ctx.String("out")
	wish.format = c.reportFormat(ctx, wish.out)
	wish.table = c.reportTable(ctx, wish.format, kind)
	now := d.clock.Now()
	asked := report.Wish{Kind: string(kind.Kind), From: c.instant(ctx, "from", now), To: c.instant(ctx, "to", now), By: ctx.String("by")}
	wish.prices = c.prices(ctx)
	wish.set = c.assignments(ctx, kind)
	if known {
		var faults []report.Fault
		wish.request, faults = asked.Request(d.cfg.AWS.Accounts.InnermostUnits(), now)
		for _, f := range faults {
			c.add("--"+f.Field, "%s", f.Message)
		}
	}
	return wish, c.err()
}

// reportFormat is what --format says, or --output, or the ending of the file.
func (c *checks) reportFormat(ctx *cli.Context, out string) string {
	chosen := ctx.String("format")
	ending := strings.TrimPrefix(filepath.Ext(out), ".")
	switch {
	case chosen != "" && !slices.Contains(format.Names(), chosen):
		c.add("--format", "%q is none of %s", chosen, strings.Join(format.Names(), ", "))
	case chosen != "":
	case jsonWanted(ctx):
		return format.JSON
	case slices.Contains(format.Names(), ending):
		return ending
	default:
		return format.Text
	}
	return chosen
}

// assignments are those of --set.
func (c *checks) assignments(ctx *cli.Context, kind report.Description) []string {
	list := ctx.StringSlice("set")
	if len(list) > 0 && kind.Kind != report.Controls {
		c.add("--set", "is for the report %s", report.Controls)
	}
	var scratch report.Parameters
	for _, assignment := range list {
		if err := scratch.Set(assignment); err != nil {
			c.add("--set", "%v", err)
		}
	}
	return list
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

func (c *checks) reportTable(ctx *cli.Context, shape string, kind report.Description) string {
	name := ctx.String("table")
	if name == "" {
		return ""
	}
	if shape != format.CSV {
		c.add("--table", "is for --format csv: the other formats have every table")
	}
	names := kind.TableNames()
	if len(names) > 0 && !slices.Contains(names, name) {
		c.add("--table", "report %s has no table %q: it has %s", kind.Kind, name, strings.Join(names, ", "))
	}
	return name
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
