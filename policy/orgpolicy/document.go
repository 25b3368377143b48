package orgpolicy

import (
	"strings"

	"holdfast/policy"
)

// Document returns what an effective policy without problems says, in the model that all
// formats share. The names of conditions are lost: they mean nothing.
func (e *Effective) Document() policy.Document {
	doc := policy.Document{Plans: []policy.PlanDocument{}}
	plans := e.root.get(keyPlans)
	if plans == nil {
		return doc
	}
	for _, p := range plans.shown() {
		doc.Plans = append(doc.Plans, p.plan())
	}
	return doc
}

// items returns the values of the list below n.
func (n *node) items(keys ...string) []string {
	if v := n.get(keys...); v != nil && v.setting {
		return v.values
	}
	return nil
}

// below returns what is shown in the container below n.
func (n *node) below(keys ...string) []*node {
	if c := n.get(keys...); c != nil {
		return c.shown()
	}
	return nil
}

// optional returns the number below n, nil when it was left out.
func (n *node) optional(keys ...string) *int64 {
	if n.get(keys...) == nil {
		return nil
	}
	v := n.number(keys...)
	return &v
}

func (n *node) optionalBool(keys ...string) *bool {
	if n.get(keys...) == nil {
		return nil
	}
	yes := n.text(keys...) == "true"
	return &yes
}

func (n *node) plan() policy.PlanDocument {
	doc := policy.PlanDocument{Name: n.name, Regions: n.items(keyRegions)}
	for _, r := range n.below(keyRules) {
		doc.Rules = append(doc.Rules, r.rule())
	}
	for _, s := range n.below(keySelections, keyTags) {
		doc.Selections = append(doc.Selections, s.tagSelection())
	}
	for _, s := range n.below(keySelections, keyResources) {
		doc.Selections = append(doc.Selections, s.resourceSelection())
	}
	doc.AWS.Tags = n.tags(keyPlanTags)
	for _, s := range n.below(keyAdvanced) {
		setting := policy.AdvancedSetting{ResourceType: advancedType(s.name), Options: map[string]string{}}
		for _, o := range s.shown() {
			setting.Options[advancedOptions[o.folded]] = o.values[0]
		}
		doc.AdvancedSettings = append(doc.AdvancedSettings, setting)
	}
	for _, s := range n.below(keyScanning) {
		doc.AWS.ScanSettings = append(doc.AWS.ScanSettings, policy.ScanSetting{Scanner: s.name, ResourceTypes: s.items(keyResourceTypes), RoleARN: s.text(keyScanRole)})
	}
	return doc
}

// advancedOptions has the API's name for each advanced setting.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_AdvancedBackupSetting.html
var advancedOptions = map[string]string{"windows_vss": "WindowsVSS", "backup_acls": "BackupACLs", "backup_object_tags": "BackupObjectTags"}

// advancedType is the API's spelling of a type of resources, which policies write in
// lower case.
func advancedType(name string) string { return strings.ToUpper(name) }

func (n *node) tags(key string) map[string]string {
	var tags map[string]string
	for _, t := range n.below(key) {
		if tags == nil {
			tags = map[string]string{}
		}
		tags[orName(t.text(keyTagKey), t.name)] = t.text(keyTagValue)
	}
	return tags
}

func orName(text, name string) string {
	if text == "" {
		return name
	}
	return text
}

func (n *node) rule() policy.RuleDocument {
	doc := policy.RuleDocument{
		Name: n.name, ScheduleExpression: n.text(keySchedule), ScheduleTimezone: n.text(keyTimezone),
		StartWindowMinutes: n.optional(keyStart), CompletionWindowMinutes: n.optional(keyComplete),
		TargetBackupVaultName: n.text(keyVault), Lifecycle: n.lifecycle(),
		RecoveryPointTags: n.tags(keyPointTags), EnableContinuousBackup: n.optionalBool(keyContinuous),
		AWS: policy.AWSRule{AirGappedVaultARN: n.text(keyAirGapped), IndexTypes: n.items(keyIndex, keyResourceTypes)},
	}
	for _, c := range n.below(keyCopies) {
		doc.CopyActions = append(doc.CopyActions, policy.CopyActionDocument{
			DestinationBackupVaultARN: orName(c.text(keyCopyTarget), c.name), Lifecycle: c.lifecycle(),
		})
	}
	for _, s := range n.below(keyScan) {
		doc.AWS.ScanActions = append(doc.AWS.ScanActions, policy.ScanAction{Scanner: s.name, Mode: s.text(keyScanMode)})
	}
	return doc
}

func (n *node) lifecycle() policy.LifecycleDocument {
	return policy.LifecycleDocument{
		MoveToColdStorageAfterDays: n.optional(keyLifecycle, keyCold), DeleteAfterDays: n.optional(keyLifecycle, keyDelete),
		OptInToArchive: n.optionalBool(keyLifecycle, keyArchive),
	}
}

func (n *node) tagSelection() policy.SelectionDocument {
	doc := policy.SelectionDocument{Name: n.name, IAMRoleARN: n.text(keyRole)}
	for _, value := range n.items(keyTagValue) {
		doc.Criteria.ListOfTags = append(doc.Criteria.ListOfTags, policy.TagCondition{
			ConditionType: policy.StringEquals, ConditionKey: n.text(keyTagKey), ConditionValue: value,
		})
	}
	doc.Criteria.Conditions = n.conditions()
	return doc
}

func (n *node) resourceSelection() policy.SelectionDocument {
	doc := policy.SelectionDocument{Name: n.name, IAMRoleARN: n.text(keyRole)}
	doc.Criteria.Resources, doc.Criteria.NotResources = n.items(keyResourceTypes), n.items(keyNotResources)
	doc.Criteria.Conditions = n.conditions()
	return doc
}

func (n *node) conditions() policy.Conditions {
	list := func(operator string) (docs []policy.Condition) {
		for _, c := range n.below(keyConditions, operator) {
			docs = append(docs, policy.Condition{ConditionKey: c.text(keyCondition), ConditionValue: c.text(keyValue)})
		}
		return docs
	}
	return policy.Conditions{
		StringEquals: list(conditionOperators[0]), StringNotEquals: list(conditionOperators[1]),
		StringLike: list(conditionOperators[2]), StringNotLike: list(conditionOperators[3]),
	}
}
