package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy/retention"
	"holdfast/resource"
)

// twoEngines are kinds as they are once AWS Backup is an engine too.
var twoEngines = []Capabilities{
	{Kind: resource.EBS, ARNPattern: "arn:*:ec2:*:*:volume/*", Default: EngineNative, Engines: map[Engine]Abilities{
		EngineNative:    {CopyRegion: true, ColdStorage: true},
		EngineAWSBackup: {CopyRegion: true, CopyAccount: true, Archive: true},
	}},
	{Kind: resource.DynamoDB, ARNPattern: "arn:*:dynamodb:*:*:table/*", Default: EngineNative, Engines: map[Engine]Abilities{
		EngineNative:    {},
		EngineAWSBackup: {CopyRegion: true, CopyAccount: true, ColdStorage: true},
	}},
	{Kind: resource.S3, ARNPattern: "arn:*:s3:::*", Default: EngineAWSBackup, Engines: map[Engine]Abilities{
		EngineAWSBackup: {CopyRegion: true, CopyAccount: true, Continuous: true},
	}},
}

const beyondExample = `
plans:
  - name: p
    rules:
      - name: r
        schedule_expression: cron(0 0/6 * * ? *)
        schedule_expression_timezone: Europe/Berlin
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 7}
        retention: {keep_last: 3, keep_hourly: 4, keep_daily: 14, keep_weekly: 8, keep_monthly: 12, keep_yearly: 5}
        selections: [SECOND]
        engine: aws-backup
        priority: 3
        rpo_objective: 12h
        max_delay: 90m
        copy_actions:
          - destination_backup_vault_arn: arn:aws:backup:eu-west-1:$account:backup-vault:dr
            retention: {keep_last: 2, timezone: Asia/Tokyo}
    selections:
      - name: first
        resources: ["arn:aws:ec2:*:*:volume/*"]
      - name: second
        resources: ["arn:aws:dynamodb:*:*:table/*"]
`

func TestCompileBeyondAWSBackup(t *testing.T) {
	t.Parallel()
	set, result := Compile([]File{{Name: "p.yaml", Data: []byte(beyondExample)}}, twoEngines)
	if set == nil || len(result.Warnings) > 0 {
		t.Fatal(text(result))
	}
	plan := &set.Plans[0]
	rule := &plan.Rules[0]
	keeps := retention.Policy{
		DeleteAfterDays: 7, KeepLast: 3, KeepHourly: 4, KeepDaily: 14, KeepWeekly: 8, KeepMonthly: 12, KeepYearly: 5, Location: zone(t, "Europe/Berlin"),
	}
	if diff := cmp.Diff(keeps, rule.Keep()); diff != "" {
		t.Error(diff)
	}
	if got := rule.CopyActions[0].Keep(); got.KeepLast != 2 || got.Timezone() != "Asia/Tokyo" || got.DeleteAfterDays != 0 {
		t.Errorf("the copies' retention is %+v", got)
	}
	if rule.Engine != EngineAWSBackup || rule.Priority != 3 || rule.RPOObjective != 12*time.Hour || rule.MaxDelay != 90*time.Minute {
		t.Errorf("got %+v", rule)
	}
	if diff := cmp.Diff([]string{"second"}, rule.Selections); diff != "" {
		t.Error(diff)
	}
	table := resource.Resource{ARN: "arn:aws:dynamodb:eu-west-1:111122223333:table/t"}
	if name, ok := plan.SelectsFor(rule, table); !ok || name != "second" {
		t.Errorf("the table is taken by %q, %v", name, ok)
	}
	volume := resource.Resource{ARN: volumeARN}
	if _, ok := plan.SelectsFor(rule, volume); ok {
		t.Error("the rule takes a selection it does not name")
	}
	if name, ok := plan.Selects(volume); !ok || name != "first" {
		t.Error("the plan does not select the volume")
	}
}

