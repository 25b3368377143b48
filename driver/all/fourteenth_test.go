package all_test

import (
	"slices"
	"testing"

	"holdfast/admission"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/producer"
	"holdfast/resource"
	"holdfast/test/rig"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// floppy is a kind nobody else has ever heard of.
const floppy resource.Kind = "floppy"

// TestAFourteenthKind adds a kind as one more driver in the list, and wants everything
// that is derived from drivers to have it, and a whole life to work.
func TestAFourteenthKind(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Kind: floppy})
	d, ok := r.Drivers.Get(floppy)
	if !ok {
		t.Fatal("the kind is not registered")
	}
	drivers := driver.NewRegistry(append(all.New(nil).All(), d)...) // the one line
	if kinds := drivers.Kinds(); len(kinds) != len(resource.Kinds())+1 {
		t.Fatalf("%d kinds: %v", len(kinds), kinds)
	}
	source := r.AddResources(1)[0]
	checkPolicySelects(t, drivers, source)
	checkCaps(t, drivers)
	checkLife(t, r, source)
}

const floppyPolicy = `
plans:
  - name: drawer
    rules:
      - {name: nightly, schedule_expression: "cron(0 2 * * ? *)", target_backup_vault_name: default, lifecycle: {delete_after_days: 7}}
    selections:
      - {name: disks, resources: ["arn:*:mem:*:*:thing/*"]}
`

func checkPolicySelects(t *testing.T, drivers *driver.Registry, source resource.Resource) {
	t.Helper()
	set, result := policy.Compile([]policy.File{{Name: "floppy.yaml", Data: []byte(floppyPolicy)}}, app.Capabilities(drivers))
	if len(result.Problems) > 0 {
		t.Fatalf("a policy of the kind does not compile: %v", result.Problems)
	}
	if !slices.ContainsFunc(set.Plans[0].Selections, func(s policy.Selection) bool { return s.Match(source) }) {
		t.Errorf("the policy does not select %s", source.ARN)
	}
}

func checkCaps(t *testing.T, drivers *driver.Registry) {
	t.Helper()
	var facts []driver.Descriptor
	for _, d := range drivers.All() {
		facts = append(facts, d.Descriptor())
	}
	i := slices.IndexFunc(facts, func(f driver.Descriptor) bool { return f.Kind == floppy })
	facts[i].Quotas = []driver.Quota{{Operation: driver.Backup, Limit: 3, Source: "https://example.com"}}
	caps := producer.DefaultCaps(10, 5, 0, facts)
	if caps[admission.NewKey(producer.QuotaDimension(floppy, facts[i].Engine, driver.Backup), "*")] != 3 {
		t.Errorf("the quota of the kind is no cap: %v", caps)
	}
}

// checkLife backs the resource up, restores it and expires the point.
func checkLife(t *testing.T, r *rig.Rig, source resource.Resource) {
	t.Helper()
	points := r.BackedUp(source, "one", "two")
	if points[0].Kind != floppy || points[0].State != catalog.Available {
		t.Errorf("the point is %+v", points[0])
	}
	for _, job := range []catalog.Job{
		catalog.NewRestore(catalog.JobID("restore"), points[1], rig.Home(), nil, "somebody", r.Clock.Now()),
		catalog.NewExpiry(points[0], "somebody", r.Clock.Now()),
	} {
		r.Insert(job)
		r.Finish(2)
		if got := r.Job(job.ID); got.State != catalog.Completed || got.Kind != floppy {
			t.Errorf("the %s is %s (%s) of kind %s", job.Type, got.State, got.Message, got.Kind)
		}
	}
}
