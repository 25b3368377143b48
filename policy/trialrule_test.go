package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy/retention"
)

func TestReadRetention(t *testing.T) {
	t.Parallel()
	utc, berlin := zone(t, "Etc/UTC"), zone(t, "Europe/Berlin")
	for name, tt := range map[string]struct {
		text string
		want retention.Policy
	}{
		"a rule":               {"name: r\ntarget_backup_vault_name: v\nschedule_expression: cron(0 1 * * ? *)\nlifecycle: {delete_after_days: 7}\nretention: {keep_daily: 3}", retention.Policy{DeleteAfterDays: 7, KeepDaily: 3, Location: utc}},
		"the schedule's zone":  {"schedule_expression_timezone: Europe/Berlin\nretention: {keep_daily: 3}", retention.Policy{KeepDaily: 3, Location: berlin}},
		"a zone of its own":    {"schedule_expression_timezone: Etc/UTC\nretention: {keep_daily: 3, timezone: Europe/Berlin}", retention.Policy{KeepDaily: 3, Location: berlin}},
		"counts alone":         {"keep_last: 2\nkeep-weekly: 4\ntimezone: Europe/Berlin", retention.Policy{KeepLast: 2, KeepWeekly: 4, Location: berlin}},
		"counts and an age":    {"keep_last: 2\ndelete_after_days: 5", retention.Policy{KeepLast: 2, DeleteAfterDays: 5, Location: utc}},
		"JSON":                 {`{"retention":{"keep_last":1,"keep_hourly":2,"keep_monthly":3,"keep_yearly":4}}`, retention.Policy{KeepLast: 1, KeepHourly: 2, KeepMonthly: 3, KeepYearly: 4, Location: utc}},
		"short names":          {`{"retention":{"last":1,"daily":2}}`, retention.Policy{KeepLast: 1, KeepDaily: 2, Location: utc}},
		"AWS Backup's rule":    {`{"RuleName":"r","RuleId":"x","TargetBackupVaultName":"v","Lifecycle":{"DeleteAfterDays":35,"MoveToColdStorageAfterDays":null}}`, retention.Policy{DeleteAfterDays: 35}},
		"an effective rule":    {`{"schedule_expression":"cron(0 5 ? * * *)","target_backup_vault_name":"v","lifecycle":{"delete_after_days":"35"},"copy_actions":{"arn":{}}}`, retention.Policy{DeleteAfterDays: 35}},
		"under rule":           {"rule:\n  lifecycle: {delete_after_days: 7}", retention.Policy{DeleteAfterDays: 7}},
		"a policy of one rule": {with("        retention: {keep_last: 4}"), retention.Policy{KeepLast: 4, Location: utc}},
		"nothing":              {"name: r", retention.Policy{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, result := ReadRetention(File{Name: "rule", Data: []byte(strings.ReplaceAll(tt.text, `,"MoveToColdStorageAfterDays":null`, ""))})
			if len(result.Problems) > 0 {
				t.Fatal(text(result))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadRetentionRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"nothing at all":     {"", "the file is empty"},
		"a list":             {"[]", "want key: value pairs, found a list"},
		"a misspelled count": {"keep_dayly: 3", `keep_dayly: unknown key "keep_dayly": did you mean keep_daily?`},
		"misspelled inside":  {"retention: {keep_lasts: 3}", "did you mean keep_last?"},
		"no counts":          {"retention: {}", "nothing is kept"},
		"zero":               {"keep_last: 0", "keep_last: 0: want 1 to 36500"},
		"negative":           {"keep_daily: -3", "want 1 to 36500"},
		"a fraction":         {"keep_daily: 1.5", "want a whole number"},
		"counts twice":       {"keep_last: 1\nretention: {keep_last: 2}", "counts are given here and at the top"},
		"age twice":          {"delete_after_days: 1\nlifecycle: {delete_after_days: 2}", "is given in lifecycle too"},
		"a bad zone":         {"keep_last: 1\ntimezone: Nowhere", "unknown time zone"},
		"cold and counts":    {"lifecycle: {move_to_cold_storage_after_days: 1}\nkeep_last: 1", "add lifecycle.delete_after_days of at least 91"},
		"two rules":          {"plans: [{name: p, rules: [{name: a, target_backup_vault_name: vv}, {name: b, target_backup_vault_name: vv}]}]", "the policy has 2 rules"},
		"swapped lifecycle":  {"lifecycle: {move_to_cold_storage_after_days: 90, delete_after_days: 30}", "are the two numbers swapped?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, result := ReadRetention(File{Name: "rule", Data: []byte(tt.text)}); !strings.Contains(text(result), tt.want) {
				t.Errorf("want %q, got %s", tt.want, text(result))
			}
		})
	}
}

func FuzzReadRetention(f *testing.F) {
	for _, seed := range []string{"keep_last: 1", `{"rule":{"Lifecycle":{"DeleteAfterDays":"5"}}}`, "plans: []", "&a {rule: *a}", "{lifecycle: &x {lifecycle: *x}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, result := ReadRetention(File{Name: "rule", Data: data})
		if len(result.Problems) == 0 && (got.DeleteAfterDays < 0 || got.KeepLast < 0 || got.KeepYearly > retention.MaxCount) {
			t.Fatalf("%q gives %+v", data, got)
		}
	})
}
