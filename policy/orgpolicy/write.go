package orgpolicy

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast/policy"
)

// Write returns a document as a backup policy that assigns every value. What such a
// policy cannot express is a problem each, with its path in the document.
func Write(doc policy.Document) ([]byte, []policy.Problem) {
	w := writer{problems: doc.Additions()}
	root := &node{}
	plans := w.container(root, keyPlans, "plans")
	for i, p := range doc.Plans {
		at := fmt.Sprintf("plans[%d]", i)
		w.plan(w.container(plans, p.Name, at+".name"), p, at)
	}
	if len(w.problems) > 0 {
		return nil, w.problems
	}
	var b bytes.Buffer
	root.writePolicy(&b, "")
	b.WriteByte('\n')
	if problems := problemsOf(b.Bytes()); len(problems) > 0 {
		return nil, problems
	}
	return b.Bytes(), nil
}

// problemsOf is the last word: what was written must be a policy that is valid alone.
func problemsOf(data []byte) []policy.Problem {
	p, result := Parse(policy.File{Data: data})
	if p == nil {
		return withoutLines(result.Problems)
	}
	return withoutLines(Merge([]Level{{Policies: []*Policy{p}}}).Check().Problems())
}

func withoutLines(problems []policy.Problem) []policy.Problem {
	for i := range problems {
		problems[i].Line = 0
	}
	return problems
}

// writePolicy is write with every value under an operator.
func (n *node) writePolicy(b *bytes.Buffer, margin string) {
	if n.setting {
		b.WriteString("{" + quoted(string(opAssign)) + ": ")
		n.writeValue(b)
		b.WriteByte('}')
		return
	}
	b.WriteByte('{')
	separator := "\n"
	for _, c := range n.children {
		b.WriteString(separator + margin + indent + quoted(c.name) + ": ")
		c.writePolicy(b, margin+indent)
		separator = ",\n"
	}
	if separator != "\n" {
		b.WriteString("\n" + margin)
	}
	b.WriteByte('}')
}

// writer builds the tree of a policy and notes what has no place in it.
type writer struct{ problems []policy.Problem }

