package policy

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"holdfast/resource"
)

// Selections are those of one plan: together they take what any of them takes.
type Selections []Selection

// Match reports whether one of the selections takes r. It does not allocate.
func (s Selections) Match(r resource.Resource) bool {
	for i := range s {
		if s[i].Match(r) {
			return true
		}
	}
	return false
}

// apiSelection is AWS Backup's BackupSelection as its API and CLI write it.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
type apiSelection struct {
	SelectionName string        `yaml:"SelectionName,required"`
	IAMRoleARN    string        `yaml:"IamRoleArn,required"`
	Resources     []string      `yaml:"Resources"`
	NotResources  []string      `yaml:"NotResources"`
	ListOfTags    []apiTag      `yaml:"ListOfTags"`
	Conditions    apiConditions `yaml:"Conditions"`
}

type apiTag struct {
	ConditionType  string `yaml:"ConditionType,required"`
	ConditionKey   string `yaml:"ConditionKey,required"`
	ConditionValue string `yaml:"ConditionValue,required"`
}

type apiConditions struct {
	StringEquals    []apiCondition `yaml:"StringEquals"`
	StringNotEquals []apiCondition `yaml:"StringNotEquals"`
	StringLike      []apiCondition `yaml:"StringLike"`
	StringNotLike   []apiCondition `yaml:"StringNotLike"`
}

type apiCondition struct {
	ConditionKey   string `yaml:"ConditionKey,required"`
	ConditionValue string `yaml:"ConditionValue,required"`
}

// apiSelectionAnswer is what CreateBackupSelection takes and GetBackupSelection answers.
type apiSelectionAnswer struct {
	BackupSelection  apiSelection `yaml:"BackupSelection,required"`
	BackupPlanID     string       `yaml:"BackupPlanId"`
	SelectionID      string       `yaml:"SelectionId"`
	CreatorRequestID string       `yaml:"CreatorRequestId"`
}

// orgSelections is the selections object of an effective organization policy.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
type orgSelections struct {
	Tags      map[string]orgTags      `yaml:"tags"`
	Resources map[string]orgResources `yaml:"resources"`
}

type orgTags struct {
	IAMRoleARN string        `yaml:"iam_role_arn,required"`
	TagKey     string        `yaml:"tag_key,required"`
	TagValue   []string      `yaml:"tag_value,required"`
	Conditions orgConditions `yaml:"conditions"`
}

type orgResources struct {
	IAMRoleARN       string        `yaml:"iam_role_arn,required"`
	ResourceTypes    []string      `yaml:"resource_types"`
	NotResourceTypes []string      `yaml:"not_resource_types"`
	Conditions       orgConditions `yaml:"conditions"`
}

type orgConditions struct {
	StringEquals    map[string]Condition `yaml:"string_equals"`
	StringNotEquals map[string]Condition `yaml:"string_not_equals"`
	StringLike      map[string]Condition `yaml:"string_like"`
	StringNotLike   map[string]Condition `yaml:"string_not_like"`
}

// ReadSelections reads a selection as AWS Backup's API has it, bare or under
// BackupSelection, or the selections object of an effective organization policy, bare or
// under selections. With problems the selections are not to be used.
func ReadSelections(f File) (Selections, Result) {
	c := compiler{report: newReport(f.Name)}
	selections := c.readSelections(f)
	return selections, gather([]*report{c.report})
}

func (c *compiler) readSelections(f File) Selections {
	root, ok := readYAML(f, c.report)
	if !ok {
		return nil
	}
	dropNulls(root, 0)
	if inner := member(root, "selections"); inner != nil && len(root.Content) == 2 {
		root = inner
	}
	resources := member(root, "resources")
	if member(root, "tags") != nil || resources != nil && resources.Kind == yaml.MappingNode {
		return c.orgSelections(root)
	}
	return c.apiSelection(root)
}

func (c *compiler) apiSelection(root *yaml.Node) Selections {
	var doc apiSelection
	path, d := "", decoder{report: c.report}
	if member(root, "backupselection") != nil {
		var answer apiSelectionAnswer
		d.decode(without(root, "creationdate"), "", reflect.ValueOf(&answer).Elem())
		doc, path = answer.BackupSelection, "BackupSelection"
	} else {
		d.decode(root, "", reflect.ValueOf(&doc).Elem())
	}
	return c.compiled(nil, path, doc.SelectionName, doc.criteria(), apiPath)
}

func (doc *apiSelection) criteria() Criteria {
	criteria := Criteria{Resources: doc.Resources, NotResources: doc.NotResources}
	for _, t := range doc.ListOfTags {
		criteria.ListOfTags = append(criteria.ListOfTags, TagCondition(t))
	}
	convert := func(list []apiCondition) (out []Condition) {
		for _, c := range list {
			out = append(out, Condition(c))
		}
		return out
	}
	c := doc.Conditions
	criteria.Conditions = Conditions{convert(c.StringEquals), convert(c.StringNotEquals), convert(c.StringLike), convert(c.StringNotLike)}
	return criteria
}

