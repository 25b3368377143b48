package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/policy"
)

// Reports says what reports are made with, and which are made by themselves.
type Reports struct {
	Prices    string   // price file, "" = the prices Holdfast comes with
	Controls  []string // parameters as NAME=VALUE
	Target    float64  // share of the time in which objectives are to be met
	Schedules []ReportSchedule
}

// ReportSchedule is a report that is made by itself.
type ReportSchedule struct {
	Name     string
	Kind     string
	Schedule string // cron() expression, as in policies
	Timezone string
	By       string
	Period   time.Duration // before the fire; 0 = what the kind usually is about
	Format   string
	Table    string // of CSV; "" = the first
	To       string // directory, or s3://BUCKET/PREFIX
	Region   string // of the bucket
}

// The formats of a report that is made by itself.
const (
	ReportHTML = "html"
	ReportCSV  = "csv"
	ReportJSON = "json"
)

const s3Scheme = "s3://"

// Bucket returns the bucket and the prefix of the keys the report goes to; ok is false
// when it goes to a directory.
func (r ReportSchedule) Bucket() (bucket, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(r.To, s3Scheme)
	if !ok {
		return "", "", false
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, prefix, true
}

// maxReportPeriod is as far back as history is kept by default.
const maxReportPeriod = 400 * 24 * time.Hour

func reportKeys(c *Config) []key {
	r := &c.Reports
	return []key{
		{
			path: "reports.prices", value: text(&r.Prices, anyText), example: "prices.yaml",
			doc: "File with the prices of the cost report, relative to this file; the prices Holdfast comes with when left out. docs/reports.md says what is in it.",
		},
		{
			path: "reports.controls", value: texts(&r.Controls, "NAME=VALUE", anyText), example: "requiredRetentionDays=30",
			doc: "Parameters of AWS Backup Audit Manager's controls, by AWS's names; AWS's defaults when left out. Lists are written with blanks: crossRegionList=eu-west-1 eu-west-2.",
		},
		{
			path: "reports.target", value: fraction(&r.Target, 0.5, 1), def: "0.99",
			doc: "Share of the time in which recovery point objectives are to be met; the rest is the error budget.",
		},
		{
			path: "reports.schedules", value: records[ReportSchedule]{&r.Schedules, "schedules", reportScheduleKeys},
			example: "[{name: night, kind: backup, schedule: 'cron(0 8 * * ? *)', to: 's3://reports/holdfast', region: eu-west-1}]",
			doc:     "Reports that are made by themselves. The scheduler that leads writes each once for every fire of its schedule.",
		},
	}
}

func reportScheduleKeys(r *ReportSchedule) []key {
	return []key{
		{path: "name", value: text(&r.Name, checkTargetName), required: true, example: "night", doc: "Name of the report; it is part of the names of the files."},
		{path: "kind", value: text(&r.Kind, anyText), required: true, example: "backup", doc: "Kind of report: one of those `holdfast report` makes; or `catalog`, what `holdfast catalog export` writes, or `ledger`, what `holdfast audit export` writes, both as JSON Lines."},
		{path: "schedule", value: text(&r.Schedule, anyText), required: true, example: "cron(0 8 * * ? *)", doc: "When it is made, as schedule_expression of a rule: docs/policies.md."},
		{path: "timezone", value: text(&r.Timezone, policy.CheckTimezone), def: policy.DefaultTimezone, doc: "Time zone of the schedule."},
		{path: "by", value: text(&r.By, anyText), example: "plan", doc: "How rows are grouped: account, unit, plan or tag=KEY; account when left out."},
		{path: "period", value: period(&r.Period, time.Hour, maxReportPeriod), example: "7d", doc: "Time before the fire that the report is about; what the kind usually is about when left out."},
		{path: "format", value: choice(&r.Format, ReportHTML, ReportCSV, ReportJSON), def: ReportHTML, doc: "Shape of the file."},
		{path: "table", value: text(&r.Table, anyText), example: "failures", doc: "Table of the report that csv has; its first when left out."},
		{path: "to", value: text(&r.To, checkReportPlace), required: true, example: "s3://reports/holdfast", doc: "Where it is written: a directory, relative to this file, or s3://BUCKET/PREFIX. Nothing that is there is ever overwritten."},
		{path: "region", value: text(&r.Region, checkRegion), example: "eu-west-1", doc: "Region of the bucket."},
	}
}

// period is a duration that may be written in days: 7d.
func period(field *time.Duration, lowest, highest time.Duration) value {
	read := duration(field, lowest, highest).(scalar[time.Duration])
	hours := read.parse
	read.name = fmt.Sprintf("duration %s to %dd", formatDuration(lowest), highest/(24*time.Hour))
	read.parse = func(s string) (time.Duration, error) {
		if days, ok := strings.CutSuffix(s, "d"); ok {
			n, err := parseInt(days, 1, int(highest/(24*time.Hour)))
			return time.Duration(n) * 24 * time.Hour, err
		}
		return hours(s)
	}
	return unset{read}
}

// unset is a duration that is not set while it is 0.
type unset struct{ scalar[time.Duration] }

func (u unset) text() string {
	if *u.field == 0 {
		return ""
	}
	return u.scalar.text()
}

// bucketPattern is what names a bucket.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// maxPrefix leaves room for the name of a report in a key of at most 1024 bytes.
const maxPrefix = 800

func checkReportPlace(s string) error {
	bucket, prefix, ok := ReportSchedule{To: s}.Bucket()
	switch {
	case s == "" || !ok && strings.Contains(s, "://"):
		return fmt.Errorf("%q is no place for a report: write a directory, or s3://BUCKET/PREFIX", s)
	case ok && !bucketPattern.MatchString(bucket):
		return fmt.Errorf("%q is not the name of a bucket: 3 to 63 of a-z, 0-9, '.' and '-'", bucket)
	case len(prefix) > maxPrefix:
		return fmt.Errorf("has a prefix of %d characters: at most %d", len(prefix), maxPrefix)
	}
	return nil
}

func reportRules(c *Config) (findings []finding) {
	for i, r := range c.Reports.Schedules {
		path := fmt.Sprintf("reports.schedules[%d]", i)
		findings = append(findings, scheduleRules(path, r)...)
		if slices.ContainsFunc(c.Reports.Schedules[:i], func(o ReportSchedule) bool { return o.Name == r.Name && r.Name != "" }) {
			findings = append(findings, finding{path + ".name", fmt.Sprintf("%q is the name of another report: give it its own", r.Name)})
		}
	}
	return findings
}

func scheduleRules(path string, r ReportSchedule) (findings []finding) {
	add := func(field, format string, args ...any) {
		findings = append(findings, finding{path + "." + field, fmt.Sprintf(format, args...)})
	}
	for _, k := range reportScheduleKeys(&r) {
		if k.required && k.value.text() == "" {
			add(k.path, "is required, for example %s", k.example)
		}
	}
	if s, _, err := policy.ParseSchedule(r.Schedule, r.Timezone); r.Schedule != "" && err != nil {
		add("schedule", "%v", err)
	} else if _, due := s.Next(time.Unix(0, 0)); r.Schedule != "" && !due {
		add("schedule", "%q is never due: name a day that exists", r.Schedule)
	}
	if r.Table != "" && r.Format != ReportCSV {
		add("table", "is for format csv: the other formats have every table")
	}
	_, _, bucket := r.Bucket()
	switch {
	case bucket && r.Region == "":
		add("region", "is required for a bucket: the region the bucket is in, for example eu-west-1")
	case !bucket && r.Region != "":
		add("region", "belongs to a bucket, and the report goes to a directory: remove it")
	}
	return findings
}
