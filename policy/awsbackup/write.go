package awsbackup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"holdfast/policy"
)

// Write returns the one plan of a document, with its selections beside it, as JSON in the
// shape of AWS Backup's API. What the API cannot express is a problem each, with its path.
func Write(doc policy.Document) ([]byte, []policy.Problem) {
	if len(doc.Plans) != 1 {
		return nil, []policy.Problem{{Path: "plans", Message: fmt.Sprintf("%d plans: a backup plan is a document of its own; choose one", len(doc.Plans))}}
	}
	problems := doc.Additions()
	p := doc.Plans[0]
	if len(p.Regions) > 0 {
		problems = append(problems, policy.Problem{Path: "plans[0].regions", Message: "a backup plan belongs to the region it is created in; remove regions and create the plan in each"})
	}
	if len(p.AWS.Tags) > 0 {
		problems = append(problems, policy.Problem{Path: "plans[0].backup_plan_tags", Message: "tags are not part of a plan but of the call that creates it; remove them"})
	}
	for i, s := range p.Selections {
		at := fmt.Sprintf("plans[0].selections[%d].iam_role_arn", i)
		if s.IAMRoleARN == "" {
			problems = append(problems, policy.Problem{Path: at, Message: "AWS Backup works with a role: add iam_role_arn"})
		}
		problems = append(problems, variables(at, s.IAMRoleARN)...)
	}
	for i, r := range p.Rules {
		for j, c := range r.CopyActions {
			problems = append(problems, variables(fmt.Sprintf("plans[0].rules[%d].copy_actions[%d].destination_backup_vault_arn", i, j), c.DestinationBackupVaultARN)...)
		}
		problems = append(problems, variables(fmt.Sprintf("plans[0].rules[%d].target_logically_air_gapped_backup_vault_arn", i), r.AWS.AirGappedVaultARN)...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(bundleOf(p)); err != nil {
		return nil, []policy.Problem{{Message: err.Error()}}
	}
	return b.Bytes(), nil
}

// variables refuses what only policies of an organization fill in.
func variables(path, arn string) []policy.Problem {
	for _, name := range []string{policy.AccountVariable, "$region"} {
		if strings.Contains(arn, name) {
			return []policy.Problem{{Path: path, Message: fmt.Sprintf("AWS Backup fills in no %s: write it out, or use policy effective with --account and --region", name)}}
		}
	}
	return nil
}

func bundleOf(doc policy.PlanDocument) bundle {
	b := bundle{Plan: plan{Name: doc.Name, Rules: []rule{}, ScanSettings: doc.AWS.ScanSettings}}
	for _, s := range doc.AdvancedSettings {
		b.Plan.AdvancedSettings = append(b.Plan.AdvancedSettings, advancedSetting(s))
	}
	for _, r := range doc.Rules {
		b.Plan.Rules = append(b.Plan.Rules, ruleOf(r))
	}
	for _, s := range doc.Selections {
		b.Selections = append(b.Selections, selectionOf(s))
	}
	return b
}

func ruleOf(doc policy.RuleDocument) rule {
	r := rule{
		Name: doc.Name, Vault: doc.TargetBackupVaultName, AirGappedVaultARN: doc.AWS.AirGappedVaultARN,
		Schedule: doc.ScheduleExpression, Timezone: doc.ScheduleTimezone,
		StartWindow: doc.StartWindowMinutes, CompletionWindow: doc.CompletionWindowMinutes,
		Lifecycle: lifecycleOf(doc.Lifecycle), PointTags: doc.RecoveryPointTags,
		Continuous: doc.EnableContinuousBackup, ScanActions: doc.AWS.ScanActions,
	}
	for _, c := range doc.CopyActions {
		r.Copies = append(r.Copies, copyAction{VaultARN: c.DestinationBackupVaultARN, Lifecycle: lifecycleOf(c.Lifecycle)})
	}
	for _, kind := range doc.AWS.IndexTypes {
		r.IndexActions = append(r.IndexActions, indexAction{ResourceTypes: []string{kind}})
	}
	return r
}

func lifecycleOf(doc policy.LifecycleDocument) *lifecycle {
	if doc == (policy.LifecycleDocument{}) {
		return nil
	}
	return &lifecycle{Cold: doc.MoveToColdStorageAfterDays, Delete: doc.DeleteAfterDays, Archive: doc.OptInToArchive}
}

func selectionOf(doc policy.SelectionDocument) selection {
	s := selection{Name: doc.Name, RoleARN: doc.IAMRoleARN, Resources: doc.Criteria.Resources, NotResources: doc.Criteria.NotResources}
	for _, t := range doc.Criteria.ListOfTags {
		s.ListOfTags = append(s.ListOfTags, tagCondition{Type: t.ConditionType, Key: t.ConditionKey, Value: t.ConditionValue})
	}
	c := conditions{
		Equals: write(doc.Criteria.Conditions.StringEquals), NotEquals: write(doc.Criteria.Conditions.StringNotEquals),
		Like: write(doc.Criteria.Conditions.StringLike), NotLike: write(doc.Criteria.Conditions.StringNotLike),
	}
	if len(c.Equals)+len(c.NotEquals)+len(c.Like)+len(c.NotLike) > 0 {
		s.Conditions = &c
	}
	return s
}

func write(docs []policy.Condition) (list []condition) {
	for _, c := range docs {
		list = append(list, condition{Key: c.ConditionKey, Value: c.ConditionValue})
	}
	return list
}
