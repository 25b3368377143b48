package policy

import (
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"holdfast/policy/retention"
)

// retainDoc is the part of a rule that says how long points are kept. The counts may
// stand in retention or, as in a file that has nothing else, at the top.
type retainDoc struct {
	Name             string             `yaml:"name"`
	ScheduleTimezone string             `yaml:"schedule_expression_timezone"`
	Lifecycle        LifecycleDocument  `yaml:"lifecycle"`
	Retention        *RetentionDocument `yaml:"retention"`
	Continuous       *bool              `yaml:"enable_continuous_backup"`
	DeleteAfterDays  *int64             `yaml:"delete_after_days"`
	Counts           RetentionDocument  `yaml:",inline"`
}

// ReadRetention reads how long a rule keeps its points. The file is YAML or JSON and holds
// a rule of Holdfast's or AWS Backup's, alone or under rule, in either spelling of the
// keys; a bare retention; or a whole policy with one rule. What a rule says about other
// things is not looked at. With problems the policy is not to be used.
func ReadRetention(f File) (retention.Policy, Result) {
	c := compiler{report: newReport(f.Name), plans: map[string]string{}}
	p := c.readRetention(f)
	return p, gather([]*report{c.report})
}

func (c *compiler) readRetention(f File) retention.Policy {
	root, ok := readYAML(f, c.report)
	if !ok {
		return retention.Policy{}
	}
	if member(root, "plans") != nil {
		return c.onlyRule(f)
	}
	if inner := member(root, "rule"); inner != nil {
		root = inner
	}
	respell(root, 0)
	dropOthers(root)
	var doc retainDoc
	d := decoder{report: c.report}
	d.decode(root, "", reflect.ValueOf(&doc).Elem())
	return c.retainPolicy(doc)
}

// onlyRule compiles a whole policy and returns what its one rule keeps.
func (c *compiler) onlyRule(f File) retention.Policy {
	c.file(f)
	var rules []Rule
	for _, p := range c.set.Plans {
		rules = append(rules, p.Rules...)
	}
	if len(rules) != 1 {
		c.report.problem("plans", "the policy has %d rules: give a file with the one that is meant", len(rules))
		return retention.Policy{}
	}
	return rules[0].Keep()
}

func (c *compiler) retainPolicy(doc retainDoc) retention.Policy {
	zone, err := loadLocation(doc.ScheduleTimezone)
	if err != nil {
		c.report.problem("schedule_expression_timezone", "%v", err)
		zone = time.UTC
	}
	if doc.DeleteAfterDays != nil {
		if doc.Lifecycle.DeleteAfterDays != nil {
			c.report.problem("delete_after_days", "is given in lifecycle too: remove one")
		}
		doc.Lifecycle.DeleteAfterDays = doc.DeleteAfterDays
	}
	at := "retention"
	if doc.Counts != (RetentionDocument{}) {
		if doc.Retention != nil {
			c.report.problem("retention", "counts are given here and at the top: put all of them here")
		}
		at, doc.Retention = "", &doc.Counts
	}
	p := c.retention(at, doc.Retention, zone)
	l := c.lifecycle("lifecycle", doc.Lifecycle)
	c.retentionFits(at, p, l, doc.Continuous != nil && *doc.Continuous)
	return keep(p, l)
}

// member returns the value of the key of a mapping, in whatever spelling; nil when there
// is none.
func member(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if normalise(node.Content[i].Value) == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// ruleSpelling has the key of Holdfast's rules for every spelling of it.
var ruleSpelling = spellings(RuleDocument{}, LifecycleDocument{}, RetentionDocument{}, retainDoc{})

func spellings(docs ...any) map[string]string {
	known := map[string]string{
		"rulename": "name", "last": "keep_last", "hourly": "keep_hourly", "daily": "keep_daily",
		"weekly": "keep_weekly", "monthly": "keep_monthly", "yearly": "keep_yearly",
	}
	for _, doc := range docs {
		for name := range fieldsOf(reflect.ValueOf(doc)) {
			known[normalise(name)] = name
		}
	}
	return known
}

// respell gives keys Holdfast's spelling and takes the quotes off whole numbers, as
// Organizations writes them. Nothing it is for nests deeper than a few levels.
func respell(node *yaml.Node, depth int) {
	if node.Kind != yaml.MappingNode || depth > 3 {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if name, ok := ruleSpelling[normalise(key.Value)]; ok {
			key.Value = name
		}
		numeric := strings.HasPrefix(key.Value, "keep_") || strings.HasSuffix(key.Value, "_days")
		if numeric && value.Kind == yaml.ScalarNode && value.ShortTag() == "!!str" && strings.Trim(value.Value, "0123456789") == "" && value.Value != "" {
			value.Tag, value.Style = "!!int", 0
		}
		respell(value, depth+1)
	}
}

// awsOnly are keys of AWS Backup's rules that Holdfast's have not, normalised.
var awsOnly = map[string]bool{
	"ruleid": true, "indexactions": true, "scanactions": true, "startbackupwindowminutes": true,
	"completebackupwindowminutes": true, "targetlogicallyairgappedbackupvaultarn": true,
}

// dropOthers takes out of a rule what retention does not depend on.
func dropOthers(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		return
	}
	rule, wanted := fieldsOf(reflect.ValueOf(RuleDocument{})), fieldsOf(reflect.ValueOf(retainDoc{}))
	var content []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		_, known := rule[key.Value]
		if _, needed := wanted[key.Value]; !needed && (known || awsOnly[normalise(key.Value)]) {
			continue
		}
		content = append(content, key, node.Content[i+1])
	}
	node.Content = content
}
