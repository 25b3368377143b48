package policy

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"holdfast/resource"
)

const volumeARN = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"

func equals(key, value string) TagCondition {
	return TagCondition{ConditionType: "STRINGEQUALS", ConditionKey: key, ConditionValue: value}
}

func tagIs(key, value string) []Condition {
	return []Condition{{ConditionKey: resourceTagPrefix + key, ConditionValue: value}}
}

func mustSelection(t testing.TB, c Criteria) Selection {
	t.Helper()
	s, problems, _ := NewSelection("s", c)
	if len(problems) > 0 {
		t.Fatalf("NewSelection: %v", problems)
	}
	return s
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tags := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	all := []string{"*"}
	tests := []struct {
		name     string
		criteria Criteria
		arn      string
		tags     map[string]string
		want     bool
		reason   string
	}{
		{"exact", Criteria{Resources: []string{volumeARN}}, volumeARN, nil, true, "resources names it by " + volumeARN},
		{"exact, case counts", Criteria{Resources: []string{volumeARN}}, strings.ToUpper(volumeARN), nil, false, "neither resources nor list_of_tags"},
		{"exact is anchored", Criteria{Resources: []string{volumeARN}}, volumeARN + "0", nil, false, ""},
		{"typed", Criteria{Resources: []string{"arn:aws:ec2:*:*:volume/*"}}, volumeARN, nil, true, ""},
		{"star crosses colons and slashes", Criteria{Resources: []string{"arn:aws:ec2:*"}}, volumeARN, nil, true, ""},
		{"star is zero characters", Criteria{Resources: []string{volumeARN + "*"}}, volumeARN, nil, true, ""},
		{"anchored at the end", Criteria{Resources: []string{"arn:aws:ec2:*:volume"}}, volumeARN, nil, false, ""},
		{"question mark is literal", Criteria{Resources: []string{"arn:aws:ec2:*:volume/vol-?"}}, volumeARN, nil, false, ""},
		{"dot is literal", Criteria{Resources: []string{"arn:aws:s3:::a.*"}}, "arn:aws:s3:::abc", nil, false, ""},
		{"db takes instances only", Criteria{Resources: []string{"arn:aws:rds:*:*:db:*"}}, "arn:aws:rds:eu-west-1:111122223333:cluster:c", nil, false, ""},
		{"pieces in order", Criteria{Resources: []string{"arn:aws:s3:::*b*a*"}}, "arn:aws:s3:::ab", nil, false, ""},
		{"overlapping ends", Criteria{Resources: []string{"arn:aws:s3:::ab*ba"}}, "arn:aws:s3:::aba", nil, false, ""},
		{"not resources wins", Criteria{Resources: all, NotResources: []string{"*vol-1"}}, volumeARN, nil, false, "not_resources excludes it by *vol-1"},
		{"not resources alone", Criteria{NotResources: []string{"arn:aws:s3:*"}}, volumeARN, nil, true, "limited by conditions and not_resources only"},
		{"tag", Criteria{ListOfTags: []TagCondition{equals("backup", "daily")}}, volumeARN, tags("backup", "daily"), true, "list_of_tags backup=daily holds"},
		{"tag with prefix", Criteria{ListOfTags: []TagCondition{equals("aws:ResourceTag/backup", "daily")}}, volumeARN, tags("backup", "daily"), true, ""},
		{"tags are OR", Criteria{ListOfTags: []TagCondition{equals("a", "1"), equals("b", "2")}}, volumeARN, tags("b", "2"), true, ""},
		{"tag value, case counts", Criteria{ListOfTags: []TagCondition{equals("a", "x")}}, volumeARN, tags("a", "X"), false, ""},
		{"tag key, case counts", Criteria{ListOfTags: []TagCondition{equals("a", "x")}}, volumeARN, tags("A", "x"), false, ""},
		{"no wildcard in list of tags", Criteria{ListOfTags: []TagCondition{equals("a", "x*")}}, volumeARN, tags("a", "xy"), false, ""},
		{"resources or tags", Criteria{Resources: []string{"arn:aws:s3:*"}, ListOfTags: []TagCondition{equals("a", "x")}}, volumeARN, tags("a", "x"), true, ""},
		{"tag and not resources", Criteria{ListOfTags: []TagCondition{equals("a", "x")}, NotResources: []string{volumeARN}}, volumeARN, tags("a", "x"), false, ""},
		{"conditions alone", Criteria{Conditions: Conditions{StringEquals: tagIs("env", "prod")}}, volumeARN, tags("env", "prod"), true, ""},
		{"conditions are AND", Criteria{Resources: all, Conditions: Conditions{StringEquals: tagIs("env", "prod"), StringLike: tagIs("team", "x*")}}, volumeARN, tags("env", "prod"), false, "condition string_like team=x* does not hold: there is no tag team"},
		{"equals, tag missing", Criteria{Conditions: Conditions{StringEquals: tagIs("env", "")}}, volumeARN, nil, false, ""},
		{"equals, empty value", Criteria{Conditions: Conditions{StringEquals: tagIs("env", "")}}, volumeARN, tags("env", ""), true, ""},
		{"equals has no wildcard", Criteria{Conditions: Conditions{StringEquals: tagIs("env", "p*")}}, volumeARN, tags("env", "prod"), false, "the tag is env=prod"},
		{"not equals", Criteria{Conditions: Conditions{StringNotEquals: tagIs("env", "prod")}}, volumeARN, tags("env", "prod"), false, ""},
		{"not equals, tag missing", Criteria{Conditions: Conditions{StringNotEquals: tagIs("env", "prod")}}, volumeARN, nil, true, ""},
		{"like", Criteria{Conditions: Conditions{StringLike: tagIs("env", "*rod*")}}, volumeARN, tags("env", "production"), true, ""},
		{"like, tag present", Criteria{Conditions: Conditions{StringLike: tagIs("env", "*")}}, volumeARN, tags("env", ""), true, ""},
		{"like, tag missing", Criteria{Conditions: Conditions{StringLike: tagIs("env", "*")}}, volumeARN, nil, false, ""},
		{"not like", Criteria{Conditions: Conditions{StringNotLike: tagIs("env", "dev*")}}, volumeARN, tags("env", "dev-1"), false, ""},
		{"not like, tag missing", Criteria{Conditions: Conditions{StringNotLike: tagIs("env", "dev*")}}, volumeARN, nil, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, r := mustSelection(t, tt.criteria), resource.Resource{ARN: tt.arn, Tags: tt.tags}
			if got := s.Match(r); got != tt.want {
				t.Errorf("Match = %v, want %v", got, tt.want)
			}
			taken, reason := s.Explain(r)
			if taken != tt.want || !strings.Contains(reason, tt.reason) {
				t.Errorf("Explain = %v, %q; want %v, %q", taken, reason, tt.want, tt.reason)
			}
		})
	}
}

