package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/operator"
	"holdfast/policy/preview"
)

// maxPreviewLimit bounds each list of a preview.
const maxPreviewLimit = 1_000_000

// The findings a preview can be told to accept.
const (
	allowTwice      = "twice"
	allowNone       = "none"
	allowImpossible = "impossible"
)

func policyPreviewCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "preview", Usage: "say what the policies would do to the inventory, before anything runs",
		ArgsUsage: "[FILE...]",
		Description: "For every resource of the inventory: which rules take it and why. It exits with 3 when a resource is\n" +
			"taken twice (by two plans, by two rules of a plan in one start window, or as part of another one, as a\n" +
			"volume of its instance), when one is taken by none, or when a rule cannot be carried out (the kind has\n" +
			"no such copy, or a vault's lock is against the lifecycle). --allow accepts findings that are meant.\n" +
			"Without files it looks at the policies of the configuration.\n\n" +
			"Examples:\n\n   holdfast policy preview --config holdfast.yaml\n" +
			"   holdfast policy preview --config holdfast.yaml --allow none --output json policies/new.yaml",
		Flags: serverFlags(
			&cli.StringFlag{Name: "at", Usage: "as of this `TIME`, e.g. 2026-05-05T12:00:00Z (default: now)"},
			&cli.StringSliceFlag{Name: "allow", Usage: "do not count these `FINDINGS`: twice, none, impossible"},
			&cli.IntFlag{Name: "limit", Value: 20, Usage: "list `N` entries at most of each sort; all are counted"},
		),
		Action: serviceAction(env, previewPolicy),
	}
}

func previewPolicy(ctx *cli.Context, d *desk) error {
	var c checks
	at := d.clock.Now()
	if ctx.IsSet("at") {
		at = c.instant(ctx, "at", at)
	}
	allowed := choices(&c, ctx, "allow", []string{allowTwice, allowNone, allowImpossible})
	limit := c.limit(ctx, maxPreviewLimit)
	if err := c.err(); err != nil {
		return err
	}
	files, err := policyFiles(ctx.Args().Slice())
	if err != nil {
		return err
	}
	report, err := d.do.Preview(ctx.Context, operator.PreviewRequest{Files: files, At: at, Limit: limit})
	if err != nil {
		return policyRefused(err)
	}
	report.Wrong = wrong(report, allowed) + len(report.Withheld)
	if err := d.print(report, func() error { return d.previewText(report) }); err != nil {
		return err
	}
	if report.Wrong > 0 {
		return d.outcome(codeAttention, "%d findings need attention", report.Wrong)
	}
	return nil
}

// wrong counts the findings that are not allowed.
func wrong(r preview.Report, allowed []string) (n int) {
	for name, count := range map[string]int{allowTwice: r.Twice.Count, allowNone: r.None.Count, allowImpossible: r.Impossible.Count} {
		if !slices.Contains(allowed, name) {
			n += count
		}
	}
	return n
}

// policyFiles reads the named files.
func policyFiles(paths []string) ([]operator.PolicyFile, error) {
	read, err := app.ReadPolicies(paths)
	if err != nil {
		return nil, badInput("%w", err)
	}
	files := make([]operator.PolicyFile, len(read))
	for i, f := range read {
		files[i] = operator.PolicyFile{Name: f.Name, Text: string(f.Data)}
	}
	return files, nil
}

// policyRefused turns what is wrong with policy documents into bad input.
func policyRefused(err error) error {
	if wrong, ok := errors.AsType[*operator.PolicyError](err); ok {
		return problemsOf(wrong.Kind, wrong.Problems)
	}
	return refused(err)
}

func (d *desk) previewText(r preview.Report) error {
	d.line("%d resources as of %s", r.Resources, instantText(r.At))
	rows := make([][]string, len(r.Rules))
	for i, rule := range r.Rules {
		rows[i] = []string{rule.Plan, rule.Rule, fmt.Sprint(rule.Takes.Count), nextText(rule.Next)}
	}
	d.line("")
	if err := table(d.env.Stdout, []string{"PLAN", "RULE", "TAKES", "NEXT"}, rows); err != nil {
		return err
	}
	for _, rule := range r.Rules {
		d.heading(fmt.Sprintf("%s/%s takes", rule.Plan, rule.Rule), rule.Takes.Count, len(rule.Takes.List))
		for _, t := range rule.Takes.List {
			d.line("  %s\n      by selection %s: %s", t.ARN, t.Selection, t.Why)
		}
	}
	d.heading("taken twice", r.Twice.Count, len(r.Twice.List))
	for _, t := range r.Twice.List {
		d.line("  %s\n      %s", t.ARN, t.Detail)
	}
	d.heading("taken by none", r.None.Count, len(r.None.List))
	for _, u := range r.None.List {
		d.line("  %s\n      %s", u.ARN, u.Why)
	}
	d.heading("cannot be carried out", r.Impossible.Count, len(r.Impossible.List))
	for _, i := range r.Impossible.List {
		d.line("  %s/%s %s, for %d of kind %s in %s/%s such as %s\n      %s", i.Plan, i.Rule, i.Path, i.Resources, i.Kind, i.Account, i.Region, i.Example, i.Message)
	}
	d.heading("copies in between", r.Detours.Count, len(r.Detours.List))
	for _, way := range r.Detours.List {
		d.line("  %s/%s, for %d of kind %s in %s/%s%s\n      %s", way.Plan, way.Rule, way.Resources, way.Kind, way.Account, way.Region, leading(", ", way.When), strings.Join(way.Steps, ", then "))
	}
	return nil
}

// leading returns text behind a separator, nothing for none.
func leading(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}

// heading begins a list, if it has entries, and says how many it does not show.
func (d *desk) heading(what string, count, shown int) {
	switch {
	case count == 0:
	case shown < count:
		d.line("\n%s: %d, the first %d of them (--limit)", what, count, shown)
	default:
		d.line("\n%s: %d", what, count)
	}
}

func nextText(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return instantText(*at)
}
