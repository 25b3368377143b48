package awsbackup

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
)

const (
	wrapped = `{
 "BackupPlanId": "p-1", "VersionId": "v", "CreationDate": 1700000000.5,
 "BackupPlan": {
  "BackupPlanName": "production",
  "Rules": [{
   "RuleName": "nightly", "RuleId": "r-1", "TargetBackupVaultName": "default",
   "ScheduleExpression": "cron(0 2 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin",
   "StartWindowMinutes": 60, "CompletionWindowMinutes": 600,
   "Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120, "OptInToArchiveForSupportedResources": false},
   "RecoveryPointTags": {"Cost": "x"},
   "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:111122223333:backup-vault:dr", "Lifecycle": {"DeleteAfterDays": 9}}],
   "EnableContinuousBackup": false
  }]
 },
 "BackupSelections": [{"SelectionName": "tagged", "IamRoleArn": "arn:aws:iam::111122223333:role/Backup",
  "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "tier", "ConditionValue": "1"}],
  "Conditions": {"StringLike": [{"ConditionKey": "aws:ResourceTag/env", "ConditionValue": "p*"}]}}]
}`
	bareSelection = `{"SelectionName": "arns", "IamRoleArn": "arn:aws:iam::111122223333:role/Backup",
 "Resources": ["arn:aws:ec2:*:*:volume/*"], "NotResources": ["arn:aws:ec2:*:*:volume/vol-1"]}`
)

func file(text string) policy.File { return policy.File{Name: "f.json", Data: []byte(text)} }

func TestParsePlan(t *testing.T) {
	t.Parallel()
	doc, result := ParsePlan(file(wrapped))
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	n := func(v int64) *int64 { return &v }
	no := false
	want := policy.Document{Plans: []policy.PlanDocument{{
		Name: "production",
		Rules: []policy.RuleDocument{{
			Name: "nightly", TargetBackupVaultName: "default", ScheduleExpression: "cron(0 2 * * ? *)", ScheduleTimezone: "Europe/Berlin",
			StartWindowMinutes: n(60), CompletionWindowMinutes: n(600),
			Lifecycle:         policy.LifecycleDocument{MoveToColdStorageAfterDays: n(30), DeleteAfterDays: n(120), OptInToArchive: &no},
			RecoveryPointTags: map[string]string{"Cost": "x"}, EnableContinuousBackup: &no,
			CopyActions: []policy.CopyActionDocument{{DestinationBackupVaultARN: "arn:aws:backup:eu-west-1:111122223333:backup-vault:dr", Lifecycle: policy.LifecycleDocument{DeleteAfterDays: n(9)}}},
		}},
		Selections: []policy.SelectionDocument{{
			Name: "tagged", IAMRoleARN: "arn:aws:iam::111122223333:role/Backup",
			Criteria: policy.Criteria{
				ListOfTags: []policy.TagCondition{{ConditionType: "STRINGEQUALS", ConditionKey: "tier", ConditionValue: "1"}},
				Conditions: policy.Conditions{StringLike: []policy.Condition{{ConditionKey: "aws:ResourceTag/env", ConditionValue: "p*"}}},
			},
		}},
	}}}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Error(diff)
	}
	data, problems := Write(doc)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	again, result := ParsePlan(policy.File{Name: "again.json", Data: data})
	if diff := cmp.Diff(want, again); diff != "" || len(result.Problems) > 0 {
		t.Errorf("%v\n%s", result.Problems, diff)
	}
	if found := CheckPlan(file(wrapped)); len(found.Problems) > 0 {
		t.Error(found.Problems)
	}
}

func TestParseSelection(t *testing.T) {
	t.Parallel()
	for _, text := range []string{bareSelection, `{"SelectionId": "x", "BackupSelection": ` + bareSelection + `}`} {
		doc, result := ParseSelection(file(text))
		if len(result.Problems) > 0 || doc.Name != "arns" || len(doc.Criteria.Resources) != 1 || len(doc.Criteria.NotResources) != 1 {
			t.Errorf("%+v, %v", doc, result.Problems)
		}
	}
}

