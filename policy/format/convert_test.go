package format

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"holdfast/policy"
)

// draw makes documents that every format can express, apart from what shape leaves out.
type draw struct {
	*rapid.T
	shape shape
}

// shape says what a format has.
type shape struct{ regions, awsOnly, additions, anySelections, onePlan, variables bool }

func (d draw) yes(label string) bool { return rapid.Bool().Draw(d.T, label) }

func (d draw) name(i int) string {
	return fmt.Sprintf("%s%d", rapid.StringMatching(`[A-Za-z][A-Za-z0-9_.-]{0,10}`).Draw(d.T, "name"), i)
}

func (d draw) number(low, high int64) *int64 {
	if !d.yes("number given") {
		return nil
	}
	n := rapid.Int64Range(low, high).Draw(d.T, "number")
	return &n
}

// text has what YAML and JSON treat in ways of their own.
func (d draw) text() string {
	return rapid.SampledFrom([]string{"prod", "12", "true", "null", "a: b", "# x", "é ü", `"q"`, "2026-01-01", "0x1f", "~", "<&>"}).Draw(d.T, "text")
}

func (d draw) document() policy.Document {
	plans := 1
	if !d.shape.onePlan {
		plans = rapid.IntRange(1, 3).Draw(d.T, "plans")
	}
	var doc policy.Document
	for i := range plans {
		doc.Plans = append(doc.Plans, d.plan(i))
	}
	return doc
}

func (d draw) plan(i int) policy.PlanDocument {
	p := policy.PlanDocument{Name: d.name(i)}
	if d.shape.regions {
		p.Regions = rapid.SampledFrom([][]string{{"eu-west-1"}, {"us-east-1", "eu-north-1"}}).Draw(d.T, "regions")
	}
	if d.shape.additions && d.yes("accounts") {
		p.Accounts = []string{"111122223333"}
	}
	for j := range rapid.IntRange(1, 3).Draw(d.T, "rules") {
		p.Rules = append(p.Rules, d.rule(j))
	}
	byTag := d.yes("by tag")
	for j := range rapid.IntRange(1, 3).Draw(d.T, "selections") {
		if d.shape.anySelections {
			byTag = d.yes("by tag")
		}
		p.Selections = append(p.Selections, d.selection(j, byTag))
	}
	if d.yes("advanced") {
		p.AdvancedSettings = []policy.AdvancedSetting{{ResourceType: "EC2", Options: map[string]string{"WindowsVSS": "enabled"}}}
	}
	return p
}

func (d draw) rule(i int) policy.RuleDocument {
	yes := true
	r := policy.RuleDocument{
		Name: d.name(i), TargetBackupVaultName: "vault",
		ScheduleExpression: rapid.SampledFrom([]string{"", "cron(0 5 ? * * *)", "cron(0 2 1 * ? *)"}).Draw(d.T, "schedule"),
		ScheduleTimezone:   rapid.SampledFrom([]string{"", "Europe/Berlin"}).Draw(d.T, "zone"),
		StartWindowMinutes: d.number(60, 1000), CompletionWindowMinutes: d.number(60, 1000),
		Lifecycle: policy.LifecycleDocument{DeleteAfterDays: d.number(1, 35)},
	}
	if d.yes("tags") {
		r.RecoveryPointTags = map[string]string{"Cost": d.text(), "k": d.text()}
	}
	if r.Lifecycle.DeleteAfterDays != nil && d.yes("continuous") {
		r.EnableContinuousBackup = &yes
	}
	account := "111122223333"
	if d.shape.variables && d.yes("$account") {
		account = policy.AccountVariable
	}
	for j := range rapid.IntRange(0, 2).Draw(d.T, "copies") {
		r.CopyActions = append(r.CopyActions, policy.CopyActionDocument{
			DestinationBackupVaultARN: fmt.Sprintf("arn:aws:backup:eu-west-1:%s:backup-vault:dr%d", account, j),
			Lifecycle:                 policy.LifecycleDocument{DeleteAfterDays: d.number(100, 200)},
		})
	}
	if d.shape.awsOnly && d.yes("index") {
		r.AWS.IndexTypes = []string{"EBS"}
	}
	if d.shape.additions && r.EnableContinuousBackup == nil && d.yes("additions") {
		week := int64(7)
		r.Priority, r.Retention, r.MaxDelay = d.number(-5, 5), &policy.RetentionDocument{KeepDaily: &week, KeepLast: d.number(1, 9), Timezone: "Asia/Tokyo"}, "59m"
	}
	return r
}

