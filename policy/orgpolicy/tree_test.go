package orgpolicy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
)

// planText is a policy with one plan in full; days is how long its points live.
func planText(name string, days int) string {
	return fmt.Sprintf(`{"plans":{%q:{"regions":{"A":["eu-west-1"]},"rules":{"Nightly":{"target_backup_vault_name":{"A":"Safe"},
		"lifecycle":{"delete_after_days":{"A":"%d"}}}},%s}}}`, name, days, tierSelection)
}

func attached(documents ...string) (files []policy.File) {
	for i, d := range documents {
		files = append(files, policy.File{Name: fmt.Sprint(i + 1), Data: []byte(operatorsOf.Replace(d))})
	}
	return files
}

func accountTarget(id string, documents ...string) *Target {
	return &Target{Name: id, Account: id, Files: attached(documents...)}
}

// summary is what a group came to, in short.
func summary(g Group) string {
	s := g.Target + " [" + strings.Join(g.Accounts, " ") + "]"
	switch {
	case len(g.Problems) > 0:
		return s + fmt.Sprintf(" %d problems", len(g.Problems))
	case g.Effective == nil:
		return s + " nothing"
	}
	for _, p := range PlansFor(g.Target, g.Accounts, g.Effective).Plans {
		s += fmt.Sprintf(" %s@%s:%d", p.Name, p.Target, *p.Rules[0].Lifecycle.DeleteAfterDays)
	}
	return s
}

func TestGroupsAreByTheLowestTargetWithAPolicy(t *testing.T) {
	t.Parallel()
	const a, b, c = "111111111111", "222222222222", "333333333333"
	shorter := `{"plans":{"Core":{"rules":{"Nightly":{"lifecycle":{"delete_after_days":{"A":"7"}}}}}}}`
	for _, test := range []struct {
		name string
		root *Target
		want []string
	}{
		{"no policy at all", &Target{Name: RootName, Below: []*Target{accountTarget(a)}}, []string{"root [" + a + "]"}},
		{
			"the root's alone", &Target{Name: RootName, Files: attached(planText("Core", 30)), Below: []*Target{accountTarget(b), {Name: "web", Below: []*Target{accountTarget(a)}}}},
			[]string{"root [" + a + " " + b + "] Core@root:30"},
		},
		{
			"a unit's on top, an account's on top of that",
			&Target{Name: RootName, Files: attached(planText("Core", 30)), Below: []*Target{
				accountTarget(a),
				{Name: "web", Files: attached(shorter), Below: []*Target{accountTarget(b), accountTarget(c, planText("Own", 1))}},
			}},
			[]string{"root [" + a + "] Core@root:30", "web [" + b + "] Core@web:7", c + " [" + c + "] Core@" + c + ":7 Own@" + c + ":1"},
		},
		{
			"a part in the root is none of an error when nobody is under it alone",
			&Target{Name: RootName, Files: attached(shorter), Below: []*Target{{Name: "web", Files: attached(planText("Core", 30)), Below: []*Target{accountTarget(a)}}}},
			[]string{"root [] nothing", "web [" + a + "] Core@web:30"},
		},
		{
			"invalid for one group, not the other",
			&Target{Name: RootName, Below: []*Target{accountTarget(a, shorter), accountTarget(b, planText("Core", 30))}},
			[]string{"root [] nothing", a + " [" + a + "] 3 problems", b + " [" + b + "] Core@" + b + ":30"},
		},
		{
			"malformed above is invalid below",
			&Target{Name: RootName, Files: attached(`{"plan":{}}`), Below: []*Target{accountTarget(a, planText("Core", 30))}},
			[]string{"root [] 2 problems", a + " [" + a + "] 2 problems"},
		},
	} {
		var got []string
		for _, g := range Groups(test.root) {
			got = append(got, summary(g))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestMoreThanTenPoliciesCannotBeAttached(t *testing.T) {
	t.Parallel()
	var documents []string
	for i := range MaxAttached + 1 {
		documents = append(documents, planText(fmt.Sprint("Plan", i), 30))
	}
	groups := Groups(&Target{Name: RootName, Files: attached(documents...), Below: []*Target{accountTarget("111111111111")}})
	if len(groups[0].Problems) != 1 || !strings.Contains(groups[0].Problems[0].Message, "at most 10") {
		t.Errorf("%v", groups[0].Problems)
	}
}

func TestPathLeadsFromTheRootToTheAccount(t *testing.T) {
	t.Parallel()
	root := &Target{Name: RootName, Below: []*Target{{Name: "web", Below: []*Target{accountTarget("111111111111")}}}}
	var names []string
	for _, target := range root.Path("111111111111") {
		names = append(names, target.Name)
	}
	if diff := cmp.Diff([]string{RootName, "web", "111111111111"}, names); diff != "" {
		t.Error(diff)
	}
	if root.Path("222222222222") != nil || root.Path("") != nil {
		t.Error("a path to an account that is not there")
	}
}

// BenchmarkGroups computes the policies of an organization of 5,000 accounts, each with
// one of its own below three of its units.
func BenchmarkGroups(b *testing.B) {
	root := &Target{Name: RootName, Files: attached(planText("Core", 30))}
	for i := range 50 {
		unit := &Target{Name: fmt.Sprint("unit", i), Files: attached(planText("Unit", 14))}
		for j := range 100 {
			unit.Below = append(unit.Below, accountTarget(fmt.Sprintf("%012d", 1000*i+j), planText("Own", 7)))
		}
		root.Below = append(root.Below, unit)
	}
	for b.Loop() {
		if n := len(Groups(root)); n != 5051 {
			b.Fatal(n)
		}
	}
}
