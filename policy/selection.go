package policy

import (
	"slices"
	"strings"

	"holdfast/resource"
)

// Criteria is a selection as written. A resource is taken when it matches one of
// Resources or one of ListOfTags (either way, when both are empty), every one of
// Conditions, and none of NotResources.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
type Criteria struct {
	Resources    []string       `yaml:"resources"`
	NotResources []string       `yaml:"not_resources"`
	ListOfTags   []TagCondition `yaml:"list_of_tags"`
	Conditions   Conditions     `yaml:"conditions"`
}

// StringEquals is the only type of a TagCondition; StringEquals in that spelling is taken
// for it.
const StringEquals = "STRINGEQUALS"

// TagCondition is one entry of ListOfTags: the tag has exactly this value.
type TagCondition struct {
	ConditionType  string `yaml:"condition_type,required"` // STRINGEQUALS or StringEquals
	ConditionKey   string `yaml:"condition_key,required"`  // the tag's key, with or without aws:ResourceTag/
	ConditionValue string `yaml:"condition_value,required"`
}

// Conditions all have to hold. A resource without the tag fails the positive ones and
// passes the negative ones.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Conditions.html
type Conditions struct {
	StringEquals    []Condition `yaml:"string_equals"`
	StringNotEquals []Condition `yaml:"string_not_equals"`
	StringLike      []Condition `yaml:"string_like"` // * in the value is a wildcard
	StringNotLike   []Condition `yaml:"string_not_like"`
}

// Condition compares one tag.
type Condition struct {
	ConditionKey   string `yaml:"condition_key,required"` // aws:ResourceTag/KEY
	ConditionValue string `yaml:"condition_value,required"`
}

// Selection says which resources a plan takes. Make one with NewSelection; the zero
// value takes nothing.
type Selection struct {
	Name     string
	Criteria Criteria

	compiled bool
	include  arnSet
	exclude  arnSet
	anyOf    []tagTest
	allOf    []tagTest
}

// arnSet is a list of ARN patterns: exact ones by look-up, the others one by one.
type arnSet struct {
	exact    map[string]struct{}
	patterns []pattern
}

// tagTest is one comparison of one tag.
type tagTest struct {
	operator string // as written, for Explain
	key      string // without aws:ResourceTag/
	value    pattern
	like     bool
	negative bool
}

// compileSelection builds the matching form of criteria that passed checkCriteria.
func compileSelection(name string, c Criteria) Selection {
	s := Selection{
		Name: name, Criteria: c, compiled: true,
		include: compileARNs(c.Resources), exclude: compileARNs(c.NotResources),
	}
	for _, t := range c.ListOfTags {
		test := tagTest{operator: "list_of_tags", key: tagKey(t.ConditionKey), value: pattern{text: t.ConditionValue}}
		s.anyOf = append(s.anyOf, test)
	}
	for _, op := range c.Conditions.operators() {
		for _, cond := range op.conditions {
			test := tagTest{operator: op.name, key: tagKey(cond.ConditionKey), like: op.like, negative: op.negative}
			test.value = pattern{text: cond.ConditionValue}
			if op.like {
				test.value = compilePattern(cond.ConditionValue)
			}
			s.allOf = append(s.allOf, test)
		}
	}
	return s
}

// compileARNs keeps wildcards apart, so that 500 exact ARNs cost one look-up.
func compileARNs(arns []string) arnSet {
	set := arnSet{exact: make(map[string]struct{})}
	for _, arn := range arns {
		if p := compilePattern(arn); p.literal {
			set.exact[arn] = struct{}{}
		} else {
			set.patterns = append(set.patterns, p)
		}
	}
	return set
}

// find returns the entry that matches arn.
func (a *arnSet) find(arn string) (entry string, ok bool) {
	if _, ok := a.exact[arn]; ok {
		return arn, true
	}
	for i := range a.patterns {
		// A star stands for anything but white space, and so does all else in a pattern.
		if a.patterns[i].match(arn) && !strings.ContainsAny(arn, " \t\n\r") {
			return a.patterns[i].text, true
		}
	}
	return "", false
}

func (a *arnSet) empty() bool { return len(a.exact) == 0 && len(a.patterns) == 0 }

// holds reports whether the test passes for a resource with these tags.
func (t *tagTest) holds(tags map[string]string) bool {
	got, present := tags[t.key]
	if !present {
		// As in IAM: a missing key fails "equals" and passes "not equals".
		return t.negative
	}
	if t.like {
		return t.value.match(got) != t.negative
	}
	return (got == t.value.text) != t.negative
}

// operator is one list of Conditions with what its name means.
type operator struct {
	name           string
	conditions     []Condition
	like, negative bool
}

func (c Conditions) operators() []operator {
	return []operator{
		{name: "string_equals", conditions: c.StringEquals},
		{name: "string_not_equals", conditions: c.StringNotEquals, negative: true},
		{name: "string_like", conditions: c.StringLike, like: true},
		{name: "string_not_like", conditions: c.StringNotLike, like: true, negative: true},
	}
}

// decision is why a resource is taken or not; it is cheap, only Explain makes text of it.
type decision struct {
	taken bool
	step  step
	entry string   // the ARN pattern, for byARN and excluded
	test  *tagTest // for byTag and condition
}

// step is the stage of the decision that settled it.
type step int

const (
	nothingMatched step = iota
	everything
	byARN
	byTag
	excluded
	condition
)

// Match reports whether the selection takes r. It does not allocate.
func (s *Selection) Match(r resource.Resource) bool { return s.decide(r.ARN, r.Tags).taken }

func (s *Selection) decide(arn string, tags map[string]string) decision {
	d, included := s.included(arn, tags)
	if !included {
		return d
	}
	if entry, ok := s.exclude.find(arn); ok {
		return decision{step: excluded, entry: entry}
	}
	for i := range s.allOf {
		if t := &s.allOf[i]; !t.holds(tags) {
			return decision{step: condition, test: t}
		}
	}
	d.taken = true
	return d
}

// included decides the part of ARNs and tags that are joined by OR.
func (s *Selection) included(arn string, tags map[string]string) (decision, bool) {
	if !s.compiled {
		return decision{}, false
	}
	// Conditions and NotResources alone narrow everything down.
	if s.include.empty() && len(s.anyOf) == 0 {
		return decision{step: everything}, true
	}
	if entry, ok := s.include.find(arn); ok {
		return decision{step: byARN, entry: entry}, true
	}
	i := slices.IndexFunc(s.anyOf, func(t tagTest) bool { return t.holds(tags) })
	if i < 0 {
		return decision{}, false
	}
	return decision{step: byTag, test: &s.anyOf[i]}, true
}

// Explain says whether the selection takes r, and which entry decided it.
func (s *Selection) Explain(r resource.Resource) (taken bool, reason string) {
	d := s.decide(r.ARN, r.Tags)
	switch d.step {
	case excluded:
		return false, "not_resources excludes it by " + d.entry
	case condition:
		return false, "condition " + d.test.String() + " does not hold: " + tagOf(r.Tags, d.test.key)
	case byARN:
		return true, "resources names it by " + d.entry
	case byTag:
		return true, d.test.String() + " holds"
	case everything:
		return true, "the selection is limited by conditions and not_resources only"
	}
	return false, "neither resources nor list_of_tags match it"
}

// String writes the test the way a reader of the policy knows it.
func (t *tagTest) String() string { return t.operator + " " + t.key + "=" + t.value.text }

func tagOf(tags map[string]string, key string) string {
	if value, ok := tags[key]; ok {
		return "the tag is " + key + "=" + value
	}
	return "there is no tag " + key
}
