package orgpolicy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/policy"
)

// drawPolicy makes a policy of any type over a few names, so that policies collide.
func drawPolicy(t *rapid.T, label string) *Policy {
	doc := drawContainer(t, 3)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	p, result := ParseAny(policy.File{Name: label, Data: data})
	if p == nil {
		t.Fatalf("%v: %s", result.Problems, data)
	}
	return p
}

func drawContainer(t *rapid.T, depth int) map[string]any {
	doc := map[string]any{}
	drawControl(t, doc)
	for _, name := range []string{"a", "b", "C"} {
		if !rapid.Bool().Draw(t, name) {
			continue
		}
		if rapid.Bool().Draw(t, "other case") {
			name = map[string]string{"a": "A", "b": "B", "C": "c"}[name]
		}
		if depth > 1 && name != "b" && name != "B" {
			doc[name] = drawContainer(t, depth-1)
		} else {
			doc[name] = drawSetting(t)
		}
	}
	return doc
}

var values = []any{"x", "y", "z", 1, true, nil}

func drawSetting(t *rapid.T) map[string]any {
	doc := map[string]any{}
	drawControl(t, doc)
	for _, op := range []operator{opAssign, opAppend, opRemove} {
		if rapid.Bool().Draw(t, string(op)) {
			doc[string(op)] = rapid.SliceOfN(rapid.SampledFrom(values), 0, 3).Draw(t, "values")
		}
	}
	return doc
}

func drawControl(t *rapid.T, doc map[string]any) {
	if rapid.IntRange(0, 2).Draw(t, "control") == 0 {
		doc[controlKey] = rapid.SampledFrom([][]string{{"@@none"}, {"@@all"}, {"@@append"}, {"@@assign"}, {"@@append", "@@remove"}}).Draw(t, "allowed")
	}
}

func drawLevels(t *rapid.T) (levels []Level) {
	for i := range rapid.IntRange(0, 4).Draw(t, "levels") {
		level := Level{}
		for j := range rapid.IntRange(0, 3).Draw(t, "policies") {
			level.Policies = append(level.Policies, drawPolicy(t, fmt.Sprintf("%d.%d", i, j)))
		}
		levels = append(levels, level)
	}
	return levels
}

func TestMergeIsDeterministicAndChangesNoPolicy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		levels := drawLevels(t)
		first := Merge(levels).JSON()
		if second := Merge(levels).JSON(); !bytes.Equal(first, second) {
			t.Fatalf("%s and then %s", first, second)
		}
	})
}

func TestAnEmptyLevelChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		levels := drawLevels(t)
		empty, _ := ParseAny(policy.File{Data: []byte(`{}`)})
		at := rapid.IntRange(0, len(levels)).Draw(t, "at")
		more := slices.Insert(slices.Clone(levels), at, rapid.SampledFrom([]Level{{}, {Policies: []*Policy{empty}}}).Draw(t, "empty"))
		if diff := cmp.Diff(string(Merge(levels).JSON()), string(Merge(more).JSON())); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestALockedValueNeverChangesBelow locks every setting of the levels so far.
func TestALockedValueNeverChangesBelow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		above := drawLevels(t)
		before := Merge(above)
		locked := map[string]any{}
		lock(before.root, locked)
		data, err := json.Marshal(locked)
		if err != nil {
			t.Fatal(err)
		}
		p, result := ParseAny(policy.File{Name: "lock", Data: data})
		if p == nil {
			t.Fatal(result.Problems)
		}
		after := Merge(append(append(slices.Clone(above), Level{Policies: []*Policy{p}}), drawLevels(t)...))
		if diff := cmp.Diff(string(before.JSON()), string(after.JSON())); diff != "" {
			t.Fatalf("locked with %s:\n%s", data, diff)
		}
	})
}

// lock writes a control at every node, as AWS's example that locks everything does.
func lock(n *node, doc map[string]any) {
	doc[controlKey] = []string{allowNone}
	for _, c := range n.children {
		child := map[string]any{}
		lock(c, child)
		if c.setting {
			child[string(opRemove)] = []string{} // makes it a setting in a policy of any type
		}
		doc[c.name] = child
	}
}

func TestReplayingTheProvenanceGivesTheDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := Merge(drawLevels(t))
		settings, _ := e.Explain()
		for _, s := range settings {
			var values []string
			set := false
			for _, step := range s.Steps {
				if step.Applied {
					set = true
					values = calculate(operation{operator: operator(step.Operator), list: step.Value.List, values: step.Value.Items}, values)
				}
			}
			if set != (s.Value != nil) || set && !slices.Equal(values, s.Value.Items) {
				t.Fatalf("%s: replayed %v, is %+v", s.Path, values, s.Value)
			}
		}
	})
}

