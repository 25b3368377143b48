package orgpolicy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
)

// operatorsOf writes the operators of a test document in full: A, P and R are the three
// that set values, C the control.
var operatorsOf = strings.NewReplacer(
	`"A":`, `"@@assign":`, `"P":`, `"@@append":`, `"R":`, `"@@remove":`, `"C":`, `"@@operators_allowed_for_child_policies":`,
	`"@A"`, `"@@assign"`, `"@P"`, `"@@append"`, `"@R"`, `"@@remove"`, `"@none"`, `"@@none"`, `"@all"`, `"@@all"`,
)

// stack parses documents, a list of them a level.
func stack(t testing.TB, parseOne func(policy.File) (*Policy, policy.Result), levels ...[]string) (all []Level) {
	t.Helper()
	for i, documents := range levels {
		level := Level{Name: fmt.Sprintf("level%d", i+1)}
		for j, d := range documents {
			p, result := parseOne(policy.File{Name: fmt.Sprintf("%d.%d", i+1, j+1), Data: []byte(operatorsOf.Replace(d))})
			if len(result.Problems) > 0 {
				t.Fatalf("level %d, policy %d: %v", i+1, j+1, result.Problems)
			}
			level.Policies = append(level.Policies, p)
		}
		all = append(all, level)
	}
	return all
}