func TestCompileRefusesBeyondAWSBackup(t *testing.T) {
	t.Parallel()
	const in = "        "
	monthly := in + "schedule_expression: cron(0 5 1 * ? *)\n"
	tests := []struct{ name, data, want string }{
		{"engine", with(in + "engine: snapshots"), `engine "snapshots": use native or aws-backup`},
		{"priority", with(in + "priority: 6"), "priority 6: want -5 to 5"},
		{"objective without unit", with(in + "rpo_objective: '24'"), "no time span: write a whole number and m, h or d"},
		{"objective of seconds", with(in + "rpo_objective: 90s"), "no time span"},
		{"short objective", with(in + "rpo_objective: 59m"), "59m: want 1h to 400d"},
		{"delay beyond the window", with(in + "max_delay: 9h"), "9h: want 1m to 8h"},
		{"no delay", with(in + "max_delay: 0m"), "no time span"},
		{"empty retention", with(in + "retention: {}"), "nothing is kept: name at least one of keep_last"},
		{"keep 0", with(in + "retention: {keep_last: 0}"), "0: want 1 to 36500; leave the key out"},
		{"keep -1", with(in + "retention: {keep_daily: -1}"), "-1: want 1 to 36500"},
		{"unknown count", with(in + "retention: {keep_last: 1, keep_dayly: 3}"), "did you mean keep_daily?"},
		{"null retention", with(in + "retention:"), "want key: value pairs, found nothing"},
		{"retention zone", with(in + "retention: {keep_last: 1, timezone: Mars/Olympus}"), `retention.timezone: unknown time zone "Mars/Olympus"`},
		{"cold points deleted by count", with(in + "lifecycle: {move_to_cold_storage_after_days: 30}\n        retention: {keep_last: 1}"), "add lifecycle.delete_after_days of at least 120"},
		{"cold copies deleted by count", with(in + "copy_actions: [{destination_backup_vault_arn: 'arn:aws:backup:eu-west-1:$account:backup-vault:dr', lifecycle: {move_to_cold_storage_after_days: 1}, retention: {keep_last: 1}}]"), "copy_actions[0].retention: counts alone could delete"},
		{"no selections", with(in + "selections: []"), "the rule would back up nothing"},
		{"unknown selection", with(in + "selections: [s, t]"), `selections[1]: the plan has no selection "t": it has s`},
		{"selection twice", with(in + "selections: [s, S]"), "named twice"},
		{"continuous for ever", with(in + "enable_continuous_backup: true"), "needs delete_after_days of 1 to 35"},
		{"continuous for long", with(in + "enable_continuous_backup: true\n        lifecycle: {delete_after_days: 36}"), "needs delete_after_days of 1 to 35"},
		{"continuous and cold", with(in + "enable_continuous_backup: true\n        lifecycle: {delete_after_days: 35, move_to_cold_storage_after_days: 5}"), "continuous backup cannot move to cold storage"},
		{"continuous and counted", with(in + "enable_continuous_backup: true\n        lifecycle: {delete_after_days: 35}\n        retention: {keep_last: 2}"), "use lifecycle.delete_after_days alone"},
		{"not a boolean", with(in + "enable_continuous_backup: yes"), "want true or false, found the"},
		{"quoted boolean", with(in + "enable_continuous_backup: 'true'"), "want true or false"},
		{"archive without cold", with(monthly + in + "lifecycle: {opt_in_to_archive_for_supported_resources: true}"), "needs move_to_cold_storage_after_days"},
		{"archive of daily runs", with(in + "lifecycle: {opt_in_to_archive_for_supported_resources: true, move_to_cold_storage_after_days: 1}"), "less than 28 days apart"},
		{"archive deleted early", with(monthly + in + "lifecycle: {opt_in_to_archive_for_supported_resources: true, move_to_cold_storage_after_days: 1, delete_after_days: 90}"), "must be at least 91"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, result := compileText(tt.data)
			if set != nil || !strings.Contains(text(result), tt.want) {
				t.Errorf("set %v, want a problem with %q, got\n%s\nfor\n%s", set, tt.want, text(result), tt.data)
			}
		})
	}
}

