package awsbackup

import (
	"slices"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// IsPlan and IsSelection tell by its keys what a JSON object is.
func IsPlan(root *strictjson.Node) bool { return has(root, "BackupPlan", "BackupPlanName", "Rules") }

// IsSelection is the same for selections.
func IsSelection(root *strictjson.Node) bool {
	return has(root, "BackupSelection", "SelectionName", "IamRoleArn")
}

func has(root *strictjson.Node, keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return root.Member(key) != nil })
}

// ParsePlan reads a plan, bare or in BackupPlan, with its selections when they stand in
// BackupSelections beside it. Problems are about the form; policy.CompileDocuments checks
// what the plan says.
func ParsePlan(f policy.File) (policy.Document, policy.Result) {
	root, result := policy.ReadJSON(f)
	if root == nil {
		return policy.Document{}, result
	}
	var b bundle
	if has(root, "BackupPlan") {
		result = policy.DecodeJSON(f.Name, withoutAnswer(root), &b)
	} else {
		result = policy.DecodeJSON(f.Name, root, &b.Plan)
	}
	if len(result.Problems) > 0 {
		return policy.Document{}, result
	}
	doc := b.Plan.document()
	for _, s := range b.Selections {
		doc.Selections = append(doc.Selections, s.document())
	}
	return policy.Document{Plans: []policy.PlanDocument{doc}}, result
}

// ParseSelection reads a selection, bare or in BackupSelection.
func ParseSelection(f policy.File) (policy.SelectionDocument, policy.Result) {
	root, result := policy.ReadJSON(f)
	if root == nil {
		return policy.SelectionDocument{}, result
	}
	var w wrappedSelection
	if has(root, "BackupSelection") {
		result = policy.DecodeJSON(f.Name, withoutAnswer(root), &w)
	} else {
		result = policy.DecodeJSON(f.Name, root, &w.Selection)
	}
	return w.Selection.document(), result
}

// withoutAnswer drops what stands beside a plan or selection in answers.
func withoutAnswer(root *strictjson.Node) *strictjson.Node {
	inner := *root
	inner.Members = slices.DeleteFunc(slices.Clone(root.Members), func(m strictjson.Member) bool {
		return slices.Contains(answerKeys, m.Key)
	})
	return &inner
}

func (p plan) document() policy.PlanDocument {
	doc := policy.PlanDocument{Name: p.Name}
	for _, s := range p.AdvancedSettings {
		doc.AdvancedSettings = append(doc.AdvancedSettings, policy.AdvancedSetting(s))
	}
	doc.AWS.ScanSettings = p.ScanSettings
	for _, r := range p.Rules {
		doc.Rules = append(doc.Rules, r.document())
	}
	return doc
}

func (r rule) document() policy.RuleDocument {
	doc := policy.RuleDocument{
		Name: r.Name, ScheduleExpression: r.Schedule, ScheduleTimezone: r.Timezone,
		StartWindowMinutes: r.StartWindow, CompletionWindowMinutes: r.CompletionWindow,
		TargetBackupVaultName: r.Vault, Lifecycle: r.Lifecycle.document(),
		RecoveryPointTags: r.PointTags, EnableContinuousBackup: r.Continuous,
		AWS: policy.AWSRule{AirGappedVaultARN: r.AirGappedVaultARN, ScanActions: r.ScanActions},
	}
	for _, c := range r.Copies {
		doc.CopyActions = append(doc.CopyActions, policy.CopyActionDocument{DestinationBackupVaultARN: c.VaultARN, Lifecycle: c.Lifecycle.document()})
	}
	for _, i := range r.IndexActions {
		doc.AWS.IndexTypes = append(doc.AWS.IndexTypes, i.ResourceTypes...)
	}
	return doc
}

func (l *lifecycle) document() policy.LifecycleDocument {
	if l == nil {
		return policy.LifecycleDocument{}
	}
	return policy.LifecycleDocument{MoveToColdStorageAfterDays: l.Cold, DeleteAfterDays: l.Delete, OptInToArchive: l.Archive}
}

func (s selection) document() policy.SelectionDocument {
	doc := policy.SelectionDocument{Name: s.Name, IAMRoleARN: s.RoleARN}
	doc.Criteria.Resources, doc.Criteria.NotResources = s.Resources, s.NotResources
	for _, t := range s.ListOfTags {
		doc.Criteria.ListOfTags = append(doc.Criteria.ListOfTags, policy.TagCondition{ConditionType: t.Type, ConditionKey: t.Key, ConditionValue: t.Value})
	}
	if c := s.Conditions; c != nil {
		doc.Criteria.Conditions = policy.Conditions{
			StringEquals: read(c.Equals), StringNotEquals: read(c.NotEquals), StringLike: read(c.Like), StringNotLike: read(c.NotLike),
		}
	}
	return doc
}

func read(list []condition) (docs []policy.Condition) {
	for _, c := range list {
		docs = append(docs, policy.Condition{ConditionKey: c.Key, ConditionValue: c.Value})
	}
	return docs
}
