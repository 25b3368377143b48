package policy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/resource"
)

// AWS Backup's limits on a selection; ARNs count per list.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
const (
	maxARNs         = 500
	maxWildcardARNs = 30
	maxConditions   = 30
)

// Lengths AWS allows, ARNs in bytes and tags in characters.
// Source: https://docs.aws.amazon.com/general/latest/gr/arg.html
const (
	maxARNLength      = 2048
	maxTagKeyLength   = 128
	maxTagValueLength = 256
)

const resourceTagPrefix = "aws:ResourceTag/"

var validName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,50}$`)

const nameRule = "use 1 to 50 letters, digits, dots, dashes and underscores"

// Issue is a problem or warning of one value; Path is relative to the value checked,
// e.g. conditions.string_like[0].condition_key, and empty for the whole.
type Issue struct {
	Path    string
	Message string
}

// NewSelection checks and compiles criteria. With problems the selection is not usable.
func NewSelection(name string, c Criteria) (s Selection, problems, warnings []Issue) {
	k := criteriaCheck{}
	if !validName.MatchString(name) {
		k.problem("name", "selection name %q: %s", name, nameRule)
	}
	k.arns("resources", c.Resources)
	k.arns("not_resources", c.NotResources)
	k.listOfTags(c.ListOfTags)
	k.conditions(c.Conditions)
	k.breadth(c)
	if len(k.problems) > 0 {
		return Selection{}, k.problems, k.warnings
	}
	return compileSelection(name, c), nil, k.warnings
}

// criteriaCheck collects what is wrong with one Criteria.
type criteriaCheck struct{ problems, warnings []Issue }

func (k *criteriaCheck) problem(path, format string, args ...any) {
	k.problems = append(k.problems, Issue{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (k *criteriaCheck) warning(path, format string, args ...any) {
	k.warnings = append(k.warnings, Issue{Path: path, Message: fmt.Sprintf(format, args...)})
}

// breadth refuses a selection that takes everything without saying so.
func (k *criteriaCheck) breadth(c Criteria) {
	limited := len(c.ListOfTags) > 0 || c.Conditions.count() > 0
	switch {
	case len(c.Resources) > 0 || limited:
		return
	case len(c.NotResources) > 0:
		k.warning("not_resources", "takes every resource except these; say resources: [\"*\"] if that is meant")
	default:
		k.problem("", "the selection is empty and would take every resource: add resources, list_of_tags or conditions, or resources: [\"*\"] if that is meant")
	}
}

// count returns how many conditions there are under all operators.
func (c Conditions) count() (n int) {
	for _, op := range c.operators() {
		n += len(op.conditions)
	}
	return n
}

func (k *criteriaCheck) arns(field string, arns []string) {
	wildcards := 0
	for i, arn := range arns {
		if strings.Contains(arn, "*") {
			wildcards++
		}
		k.arn(fmt.Sprintf("%s[%d]", field, i), arn)
	}
	if len(arns) > maxARNs {
		k.problem(field, "%d ARNs: at most %d are allowed; use a wildcard or tags", len(arns), maxARNs)
	}
	if wildcards > maxWildcardARNs {
		k.problem(field, "%d ARNs with wildcards: at most %d are allowed; use broader ones or tags", wildcards, maxWildcardARNs)
	}
}

// arn checks one entry. A wildcard crosses every separator, so fields behind the first
// one cannot be told apart and are not judged.
func (k *criteriaCheck) arn(path, arn string) {
	beforeStar, _, wild := strings.Cut(arn, "*")
	switch {
	case len(arn) > maxARNLength:
		k.problem(path, "the ARN is longer than %d characters", maxARNLength)
		return
	case strings.ContainsFunc(arn, unicode.IsSpace):
		k.problem(path, "%q: an ARN has no white space", arn)
		return
	case arn == "*":
		return
	case !wild:
		if _, err := resource.ParseARN(arn); err != nil {
			k.problem(path, "%v", err)
		}
		return
	case !matchesARNStart(beforeStar):
		k.problem(path, "%q can match nothing: ARNs begin with arn:PARTITION:, the partition is aws, aws-us-gov or aws-cn", arn)
		return
	}
	k.wildcard(path, arn)
}

// matchesARNStart reports whether an ARN can begin with the text before the first star.
func matchesARNStart(beforeStar string) bool {
	for _, partition := range []string{"aws", "aws-us-gov", "aws-cn"} {
		start := "arn:" + partition + ":"
		if strings.HasPrefix(beforeStar, start) || strings.HasPrefix(start, beforeStar) {
			return true
		}
	}
	return false
}

// wildcard warns about patterns that are accepted but seldom mean what they say.
func (k *criteriaCheck) wildcard(path, arn string) {
	if strings.Contains(arn, "?") {
		k.warning(path, "? in %s stands for itself; only * is a wildcard", arn)
	}
	if !strings.HasPrefix(arn, "arn:") {
		k.warning(path, "%s begins with a wildcard; write arn:PARTITION:SERVICE: out", arn)
		return
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return
	}
	if star := strings.Index(parts[5], "*"); star >= 0 && strings.Trim(parts[5][star:], "*") != "" {
		k.warning(path, "%s has a wildcard inside the resource part: AWS Backup documents it at the end only", arn)
	}
}

func (k *criteriaCheck) listOfTags(tags []TagCondition) {
	if len(tags) > maxConditions {
		k.problem("list_of_tags", "%d entries: at most %d are allowed", len(tags), maxConditions)
	}
	for i, t := range tags {
		path := fmt.Sprintf("list_of_tags[%d]", i)
		if t.ConditionType != StringEquals && t.ConditionType != "StringEquals" {
			k.problem(path+".condition_type", "condition_type %q: only STRINGEQUALS exists here; conditions has the other operators", t.ConditionType)
		}
		k.tagKey(path+".condition_key", tagKey(t.ConditionKey))
		k.tagValue(path+".condition_value", t.ConditionValue, false)
	}
}

func (k *criteriaCheck) conditions(c Conditions) {
	if n := c.count(); n > maxConditions {
		k.problem("conditions", "%d conditions: at most %d are allowed", n, maxConditions)
	}
	for _, op := range c.operators() {
		for i, cond := range op.conditions {
			path := fmt.Sprintf("conditions.%s[%d]", op.name, i)
			if !strings.HasPrefix(cond.ConditionKey, resourceTagPrefix) {
				k.problem(path+".condition_key", "condition_key %q: write %s and the tag's key", cond.ConditionKey, resourceTagPrefix)
			} else {
				k.tagKey(path+".condition_key", tagKey(cond.ConditionKey))
			}
			k.tagValue(path+".condition_value", cond.ConditionValue, op.like)
		}
	}
	k.contradiction(c.StringEquals)
}

// contradiction finds string_equals entries that cannot both hold.
func (k *criteriaCheck) contradiction(equals []Condition) {
	first := map[string]string{}
	for i, cond := range equals {
		value, seen := first[cond.ConditionKey]
		if seen && value != cond.ConditionValue {
			k.warning(fmt.Sprintf("conditions.string_equals[%d]", i),
				"%s cannot be %q and %q at once, so the selection takes nothing: use list_of_tags for one or the other",
				cond.ConditionKey, value, cond.ConditionValue)
		}
		first[cond.ConditionKey] = cond.ConditionValue
	}
}

func (k *criteriaCheck) tagKey(path, key string) {
	if n := utf8.RuneCountInString(key); n < 1 || n > maxTagKeyLength {
		k.problem(path, "tag key %q: it has %d characters, want 1 to %d", key, n, maxTagKeyLength)
	}
}

func (k *criteriaCheck) tagValue(path, value string, wildcards bool) {
	if n := utf8.RuneCountInString(value); n > maxTagValueLength {
		k.problem(path, "the tag value has %d characters, at most %d are allowed", n, maxTagValueLength)
	}
	if !wildcards && strings.Contains(value, "*") {
		k.warning(path, "* in %q stands for itself here; string_like has wildcards", value)
	}
}

// tagKey takes the optional prefix off.
func tagKey(key string) string { return strings.TrimPrefix(key, resourceTagPrefix) }
