package config_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/config"
)

func TestReports(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, minimal+`reports:
  prices: prices.yaml
  controls: [requiredRetentionDays=30, crossRegionList=eu-west-1 eu-west-2]
  schedules:
    - {name: night, kind: backup, schedule: 'cron(0 8 * * ? *)', timezone: Europe/Berlin, period: 7d, to: "s3://reports/a/b/", region: eu-west-1}
    - {name: week, kind: rpo, schedule: 'cron(0 8 ? * MON *)', format: csv, table: resources, to: reports}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	night, week := c.Reports.Schedules[0], c.Reports.Schedules[1]
	bucket, prefix, ok := night.Bucket()
	if night.Period != 7*24*time.Hour || night.Format != config.ReportHTML || bucket != "reports" || prefix != "a/b/" || !ok {
		t.Errorf("the first report is %+v in %s %s", night, bucket, prefix)
	}
	if _, _, ok := week.Bucket(); ok || week.Timezone != "Etc/UTC" || week.Period != 0 || c.Reports.Target != 0.99 {
		t.Errorf("the second report is %+v", week)
	}
	for _, s := range c.Effective() {
		if s.Key == "reports.schedules" && (!strings.Contains(s.Text, `"period":"168h"`) || strings.Contains(s.Text, `"0s"`)) {
			t.Errorf("%s is printed as %s", s.Key, s.Text)
		}
	}
}

func TestReportsAreRefused(t *testing.T) {
	t.Parallel()
	whole := func(change string) string {
		return `schedules: [{name: a, kind: backup, schedule: 'cron(0 8 * * ? *)', to: out` + change + `}]`
	}
	for name, c := range map[string]struct{ text, want string }{
		"incomplete":       {`schedules: [{name: a}]`, "schedules[0].to: is required, for example s3://reports/holdfast"},
		"wrong schedule":   {`schedules: [{name: a, kind: backup, schedule: 'cron(0 25 * * ? *)', to: out}]`, "schedules[0].schedule: "},
		"never":            {`schedules: [{name: a, kind: backup, schedule: 'cron(0 8 30 2 ? *)', to: out}]`, "is never due"},
		"wrong zone":       {whole(", timezone: Europe/Atlantis"), "schedules[0].timezone: "},
		"wrong format":     {whole(", format: pdf"), `"pdf" is not one of html, csv, json`},
		"table of html":    {whole(", table: failures"), "schedules[0].table: is for format csv"},
		"wrong period":     {whole(", period: 401d"), "schedules[0].period: "},
		"region of a disk": {whole(", region: eu-west-1"), "schedules[0].region: belongs to a bucket"},
		"no region":        {`schedules: [{name: a, kind: backup, schedule: 'cron(0 8 * * ? *)', to: "s3://reports"}]`, "schedules[0].region: is required for a bucket"},
		"wrong bucket":     {`schedules: [{name: a, kind: backup, schedule: 'cron(0 8 * * ? *)', to: "s3://Re", region: eu-west-1}]`, `"Re" is not the name of a bucket`},
		"wrong place":      {`schedules: [{name: a, kind: backup, schedule: 'cron(0 8 * * ? *)', to: "ftp://x"}]`, `"ftp://x" is no place for a report`},
		"twice":            {`schedules: [{name: a, kind: backup, schedule: 'cron(0 8 * * ? *)', to: x}, {name: a, kind: copy, schedule: 'cron(0 8 * * ? *)', to: x}]`, `schedules[1].name: "a" is the name of another report`},
		"wrong target":     {`target: 99`, "reports.target: "},
		"unknown field":    {whole(", perod: 7d"), "did you mean reports.schedules[0].period?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(write(t, minimal+"reports: {"+c.text+"}\n"), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), ":6: reports.") {
				t.Errorf("the error is\n%v\nwant line 6 and\n%s", err, c.want)
			}
		})
	}
}