func FuzzParseAndMerge(f *testing.F) {
	for _, seed := range []string{
		`{"plans":{}}`, `{"plans":{"Core":{"regions":{"@@assign":["eu-west-1"]},"rules":{"N":{"lifecycle":{"delete_after_days":{"@@assign":9}}}}}}}`,
		`{"plans":{"@@operators_allowed_for_child_policies":["@@none"]}}`, `{"plans":{"Core":{"regions":["eu-west-1"]}}}`, `{"tags":{"a":{"@@append":[1]}}}`,
	} {
		f.Add([]byte(seed), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, root, account []byte) {
		for _, parse := range []func(policy.File) (*Policy, policy.Result){Parse, ParseAny} {
			var levels []Level
			for _, data := range [][]byte{root, account} {
				p, result := parse(policy.File{Data: data})
				if (p == nil) == (len(result.Problems) == 0) {
					t.Fatal("neither a policy nor a problem, or both")
				}
				if p != nil {
					levels = append(levels, Level{Policies: []*Policy{p}})
				}
			}
			e := Merge(levels)
			e.Check()
			if !json.Valid(e.JSON()) {
				t.Fatalf("no JSON: %s", e.JSON())
			}
		}
		if e, result := ParseEffective(policy.File{Data: root}); (e == nil) == (len(result.Problems) == 0) {
			t.Fatal("neither a document nor a problem, or both")
		}
	})
}

// BenchmarkOrganization computes and checks the effective policies of 5,000 accounts in
// 50 units, each with a policy of its own below those of its unit and the root. The
// rival reads the same policies anew for every account, as a tool does that starts a
// process an account.
func BenchmarkOrganization(b *testing.B) {
	const accounts, units = 5000, 50
	root := []byte(`{"plans":{"Core":{"regions":{"@@assign":["eu-west-1","eu-west-2"],"@@operators_allowed_for_child_policies":["@@append"]},
		"rules":{"Nightly":{"target_backup_vault_name":{"@@assign":"Safe"},"schedule_expression":{"@@assign":"cron(0 5 ? * * *)"},"lifecycle":{"delete_after_days":{"@@assign":"30"}}},
		"Monthly":{"target_backup_vault_name":{"@@assign":"Safe"},"schedule_expression":{"@@assign":"cron(0 5 1 * ? *)"},"lifecycle":{"delete_after_days":{"@@assign":"400"}}}},
		"selections":{"tags":{"Tier":{"iam_role_arn":{"@@assign":"arn:aws:iam::$account:role/Backup"},"tag_key":{"@@assign":"tier"},"tag_value":{"@@assign":["1"]}}}}}}}`)
	document := func(kind string, i int) []byte {
		return fmt.Appendf(nil, `{"plans":{"Core":{"regions":{"@@append":["eu-south-1"]},"rules":{"Nightly":{"lifecycle":{"delete_after_days":{"@@assign":"%d"}}}},
			"selections":{"tags":{"Tier":{"tag_value":{"@@append":["%s%d"]}}}}}}}`, i%60+1, kind, i)
	}
	read := func(data []byte) Level {
		p, result := Parse(policy.File{Data: data})
		if p == nil {
			b.Fatal(result.Problems)
		}
		return Level{Policies: []*Policy{p}}
	}
	effective := func(levels []Level) {
		if e := Merge(levels); len(e.Check().Problems()) > 0 || e.Empty() {
			b.Fatal("not valid")
		}
	}
	var once float64 // nanoseconds for all accounts
	b.Run("policies read once", func(b *testing.B) {
		for b.Loop() {
			top := read(root)
			var ous []Level
			for i := range units {
				ous = append(ous, read(document("unit", i)))
			}
			for i := range accounts {
				effective([]Level{top, ous[i%units], read(document("account", i))})
			}
		}
		once = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
		b.ReportMetric(once/accounts, "ns/account")
	})
	b.Run("policies read for each account", func(b *testing.B) {
		for b.Loop() {
			for i := range accounts {
				effective([]Level{read(root), read(document("unit", i%units)), read(document("account", i))})
			}
		}
		each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
		b.ReportMetric(each/accounts, "ns/account")
		b.ReportMetric(each/once, "times-once")
	})
}
