package orgpolicy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
)

// inRule and inPlan put settings where they belong.
func inRule(settings string) string { return inPlan(`"rules":{"Nightly":{` + settings + `}}`) }
func inPlan(settings string) string { return `{"plans":{"Core":{` + settings + `}}}` }

func inTags(settings string) string {
	return inPlan(`"selections":{"tags":{"Tier":{` + settings + `}}}`)
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, want string }{
		{"not an object", `["plans"]`, `: want an object, found a list`},
		{"text", `"plans"`, `: want an object, found the text "plans"`},
		{"not JSON", `{"plans":`, `: not valid JSON`},
		{"no plans", `{}`, `plans: plans is missing`},
		{"plans is no object", `{"plans":[]}`, `plans: want an object, found a list`},
		{"plans is null", `{"plans":null}`, `plans: want an object, found null`},
		{"same key twice", `{"plans":{"Core":{},"Core":{}}}`, `plans.Core: Core is given twice`},
		{"same key but for case", `{"plans":{"Core":{},"core":{}}}`, `plans.core: core differs from Core in line 1 only by case`},
		{"same operator twice", inPlan(`"regions":{"A":["eu-west-1"],"A":["eu-west-2"]}`), `plans.Core.regions.@@assign: @@assign is given twice`},
		{"unknown key at the root", `{"plans":{},"version":{}}`, `version: unknown key "version"`},
		{"near key at the root", `{"Plans":{}}`, `Plans: unknown key "Plans": did you mean plans?`},
		{"unknown key of a plan", inPlan(`"region":{"A":["eu-west-1"]}`), `plans.Core.region: unknown key "region": did you mean regions?`},
		{"unknown key of a rule", inRule(`"colour":{"A":"red"}`), `plans.Core.rules.Nightly.colour: unknown key "colour"`},
		{"unknown key of a lifecycle", inRule(`"lifecycle":{"to_delete_after_days":{"A":"1"}}`), `to_delete_after_days: unknown key "to_delete_after_days": did you mean delete_after_days?`},
		{"unknown key of selections", inPlan(`"selections":{"arns":{}}`), `selections.arns: unknown key`},
		{"unknown key of a selection", inTags(`"tag":{"A":"x"}`), `Tier.tag: unknown key`},
		{"operator on a container", `{"plans":{"A":{}}}`, `plans: @@assign on a container`},
		{"operator on a rule", inRule(`"P":["x"]`), `plans.Core.rules.Nightly: @@append on a container`},
		{"operator at the root", `{"plans":{},"R":["x"]}`, `: @@remove on a container`},
		{"value without operator", inPlan(`"regions":["eu-west-1"]`), `plans.Core.regions: a list without an operator: write {"@@assign": ...}`},
		{"text without operator", inRule(`"target_backup_vault_name":"Safe"`), `target_backup_vault_name: the text "Safe" without an operator`},
		{"value instead of a container", inPlan(`"rules":"x"`), `plans.Core.rules: want an object, found the text "x"`},
		{"key beside operators", inTags(`"tag_value":{"R":["x"],"enforced_for":{"R":["y"]}}`), `tag_value.enforced_for: tag_value holds values, so it has no keys of its own`},
		{"append on a single value", inRule(`"target_backup_vault_name":{"P":["Safe"]}`), `target_backup_vault_name: @@append on a setting of one value`},
		{"remove on a single value", inRule(`"schedule_expression":{"R":["cron(0 5 ? * * *)"]}`), `schedule_expression: @@remove on a setting of one value`},
		{"list on a single value", inRule(`"target_backup_vault_name":{"A":["Safe"]}`), `@@assign holds a list: want one value`},
		{"object as a value", inRule(`"target_backup_vault_name":{"A":{}}`), `@@assign holds an object`},
		{"object in a list", inTags(`"tag_value":{"A":[{"x":"y"}]}`), `@@assign holds an object inside the list`},
		{"list in a list", inTags(`"tag_value":{"A":[["y"]]}`), `@@assign holds a list inside the list`},
		{"unknown operator", inPlan(`"regions":{"@@set":["eu-west-1"]}`), `plans.Core.regions: unknown operator "@@set"`},
		{"operator in another case", inPlan(`"regions":{"@@Assign":["eu-west-1"]}`), `unknown operator "@@Assign"`},

		{"unknown control", `{"plans":{"C":["@@some"]}}`, `plans: @@operators_allowed_for_child_policies: unknown control "@@some"`},
		{"none beside others", `{"plans":{"C":["@none","@A"]}}`, `@@none stands alone`},
		{"all beside others", `{"plans":{"C":["@A","@all"]}}`, `@@all stands alone`},
		{"a control twice", inPlan(`"regions":{"C":["@A","@A"]}`), `plans.Core.regions: @@operators_allowed_for_child_policies: @@assign is given twice`},
		{"control that is no list", `{"plans":{"C":"@none"}}`, `want a list of @@assign`},
		{"control without entries", `{"plans":{"C":[]}}`, `want a list of @@assign`},

		{"regions as text", inPlan(`"regions":{"A":"eu-west-1"}`), `plans.Core.regions: @@assign holds the text "eu-west-1": want a list`},
		{"wildcard region", inPlan(`"regions":{"A":["*"]}`), `"*" is not a region`},
		{"number as a region", inPlan(`"regions":{"P":[12]}`), `"12" is not a region`},
		{"no region", inPlan(`"regions":{"R":["europe"]}`), `"europe" is not a region`},
		{"plan name with a blank", `{"plans":{"my plan":{}}}`, `plans["my plan"]: plan name "my plan": use 1 to 50`},
		{"plan name of another alphabet", `{"plans":{"é":{}}}`, `plan name "é"`},
		{"empty plan name", `{"plans":{"":{}}}`, `plan name ""`},
		{"long plan name", `{"plans":{"` + strings.Repeat("x", 51) + `":{}}}`, `plan name "xxx`},
		{"rule name with a slash", inPlan(`"rules":{"a/b":{}}`), `rule name "a/b"`},
		{"long rule name", inPlan(`"rules":{"` + strings.Repeat("x", 51) + `":{}}`), `rule name "xxx`},
		{"vault name with a dot", inRule(`"target_backup_vault_name":{"A":"a.b"}`), `vault name "a.b"`},
		{"empty vault name", inRule(`"target_backup_vault_name":{"A":""}`), `vault name ""`},
		{"long vault name", inRule(`"target_backup_vault_name":{"A":"` + strings.Repeat("x", 51) + `"}`), `vault name "xxx`},
		{"short start window", inRule(`"start_backup_window_minutes":{"A":"59"}`), `"59" is not a number of minutes: want a whole number of at least 60`},
		{"fraction of a minute", inRule(`"complete_backup_window_minutes":{"A":"60.5"}`), `"60.5" is not a number of minutes`},
		{"decimal window", inRule(`"start_backup_window_minutes":{"A":60.0}`), `"60.0" is not`},
		{"signed window", inRule(`"start_backup_window_minutes":{"A":"+60"}`), `"+60" is not`},
		{"window with a blank", inRule(`"start_backup_window_minutes":{"A":" 60"}`), `" 60" is not`},
		{"huge window", inRule(`"start_backup_window_minutes":{"A":"9223372036854775807"}`), `"9223372036854775807" is not`},
		{"boolean window", inRule(`"start_backup_window_minutes":{"A":true}`), `"true" is not`},
		{"null window", inRule(`"start_backup_window_minutes":{"A":null}`), `"null" is not`},
		{"delete after none", inRule(`"lifecycle":{"delete_after_days":{"A":"0"}}`), `delete_after_days: "0" is not a number of days`},
		{"delete after less", inRule(`"lifecycle":{"delete_after_days":{"A":-1}}`), `"-1" is not a number of days`},
		{"delete after a word", inRule(`"lifecycle":{"delete_after_days":{"A":"never"}}`), `"never" is not a number of days`},
		{"cold after none", inRule(`"lifecycle":{"move_to_cold_storage_after_days":{"A":0}}`), `"0" is not a number of days`},
		{"schedule of another kind", inRule(`"schedule_expression":{"A":"rate(1 day)"}`), `schedule_expression: backup plans take no rate()`},
		{"schedule without wrapper", inRule(`"schedule_expression":{"A":"0 5 ? * * *"}`), `is not a schedule`},
		{"empty schedule", inRule(`"schedule_expression":{"A":""}`), `is not a schedule`},
		{"both day fields", inRule(`"schedule_expression":{"A":"cron(* * * * * *)"}`), `both day fields`},
		{"seven fields", inRule(`"schedule_expression":{"A":"cron(0 5 ? * * * *)"}`), `7 fields`},
		{"runs half an hour apart", inRule(`"schedule_expression":{"A":"cron(0/30 * ? * * *)"}`), `runs must be at least an hour apart`},
		{"runs 59 minutes apart", inRule(`"schedule_expression":{"A":"cron(0,59 5 ? * * *)"}`), `runs must be at least an hour apart`},
		{"never runs", inRule(`"schedule_expression":{"A":"cron(0 5 30 2 ? *)"}`), `never runs`},
		{"unknown time zone", inRule(`"schedule_expression_timezone":{"A":"Mars/Base"}`), `unknown time zone "Mars/Base"`},
		{"continuous maybe", inRule(`"enable_continuous_backup":{"A":"yes"}`), `"yes": want true or false`},
		{"continuous in capitals", inRule(`"enable_continuous_backup":{"A":"TRUE"}`), `"TRUE": want true or false`},
		{"role that is none", inTags(`"iam_role_arn":{"A":"bad"}`), `"bad" is not the ARN of a role`},
		{"empty tag key", inTags(`"tag_key":{"A":""}`), `the tag key has 0 characters`},
		{"long tag key", inTags(`"tag_key":{"A":"` + strings.Repeat("x", 129) + `"}`), `the tag key has 129 characters`},
		{"tag values as text", inTags(`"tag_value":{"A":"one"}`), `tag_value: @@assign holds the text "one": want a list`},
		{"condition without prefix", inTags(`"conditions":{"string_equals":{"c":{"condition_key":{"A":"cost"}}}}`), `write aws:ResourceTag/`},
		{"unknown condition", inTags(`"conditions":{"string_matches":{}}`), `unknown key "string_matches"`},
		{"resources that are none", inPlan(`"selections":{"resources":{"r":{"resource_types":{"A":["ec2"]}}}}`), `"ec2" is not the ARN of resources`},
		{"vault ARN that is none", inRule(`"copy_actions":{"arn:aws:backup:eu-west-1:$account:backup-vault:x":{"target_backup_vault_arn":{"A":"bad"}}}`), `"bad" is not the ARN of a backup vault`},
		{"copy of nothing", inRule(`"copy_actions":{"arn:aws:backup:eu-west-1:$account:backup-vault:x":{}}`), `the object is empty`},
		{"index of another kind", inRule(`"index_actions":{"resource_types":{"A":["RDS"]}}`), `"RDS": want EBS or S3`},
		{"vss maybe", inPlan(`"advanced_backup_settings":{"ec2":{"windows_vss":{"A":true}}}`), `"true": want enabled or disabled`},
		{"too long", `{"plans":{"C":["@none"]},"x":"` + strings.Repeat("x", 10_000) + `"}`, `the policy has`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, result := Parse(policy.File{Name: "p.json", Data: []byte(operatorsOf.Replace(tt.document))})
			found := messages(result.Problems)
			if p != nil || !strings.Contains(strings.Join(found, "\n"), tt.want) {
				t.Errorf("policy %v, problems %q, want %q", p != nil, found, tt.want)
			}
		})
	}
}