func TestZeroSelectionTakesNothing(t *testing.T) {
	t.Parallel()
	var s Selection
	if s.Match(resource.Resource{ARN: volumeARN}) {
		t.Error("the zero selection takes a volume")
	}
}

func TestPlanSelects(t *testing.T) {
	t.Parallel()
	plan := Plan{Selections: []Selection{
		mustSelection(t, Criteria{Resources: []string{"arn:aws:s3:*"}}),
		mustSelection(t, Criteria{Resources: []string{volumeARN}}),
		mustSelection(t, Criteria{Resources: []string{"*"}}),
	}}
	plan.Selections[0].Name, plan.Selections[1].Name = "buckets", "one"
	if name, ok := plan.Selects(resource.Resource{ARN: volumeARN}); name != "one" || !ok {
		t.Errorf("Selects = %q, %v", name, ok)
	}
	plan.Selections = plan.Selections[:1]
	if name, ok := plan.Selects(resource.Resource{ARN: volumeARN}); name != "" || ok {
		t.Errorf("Selects = %q, %v", name, ok)
	}
}

func repeated(n int, format string) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf(format, i))
	}
	return list
}

func TestNewSelectionIssues(t *testing.T) {
	t.Parallel()
	many := func(n int) (list []Condition) {
		for i := range n {
			list = append(list, tagIs(fmt.Sprint(i), "x")...)
		}
		return list
	}
	all := []string{"*"}
	tests := []struct {
		name     string
		criteria Criteria
		problem  string // path: part of the message; empty: none
		warning  string
	}{
		{"empty", Criteria{}, ": would take every resource", ""},
		{"explicit everything", Criteria{Resources: all}, "", ""},
		{"all but", Criteria{NotResources: []string{"arn:aws:s3:*"}}, "", "not_resources: takes every resource except"},
		{"500 ARNs", Criteria{Resources: repeated(500, "arn:aws:s3:::b%d")}, "", ""},
		{"501 ARNs", Criteria{Resources: repeated(501, "arn:aws:s3:::b%d")}, "resources: 501 ARNs", ""},
		{"30 wildcards", Criteria{Resources: repeated(30, "arn:aws:s3:::b%d*")}, "", ""},
		{"31 wildcards", Criteria{Resources: all, NotResources: repeated(31, "arn:aws:s3:::b%d*")}, "not_resources: 31 ARNs with wildcards", ""},
		{"30 conditions", Criteria{Conditions: Conditions{StringEquals: many(15), StringLike: many(15)}}, "", ""},
		{"31 conditions", Criteria{Conditions: Conditions{StringEquals: many(15), StringNotLike: many(16)}}, "conditions: 31 conditions", ""},
		{"no ARN", Criteria{Resources: []string{"vol-1"}}, "resources[0]: is not an ARN", ""},
		{"no ARN start", Criteria{Resources: []string{"vol-*"}}, "resources[0]: can match nothing", ""},
		{"partition", Criteria{Resources: []string{"arn:awscn:ec2:*"}}, "resources[0]: can match nothing", ""},
		{"partition open", Criteria{Resources: []string{"arn:aws*:ec2:*:*:volume/*"}}, "", ""},
		{"account", Criteria{Resources: []string{"arn:aws:ec2:eu-west-1:123:volume/v"}}, "resources[0]: not twelve digits", ""},
		{"white space", Criteria{Resources: []string{"arn:aws:ec2:*:*: volume/*"}}, "resources[0]: no white space", ""},
		{"long", Criteria{Resources: []string{"arn:aws:s3:::" + strings.Repeat("x", 2048)}}, "resources[0]: longer than 2048", ""},
		{"inner wildcard", Criteria{Resources: []string{"arn:aws:s3:::*-logs"}}, "", "resources[0]: inside the resource part"},
		{"wildcards before", Criteria{Resources: []string{"arn:aws:ec2:*:*:volume/*"}}, "", ""},
		{"leading wildcard", Criteria{Resources: []string{"*:volume/*"}}, "", "resources[0]: begins with a wildcard"},
		{"question mark", Criteria{Resources: []string{"arn:aws:s3:::b?*"}}, "", "resources[0]: only * is a wildcard"},
		{"condition type", Criteria{ListOfTags: []TagCondition{{"StringEqualS", "a", "b"}}}, "list_of_tags[0].condition_type: only STRINGEQUALS", ""},
		{"camel condition type", Criteria{ListOfTags: []TagCondition{{"StringEquals", "a", "b"}}}, "", ""},
		{"tag wildcard", Criteria{ListOfTags: []TagCondition{equals("a", "b*")}}, "", "list_of_tags[0].condition_value: stands for itself"},
		{"empty tag key", Criteria{ListOfTags: []TagCondition{equals("aws:ResourceTag/", "b")}}, "list_of_tags[0].condition_key: 1 to 128", ""},
		{"long tag value", Criteria{ListOfTags: []TagCondition{equals("a", strings.Repeat("é", 257))}}, "list_of_tags[0].condition_value: 257 characters", ""},
		{"longest tag value", Criteria{ListOfTags: []TagCondition{equals("a", strings.Repeat("é", 256))}}, "", ""},
		{"condition key", Criteria{Conditions: Conditions{StringLike: []Condition{{"env", "x"}}}}, "conditions.string_like[0].condition_key: write aws:ResourceTag/", ""},
		{"equals wildcard", Criteria{Conditions: Conditions{StringNotEquals: tagIs("env", "x*")}}, "", "conditions.string_not_equals[0].condition_value: string_like has wildcards"},
		{"contradiction", Criteria{Conditions: Conditions{StringEquals: append(tagIs("env", "x"), tagIs("env", "y")...)}}, "", "conditions.string_equals[1]: takes nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, problems, warnings := NewSelection("s", tt.criteria)
			checkIssue(t, "problems", problems, tt.problem)
			checkIssue(t, "warnings", warnings, tt.warning)
		})
	}
}

