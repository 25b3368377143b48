package difference

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
	"holdfast/resource"
)

const before = `
plans:
  - name: nightly
    rules:
      - {name: daily, schedule_expression: "cron(0 2 * * ? *)", target_backup_vault_name: default, lifecycle: {delete_after_days: 7}}
      - {name: weekly, schedule_expression: "cron(0 2 ? * SUN *)", target_backup_vault_name: default}
    selections:
      - {name: volumes, resources: ["arn:aws:ec2:*:*:volume/*"]}
  - name: tables
    rules: [{name: daily, target_backup_vault_name: default}]
    selections: [{name: all, resources: ["arn:aws:dynamodb:*:*:table/*"]}]
`

const after = `
plans:
  - name: Nightly
    rules:
      - {name: daily, schedule_expression: "cron(0 3 * * ? *)", target_backup_vault_name: default, lifecycle: {delete_after_days: 7}, retention: {keep_last: 3}, priority: 2,
         copy_actions: [{destination_backup_vault_arn: "arn:aws:backup:eu-west-1:$account:backup-vault:dr", lifecycle: {delete_after_days: 9}}]}
      - {name: hourly, schedule_expression: "cron(0 * * * ? *)", target_backup_vault_name: default}
    selections:
      - {name: volumes, resources: ["arn:aws:ec2:*:*:volume/*"]}
      - {name: databases, resources: ["arn:aws:rds:*:*:db:*"]}
`

func compiled(t *testing.T, text string) *policy.Set {
	t.Helper()
	set, result := policy.Compile([]policy.File{{Name: "p.yaml", Data: []byte(text)}}, nil)
	if set == nil {
		t.Fatal(result.Problems)
	}
	return set
}

func TestRules(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range Rules(compiled(t, before), compiled(t, after)) {
		got = append(got, fmt.Sprintf("%s/%s %s", c.Plan, c.Rule, c.Change))
		for _, f := range c.Fields {
			got = append(got, fmt.Sprintf("  %s %s>%s", f.Path, f.Old, f.New))
		}
	}
	want := []string{
		"Nightly/daily changed",
		"  copy_actions[arn:aws:backup:eu-west-1:$account:backup-vault:dr] >copied",
		"  copy_actions[arn:aws:backup:eu-west-1:$account:backup-vault:dr].lifecycle.delete_after_days >9",
		"  priority >2",
		"  retention.keep_last >3",
		"  retention.timezone >Etc/UTC",
		"  schedule_expression cron(0 2 * * ? *)>cron(0 3 * * ? *)",
		"  selections.databases >{Resources:[arn:aws:rds:*:*:db:*] NotResources:[] ListOfTags:[] Conditions:{StringEquals:[] StringNotEquals:[] StringLike:[] StringNotLike:[]}}",
		"Nightly/hourly added", "nightly/weekly removed", "tables/daily removed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheSamePolicyChangesNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{before, after} {
		if got := Rules(compiled(t, text), compiled(t, text)); len(got) > 0 {
			t.Errorf("%+v", got)
		}
	}
}

func TestResource(t *testing.T) {
	t.Parallel()
	old, now := compiled(t, before), compiled(t, after)
	for arn, want := range map[string]string{
		"arn:aws:ec2:eu-west-1:111122223333:volume/v":     "+[Nightly/hourly] -[nightly/weekly] false",
		"arn:aws:rds:eu-west-1:111122223333:db:d":         "+[Nightly/daily Nightly/hourly] -[] false",
		"arn:aws:dynamodb:eu-west-1:111122223333:table/t": "+[] -[tables/daily] true",
		"arn:aws:s3:::bucket":                             "same",
	} {
		change, changed := Resource(old, now, resource.Resource{ARN: arn})
		got := "same"
		if changed {
			got = fmt.Sprintf("+%v -%v %v", change.Gained, change.Lost, change.Unprotected)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", arn, got, want)
		}
	}
	if _, changed := Resource(old, now, resource.Resource{ARN: "arn:aws:rds:eu-west-1:111122223333:db:d", Unsupported: "x"}); changed {
		t.Error("what cannot be backed up does not change")
	}
}