func TestWellFormed(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no plans yet":         `{"plans":{}}`,
		"an empty plan":        `{"plans":{"Core":{}}}`,
		"controls only":        `{"plans":{"C":["@none"],"Core":{"C":["@A","@P","@R"],"regions":{"C":["@P"]},"rules":{"C":["@all"]}}}}`,
		"names at their limit": `{"plans":{"` + strings.Repeat("x", 50) + `":{},"a.b_c-9":{}}}`,
		"region twice":         inPlan(`"regions":{"A":["eu-west-1","eu-west-1"]}`),
		"no region":            inPlan(`"regions":{"A":[]}`),
		"all operators":        inPlan(`"regions":{"A":["eu-west-1"],"P":["us-gov-west-1"],"R":["cn-north-1"]}`),
		"an empty setting":     inPlan(`"regions":{}`),
		"numbers as numbers":   inRule(`"start_backup_window_minutes":{"A":60},"complete_backup_window_minutes":{"A":"060"},"lifecycle":{"delete_after_days":{"A":1}}`),
		"booleans":             inRule(`"enable_continuous_backup":{"A":false},"lifecycle":{"opt_in_to_archive_for_supported_resources":{"A":"true"}}`),
		"hourly":               inRule(`"schedule_expression":{"A":"cron(0 0/1 ? * * *)"}`),
		"cold too near delete": inRule(`"lifecycle":{"move_to_cold_storage_after_days":{"A":"30"},"delete_after_days":{"A":"60"}}`),
		"a copy's key alone":   inRule(`"copy_actions":{"arn:aws:backup:eu-west-1:$account:backup-vault:x":{"lifecycle":{"delete_after_days":{"A":"9"}}}}`),
		"resources":            inPlan(`"selections":{"resources":{"r":{"resource_types":{"A":["arn:aws:ec2:*:*:volume/*","*"]},"not_resource_types":{"P":["arn:aws:ec2:*:*:volume/vol-1"]}}}}`),
		"tags as numbers":      inTags(`"tag_value":{"A":[1,true]}`),
		"everything else": inPlan(`"backup_plan_tags":{"stage":{"tag_key":{"A":"Stage"},"tag_value":{"A":12}}},"advanced_backup_settings":{"ec2":{"windows_vss":{"A":"enabled"}},"s3":{"backup_acls":{"A":"disabled"}}},
			"scan_settings":{"GUARDDUTY":{"resource_types":{"A":["EBS"]},"scanner_role_arn":{"A":"arn:aws:iam::$account:role/Scan"}}},
			"rules":{"r":{"scan_actions":{"GUARDDUTY":{"scan_mode":{"A":"FULL_SCAN"}}},"index_actions":{"resource_types":{"A":["EBS","S3"]}},"schedule_expression_timezone":{"A":"Europe/Berlin"},
			"recovery_point_tags":{"Owner":{"tag_key":{"A":"Owner"},"tag_value":{"A":""}}}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, result := Parse(policy.File{Name: "p.json", Data: []byte(operatorsOf.Replace(document))})
			if p == nil || len(result.Problems) > 0 {
				t.Error(messages(result.Problems))
			}
		})
	}
}

func TestWarningsOfValues(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		inRule(`"target_backup_vault_name":{"A":"a"}`):                                "AWS Backup takes 2 to 50 characters",
		inRule(`"start_backup_window_minutes":{"A":"52560001"}`):                      "AWS Backup takes at most 52560000",
		inRule(`"complete_backup_window_minutes":{"A":"604800"}`):                     "420 days: the value is in minutes, not seconds",
		inRule(`"lifecycle":{"delete_after_days":{"A":"36501"}}`):                     "AWS Backup takes at most 36500",
		inRule(`"schedule_expression":{"A":"cron(0 5 ? * *)"}`):                       "five fields",
		inRule(`"copy_actions":{"dr":{"lifecycle":{"delete_after_days":{"A":"9"}}}}`): "must be the ARN of its vault",
		inPlan(`"selections":{"tags":{"my tier":{"tag_key":{"A":"x"}}}}`):             `selection name "my tier"`,
		`{"plans":` + strings.Repeat(" ", 10_000) + `{}}`:                             "remove white space",
	} {
		_, result := Parse(policy.File{Name: "p.json", Data: []byte(operatorsOf.Replace(document))})
		if found := messages(result.Warnings); len(result.Problems) > 0 || len(found) != 1 || !strings.Contains(found[0], want) {
			t.Errorf("%.80s: problems %v, warnings %q, want %q", document, result.Problems, found, want)
		}
	}
}

func TestAnyPolicyType(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`[]`:                                "want an object",
		`{"x":"y"}`:                         `x: want an object, found the text "y": a value stands under an operator`,
		`{"x":["y"]}`:                       "x: want an object, found a list",
		`{"A":["y"]}`:                       "@@assign on a container",
		`{"x":{"A":"y","P":["z"]}}`:         "@@append and @@remove are for lists only",
		`{"x":{"P":"z"}}`:                   "@@append holds the text",
		`{"x":{"A":["z"],"y":{"A":"1"}}}`:   "x.y: x holds values",
		`{"x":{"C":["@@maybe"]}}`:           "unknown control",
		`{"x":{"@@merge":["z"]}}`:           "unknown operator",
		`{"x":{"A":{"y":1}}}`:               "@@assign holds an object",
		`{"x":{"A":["a"]},"X":{"A":["b"]}}`: "only by case",
	} {
		p, result := ParseAny(policy.File{Name: "p.json", Data: []byte(operatorsOf.Replace(document))})
		if found := strings.Join(messages(result.Problems), "\n"); p != nil || !strings.Contains(found, want) {
			t.Errorf("%s: policy %v, problems %q, want %q", document, p != nil, found, want)
		}
	}
}

func TestEveryMistakeIsListedWithItsLine(t *testing.T) {
	t.Parallel()
	document := `{
 "plans": {
  "my plan": {},
  "Core": {
   "regions": {"@@assign": "eu-west-1"},
   "rule": {},
   "rules": {
    "Nightly": {
     "schedule_expression": {"@@assign": "rate(1 day)"},
     "start_backup_window_minutes": {"@@assign": 5},
     "target_backup_vault_name": "Safe",
     "lifecycle": {"delete_after_days": {"@@assign": 0}, "delete_after_days": {"@@assign": 1}},
     "copy_actions": {"@@assign": []}
    }
   },
   "selections": {"tags": {"t": {"tag_value": {"@@operators_allowed_for_child_policies": ["@@none", "@@all"]}}}}
  }
 }
}`
	_, result := Parse(policy.File{Name: "p.json", Data: []byte(document)})
	lines := []string{}
	for _, p := range result.Problems {
		lines = append(lines, fmt.Sprint(p.Line))
	}
	if diff := cmp.Diff("3 5 6 9 10 11 12 12 13 16 16", strings.Join(lines, " ")); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%s", diff, strings.Join(messages(result.Problems), "\n"))
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const regions, rules = `"regions":{"A":["eu-west-1"]},`, `"rules":{"N":{"target_backup_vault_name":{"A":"Safe"}}},`
	rule := func(settings string) string {
		return `{"plans":{"Core":{` + regions + `"rules":{"N":{"target_backup_vault_name":{"A":"Safe"},` + settings + `}},` + tierSelection + `}}}`
	}
	selection := func(kind, settings string) string {
		return `{"plans":{"Core":{` + regions + rules + `"selections":{"` + kind + `":{"S":{` + settings + `}}}}}}`
	}
	role := `"iam_role_arn":{"A":"arn:aws:iam::$account:role/Backup"},`
	eleven := ""
	for i := range 11 {
		eleven += fmt.Sprintf(`"r%d":{"target_backup_vault_name":{"A":"Safe"}},`, i)
	}
	archive := func(cold, remove, schedule string) string {
		return rule(`"schedule_expression":{"A":"` + schedule + `"},"lifecycle":{"move_to_cold_storage_after_days":{"A":` + cold + `},"delete_after_days":{"A":` + remove + `},"opt_in_to_archive_for_supported_resources":{"A":true}}`)
	}
	tests := []struct {
		name, document string
		want           []string
	}{
		{"complete", rule(`"schedule_expression":{"A":"cron(0 5 ? * * *)"}`), nil},
		{"nothing", `{"plans":{}}`, nil},
		{"empty plan", `{"plans":{"Core":{}}}`, nil},
		{"no regions", `{"plans":{"Core":{` + rules + tierSelection + `}}}`, []string{"plans.Core.regions: regions is missing"}},
		{"empty regions", `{"plans":{"Core":{"regions":{"A":[]},` + rules + tierSelection + `}}}`, []string{"plans.Core.regions: regions is empty"}},
		{"no rules", `{"plans":{"Core":{` + regions + tierSelection + `}}}`, []string{"plans.Core.rules: rules is missing"}},
		{"no selections", `{"plans":{"Core":{` + regions + `"rules":{"N":{"target_backup_vault_name":{"A":"Safe"}}}}}}`, []string{"plans.Core.selections: selections is missing"}},
		{"only regions", `{"plans":{"Core":{"regions":{"A":["eu-west-1"]}}}}`, []string{"plans.Core.rules: ", "plans.Core.selections: "}},
		{"no vault", `{"plans":{"Core":{` + regions + `"rules":{"N":{"start_backup_window_minutes":{"A":60}}},` + tierSelection + `}}}`, []string{"plans.Core.rules.N.target_backup_vault_name: "}},
		{"no role", selection("tags", `"tag_key":{"A":"k"},"tag_value":{"A":["v"]}`), []string{"plans.Core.selections.tags.S.iam_role_arn: "}},
		{"no tag key", selection("tags", role+`"tag_value":{"A":["v"]}`), []string{"plans.Core.selections.tags.S.tag_key: "}},
		{"no tag value", selection("tags", role+`"tag_key":{"A":"k"}`), []string{"plans.Core.selections.tags.S.tag_value: tag_value is missing"}},
		{"tag values removed", selection("tags", role+`"tag_key":{"A":"k"},"tag_value":{"A":["v"],"R":["v"]}`), []string{"plans.Core.selections.tags.S.tag_value: tag_value is empty"}},
		{"no resource types", selection("resources", role+`"not_resource_types":{"A":["arn:aws:ec2:*"]}`), []string{"plans.Core.selections.resources.S.resource_types: "}},
		{"conditions instead", selection("resources", role+`"conditions":{"string_equals":{"c":{"condition_key":{"A":"aws:ResourceTag/k"},"condition_value":{"A":"v"}}}}`), nil},
		{"half a condition", selection("resources", role+`"conditions":{"string_equals":{"c":{"condition_key":{"A":"aws:ResourceTag/k"}}}}`), []string{"string_equals.c.condition_value: condition_value is missing"}},
		{"eleven rules", `{"plans":{"Core":{` + regions + `"rules":{` + strings.TrimSuffix(eleven, ",") + `},` + tierSelection + `}}}`, []string{"plans.Core.rules: 11 rules: a plan has at most 10"}},
		{"continuous, 35 days", rule(`"enable_continuous_backup":{"A":true},"lifecycle":{"delete_after_days":{"A":35}}`), nil},
		{"continuous, 36 days", rule(`"enable_continuous_backup":{"A":"true"},"lifecycle":{"delete_after_days":{"A":36}}`), []string{"plans.Core.rules.N.lifecycle.delete_after_days: 36 days: continuous backups are kept for at most 35"}},
		{"not continuous, 36 days", rule(`"enable_continuous_backup":{"A":false},"lifecycle":{"delete_after_days":{"A":36}}`), nil},
		{"continuous for ever", rule(`"enable_continuous_backup":{"A":true}`), []string{"delete_after_days is missing"}},
		{"cold too near delete", rule(`"lifecycle":{"move_to_cold_storage_after_days":{"A":30},"delete_after_days":{"A":60}}`), nil},
		{"archive, monthly", archive("30", "120", "cron(0 5 1 * ? *)"), nil},
		{"archive, last day", archive("30", "120", "cron(0 5 L * ? *)"), nil},
		{"archive, every four weeks", archive("30", "120", "cron(0 5 1,29 JAN ? *)"), nil},
		{"archive, daily", archive("30", "120", "cron(0 5 ? * * *)"), []string{"opt_in_to_archive_for_supported_resources: cron(0 5 ? * * *) runs more often"}},
		{"archive, twice a month", archive("30", "120", "cron(0 5 1,15 * ? *)"), []string{"runs more often"}},
		{"archive, too short", archive("30", "119", "cron(0 5 1 * ? *)"), []string{"delete_after_days: deletes after 119 days and moves to the archive after 30: it must be at least 120"}},
		{"archive, both", archive("30", "60", "cron(0 5 ? * * *)"), []string{"delete_after_days: ", "runs more often"}},
		{"archive without a schedule", rule(`"lifecycle":{"move_to_cold_storage_after_days":{"A":30},"opt_in_to_archive_for_supported_resources":{"A":true}}`), []string{"cron(0 5 ? * * *) runs more often"}},
		{"archive of a copy", rule(`"copy_actions":{"arn:aws:backup:eu-west-1:$account:backup-vault:x":{"lifecycle":{"opt_in_to_archive_for_supported_resources":{"A":true}}}}`), []string{"backup-vault:x.lifecycle.opt_in_to_archive_for_supported_resources: "}},
		{"copy to nowhere", rule(`"copy_actions":{"dr":{"lifecycle":{"delete_after_days":{"A":9}}}}`), []string{"copy_actions.dr: target_backup_vault_arn is missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := messages(Merge(stack(t, Parse, []string{tt.document})).Check().Problems())
			if len(found) != len(tt.want) {
				t.Fatalf("problems %q, want %q", found, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(found[i], want) {
					t.Errorf("problem %q, want %q", found[i], want)
				}
			}
		})
	}
}

func TestParseEffective(t *testing.T) {
	t.Parallel()
	levels := stack(t, Parse, []string{`{"plans":{"Core":{"regions":{"A":["eu-west-1"]},"rules":{"N":{"target_backup_vault_name":{"A":"Safe"},"lifecycle":{"delete_after_days":{"A":9}}}},` + tierSelection + `}}}`})
	merged := Merge(levels)
	read, result := ParseEffective(policy.File{Name: "e.json", Data: merged.JSON()})
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	if diff := cmp.Diff(string(merged.JSON()), string(read.JSON())); diff != "" {
		t.Error(diff)
	}
	for document, want := range map[string]string{
		`{"plans":{"Core":{"regions":{"@@assign":["eu-west-1"]}}}}`:                `plans.Core.regions: want a list of values`,
		`{"plans":{"@@operators_allowed_for_child_policies":["@@none"]}}`:          `@@operators_allowed_for_child_policies in an effective policy`,
		`{"plans":{"Core":{"rules":{"N":{"target_backup_vault_name":["Safe"]}}}}}`: `want one value, found a list`,
		`{"plans":{"Core":{"regions":"eu-west-1"}}}`:                               `want a list of values`,
		`{"plans":{"Core":{"regions":["nowhere"]}}}`:                               `"nowhere" is not a region`,
		`{"plans":{"Core":{"rules":[]}}}`:                                          `want an object, found a list`,
		`{"plans":{"Core":{"colour":"red"}}}`:                                      `unknown key "colour"`,
	} {
		e, result := ParseEffective(policy.File{Name: "e.json", Data: []byte(document)})
		if found := strings.Join(messages(result.Problems), "\n"); e != nil || !strings.Contains(found, want) {
			t.Errorf("%s: %v, problems %q, want %q", document, e != nil, found, want)
		}
	}
}