// checkIssue wants exactly one issue "path: part of the message", or none.
func checkIssue(t *testing.T, what string, issues []Issue, want string) {
	t.Helper()
	if want == "" {
		if len(issues) > 0 {
			t.Errorf("%s: %v, want none", what, issues)
		}
		return
	}
	path, message, _ := strings.Cut(want, ": ")
	if len(issues) != 1 || issues[0].Path != path || !strings.Contains(issues[0].Message, message) {
		t.Errorf("%s: %v, want one %q at %q", what, issues, message, path)
	}
}

// globs is the definition of a wildcard, tried in every way.
func globs(p, s string) bool {
	switch {
	case p == "":
		return s == ""
	case p[0] == '*':
		return globs(p[1:], s) || s != "" && globs(p, s[1:])
	default:
		return s != "" && p[0] == s[0] && globs(p[1:], s[1:])
	}
}

func TestPatternMatchesDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab:*]{0,10}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab:]{0,12}`).Draw(t, "string")
		if p := compilePattern(text); p.match(s) != globs(text, s) {
			t.Fatalf("%q matches %q: got %v", text, s, p.match(s))
		}
	})
}

// TestOverlap checks against all short strings: a witness exists or overlap is false.
func TestOverlap(t *testing.T) {
	t.Parallel()
	var words []string
	for level := []string{""}; len(level[0]) <= 6; {
		words = append(words, level...)
		var next []string
		for _, w := range level {
			next = append(next, w+"a", w+"b", w+":")
		}
		level = next
	}
	rapid.Check(t, func(t *rapid.T) {
		// At most six characters, so that a shortest witness has at most six, too.
		entry := rapid.StringMatching(`[ab:*]{0,3}`).Draw(t, "entry")
		kind := rapid.StringMatching(`[ab:*]{0,3}`).Draw(t, "kind")
		want := false
		for _, w := range words {
			want = want || globs(entry, w) && globsInField(kind, w)
		}
		if got := overlap(entry, kind); got != want {
			t.Fatalf("overlap(%q, %q) = %v", entry, kind, got)
		}
	})
}

// globsInField is globs with stars that do not cross a colon.
func globsInField(p, s string) bool {
	patterns, fields := strings.Split(p, ":"), strings.Split(s, ":")
	if len(patterns) != len(fields) {
		return false
	}
	for i := range patterns {
		if !globs(patterns[i], fields[i]) {
			return false
		}
	}
	return true
}

// busySelection is one rule's worth of work: wildcards, tags and conditions.
func busySelection(t testing.TB, n int) Selection {
	return mustSelection(t, Criteria{
		Resources:    []string{fmt.Sprintf("arn:aws:dynamodb:*:*:table/t%d*", n), "arn:aws:rds:*:*:db:*", volumeARN},
		ListOfTags:   []TagCondition{equals("backup", fmt.Sprint(n))},
		NotResources: []string{"arn:aws:ec2:us-*"},
		Conditions:   Conditions{StringLike: tagIs("env", "p*d"), StringNotEquals: tagIs("owner", "x")},
	})
}

func inventory(n int) []resource.Resource {
	kinds := []string{"ec2:%s:%012d:volume/vol-%08x", "rds:%s:%012d:db:orders-%08x", "dynamodb:%s:%012d:table/t%08x"}
	regions := []string{"eu-west-1", "us-east-1", "ap-south-1"}
	list := make([]resource.Resource, n)
	for i := range list {
		list[i] = resource.Resource{
			ARN:  "arn:aws:" + fmt.Sprintf(kinds[i%3], regions[i/3%3], i%5000, i),
			Tags: map[string]string{"backup": fmt.Sprint(i % 40), "env": []string{"prod", "dev"}[i%2], "team": "x"},
		}
	}
	return list
}

func TestMatchDoesNotAllocate(t *testing.T) {
	s, list := busySelection(t, 1), inventory(100)
	taken := 0
	allocs := testing.AllocsPerRun(10, func() {
		for _, r := range list {
			if s.Match(r) {
				taken++
			}
		}
	})
	if allocs != 0 || taken == 0 {
		t.Errorf("%v allocations, %d taken", allocs, taken)
	}
}

// BenchmarkMatchMillion matches a million resources against twenty selections an
// iteration.
func BenchmarkMatchMillion(b *testing.B) {
	list := inventory(1_000_000)
	var selections []Selection
	for i := range 20 {
		selections = append(selections, busySelection(b, i))
	}
	b.ReportAllocs()
	for b.Loop() {
		taken := 0
		for i := range list {
			for j := range selections {
				if selections[j].Match(list[i]) {
					taken++
				}
			}
		}
		if taken == 0 {
			b.Fatal("nothing taken")
		}
	}
}
