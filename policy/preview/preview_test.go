package preview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"holdfast/policy"
	"holdfast/resource"
)

var now = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

const plans = `
vaults:
  - {name: locked, region: eu-west-1, min_retention_days: 30}
plans:
  - name: nightly
    rules:
      - {name: daily, schedule_expression: "cron(0 2 * * ? *)", target_backup_vault_name: default, lifecycle: {delete_after_days: 7}}
      - {name: monthly, schedule_expression: "cron(0 3 1 * ? *)", target_backup_vault_name: locked, lifecycle: {delete_after_days: 7}, selections: [tagged]}
      - {name: yearly, schedule_expression: "cron(0 12 2 1 ? *)", target_backup_vault_name: default, selections: [tagged]}
    selections:
      - name: tagged
        list_of_tags: [{condition_type: STRINGEQUALS, condition_key: backup, condition_value: "yes"}]
      - name: volumes
        resources: ["arn:aws:ec2:*:*:volume/*"]
        not_resources: ["arn:aws:ec2:*:*:volume/scratch*"]
  - name: abroad
    rules:
      - name: weekly
        schedule_expression: cron(0 4 ? * SUN *)
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 30}
        copy_actions: [{destination_backup_vault_arn: "arn:aws:backup:eu-west-1:$account:backup-vault:dr", lifecycle: {delete_after_days: 30}}]
    selections:
      - name: everything-important
        conditions: {string_like: [{condition_key: aws:ResourceTag/important, condition_value: "*"}]}
`

var caps = []policy.Capabilities{
	policy.Native(resource.EC2, "arn:*:ec2:*:*:instance/*", policy.Abilities{CopyRegion: true}),
	policy.Native(resource.EBS, "arn:*:ec2:*:*:volume/*", policy.Abilities{CopyRegion: true}),
	policy.Native(resource.DynamoDB, "arn:*:dynamodb:*:*:table/*", policy.Abilities{}),
}

func set(t testing.TB, text string) *policy.Set {
	t.Helper()
	set, result := policy.Compile([]policy.File{{Name: "p.yaml", Data: []byte(text)}}, caps)
	if set == nil {
		t.Fatal(result.Problems)
	}
	return set
}

func made(kind resource.Kind, region, name string, tags ...string) resource.Resource {
	service := map[resource.Kind]string{resource.DynamoDB: "dynamodb", resource.S3: "s3"}[kind]
	if service == "" {
		service = "ec2"
	}
	r := resource.Resource{
		ARN: fmt.Sprintf("arn:aws:%s:%s:111122223333:%s", service, region, name), Kind: kind, Account: "111122223333", Region: region, Tags: map[string]string{},
	}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		r.Tags[key] = value
	}
	return r
}

func company() []resource.Resource {
	broken := made(resource.DynamoDB, "eu-central-1", "table/broken", "backup=yes")
	broken.Unsupported = "it is being deleted"
	return []resource.Resource{
		made(resource.DynamoDB, "eu-central-1", "table/orders", "backup=yes", "important=1"),
		made(resource.DynamoDB, "eu-central-1", "table/sessions", "important=1"),
		made(resource.DynamoDB, "eu-west-1", "table/at-home", "important=1"),
		made(resource.EC2, "eu-central-1", "instance/i-1", "backup=yes"),
		made(resource.EBS, "eu-central-1", "volume/vol-1"),
		made(resource.EBS, "eu-central-1", "volume/scratch-1"),
		made(resource.EBS, "eu-west-1", "volume/vol-2", "backup=yes"),
		made(resource.S3, "eu-central-1", "bucket", "backup=yes"),
		broken,
	}
}

func build(t testing.TB, limit int) Report {
	t.Helper()
	b := New(set(t, plans), Options{At: now, Limit: limit, Capabilities: caps})
	instance := company()[3].ARN
	b.AddPart(company()[4], []string{instance})
	b.AddPart(company()[5], []string{instance}) // not taken
	for _, r := range company() {
		b.Add(r)
	}
	return b.Report()
}

func TestReport(t *testing.T) {
	t.Parallel()
	golden.JSON(t, "testdata/report.golden", build(t, 10))
}

