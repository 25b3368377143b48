package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/app"
	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/sim"
)

func generate(t *testing.T, o sim.GenerateOptions) *sim.Company {
	t.Helper()
	o.Organization.Unthrottled = true
	c, err := sim.Generate(o)
	if err != nil {
		t.Fatalf("generate: %v", err)
	}
	return c
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	a, b, other := generate(t, sim.GenerateOptions{Seed: 7}), generate(t, sim.GenerateOptions{Seed: 7}), generate(t, sim.GenerateOptions{Seed: 8})
	if diff := cmp.Diff(a.Expected, b.Expected); diff != "" || a.Policy != b.Policy {
		t.Errorf("the same seed made another company: %s", diff)
	}
	if cmp.Equal(a.Expected, other.Expected) {
		t.Error("another seed made the same company")
	}
	if len(a.Expected) < 100 || len(a.Expected) > 500 {
		t.Errorf("%d of 600 resources are expected", len(a.Expected))
	}
}

// The smallest company has something of each kind that a rule takes.
func TestEveryKindIsExpected(t *testing.T) {
	t.Parallel()
	company := generate(t, sim.GenerateOptions{Seed: 3, Accounts: 1, Resources: len(resource.Kinds())})
	drivers := all.New(company.Provider())
	expected := map[resource.Kind]bool{}
	for _, r := range listing(t, company, drivers) {
		if slices.ContainsFunc(company.Expected, func(e sim.Expectation) bool { return e.ResourceARN == r.ARN }) {
			expected[r.Kind] = true
		}
	}
	for _, kind := range drivers.Kinds() {
		if !expected[kind] {
			t.Errorf("no rule takes anything of kind %s", kind)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []sim.GenerateOptions{{Accounts: -1}, {Regions: 99}, {Resources: 2_000_000}} {
		if _, err := sim.Generate(o); err == nil {
			t.Errorf("generated %+v", o)
		}
	}
}

// listing is what the drivers see of a company: its inventory.
func listing(t *testing.T, c *sim.Company, drivers *driver.Registry) (found []resource.Resource) {
	t.Helper()
	for _, a := range c.Accounts() {
		for _, region := range c.Regions() {
			for _, kind := range drivers.Kinds() {
				d, _ := drivers.Get(kind)
				err := d.Discover(t.Context(), resource.Scope{Partition: "aws", Account: a, Region: region}, func(r resource.Resource) error {
					if r.Unsupported == "" {
						found = append(found, r)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return found
}

// The policy, compiled and matched by the product, must select exactly what the generator
// wrote down on its own.
func TestPolicySelectsWhatIsExpected(t *testing.T) {
	t.Parallel()
	for _, o := range []sim.GenerateOptions{{Seed: 1}, {Seed: 2, Accounts: 3, Regions: 4, Resources: 200}, {Seed: 3, Accounts: 1, Regions: 1, Resources: 50}} {
		company := generate(t, o)
		drivers := all.New(company.Provider())
		set, result := policy.Compile([]policy.File{{Name: "company.yaml", Data: []byte(company.Policy)}}, app.Capabilities(drivers))
		if len(result.Problems) > 0 {
			t.Fatalf("the policy does not compile: %v", result.Problems)
		}
		var selected []sim.Expectation
		for _, r := range listing(t, company, drivers) {
			for _, plan := range set.Plans {
				taken := slices.ContainsFunc(plan.Selections, func(s policy.Selection) bool { return s.Match(r) })
				for _, rule := range plan.Rules {
					if taken {
						selected = append(selected, sim.Expectation{ResourceARN: r.ARN, Plan: plan.Name, Rule: rule.Name})
					}
				}
			}
		}
		byARN := func(a, b sim.Expectation) int { return strings.Compare(a.ResourceARN, b.ResourceARN) }
		slices.SortFunc(selected, byARN)
		if diff := cmp.Diff(slices.SortedFunc(slices.Values(company.Expected), byARN), selected); diff != "" {
			t.Errorf("seed %d (-expected +selected):\n%s", o.Seed, diff)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	first, second := start.Add(2*time.Hour), start.Add(26*time.Hour)
	made := func(source, plan string, at time.Time, job string) sim.Artefact {
		mark := driver.Mark{Installation: "i", JobID: job, SourceARN: source, Plan: plan, Rule: "r", CreatedAt: at}
		return sim.Artefact{Operation: driver.Backup, Source: source, ARN: job, Tags: mark.Tags(nil), CreatedAt: at.Add(time.Minute)}
	}
	failed := made("d", "p", first, "5")
	failed.Failed = true
	twice := made("b", "p", first, "2")
	twice.ARN = "2b"
	named := sim.Artefact{Operation: driver.Backup, Source: "table", ARN: "6", Name: driver.Mark{Installation: "i", JobID: strings.Repeat("x", 26)}.Name(), CreatedAt: first}
	history := []sim.Artefact{
		made("a", "p", first, "1"), made("b", "p", first, "2"), twice, made("stranger", "p", first, "4"), failed, named,
		made("a", "p", second.Add(3*time.Hour), "7"),
	}
	expect := func(sources ...string) (e []sim.Expectation) {
		for _, s := range sources {
			e = append(e, sim.Expectation{ResourceARN: s, Plan: "p", Rule: "r"})
		}
		return e
	}
	v := sim.Judge(history, sim.Case{
		Expected: expect("a", "b", "c", "d", "table"),
		Fires:    func(string, string) []time.Time { return []time.Time{second, first} },
		Ended:    func(d sim.Due) bool { return d.ResourceARN == "table" && d.Fire.Equal(second) },
	})
	var lost []string
	for _, d := range v.Lost {
		lost = append(lost, d.ResourceARN+" "+d.Fire.Format("02"))
	}
	if diff := cmp.Diff([]string{"b 02", "c 01", "c 02", "d 01", "d 02"}, lost); diff != "" {
		t.Errorf("lost: %s", diff)
	}
	if len(v.Unexpected) != 1 || v.Unexpected[0].Source != "stranger" {
		t.Errorf("unexpected: %v", v.Unexpected)
	}
	if len(v.Duplicates) != 1 || v.Duplicates[0].ARN != "2b" {
		t.Errorf("duplicates: %v", v.Duplicates)
	}
}
