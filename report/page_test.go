package report_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"holdfast/report"
	"holdfast/report/cost"
)

// TestReportsPage keeps docs/reports.md true: it is made from the kinds themselves.
func TestReportsPage(t *testing.T) {
	t.Parallel()
	const file = "../docs/reports.md"
	want := reportsPage()
	golden.Text(t, file, want)
}

// onSchedule is what docs/reports.md says of reports that are made by themselves.
const onSchedule = `## In the web

The page ` + "`/reports`" + ` shows every kind, has them as CSV and JSON, and opens the page that can be printed. Programs ask
` + "`GET /api/v1/reports/{kind}`" + `. Whoever may look may read reports.

## By themselves

The scheduler that leads writes reports on schedules of their own:

` + "```yaml" + `
reports:
  prices: prices.yaml                     # of the cost report
  controls: [requiredRetentionDays=30]    # parameters of the controls
  target: 0.999                           # of recovery point objectives
  schedules:
    - name: night
      kind: backup
      schedule: cron(0 8 * * ? *)         # as schedule_expression of a rule
      timezone: Europe/Berlin
      by: plan
      to: s3://reports/holdfast           # or a directory
      region: eu-west-1
    - {name: controls, kind: controls, schedule: cron(0 8 ? * MON *), format: csv, table: resources, to: /srv/reports}
` + "```" + `

The report of a period is about the ` + "`period`" + ` before its fire. Its file is called INSTALLATION-NAME-FIRE.FORMAT, for
example ` + "`production-night-20260302T070000Z.html`" + `, and is written whole and never over another: S3 is asked to keep it only if there is
none of its key. So each fire has one file, whoever leads, and however often it was tried. Of fires that were missed
the newest is caught up. The scheduler's own AWS credentials need ` + "`s3:PutObject`" + ` in the bucket.

A place that refuses or does not answer is tried again after a minute, then after longer, up to an hour, until the
next fire. Meanwhile it is a risk: the history has ` + "`risk.opened`" + `, notifications tell of it, the metric
` + "`holdfast_at_risk{risk=\"report\"}`" + ` counts it and the alert HoldfastReportUnwritten fires. ` + "`holdfast report schedules`" + ` and the
page ` + "`/reports`" + ` say why. No backup waits for it.

` + "`holdfast config validate`" + ` checks all of it, the price file too, and names file and line.

`

func reportsPage() string {
	var b strings.Builder
	b.WriteString(`# Reports

    holdfast report KIND --from 7d --by plan --format html --out report.html

Reports are made from the catalog and the policies in force at the moment they are asked for. ` + "`--format`" + ` is
text (a table), csv (one table, ` + "`--table`" + ` says which), json (everything), or html: one page with pictures that needs
nothing else and can be printed. Without it the ending of ` + "`--out`" + ` decides. ` + "`--by`" + ` is account, unit (the innermost
organizational unit, of ` + "`aws.accounts.units`" + `), plan, or tag=KEY (a tag of the resource).

In CSV and JSON times are RFC 3339 in UTC, durations seconds, shares numbers from 0 to 1 and money US dollars.
What there is nothing to say about is empty, or null. Texts that a spreadsheet would take for a formula begin with '
in CSV.

The jobs of a period are those that were created in it.

Recovery point objectives are measured: at each moment of the period the newest point that is complete, with
every copy its rule asks for, has an age, counted from when AWS began the backup, and the age is within the rule's ` + "`rpo_objective`" + ` or not.
A resource or a rule that is new has as long as the objective says. Copies to one account and region count as one,
and copies made by hand do not count.

`)
	b.WriteString(onSchedule)
	for _, d := range report.Kinds() {
		fmt.Fprintf(&b, "## %s: `%s`\n\n%s\n", d.Title, d.Kind, d.Doc)
		switch {
		case d.Present:
			b.WriteString("It is about the present.")
		default:
			fmt.Fprintf(&b, "Without `--from` it is about the last %d hours.", int(d.Span.Hours()))
		}
		if d.Grouped {
			b.WriteString(" It is grouped by `--by`.")
		}
		b.WriteString("\n")
		for _, table := range d.Tables {
			fmt.Fprintf(&b, "\n### `%s` `%s`\n\n| column | type | meaning |\n|---|---|---|\n", d.Kind, table.Name)
			for _, c := range table.Columns {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, c.Type, c.Doc)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("## Prices\n\n`--prices FILE` replaces the prices of the cost report. A price is for a kind and a region, either may be `\"*\"`; the most\nexact one counts, the kind before the region. These are the ones Holdfast comes with:\n\n```yaml\n" + cost.Embedded() + "```\n")
	return b.String()
}