func TestReportFinds(t *testing.T) {
	t.Parallel()
	r := build(t, 100)
	has := func(what string, found bool) {
		if !found {
			t.Errorf("not found: %s", what)
		}
	}
	var twice, impossible []string
	for _, f := range r.Twice.List {
		twice = append(twice, f.Reason+" "+f.ARN[strings.LastIndexAny(f.ARN, ":/")+1:])
	}
	for _, f := range r.Impossible.List {
		impossible = append(impossible, fmt.Sprintf("%s %s %s %d: %s", f.Rule, f.Kind, f.Region, f.Resources, f.Message))
	}
	all := strings.Join(append(twice, impossible...), "\n")
	has("a volume with its instance", strings.Contains(all, "in_container vol-1"))
	has("two plans", strings.Contains(all, "two_plans orders"))
	has("two rules in one start window", strings.Contains(all, "one_window i-1"))
	has("copies a kind cannot make", strings.Contains(all, "weekly dynamodb eu-central-1 2: dynamodb cannot be copied"))
	has("a lock against the lifecycle", strings.Contains(all, "monthly ebs eu-west-1 1: vault locked keeps points at least 30 days"))
	if strings.Contains(all, "weekly dynamodb eu-west-1") {
		t.Error("a resource that lives at the destination needs no copy")
	}
	if r.None.Count != 3 || r.Wrong != r.Twice.Count+r.None.Count+r.Impossible.Count {
		t.Errorf("%d taken by none, %d wrong", r.None.Count, r.Wrong)
	}
}

func TestLimitCutsListsAndNotCounts(t *testing.T) {
	t.Parallel()
	all, cut := build(t, 100), build(t, 1)
	if cut.Wrong != all.Wrong || cut.Twice.Count != all.Twice.Count || len(cut.Twice.List) != 1 || len(cut.Rules[0].Takes.List) != 1 || cut.Rules[0].Takes.Count != all.Rules[0].Takes.Count {
		t.Errorf("%+v", cut)
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	rule := func(expression string, window time.Duration) *policy.Rule {
		s, _, err := policy.ParseSchedule(expression, "")
		if err != nil {
			t.Fatal(err)
		}
		return &policy.Rule{Schedule: s, StartWindow: window}
	}
	for _, tt := range []struct {
		a, b   string
		window time.Duration
		want   string
	}{
		{"cron(0 2 * * ? *)", "cron(0 3 1 * ? *)", 2 * time.Hour, "2026-06-01T03:00:00Z"},
		{"cron(0 3 1 * ? *)", "cron(0 2 * * ? *)", 2 * time.Hour, "2026-06-01T03:00:00Z"},
		{"cron(0 2 * * ? *)", "cron(0 3 1 * ? *)", time.Hour, "never"},
		{"cron(0 2 * * ? *)", "cron(0 2 1 1 ? *)", time.Hour, "2027-01-01T02:00:00Z"},
		{"cron(0 2 ? * SUN *)", "cron(0 2 ? * WED *)", time.Hour, "never"},
		{"cron(0 2 1 1 ? 2020)", "cron(0 2 1 1 ? *)", time.Hour, "never"},
		{"cron(0 2 1 1 ? 2060)", "cron(0 2 1 1 ? *)", time.Hour, "never"}, // beyond two years
	} {
		at := overlap(rule(tt.a, tt.window), rule(tt.b, tt.window), now)
		got := "never"
		if !at.IsZero() {
			got = at.Format(time.RFC3339)
		}
		if got != tt.want {
			t.Errorf("%s and %s: %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

func BenchmarkPreview(b *testing.B) {
	s := set(b, plans)
	resources := make([]resource.Resource, 200_000)
	for i := range resources {
		resources[i] = made(resource.EBS, "eu-central-1", fmt.Sprintf("volume/vol-%d", i), "backup=yes")
	}
	b.ReportAllocs()
	for b.Loop() {
		p := New(s, Options{At: now, Limit: 20, Capabilities: caps})
		for _, r := range resources {
			p.Add(r)
		}
		if p.Report().Resources != len(resources) {
			b.Fatal("resources are missing")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(resources)), "ns/resource")
}