func (c *compiler) orgSelections(root *yaml.Node) (all Selections) {
	lowerKeys(root, 0)
	var doc orgSelections
	d := decoder{report: c.report}
	d.decode(root, "", reflect.ValueOf(&doc).Elem())
	if len(doc.Tags) > 0 && len(doc.Resources) > 0 {
		c.report.problem("resources", "a plan selects by tags or by resources, not both: make two plans")
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Tags)) {
		entry, at := doc.Tags[name], join("tags", name)
		criteria := Criteria{Conditions: entry.Conditions.flat()}
		for _, value := range entry.TagValue {
			criteria.ListOfTags = append(criteria.ListOfTags, TagCondition{"STRINGEQUALS", entry.TagKey, value})
		}
		if len(criteria.ListOfTags) == 0 && !c.report.lost(join(at, "tag_value")) {
			c.report.unreadable(c.report.line(at), join(at, "tag_value"), "the list is empty: name at least one value")
			continue
		}
		all = c.compiled(all, at, name, criteria, orgTagPath)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Resources)) {
		entry, at := doc.Resources[name], join("resources", name)
		criteria := Criteria{Resources: entry.ResourceTypes, NotResources: entry.NotResourceTypes, Conditions: entry.Conditions.flat()}
		if len(entry.ResourceTypes) == 0 && criteria.Conditions.count() == 0 && !c.report.lost(at) {
			c.report.unreadable(c.report.line(at), join(at, "resource_types"), "resource_types is missing: it may be left out only beside conditions")
			continue
		}
		all = c.compiled(all, at, name, criteria, orgResourcePath)
	}
	if len(all) == 0 && len(c.report.problems) == 0 {
		c.report.problem("", "there is no selection: want tags or resources with at least one entry")
	}
	return all
}

// flat puts the named conditions into lists, in the order of their names.
func (o orgConditions) flat() Conditions {
	list := func(named map[string]Condition) (out []Condition) {
		for _, name := range slices.Sorted(maps.Keys(named)) {
			out = append(out, named[name])
		}
		return out
	}
	return Conditions{list(o.StringEquals), list(o.StringNotEquals), list(o.StringLike), list(o.StringNotLike)}
}

// compiled adds the selection to all, or reports what is wrong with it; rename turns the
// paths of NewSelection into those of the document.
func (c *compiler) compiled(all Selections, path, name string, criteria Criteria, rename *strings.Replacer) Selections {
	s, problems, warnings := NewSelection(name, criteria)
	at := func(p string) string {
		if p == "name" { // the name is a value in one sort of document and a key in the other
			return join(path, nameOf[rename])
		}
		return join(path, rename.Replace(p))
	}
	for _, p := range problems {
		if c.report.lost(cmp.Or(at(p.Path), path)) || p.Path == "" && len(c.report.problems) > 0 {
			continue // it could not be read, which has been said
		}
		c.report.problem(at(p.Path), "%s", rename.Replace(p.Message))
	}
	for _, w := range warnings {
		c.report.warning(at(w.Path), "%s", rename.Replace(w.Message))
	}
	return append(all, s)
}

// The names documents have for the parts of Criteria. The longer ones come first where
// one holds another.
var (
	apiPath = strings.NewReplacer("not_resources", "NotResources", "resources", "Resources", "list_of_tags", "ListOfTags",
		"string_not_equals", "StringNotEquals", "string_equals", "StringEquals", "string_not_like", "StringNotLike", "string_like", "StringLike",
		"condition_type", "ConditionType", "condition_key", "ConditionKey", "condition_value", "ConditionValue", "conditions.", "Conditions.")
	orgTagPath      = strings.NewReplacer("list_of_tags", "tag_value", ".condition_value", "", ".condition_key", "")
	orgResourcePath = strings.NewReplacer("not_resources", "not_resource_types", "resources", "resource_types", "list_of_tags", "tags")
)

// nameOf is where a document has the selection's name, if not in the path.
var nameOf = map[*strings.Replacer]string{apiPath: "SelectionName"}

// without returns the mapping without a key that is not looked at.
func without(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if normalise(node.Content[i].Value) == key {
			node.Content = slices.Delete(node.Content, i, i+2)
			break
		}
	}
	return node
}

// maxSpellingDepth is deeper than any document whose keys are respelled.
const maxSpellingDepth = 8

// dropNulls takes keys without a value out: in JSON of AWS they mean nothing.
func dropNulls(node *yaml.Node, depth int) {
	if depth > maxSpellingDepth || node.Kind != yaml.MappingNode && node.Kind != yaml.SequenceNode {
		return
	}
	var content []*yaml.Node
	for i, child := range node.Content {
		dropNulls(child, depth+1)
		if node.Kind == yaml.SequenceNode {
			content = append(content, child)
		} else if i%2 == 1 && child.ShortTag() != "!!null" {
			content = append(content, node.Content[i-1], child)
		}
	}
	node.Content = content
}

// lowerKeys writes the keys of the policy language, but not names people gave, in lower
// case: case does not count, and AWS prints effective policies partly in lower case.
func lowerKeys(node *yaml.Node, depth int) {
	if node.Kind != yaml.MappingNode || depth > maxSpellingDepth {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if depth%2 == 0 { // names stand on every second level
			key.Value = strings.ToLower(key.Value)
		}
		next := depth + 1
		if depth == 2 && key.Value == "conditions" {
			next = 4 // conditions hold operators at once
		}
		lowerKeys(node.Content[i+1], next)
	}
}