func TestCompileAcceptsBeyondAWSBackup(t *testing.T) {
	t.Parallel()
	const in = "        "
	for name, data := range map[string]string{
		"not archived":        with(in + "lifecycle: {opt_in_to_archive_for_supported_resources: false}"),
		"archive by month":    with(in + "schedule_expression: cron(0 5 L * ? *)\n        schedule_expression_timezone: Europe/Berlin\n        lifecycle: {opt_in_to_archive_for_supported_resources: true, move_to_cold_storage_after_days: 1, delete_after_days: 91}"),
		"archived for ever":   with(in + "schedule_expression: cron(0 5 1 * ? *)\n        lifecycle: {opt_in_to_archive_for_supported_resources: true, move_to_cold_storage_after_days: 1}"),
		"not continuous":      with(in + "enable_continuous_backup: false"),
		"continuous":          with(in + "enable_continuous_backup: true\n        lifecycle: {delete_after_days: 35}"),
		"cold, age and count": with(in + "lifecycle: {move_to_cold_storage_after_days: 30, delete_after_days: 120}\n        retention: {keep_monthly: 12}"),
		"lowest priority":     with(in + "priority: -5"),
		"delay of a window":   with(in + "max_delay: 480m"),
	} {
		if set, result := compileText(data); set == nil || len(result.Warnings) > 0 {
			t.Errorf("%s:\n%s\n%s", name, data, text(result))
		}
	}
}

func TestObjectiveTheScheduleMisses(t *testing.T) {
	t.Parallel()
	const in = "        "
	set, result := compileText(with(in + "schedule_expression: cron(0 5 ? * MON-FRI *)\n        rpo_objective: 26h"))
	if set == nil || !strings.Contains(text(result), "up to 3d apart, so the objective of 26h is missed") {
		t.Error(text(result))
	}
}

func TestEnginesAreChecked(t *testing.T) {
	t.Parallel()
	plan := func(rule, selection string) string {
		return "plans:\n  - name: p\n    rules:\n      - {name: r, target_backup_vault_name: default, " + rule + "}\n    selections:\n      - {name: s, " + selection + "}\n"
	}
	const abroad = "copy_actions: [{destination_backup_vault_arn: 'arn:aws:backup:eu-west-1:444455556666:backup-vault:dr', lifecycle: {delete_after_days: 9}}], lifecycle: {delete_after_days: 9}"
	const tables, volumes, buckets = `resources: ["arn:aws:dynamodb:*:*:table/*"]`, `resources: ["arn:aws:ec2:*:*:volume/*"]`, `resources: ["arn:aws:s3:::*"]`
	tests := []struct{ name, data, want string }{
		{"copies by the other engine", plan("engine: aws-backup, "+abroad, tables), ""},
		{"copies the native engine cannot make", plan(abroad, tables), "dynamodb (arn:aws:dynamodb:*:*:table/*) cannot be copied to account 444455556666; write engine: aws-backup, or remove the copy action"},
		{"an engine the kind does not have", plan("engine: native", buckets), "s3 (arn:aws:s3:::*) cannot be backed up by engine native; write engine: aws-backup, or leave"},
		{"a default that is not native", plan("lifecycle: {delete_after_days: 9}, enable_continuous_backup: true", buckets), ""},
		{"no continuous backup", plan("lifecycle: {delete_after_days: 9}, enable_continuous_backup: true", volumes), "ebs (arn:aws:ec2:*:*:volume/*) cannot be backed up continuously; remove enable_continuous_backup"},
		{"cold storage of the other engine", plan("lifecycle: {move_to_cold_storage_after_days: 9}", tables), "cannot move recovery points to cold storage; write engine: aws-backup"},
		{"cold storage nobody has", plan("lifecycle: {move_to_cold_storage_after_days: 9}", buckets), "warning: p.yaml:4: plans[0].rules[0].lifecycle.move_to_cold_storage_after_days: resources of these kinds in selection s will not move recovery points to cold storage: s3"},
		{"the archive is cold storage", plan("engine: aws-backup, schedule_expression: 'cron(0 5 1 * ? *)', lifecycle: {move_to_cold_storage_after_days: 9, opt_in_to_archive_for_supported_resources: true}", volumes), ""},
		{"tags take kinds of both sorts", plan("engine: native", `list_of_tags: [{condition_type: STRINGEQUALS, condition_key: a, condition_value: b}]`), "warning: p.yaml:4: plans[0].rules[0].engine: resources of these kinds in selection s will not be backed up by engine native: s3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, result := Compile([]File{{Name: "p.yaml", Data: []byte(tt.data)}}, twoEngines)
			if got := text(result); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("want %q, got\n%s", tt.want, got)
			}
		})
	}
}
