package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/resource"
)

// tryOn are resources that selections are tried on.
var tryOn = []resource.Resource{
	{ARN: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", Tags: map[string]string{"env": "prod", "tier": "1"}},
	{ARN: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-2", Tags: map[string]string{"env": "Prod"}},
	{ARN: "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", Tags: map[string]string{"env": "test", "owner": ""}},
	{ARN: "arn:aws:rds:eu-west-1:111122223333:db:orders"},
	{ARN: "arn:aws:rds:eu-west-1:111122223333:cluster:orders", Tags: map[string]string{"tier": "2"}},
	{ARN: "arn:aws:s3:::web-logs", Tags: map[string]string{"env": "prod*"}},
	{ARN: "arn:aws:s3:::web-logs-old", Tags: map[string]string{"env": "a b"}},
}

// short are the ids of tryOn, in order.
var short = []string{"vol-1", "vol-2", "i-1", "db", "cluster", "web-logs", "web-logs-old"}

func taken(s Selections) (names []string) {
	for i, r := range tryOn {
		if s.Match(r) {
			names = append(names, short[i])
		}
	}
	return names
}

// api writes a selection in API shape.
func api(rest string) string {
	return `{"SelectionName":"s","IamRoleArn":"arn:aws:iam::111122223333:role/b",` + rest + `}`
}

func TestReadSelections(t *testing.T) {
	t.Parallel()
	const role = `"iam_role_arn":"arn:aws:iam::$account:role/b"`
	tests := []struct{ name, text, want, warning string }{
		{"by ARN", api(`"Resources":["arn:aws:ec2:*:*:volume/*","arn:aws:rds:eu-west-1:111122223333:db:orders"]`), "vol-1 vol-2 db", ""},
		{"everything", api(`"Resources":["*"]`), "vol-1 vol-2 i-1 db cluster web-logs web-logs-old", ""},
		{"DB instances only", api(`"Resources":["arn:aws:rds:*:*:db:*"]`), "db", ""},
		{"clusters only", api(`"Resources":["arn:aws:rds:*:*:cluster:*"]`), "cluster", ""},
		{"a whole service", api(`"Resources":["arn:aws:rds:*"]`), "db cluster", ""},
		{"a star that is not at the end", api(`"Resources":["arn:aws:s3:::*-logs"]`), "web-logs", "Resources[0]: arn:aws:s3:::*-logs has a wildcard inside the resource part"},
		{"a question mark is one", api(`"Resources":["arn:aws:s3:::web-log?","arn:aws:s3:::web-logs"]`), "web-logs", ""},
		{"case counts", api(`"Resources":["arn:aws:s3:::Web-*"]`), "", ""},
		{"anchored at the end", api(`"Resources":["arn:aws:s3:::web-logs"]`), "web-logs", ""},
		{"not these", api(`"Resources":["arn:aws:ec2:*"],"NotResources":["arn:aws:ec2:*:*:instance/*"]`), "vol-1 vol-2", ""},
		{"all but these", api(`"NotResources":["arn:aws:ec2:*"]`), "db cluster web-logs web-logs-old", "NotResources: takes every resource except these"},
		{"either tag", api(`"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"env","ConditionValue":"prod"},{"ConditionType":"StringEquals","ConditionKey":"aws:ResourceTag/tier","ConditionValue":"2"}]`), "vol-1 cluster", ""},
		{"a star in a tag is one", api(`"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"env","ConditionValue":"prod*"}]`), "web-logs", "ListOfTags[0].ConditionValue: * in"},
		{"ARNs or tags", api(`"Resources":["arn:aws:rds:*"],"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"env","ConditionValue":"test"}]`), "i-1 db cluster", ""},
		{"all conditions", api(`"Resources":["*"],"Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/env","ConditionValue":"prod"}],"StringLike":[{"ConditionKey":"aws:ResourceTag/tier","ConditionValue":"*"}]}`), "vol-1", ""},
		{"conditions alone", api(`"Conditions":{"StringNotEquals":[{"ConditionKey":"aws:ResourceTag/env","ConditionValue":"prod"}]}`), "vol-2 i-1 db cluster web-logs web-logs-old", ""},
		{"not like", api(`"Conditions":{"StringNotLike":[{"ConditionKey":"aws:ResourceTag/env","ConditionValue":"*rod*"}]}`), "i-1 db cluster web-logs-old", ""},
		{"like crosses blanks", api(`"Conditions":{"StringLike":[{"ConditionKey":"aws:ResourceTag/env","ConditionValue":"a*b"}]}`), "web-logs-old", ""},
		{"present but empty", api(`"Conditions":{"StringLike":[{"ConditionKey":"aws:ResourceTag/owner","ConditionValue":"*"}]}`), "i-1", ""},
		{"empty lists are absent", api(`"Resources":[],"NotResources":[],"ListOfTags":[],"Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/tier","ConditionValue":"2"}],"StringLike":[]}`), "cluster", ""},
		{"nulls are absent", api(`"Resources":null,"NotResources":null,"ListOfTags":null,"Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/tier","ConditionValue":"2"}],"StringLike":null}`), "cluster", ""},
		{"wrapped", `{"BackupPlanId":"x","CreationDate":1.5,"SelectionId":"y","BackupSelection":` + api(`"Resources":["arn:aws:s3:::*"]`) + `}`, "web-logs web-logs-old", ""},
		{"tags of an organization", `{"tags":{"A":{` + role + `,"tag_key":"env","tag_value":["prod","test"]},"B":{` + role + `,"tag_key":"tier","tag_value":["2"]}}}`, "vol-1 i-1 cluster", ""},
		{"tags with conditions", `{"selections":{"tags":{"A":{` + role + `,"tag_key":"env","tag_value":["prod","test"],"conditions":{"string_not_equals":{"x":{"condition_key":"aws:ResourceTag/tier","condition_value":"1"}}}}}}}`, "i-1", ""},
		{"resource types", `{"resources":{"A":{` + role + `,"resource_types":["arn:aws:ec2:*:*:volume/*"],"not_resource_types":["arn:aws:ec2:*:*:volume/vol-2"]},"B":{` + role + `,"conditions":{"string_like":{"x":{"condition_key":"aws:ResourceTag/owner","condition_value":"*"}}}}}}`, "vol-1 i-1", ""},
		{"keys in another case", `{"Resources":{"A":{"IAM_Role_Arn":"r","Resource_Types":["arn:aws:s3:::web-logs"],"Conditions":{"String_Equals":{"X":{"Condition_Key":"aws:ResourceTag/env","Condition_Value":"prod*"}}}}}}`, "web-logs", "stands for itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, result := ReadSelections(File{Name: "s.json", Data: []byte(tt.text)})
			if len(result.Problems) > 0 {
				t.Fatal(text(result))
			}
			if diff := cmp.Diff(strings.Fields(tt.want), taken(s), cmp.Transformer("nil", func(s []string) string { return fmt.Sprint(s) })); diff != "" {
				t.Error(diff)
			}
			if got := text(result); tt.warning == "" && got != "" || !strings.Contains(got, tt.warning) {
				t.Errorf("want the warning %q, got %s", tt.warning, got)
			}
		})
	}
}

func TestReadSelectionsRefuses(t *testing.T) {
	t.Parallel()
	const role = `"iam_role_arn":"r"`
	list := func(n int, format string) string {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf(format, i))
		}
		return strings.Join(items, ",")
	}
	tests := []struct{ name, text, want string }{
		{"nothing", "", "the file is empty"},
		{"no JSON", "{", "not valid YAML"},
		{"a list", "[]", "want key: value pairs, found a list"},
		{"no name and no role", `{"Resources":["*"]}`, "IamRoleArn is missing|SelectionName is missing"},
		{"a bad name", `{"SelectionName":"a b","IamRoleArn":"r","Resources":["*"]}`, `SelectionName: selection name "a b"`},
		{"an unknown key", api(`"Resource":["*"]`), "did you mean Resources?"},
		{"a key twice", api(`"Resources":["*"],"Resources":["*"]`), "is given twice"},
		{"nothing selected", api(`"Resources":[]`), "the selection is empty and would take every resource"},
		{"another operator", api(`"ListOfTags":[{"ConditionType":"STRINGLIKE","ConditionKey":"a","ConditionValue":"b"}]`), `ListOfTags[0].ConditionType: ConditionType "STRINGLIKE"`},
		{"another spelling", api(`"ListOfTags":[{"ConditionType":"stringequals","ConditionKey":"a","ConditionValue":"b"}]`), "only STRINGEQUALS exists here"},
		{"a condition without the prefix", api(`"Conditions":{"StringEquals":[{"ConditionKey":"env","ConditionValue":"b"}]}`), "Conditions.StringEquals[0].ConditionKey"},
		{"an unknown operator", api(`"Conditions":{"StringMatches":[]}`), `unknown key "StringMatches"`},
		{"white space", api(`"Resources":["arn:aws:s3:::a b"]`), "an ARN has no white space"},
		{"no ARN", api(`"Resources":["vol-1"]`), "is not an ARN"},
		{"too many ARNs", api(`"Resources":[` + list(501, `"arn:aws:s3:::b%d"`) + `]`), "501 ARNs: at most 500"},
		{"too many wildcards", api(`"Resources":[` + list(31, `"arn:aws:s3:::b%d*"`) + `]`), "31 ARNs with wildcards: at most 30"},
		{"too many conditions", api(`"Resources":["*"],"Conditions":{"StringEquals":[` + list(31, `{"ConditionKey":"aws:ResourceTag/t%d","ConditionValue":"b"}`) + `]}`), "31 conditions: at most 30"},
		{"tags and resources", `{"tags":{"A":{` + role + `,"tag_key":"k","tag_value":["v"]}},"resources":{"B":{` + role + `,"resource_types":["*"]}}}`, "not both"},
		{"no tag key", `{"tags":{"A":{` + role + `,"tag_value":["v"]}}}`, "tags.A.tag_key: tag_key is missing"},
		{"no tag value", `{"tags":{"A":{` + role + `,"tag_key":"k"}}}`, "tags.A.tag_value: tag_value is missing"},
		{"no tag values", `{"tags":{"A":{` + role + `,"tag_key":"k","tag_value":[]}}}`, "tags.A.tag_value: the list is empty"},
		{"a bare tag value", `{"tags":{"A":{` + role + `,"tag_key":"k","tag_value":"v"}}}`, "want a list"},
		{"no role", `{"resources":{"A":{"resource_types":["*"]}}}`, "iam_role_arn is missing"},
		{"no types", `{"resources":{"A":{` + role + `}}}`, "resource_types is missing"},
		{"operators", `{"tags":{"A":{"iam_role_arn":{"@@assign":"r"},"tag_key":"k","tag_value":["v"]}}}`, "want text, found key: value pairs"},
		{"no entries", `{"tags":{}}`, "there is no selection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, result := ReadSelections(File{Name: "s.json", Data: []byte(tt.text)})
			for want := range strings.SplitSeq(tt.want, "|") {
				if got := text(result); len(result.Problems) == 0 || !strings.Contains(got, want) {
					t.Errorf("want %q, got\n%s", want, got)
				}
			}
		})
	}
}