func (d draw) selection(i int, byTag bool) policy.SelectionDocument {
	s := policy.SelectionDocument{Name: d.name(i), IAMRoleARN: "arn:aws:iam::111122223333:role/Backup"}
	if byTag {
		key := d.text()
		for value := range rapid.IntRange(1, 3).Draw(d.T, "values") {
			s.Criteria.ListOfTags = append(s.Criteria.ListOfTags, policy.TagCondition{ConditionType: policy.StringEquals, ConditionKey: key, ConditionValue: fmt.Sprint(value, d.text())})
		}
	} else {
		s.Criteria.Resources = []string{"arn:aws:ec2:*:*:volume/*", "arn:aws:rds:*:*:db:*"}
		if d.yes("not") {
			s.Criteria.NotResources = []string{"arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"}
		}
	}
	if d.yes("conditions") {
		condition := policy.Condition{ConditionKey: "aws:ResourceTag/" + d.text(), ConditionValue: d.text()}
		s.Criteria.Conditions = policy.Conditions{StringEquals: []policy.Condition{condition}, StringNotLike: []policy.Condition{condition, condition}}
	}
	return s
}

func TestThereAndBackIsTheSame(t *testing.T) {
	t.Parallel()
	for target, s := range map[string]shape{
		"yaml":        {regions: true, additions: true, anySelections: true, variables: true},
		"backup-plan": {awsOnly: true, anySelections: true, onePlan: true},
		"org-policy":  {regions: true, awsOnly: true, variables: true},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				doc := draw{T: rt, shape: s}.document()
				data, problems := Write(doc, target)
				if len(problems) > 0 {
					rt.Fatalf("%v\n%+v", problems, doc)
				}
				again, _, _, problems := Read(policy.File{Name: "again", Data: data})
				if len(problems) > 0 {
					rt.Fatalf("%v\n%s", problems, data)
				}
				if diff := cmp.Diff(doc, again, cmpopts.EquateEmpty()); diff != "" {
					rt.Fatalf("(-want +got):\n%s\n%s", diff, data)
				}
			})
		})
	}
}

const (
	yamlPlan = "plans:\n  - name: p\n    regions: [eu-west-1]\n    rules: [{name: r, target_backup_vault_name: vault, recovery_point_tags: {a: x, A: y}, engine: native}]\n" +
		"    selections:\n      - {name: s, list_of_tags: [{condition_type: STRINGEQUALS, condition_key: a, condition_value: x}, {condition_type: STRINGEQUALS, condition_key: b, condition_value: x}]}\n" +
		"      - {name: t, iam_role_arn: \"arn:aws:iam::$account:role/B\", resources: [\"*\"]}\n"
	orgPlan = `{"plans":{"P":{"regions":{"@@append":["eu-west-1"],"@@operators_allowed_for_child_policies":["@@none"]},"rules":{"r":{"target_backup_vault_name":{"@@assign":"vault"},
 "target_logically_air_gapped_backup_vault_arn":{"@@assign":"arn:aws:backup:$region:$account:backup-vault:gap"}}},
 "selections":{"resources":{"s":{"iam_role_arn":{"@@assign":"arn:aws:iam::$account:role/B"},"resource_types":{"@@assign":["*"]}}}},
 "backup_plan_tags":{"k":{"tag_key":{"@@assign":"k"},"tag_value":{"@@assign":"v"}}}}}}`
	effectivePlan = `{"plans":{"P":{"regions":["eu-west-1"],"rules":{"r":{"target_backup_vault_name":"vault","target_logically_air_gapped_backup_vault_arn":"arn:aws:backup:$region:$account:backup-vault:gap"}},
 "selections":{"resources":{"s":{"iam_role_arn":"arn:aws:iam::$account:role/B","resource_types":["*"]}}},"backup_plan_tags":{"k":{"tag_key":"k","tag_value":"v"}}}}}`
)

func TestWhatIsNotExpressibleIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, target, kind string
		want                     []string
	}{
		{"yaml to a policy", yamlPlan, "org-policy", KindInexpressible, []string{
			"plans[0].rules[0].engine", "plans[0].rules[0].recovery_point_tags.a", "plans[0].selections[0].iam_role_arn",
			"plans[0].selections[0].list_of_tags[1].condition_key", "plans[0].selections[1]",
		}},
		{"yaml to a plan", yamlPlan, "backup-plan", KindInexpressible, []string{
			"plans[0].rules[0].engine", "plans[0].regions", "plans[0].selections[0].iam_role_arn", "plans[0].selections[1].iam_role_arn",
		}},
		{"controls and appends", orgPlan, "yaml", KindInexpressible, []string{"plans.P.regions", "plans.P.regions"}},
		{"an effective policy to yaml", effectivePlan, "yaml", KindInexpressible, []string{"plans[0].backup_plan_tags", "plans[0].rules[0].target_logically_air_gapped_backup_vault_arn"}},
		{"an effective policy to a plan", effectivePlan, "backup-plan", KindInexpressible, []string{
			"plans[0].regions", "plans[0].backup_plan_tags", "plans[0].selections[0].iam_role_arn", "plans[0].rules[0].target_logically_air_gapped_backup_vault_arn",
		}},
		{"a part of a policy", `{"plans":{"P":{"regions":{"@@assign":["eu-west-1"]}}}}`, "yaml", KindEffective, []string{"plans.P.rules", "plans.P.selections"}},
		{"a selection", `{"SelectionName":"s","IamRoleArn":"r","Resources":["*"]}`, "yaml", KindInexpressible, []string{""}},
		{"a malformed policy", `{"plans":{"P":{"regions":"eu-west-1"}}}`, "yaml", KindMalformed, []string{"plans.P.regions"}},
		{"malformed yaml", "plans: 1\n", "org-policy", KindInvalid, []string{"plans"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, _, kind, problems := Read(policy.File{Name: "f", Data: []byte(tt.text)})
			if len(problems) == 0 {
				kind = KindInexpressible
				_, problems = Write(doc, tt.target)
			}
			var paths []string
			for _, p := range problems {
				paths = append(paths, p.Path)
			}
			if diff := cmp.Diff(tt.want, paths); diff != "" || kind != tt.kind {
				t.Errorf("kind %s, paths (-want +got):\n%s%v", kind, diff, problems)
			}
		})
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Format{
		yamlPlan: Holdfast, "": Holdfast, "# x\nplans: []": Holdfast, `{"plans": []}`: Holdfast, "{plans: []}": Holdfast,
		orgPlan: OrgPolicy, `{"plans":{}}`: OrgPolicy, `{"plans":{"P":{}}}`: OrgPolicy, `{}`: OrgPolicy, `{"tags":{}}`: OrgPolicy,
		`{"plans":{"P":{"regions":{"@@assign":`: OrgPolicy, `{"plans":{"P":{"regions":["x"],"rules":{"@@assign":1}}}}`: OrgPolicy,
		effectivePlan: EffectivePolicy, `{"plans":{"P":{"regions":[]}}}`: EffectivePolicy,
		`{"BackupPlan":{}}`: BackupPlan, `{"BackupPlanName":"x"}`: BackupPlan, `{"Rules":[]}`: BackupPlan, `{"BackupPlanName":`: BackupPlan,
		`{"BackupSelection":{}}`: BackupSelection, `{"SelectionName":"x"}`: BackupSelection, `{"SelectionName":}`: BackupSelection,
	} {
		if got := Recognise(policy.File{Name: "f", Data: []byte(text)}); got != want {
			t.Errorf("%.40q is taken for %s, want %s", text, got, want)
		}
	}
	if got := Recognise(policy.File{Name: "f.json", Data: []byte(`["x"]`)}); got != OrgPolicy {
		t.Errorf("a list in f.json is taken for %s", got)
	}
}

func TestCheckLetsAPolicyBePartial(t *testing.T) {
	t.Parallel()
	part := Check(policy.File{Name: "f.json", Data: []byte(`{"plans":{"P":{"rules":{"r":{"start_backup_window_minutes":{"@@assign":90}}}}}}`)}, OrgPolicy)
	if len(part.Problems) > 0 || len(part.Warnings) != 3 {
		t.Errorf("%+v", part)
	}
	wrong := Check(policy.File{Name: "f.json", Data: []byte(`{"plans":{"P":{"rules":{"r":{"enable_continuous_backup":{"@@assign":true},"lifecycle":{"delete_after_days":{"@@assign":90}}}}}}}`)}, OrgPolicy)
	if len(wrong.Problems) != 1 || wrong.Kind != KindEffective || !strings.Contains(wrong.Problems[0].Path, "delete_after_days") {
		t.Errorf("%+v", wrong)
	}
	missing := Check(policy.File{Name: "f.json", Data: []byte(`{"plans":{"P":{"regions":["eu-west-1"]}}}`)}, EffectivePolicy)
	if len(missing.Problems) != 2 || missing.Kind != KindEffective {
		t.Errorf("%+v", missing)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{yamlPlan, orgPlan, effectivePlan, `{"BackupPlan":{"BackupPlanName":"p","Rules":[]}}`, "{", "[1]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, _, _, problems := Read(policy.File{Name: "f", Data: data})
		if len(problems) > 0 {
			return
		}
		for _, target := range Targets {
			out, refused := Write(doc, target)
			if (len(out) == 0) == (len(refused) == 0) {
				t.Fatalf("%s: %d bytes and problems %v", target, len(out), refused)
			}
		}
	})
}