func (w *writer) refuse(path, format string, args ...any) {
	w.problems = append(w.problems, policy.Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// container adds an object; names that differ by case only cannot stand side by side.
func (w *writer) container(parent *node, name, path string) *node {
	n := &node{name: name, folded: strings.ToLower(name)}
	if other := parent.child(n.folded); other != nil {
		w.refuse(path, "%s and %s cannot stand side by side: names of a policy differ by more than case", other.name, name)
	}
	parent.children = append(parent.children, n)
	return n
}

// one and many add a setting, unless there is no value.
func (w *writer) one(parent *node, key, value string) {
	if value != "" {
		parent.children = append(parent.children, &node{name: key, folded: key, setting: true, set: true, values: []string{value}})
	}
}

func (w *writer) many(parent *node, key string, values []string) {
	if len(values) > 0 {
		parent.children = append(parent.children, &node{name: key, folded: key, setting: true, set: true, list: true, values: values})
	}
}

func (w *writer) number(parent *node, key string, n *int64) {
	if n != nil {
		w.one(parent, key, strconv.FormatInt(*n, 10))
	}
}

func (w *writer) boolean(parent *node, key string, yes *bool) {
	if yes != nil {
		w.one(parent, key, strconv.FormatBool(*yes))
	}
}

func (w *writer) plan(n *node, doc policy.PlanDocument, path string) {
	if len(doc.Regions) == 0 {
		w.refuse(path+".regions", "a backup policy names its regions: add regions to the plan")
	}
	w.many(n, keyRegions, doc.Regions)
	rules := w.container(n, keyRules, path)
	for i, r := range doc.Rules {
		at := fmt.Sprintf("%s.rules[%d]", path, i)
		w.rule(w.container(rules, r.Name, at+".name"), r, at)
	}
	w.selections(n, doc, path)
	w.tags(n, keyPlanTags, doc.AWS.Tags, path+".backup_plan_tags")
	if len(doc.AdvancedSettings) > 0 {
		settings := w.container(n, keyAdvanced, path)
		for i, s := range doc.AdvancedSettings {
			w.advanced(settings, s, fmt.Sprintf("%s.advanced_backup_settings[%d]", path, i))
		}
	}
	if len(doc.AWS.ScanSettings) > 0 {
		settings := w.container(n, keyScanning, path)
		for _, s := range doc.AWS.ScanSettings {
			scan := w.container(settings, s.Scanner, path+".scan_settings")
			w.many(scan, keyResourceTypes, s.ResourceTypes)
			w.one(scan, keyScanRole, s.RoleARN)
		}
	}
}

func (w *writer) advanced(parent *node, doc policy.AdvancedSetting, path string) {
	n := w.container(parent, strings.ToLower(doc.ResourceType), path)
	for _, option := range slices.Sorted(maps.Keys(doc.Options)) {
		known := false
		for key, name := range advancedOptions {
			if name == option {
				w.one(n, key, doc.Options[option])
				known = true
			}
		}
		if !known {
			w.refuse(path, "a backup policy has no setting for %s", option)
		}
	}
}

func (w *writer) tags(parent *node, key string, tags map[string]string, path string) {
	if len(tags) == 0 {
		return
	}
	n := w.container(parent, key, path)
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		tag := w.container(n, name, path+"."+name)
		w.one(tag, keyTagKey, name)
		tag.children = append(tag.children, &node{name: keyTagValue, folded: keyTagValue, setting: true, set: true, values: []string{tags[name]}})
	}
}

func (w *writer) rule(n *node, doc policy.RuleDocument, path string) {
	w.one(n, keySchedule, doc.ScheduleExpression)
	w.one(n, keyTimezone, doc.ScheduleTimezone)
	w.number(n, keyStart, doc.StartWindowMinutes)
	w.number(n, keyComplete, doc.CompletionWindowMinutes)
	w.one(n, keyVault, doc.TargetBackupVaultName)
	w.one(n, keyAirGapped, doc.AWS.AirGappedVaultARN)
	w.boolean(n, keyContinuous, doc.EnableContinuousBackup)
	w.lifecycle(n, doc.Lifecycle)
	w.tags(n, keyPointTags, doc.RecoveryPointTags, path+".recovery_point_tags")
	if len(doc.CopyActions) > 0 {
		copies := w.container(n, keyCopies, path)
		for i, c := range doc.CopyActions {
			action := w.container(copies, c.DestinationBackupVaultARN, fmt.Sprintf("%s.copy_actions[%d].destination_backup_vault_arn", path, i))
			w.one(action, keyCopyTarget, c.DestinationBackupVaultARN)
			w.lifecycle(action, c.Lifecycle)
		}
	}
	if len(doc.AWS.IndexTypes) > 0 {
		w.many(w.container(n, keyIndex, path), keyResourceTypes, doc.AWS.IndexTypes)
	}
	if len(doc.AWS.ScanActions) > 0 {
		scans := w.container(n, keyScan, path)
		for _, s := range doc.AWS.ScanActions {
			w.one(w.container(scans, s.Scanner, path+".scan_actions"), keyScanMode, s.Mode)
		}
	}
}

func (w *writer) lifecycle(parent *node, doc policy.LifecycleDocument) {
	if doc == (policy.LifecycleDocument{}) {
		return
	}
	n := w.container(parent, keyLifecycle, "")
	w.number(n, keyCold, doc.MoveToColdStorageAfterDays)
	w.number(n, keyDelete, doc.DeleteAfterDays)
	w.boolean(n, keyArchive, doc.OptInToArchive)
}

// selections puts selections by tag below tags, those by ARN below resources. AWS
// documents one or the other in a plan.
func (w *writer) selections(parent *node, doc policy.PlanDocument, path string) {
	if len(doc.Selections) == 0 {
		w.refuse(path+".selections", "a backup policy needs a selection in each plan: add one")
		return
	}
	n := w.container(parent, keySelections, path)
	kind := keyResources
	if len(doc.Selections[0].Criteria.ListOfTags) > 0 {
		kind = keyTags
	}
	list := w.container(n, kind, path)
	for i, s := range doc.Selections {
		at := fmt.Sprintf("%s.selections[%d]", path, i)
		if s.IAMRoleARN == "" {
			w.refuse(at+".iam_role_arn", "AWS Backup works with a role: add iam_role_arn")
		}
		selection := w.container(list, s.Name, at+".name")
		w.one(selection, keyRole, s.IAMRoleARN)
		if kind == keyTags {
			w.tagSelection(selection, s.Criteria, at)
		} else {
			w.resourceSelection(selection, s.Criteria, at)
		}
		w.conditions(selection, s.Criteria.Conditions)
	}
}

func (w *writer) tagSelection(n *node, c policy.Criteria, path string) {
	if len(c.ListOfTags) == 0 || len(c.Resources)+len(c.NotResources) > 0 {
		w.refuse(path, "the selections of a plan are by tag or by ARN in a backup policy, not both: the first one is by tag; use plans of their own")
		return
	}
	const prefix = "aws:ResourceTag/"
	key := strings.TrimPrefix(c.ListOfTags[0].ConditionKey, prefix)
	var values []string
	for i, t := range c.ListOfTags {
		if other := strings.TrimPrefix(t.ConditionKey, prefix); other != key {
			w.refuse(fmt.Sprintf("%s.list_of_tags[%d].condition_key", path, i), "a selection of a backup policy is about one tag key, %s: put %s into a selection of its own", key, other)
		}
		values = append(values, t.ConditionValue)
	}
	w.one(n, keyTagKey, key)
	w.many(n, keyTagValue, values)
}

func (w *writer) resourceSelection(n *node, c policy.Criteria, path string) {
	if len(c.ListOfTags) > 0 {
		w.refuse(path+".list_of_tags", "the selections of a plan are by tag or by ARN in a backup policy, not both: the first one is by ARN; use conditions or plans of their own")
	}
	if len(c.Resources) == 0 && len(c.NotResources) > 0 {
		w.refuse(path+".resources", "a backup policy says what it takes before what it does not: add resources: [\"*\"]")
	}
	w.many(n, keyResourceTypes, c.Resources)
	w.many(n, keyNotResources, c.NotResources)
}

func (w *writer) conditions(parent *node, c policy.Conditions) {
	lists := [][]policy.Condition{c.StringEquals, c.StringNotEquals, c.StringLike, c.StringNotLike}
	var n *node
	for i, list := range lists {
		if len(list) == 0 {
			continue
		}
		if n == nil {
			n = w.container(parent, keyConditions, "")
		}
		operator := w.container(n, conditionOperators[i], "")
		for j, condition := range list {
			one := w.container(operator, fmt.Sprintf("condition%d", j+1), "")
			w.one(one, keyCondition, condition.ConditionKey)
			one.children = append(one.children, &node{name: keyValue, folded: keyValue, setting: true, set: true, values: []string{condition.ConditionValue}})
		}
	}
}