func TestStarsTakeNoWhiteSpace(t *testing.T) {
	t.Parallel()
	s, _ := ReadSelections(File{Data: []byte(api(`"Resources":["arn:aws:s3:::*"]`))})
	if s.Match(resource.Resource{ARN: "arn:aws:s3:::a b"}) {
		t.Error("a star took a blank")
	}
}

func FuzzReadSelections(f *testing.F) {
	for _, seed := range []string{api(`"Resources":["*"]`), `{"tags":{"A":{"tag_value":[]}}}`, `{"resources":{"A":{"conditions":{}}}}`, `{"BackupSelection":{}}`, "&a {selections: *a}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, result := ReadSelections(File{Name: "s.json", Data: data})
		if len(s) == 0 && len(result.Problems) == 0 {
			t.Fatalf("%q: no selection and no problem", data)
		}
		if len(result.Problems) == 0 {
			taken(s)
		}
	})
}

// BenchmarkSelectMillion is a million resources against twenty rules of two sorts.
func BenchmarkSelectMillion(b *testing.B) {
	var rules []Selections
	for i := range 20 {
		text := api(fmt.Sprintf(`"Resources":["arn:aws:ec2:*:*:volume/*","arn:aws:rds:eu-west-%d:*:db:*"],"NotResources":["arn:aws:ec2:*:*:volume/vol-%d*"],`+
			`"Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/env","ConditionValue":"prod"}],"StringNotLike":[{"ConditionKey":"aws:ResourceTag/owner","ConditionValue":"team-%d*"}]}`, i%3, i, i))
		if i%2 == 1 {
			text = api(fmt.Sprintf(`"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"plan-%d"},{"ConditionType":"STRINGEQUALS","ConditionKey":"tier","ConditionValue":"%d"}]`, i, i))
		}
		s, result := ReadSelections(File{Data: []byte(text)})
		if len(result.Problems) > 0 {
			b.Fatal(result.Problems)
		}
		rules = append(rules, s)
	}
	tags := make([]map[string]string, 600) // all combinations there are
	for i := range tags {
		tags[i] = map[string]string{
			"env": []string{"prod", "test"}[i%2], "owner": fmt.Sprint("team-", i%40), "backup": fmt.Sprint("plan-", i%60), "tier": fmt.Sprint(i % 50),
		}
	}
	resources := make([]resource.Resource, 1_000_000)
	for i := range resources {
		arn := fmt.Sprintf("arn:aws:ec2:eu-west-%d:%012d:volume/vol-%08x", i%3, i%5000, i)
		if i%4 == 0 {
			arn = fmt.Sprintf("arn:aws:rds:eu-west-%d:%012d:db:orders-%d", i%3, i%5000, i)
		}
		resources[i] = resource.Resource{ARN: arn, Tags: tags[i%len(tags)]}
	}
	b.ReportAllocs()
	b.ResetTimer()
	taken := 0
	for b.Loop() {
		for i := range resources {
			for _, s := range rules {
				if s.Match(resources[i]) {
					taken++
				}
			}
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/million×20")
	b.ReportMetric(float64(taken)/float64(b.N), "taken")
}