func TestChecksGiveTheJSONsPathsAndLines(t *testing.T) {
	t.Parallel()
	lines := func(problems []policy.Problem) (all []string) {
		for _, p := range problems {
			all = append(all, fmt.Sprintf("%d %s", p.Line, p.Path))
		}
		return all
	}
	said := func(in, old, new string) policy.File { return file(strings.Replace(in, old, new, 1)) }
	for _, tt := range []struct {
		name  string
		found policy.Result
		want  []string
	}{
		{"form", CheckPlan(said(wrapped, `"RuleName": "nightly"`, `"Rulename": "nightly", "StartWindow": "1"`)), []string{"6 BackupPlan.Rules[0].Rulename", "6 BackupPlan.Rules[0].StartWindow"}},
		{"schedule", CheckPlan(said(wrapped, "cron(0 2 * * ? *)", "rate(1 day)")), []string{"7 BackupPlan.Rules[0].ScheduleExpression"}},
		{"lifecycle", CheckPlan(said(wrapped, `"DeleteAfterDays": 120`, `"DeleteAfterDays": 60`)), []string{"9 BackupPlan.Rules[0].Lifecycle.DeleteAfterDays"}},
		{"copy", CheckPlan(said(wrapped, "backup-vault:dr", "vault:dr")), []string{"11 BackupPlan.Rules[0].CopyActions[0].DestinationBackupVaultArn"}},
		{"selection of a plan", CheckPlan(said(wrapped, `"STRINGEQUALS"`, `"STRINGLIKE"`)), []string{"16 BackupSelections[0].ListOfTags[0].ConditionType"}},
		{"bare plan", CheckPlan(file(`{"BackupPlanName":"my plan","Rules":[{"RuleName":"r","TargetBackupVaultName":"vault"}]}`)), []string{"1 BackupPlanName"}},
		{"selection", CheckSelection(said(bareSelection, "arn:aws:ec2:*:*:volume/*", "ec2")), []string{"2 Resources[0]"}},
		{"wrapped selection", CheckSelection(file(`{"BackupSelection":{"SelectionName":"s","IamRoleArn":"r","Conditions":{"StringEquals":[{"ConditionKey":"env","ConditionValue":"x"}]}}}`)), []string{"1 BackupSelection.Conditions.StringEquals[0].ConditionKey"}},
		{"selection of everything", CheckSelection(file(`{"SelectionName":"s","IamRoleArn":"r"}`)), []string{"1 "}},
		{"same key twice", CheckPlan(file(`{"BackupPlanName":"a","Rules":[],"rules":[]}`)), []string{"1 rules"}},
	} {
		if diff := cmp.Diff(tt.want, lines(tt.found.Problems)); diff != "" {
			t.Errorf("%s (-want +got):\n%s%v", tt.name, diff, tt.found.Problems)
		}
	}
}

func TestWhatOnlyAWSCarriesOutIsAWarning(t *testing.T) {
	t.Parallel()
	found := CheckPlan(file(`{"BackupPlanName":"p","AdvancedBackupSettings":[{"ResourceType":"EC2","BackupOptions":{"WindowsVSS":"enabled"}}],
 "Rules":[{"RuleName":"r","TargetBackupVaultName":"vault","IndexActions":[{"ResourceTypes":["EBS"]}]}]}`))
	if len(found.Problems) > 0 || len(found.Warnings) != 1 || found.Warnings[0].Path != "Rules[0].IndexActions" || found.Warnings[0].Line != 2 {
		t.Errorf("%+v", found)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	priority := int64(5)
	doc := policy.Document{Plans: []policy.PlanDocument{{
		Name: "p", Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1"},
		Rules: []policy.RuleDocument{{
			Name: "r", Priority: &priority, Engine: "native", Retention: &policy.RetentionDocument{},
			CopyActions: []policy.CopyActionDocument{{DestinationBackupVaultARN: "arn:aws:backup:eu-west-1:$account:backup-vault:x", KMSKeyARN: "k"}},
		}},
		Selections: []policy.SelectionDocument{{Name: "s"}},
	}}}
	_, problems := Write(doc)
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	want := []string{
		"plans[0].accounts", "plans[0].rules[0].engine", "plans[0].rules[0].priority", "plans[0].rules[0].retention",
		"plans[0].rules[0].copy_actions[0].kms_key_arn", "plans[0].regions", "plans[0].selections[0].iam_role_arn",
		"plans[0].rules[0].copy_actions[0].destination_backup_vault_arn",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, problems := Write(policy.Document{}); len(problems) != 1 {
		t.Errorf("no plan: %v", problems)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{wrapped, bareSelection, `{"BackupPlan":{}}`, `{"BackupSelection":[]}`, `[]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := policy.File{Name: "f.json", Data: data}
		doc, result := ParsePlan(in)
		if len(result.Problems) == 0 && len(doc.Plans) != 1 {
			t.Fatal("neither a plan nor a problem")
		}
		CheckPlan(in)
		CheckSelection(in)
	})
}