// sameJSON compares documents without regard to the order of keys.
func sameJSON(t testing.TB, want string, got []byte) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("the wanted document: %v", err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func messages(problems []policy.Problem) (all []string) {
	for _, p := range problems {
		all = append(all, p.Path+": "+p.Message)
	}
	return all
}

const tierSelection = `"selections":{"tags":{"Tier":{"iam_role_arn":{"A":"arn:aws:iam::$account:role/Backup"},"tag_key":{"A":"tier"},"tag_value":{"A":["1"]}}}}`

const tierEffective = `"selections":{"tags":{"Tier":{"iam_role_arn":"arn:aws:iam::$account:role/Backup","tag_key":"tier","tag_value":%s}}}`

func TestThreeLevels(t *testing.T) {
	t.Parallel()
	levels := stack(
		t, Parse,
		[]string{`{"plans":{"Core":{"regions":{"A":["eu-west-1","eu-west-2"],"C":["@P","@R"]},
			"rules":{"Nightly":{"target_backup_vault_name":{"A":"Safe","C":["@none"]},"lifecycle":{"delete_after_days":{"A":"30"}}}},` + tierSelection + `}}}`},
		[]string{`{"plans":{"Core":{"regions":{"P":["eu-south-1"],"C":["@P"]},"rules":{"Nightly":{"lifecycle":{"delete_after_days":{"A":"60"}}}}}}}`},
		[]string{`{"plans":{"Core":{"regions":{"A":["us-east-2"],"P":["eu-west-3"],"R":["eu-west-1"]},
			"rules":{"Nightly":{"target_backup_vault_name":{"A":"Mine"},"lifecycle":{"delete_after_days":{"A":14}}}},
			"selections":{"tags":{"Tier":{"tag_value":{"P":["2"]}}}}}}}`},
	)
	e := Merge(levels)
	sameJSON(t, `{"plans":{"Core":{"regions":["eu-west-1","eu-west-2","eu-south-1","eu-west-3"],
		"rules":{"Nightly":{"target_backup_vault_name":"Safe","lifecycle":{"delete_after_days":"14"}}},`+fmt.Sprintf(tierEffective, `["1","2"]`)+`}}}`, e.JSON())
	if found := e.Check(); len(found.Problems()) != 0 {
		t.Error(found)
	}
}

func TestTwoPoliciesOnTheRoot(t *testing.T) {
	t.Parallel()
	role := `"iam_role_arn":{"A":"arn:aws:iam::$account:role/Backup"},"tag_key":{"A":"tier"},`
	levels := stack(
		t, Parse,
		[]string{
			`{"plans":{"Core":{"regions":{"A":["eu-west-1"]},"rules":{"Nightly":{"target_backup_vault_name":{"A":"Safe"},"start_backup_window_minutes":{"A":"90"}}},
				"selections":{"tags":{"Tier":{` + role + `"tag_value":{"P":["1","2"],"C":["@P","@R"]}}}}}}}`,
			`{"plans":{"core":{"rules":{"nightly":{"start_backup_window_minutes":{"A":"240"}}},
				"selections":{"tags":{"TIER":{"tag_value":{"A":["0","1"],"R":["2"],"C":["@P"]}}}}}}}`,
		},
		[]string{`{"plans":{"CORE":{"selections":{"tags":{"tier":{"tag_value":{"P":["3"],"R":["0"]}}}}}}}`},
	)
	sameJSON(t, `{"plans":{"Core":{"regions":["eu-west-1"],"rules":{"Nightly":{"target_backup_vault_name":"Safe","start_backup_window_minutes":"90"}},`+
		fmt.Sprintf(tierEffective, `["0","1","3"]`)+`}}}`, Merge(levels).JSON())
}

func TestContainersAndAnInvalidResult(t *testing.T) {
	t.Parallel()
	levels := stack(
		t, Parse,
		[]string{`{"plans":{"C":["@P"],"Core":{"C":["@none"],"regions":{"A":["eu-west-1"]},"rules":{"C":["@none"],"Nightly":{"target_backup_vault_name":{"A":"Safe"}}},` + tierSelection + `}}}`},
		[]string{`{"plans":{"Core":{"rules":{"Hourly":{"target_backup_vault_name":{"A":"Safe"}},"Nightly":{"target_backup_vault_name":{"A":"Safe2"}}}},
			"Dev":{"regions":{"A":["eu-west-1"]},"rules":{"Daily":{"target_backup_vault_name":{"A":"Dev"}}}}}}`},
	)
	e := Merge(levels)
	sameJSON(t, `{"plans":{"Core":{"regions":["eu-west-1"],"rules":{"Nightly":{"target_backup_vault_name":"Safe2"}},`+fmt.Sprintf(tierEffective, `["1"]`)+`},
		"Dev":{"regions":["eu-west-1"],"rules":{"Daily":{"target_backup_vault_name":"Dev"}}}}}`, e.JSON())
	want := []string{"plans.Dev.selections: selections is missing"}
	if diff := cmp.Diff(want, messages(e.Check().Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	_, ignored := e.Explain()
	if len(ignored) != 1 || ignored[0].Path != "plans.Core.rules.Hourly" || !strings.Contains(ignored[0].Reason, "@@none (1.1)") {
		t.Errorf("ignored: %+v", ignored)
	}
}

// TestOperators is about one list named v, or one place x, in policies of any type.
func TestOperators(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		levels [][]string
		want   string
	}{
		{"assign sets", [][]string{{`{"v":{"A":["a"]}}`}}, `{"v":["a"]}`},
		{"assign replaces", [][]string{{`{"v":{"A":["a","b"]}}`}, {`{"v":{"A":["c"]}}`}}, `{"v":["c"]}`},
		{"append to nothing sets", [][]string{{`{"v":{"P":["a"]}}`}}, `{"v":["a"]}`},
		{"append puts new ones last, doubles fold", [][]string{{`{"v":{"A":["a","b"]}}`}, {`{"v":{"P":["b","c","c"]}}`}}, `{"v":["a","b","c"]}`},
		{"doubles fold when assigned", [][]string{{`{"v":{"A":["a","b","a"]}}`}}, `{"v":["a","b"]}`},
		{"remove takes away, missing ones do not matter", [][]string{{`{"v":{"A":["a","b"]}}`}, {`{"v":{"R":["a","z"]}}`}}, `{"v":["b"]}`},
		{"removing the last leaves an empty list", [][]string{{`{"v":{"A":["a"]}}`}, {`{"v":{"R":["a"]}}`}}, `{"v":[]}`},
		{"removing what was never set does nothing", [][]string{{`{"x":{"v":{"R":["a"]}}}`}}, `{}`},
		{"removing values differs by case", [][]string{{`{"v":{"A":["a","A"]}}`}, {`{"v":{"R":["a"]}}`}}, `{"v":["A"]}`},
		{"assign, append, remove inside one policy", [][]string{{`{"v":{"R":["a"],"P":["b"],"A":["a"]}}`}}, `{"v":["b"]}`},
		{"the same below", [][]string{{`{"v":{"A":["a","b"]}}`}, {`{"v":{"A":["g"],"P":["y"],"R":["g"]}}`}}, `{"v":["y"]}`},
		{"first assign of a level wins", [][]string{{`{"v":{"A":["a"]}}`, `{"v":{"A":["b"]}}`}}, `{"v":["a"]}`},
		{"append before assign of a level", [][]string{{`{"v":{"P":["a"]}}`, `{"v":{"A":["b"]}}`}}, `{"v":["b","a"]}`},
		{"remove before append of a level", [][]string{{`{"v":{"R":["a"]}}`, `{"v":{"P":["a"]}}`}}, `{"v":[]}`},
		{"remove before assign of a level", [][]string{{`{"v":{"R":["a"]}}`, `{"v":{"A":["a","b"]}}`}}, `{"v":["b"]}`},
		{"single values", [][]string{{`{"v":{"A":"a"}}`}, {`{"v":{"A":"b"}}`}}, `{"v":"b"}`},
		{"scalars become text", [][]string{{`{"v":{"A":[12,true,null,1.50]}}`}, {`{"v":{"P":["12",13]}}`}}, `{"v":["12","true","null","1.50","13"]}`},
		{"single scalars become text", [][]string{{`{"a":{"A":true},"b":{"A":12},"c":{"A":null}}`}}, `{"a":"true","b":"12","c":"null"}`},
		{"an empty list can be assigned", [][]string{{`{"v":{"A":[]}}`}}, `{"v":[]}`},

		{"none locks", [][]string{{`{"v":{"A":["a"],"C":["@none"]}}`}, {`{"v":{"A":["b"],"P":["c"],"R":["a"]}}`}}, `{"v":["a"]}`},
		{"only what is named is allowed", [][]string{{`{"v":{"A":["a"],"C":["@P"]}}`}, {`{"v":{"A":["b"],"P":["c"],"R":["a"]}}`}}, `{"v":["a","c"]}`},
		{"two named", [][]string{{`{"v":{"A":["a"],"C":["@A","@R"]}}`}, {`{"v":{"A":["b","c"],"P":["d"],"R":["c"]}}`}}, `{"v":["b"]}`},
		{"all is the default", [][]string{{`{"v":{"A":["a"],"C":["@all"]}}`}, {`{"v":{"A":["b"]}}`}}, `{"v":["b"]}`},
		{"a control does not bind its own level", [][]string{{`{"v":{"A":["a"],"C":["@none"]}}`, `{"v":{"P":["b"]}}`}}, `{"v":["a","b"]}`},
		{"a control does not bind its own policy", [][]string{{`{"v":{"A":["a"]}}`}, {`{"v":{"P":["b"],"C":["@none"]}}`}, {`{"v":{"P":["c"]}}`}}, `{"v":["a","b"]}`},
		{"controls of a level intersect", [][]string{{`{"v":{"A":["a"],"C":["@P"]}}`, `{"v":{"C":["@R"]}}`}, {`{"v":{"P":["b"],"R":["a"]}}`}}, `{"v":["a"]}`},
		{"lower levels narrow", [][]string{{`{"v":{"A":["a"],"C":["@P","@R"]}}`}, {`{"v":{"C":["@P"]}}`}, {`{"v":{"P":["b"],"R":["a"]}}`}}, `{"v":["a","b"]}`},
		{"lower levels never widen", [][]string{{`{"v":{"A":["a"],"C":["@P"]}}`}, {`{"v":{"C":["@all"]}}`}, {`{"v":{"A":["b"]}}`}}, `{"v":["a"]}`},
		{"a locked setting without a value stays so", [][]string{{`{"x":{"v":{"C":["@none"]},"w":{"A":"1"}}}`}, {`{"x":{"v":{"A":["a"]}}}`}}, `{"x":{"w":"1"}}`},

		{"none on a container keeps keys out", [][]string{{`{"x":{"C":["@none"],"v":{"A":"a"}}}`}, {`{"x":{"w":{"A":"b"}}}`}}, `{"x":{"v":"a"}}`},
		{"append on a container lets them in", [][]string{{`{"x":{"C":["@P"],"v":{"A":"a"}}}`}, {`{"x":{"w":{"A":"b"}}}`}}, `{"x":{"v":"a","w":"b"}}`},
		{"all on a container lets them in", [][]string{{`{"x":{"C":["@all"],"v":{"A":"a"}}}`}, {`{"x":{"w":{"A":"b"}}}`}}, `{"x":{"v":"a","w":"b"}}`},
		{"assign on a container does not", [][]string{{`{"x":{"C":["@A"],"v":{"A":"a"}}}`}, {`{"x":{"w":{"A":"b"}}}`}}, `{"x":{"v":"a"}}`},
		{"remove on a container does not", [][]string{{`{"x":{"C":["@A","@R"],"v":{"A":"a"}}}`}, {`{"x":{"w":{"A":"b"}}}`}}, `{"x":{"v":"a"}}`},
		{"a container does not lock settings", [][]string{{`{"x":{"C":["@none"],"v":{"A":"a"}}}`}, {`{"x":{"v":{"A":"b"}}}`}}, `{"x":{"v":"b"}}`},
		{"a container does not lock containers below", [][]string{{`{"x":{"C":["@none"],"y":{"v":{"A":"a"}}}}`}, {`{"x":{"y":{"w":{"A":"b"}}}}`}}, `{"x":{"y":{"v":"a","w":"b"}}}`},
		{"the level itself may add to what it closes", [][]string{{`{"x":{"C":["@none"]}}`, `{"x":{"v":{"A":"a"}}}`}, {`{"x":{"w":{"A":"b"}}}`}}, `{"x":{"v":"a"}}`},
		{"what was kept out stays out for lower levels", [][]string{{`{"x":{"C":["@none"]}}`}, {`{"x":{"v":{"A":"a"}}}`}, {`{"x":{"v":{"A":"b"}}}`}}, `{}`},
		{"a new container can be filled", [][]string{{`{"C":["@P"],"x":{"v":{"A":"a"}}}`}, {`{"y":{"z":{"v":{"A":"b"}}}}`}}, `{"x":{"v":"a"},"y":{"z":{"v":"b"}}}`},
		{"the root can be closed", [][]string{{`{"C":["@none"],"x":{"v":{"A":"a"}}}`}, {`{"y":{"v":{"A":"b"}}}`}}, `{"x":{"v":"a"}}`},

		{"names match without case, first spelling stays", [][]string{{`{"Abc":{"v":{"A":["a"]}}}`}, {`{"aBC":{"V":{"P":["b"]}}}`}}, `{"Abc":{"v":["a","b"]}}`},
		{"empty containers vanish", [][]string{{`{"x":{"y":{}},"v":{"A":"a"}}`}}, `{"v":"a"}`},
		{"controls alone vanish", [][]string{{`{"x":{"C":["@none"]},"v":{"C":["@P"]}}`}}, `{}`},
		{"an empty level changes nothing", [][]string{{`{"v":{"A":"a"}}`}, {}, {`{}`}, {`{"v":{}}`}}, `{"v":"a"}`},
		{"a list is not appended to a single value", [][]string{{`{"v":{"A":"a"}}`}, {`{"v":{"P":["b"],"R":["a"]}}`}}, `{"v":"a"}`},
		{"a value does not become an object", [][]string{{`{"v":{"A":"a"}}`}, {`{"v":{"x":{"A":"b"}}}`}}, `{"v":"a"}`},
		{"an object does not become a value", [][]string{{`{"v":{"x":{"A":"b"}}}`}, {`{"v":{"A":"a"}}`}}, `{"v":{"x":"b"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sameJSON(t, tt.want, Merge(stack(t, ParseAny, tt.levels...)).JSON())
		})
	}
}

func TestOrderOfKeysIsThatOfTheDocuments(t *testing.T) {
	t.Parallel()
	levels := stack(t, ParseAny, []string{`{"b":{"A":"1"},"x":{"z":{"A":["<&>"]},"y":{"A":[]}}}`}, []string{`{"a":{"A":"2"},"b":{"A":"3"}}`})
	want := "{\n  \"b\": \"3\",\n  \"x\": {\n    \"z\": [\"<&>\"],\n    \"y\": []\n  },\n  \"a\": \"2\"\n}\n"
	if diff := cmp.Diff(want, string(Merge(levels).JSON())); diff != "" {
		t.Error(diff)
	}
	if got := string(Merge(nil).JSON()); got != "{}\n" {
		t.Errorf("nothing merged is %q", got)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	levels := stack(t, Parse, []string{`{"plans":{"Core":{"regions":{"A":["eu-west-1"]},"rules":{"N":{"target_backup_vault_name":{"A":"v1"},
		"target_logically_air_gapped_backup_vault_arn":{"A":"arn:aws:backup:$region:$account:backup-vault:gap"},
		"copy_actions":{"arn:aws:backup:eu-west-2:$account:backup-vault:x":{"lifecycle":{"delete_after_days":{"A":9}}}},
		"recovery_point_tags":{"k":{"tag_key":{"A":"k"},"tag_value":{"A":"$account"}}}}}}}}`})
	rule := func(gap, key string) string {
		return `{"plans":{"Core":{"regions":["eu-west-1"],"rules":{"N":{"target_backup_vault_name":"v1","target_logically_air_gapped_backup_vault_arn":"` + gap + `",
			"copy_actions":{"` + key + `":{"lifecycle":{"delete_after_days":"9"}}},"recovery_point_tags":{"k":{"tag_key":"k","tag_value":"$account"}}}}}}}`
	}
	e := Merge(levels)
	for _, tt := range []struct{ account, region, gap, key string }{
		{"", "", "arn:aws:backup:$region:$account:backup-vault:gap", "arn:aws:backup:eu-west-2:$account:backup-vault:x"},
		{"111122223333", "", "arn:aws:backup:$region:111122223333:backup-vault:gap", "arn:aws:backup:eu-west-2:111122223333:backup-vault:x"},
		{"", "eu-west-1", "arn:aws:backup:eu-west-1:$account:backup-vault:gap", "arn:aws:backup:eu-west-2:$account:backup-vault:x"},
	} {
		filled, problems := e.Fill(tt.account, tt.region)
		if len(problems) > 0 {
			t.Error(problems)
		}
		sameJSON(t, rule(tt.gap, tt.key), filled.JSON())
	}
	sameJSON(t, rule("arn:aws:backup:$region:$account:backup-vault:gap", "arn:aws:backup:eu-west-2:$account:backup-vault:x"), e.JSON())
}

func TestFillRefusesKeysThatBecomeTheSame(t *testing.T) {
	t.Parallel()
	levels := stack(t, ParseAny, []string{`{"arn:aws:backup:eu-west-2:$account:backup-vault:x":{"A":"1"},"arn:aws:backup:eu-west-2:111122223333:backup-vault:x":{"A":"2"}}`})
	if _, problems := Merge(levels).Fill("111122223333", ""); len(problems) != 1 || !strings.Contains(problems[0].Message, "once the variables are filled in") {
		t.Errorf("problems: %v", problems)
	}
}
