package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
)

// scheduledOffice has two scheduled reports, prices and parameters of its own.
func scheduledOffice(t *testing.T, more string) *office {
	t.Helper()
	o := newOffice(t)
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir)+`reports:
  prices: prices.yaml
  controls: [requiredRetentionDays=30]
  schedules:
    - {name: night, kind: backup, schedule: 'cron(0 8 * * ? *)', by: plan, to: reports}
    - {name: cost, kind: cost, schedule: 'cron(0 8 ? * MON *)', to: 's3://reports/a', region: eu-west-1}
`+more)
	o.write("prices.yaml", "as_of: 2026-01-01\ncurrency: USD\nprices:\n  - {kind: \"*\", region: \"*\", gib_month: 0.5}\n")
	return o
}

func TestReportSchedules(t *testing.T) {
	t.Parallel()
	o := scheduledOffice(t, "")
	for _, r := range []catalog.ScheduledReport{
		{Name: "night", FireAt: noon.Add(-4 * time.Hour), WrittenAt: noon.Add(-4 * time.Hour), Place: "reports/acme-night.html"},
		{Name: "cost", FireAt: noon.Add(-4 * time.Hour), Error: "access denied", Attempts: 3, RetryAt: noon.Add(time.Hour)},
	} {
		_, err := o.store.SeeReport(t.Context(), r.Name, noon.AddDate(0, 0, -1))
		o.must(err)
		o.must(o.store.SetReport(t.Context(), r, "a scheduler"))
	}
	o.transcript("report_schedules", say("report schedules"), say("report schedules --output json"), say("report schedules now"))
}

// TestConfiguredReportSettings checks that reports are made with what the configuration says.
func TestConfiguredReportSettings(t *testing.T) {
	t.Parallel()
	o := scheduledOffice(t, "")
	for args, want := range map[string]string{
		"report controls": "requiredRetentionDays=30", "report controls --set requiredRetentionDays=7": "requiredRetentionDays=7",
	} {
		a := o.run(strings.Fields(args)...)
		if a.code != codeDone || !strings.Contains(a.stdout, want) {
			t.Errorf("%s: exit %d, lacks %q: %s%s", args, a.code, want, a.stdout, a.stderr)
		}
	}
	if a := o.run("report", "cost"); a.code != codeDone || !strings.Contains(a.stdout, "2026-01-01") {
		t.Errorf("the prices are not those of the file: %s%s", a.stdout, a.stderr)
	}
}

func TestConfigValidateChecksReports(t *testing.T) {
	t.Parallel()
	if a := scheduledOffice(t, "").run("config", "validate"); a.code != codeDone {
		t.Fatalf("exit %d: %s", a.code, a.stderr)
	}
	o := scheduledOffice(t, `    - {name: a, kind: weather, schedule: 'cron(0 8 * * ? *)', to: reports}
    - {name: b, kind: cost, schedule: 'cron(0 8 * * ? *)', by: plan, period: 7d, to: reports}
    - {name: c, kind: backup, schedule: 'cron(0 8 * * ? *)', by: colour, format: csv, table: weather, to: prices.yaml}
`)
	o.write("prices.yaml", "as_of: yesterday\ncurrency: USD\nprices:\n  - {kind: ebs, region: \"*\", gib_month: cheap}\n")
	a := o.run("config", "validate")
	for _, want := range []string{
		"DIR/prices.yaml:1: as_of: ", "DIR/prices.yaml:4: prices[0].gib_month: ",
		`DIR/holdfast.yaml:13: reports.schedules[2].kind: "weather" is no kind of report: name one of backup`,
		"DIR/holdfast.yaml:14: reports.schedules[3].by: report cost has rows of its own",
		"DIR/holdfast.yaml:14: reports.schedules[3].period: report cost is about the present",
		`DIR/holdfast.yaml:15: reports.schedules[4].by: "colour" is no way to group`,
		`DIR/holdfast.yaml:15: reports.schedules[4].table: report backup has no table "weather": it has groups`,
		"DIR/holdfast.yaml:15: reports.schedules[4].to: DIR/prices.yaml is a file: name a directory",
	} {
		if a.code != codeBadInput || !strings.Contains(a.stderr, want) {
			t.Errorf("exit %d, the message lacks %q:\n%s", a.code, want, a.stderr)
		}
	}
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir)+"reports: {prices: nowhere.yaml, controls: [colour=red]}\n")
	a = o.run("config", "validate")
	for _, want := range []string{"holdfast.yaml:7: reports.prices: ", "nowhere.yaml", `holdfast.yaml:7: reports.controls[0]: there is no parameter "colour"`} {
		if a.code != codeBadInput || !strings.Contains(a.stderr, want) {
			t.Errorf("exit %d, the message lacks %q:\n%s", a.code, want, a.stderr)
		}
	}
	if a := o.run("up"); a.code != codeBadInput || !strings.Contains(a.stderr, "reports.controls[0]") {
		t.Errorf("up: exit %d: %s", a.code, a.stderr)
	}
}
