package rebuild

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/memdriver"
	"holdfast/failure"
	"holdfast/policy"
	"holdfast/resource"
)

var (
	noon  = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	home  = resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-west-1"}
	away  = resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-central-1"}
	disk  = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"
	facts = Facts{Installation: "acme", Source: func(string) (resource.Resource, bool) { return resource.Resource{}, false }}
)

func seen(id string, scope resource.Scope, at time.Time, edit func(*Found)) Found {
	f := Found{Scope: scope, Kind: resource.EBS, Engine: driver.Native, Artefact: driver.Artefact{
		Point: driver.Point{Ref: driver.Ref("snap-" + id), CreatedAt: at, SizeBytes: 10 << 30}, State: driver.Succeeded,
		Mark: driver.Mark{Installation: "acme", JobID: id, SourceARN: disk, Plan: "p", Rule: "r", CreatedAt: at, DeleteAfter: at.AddDate(0, 0, 35)},
	}}
	if edit != nil {
		edit(&f)
	}
	return f
}

func TestAdoptLeavesAloneWhatIsNotSurelyOurs(t *testing.T) {
	t.Parallel()
	a := Adopt([]Found{
		seen("good", home, noon, nil),
		seen("theirs", home, noon, func(f *Found) { f.Mark.Installation = "other" }),
		seen("young", home, noon, func(f *Found) { f.State = driver.Pending }),
		seen("failed", home, noon, func(f *Found) { f.State = driver.Failed }),
		seen("nameless", home, noon, func(f *Found) { f.Mark.SourceARN = "" }),
		seen("good", away, noon, nil),
	}, facts)
	if len(a.Points) != 1 || a.Foreign != 1 || a.Pending != 1 || len(a.Inconsistent) != 3 {
		t.Fatalf("%+v", a)
	}
	p := a.Points[0]
	if p.ID != "good" || p.Source.Account != home.Account || p.DeleteAt.IsZero() || !p.Counted {
		t.Errorf("%+v: without its rule a point must be kept", p)
	}
}

func TestAdoptKnowsWhatIsColdAndWhatWillBe(t *testing.T) {
	t.Parallel()
	cloud := memdriver.NewCloud(memdriver.Options{Moves: true})
	for name, test := range map[string]struct {
		lifecycle policy.Lifecycle
		drivers   *driver.Registry
		cold      bool
		want      time.Time
	}{
		"to be cold":                    {policy.Lifecycle{MoveToColdStorageAfterDays: 30}, driver.NewRegistry(memdriver.New(cloud)), false, noon.AddDate(0, 0, 30)},
		"cold already":                  {policy.Lifecycle{MoveToColdStorageAfterDays: 30}, driver.NewRegistry(memdriver.New(cloud)), true, time.Time{}},
		"stays warm":                    {policy.Lifecycle{}, driver.NewRegistry(memdriver.New(cloud)), false, time.Time{}},
		"of a kind this build has not":  {policy.Lifecycle{MoveToColdStorageAfterDays: 30}, driver.NewRegistry(), false, time.Time{}},
		"of a kind AWS moves by itself": {policy.Lifecycle{MoveToColdStorageAfterDays: 30}, driver.NewRegistry(memdriver.New(memdriver.NewCloud(memdriver.Options{}))), false, time.Time{}},
	} {
		known := facts
		known.Drivers = test.drivers
		known.Policies = &policy.Set{Plans: []policy.Plan{{Name: "p", Rules: []policy.Rule{{Name: "r", Lifecycle: test.lifecycle}}}}}
		p := Adopt([]Found{seen("one", home, noon, func(f *Found) { f.Point.Cold = test.cold })}, known).Points[0]
		if p.Cold != test.cold || !p.ColdAt.Equal(test.want) {
			t.Errorf("%s: cold %t, to be at %s; want %t, %s", name, p.Cold, p.ColdAt, test.cold, test.want)
		}
	}
}

func TestAdoptFindsChains(t *testing.T) {
	t.Parallel()
	exact := catalog.CopyJobID("one", 1, catalog.CopySpec{Account: away.Account, Region: away.Region})
	a := Adopt([]Found{
		seen("one", home, noon, nil), seen("two", home, noon.Add(time.Hour), nil),
		seen(exact, away, noon.Add(3*time.Hour), nil),
		seen("guess", away, noon.Add(2*time.Hour), nil),
		seen("alone", away, noon.Add(-time.Hour), nil),
	}, facts)
	got := map[string]string{}
	for _, p := range a.Points {
		got[p.ID] = p.ParentID + " " + p.ChainID
	}
	want := map[string]string{"one": " one", "two": " two", exact: "one one", "guess": "two two", "alone": "alone alone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompareNamesEveryDrift(t *testing.T) {
	t.Parallel()
	old := noon.AddDate(0, 0, -3)
	all := []Found{seen("same", home, old, nil), seen("changed", home, old, nil), seen("lost", home, old, nil), seen("gone", home, old, func(f *Found) { f.Mark.SourceARN = "arn:gone" }), seen("stuck", home, old, nil), seen("unseen", away, old, nil)}
	points := Adopt(all, facts).Points
	scan := Scan{Scope: home, Kind: resource.EBS, Engine: driver.Native, Found: []Found{
		all[0], seen("changed", home, old, func(f *Found) { f.Mark.DeleteAfter = f.Mark.DeleteAfter.AddDate(1, 0, 0) }), all[3], all[4],
		seen("extra", home, old, nil), seen("theirs", home, old, func(f *Found) { f.Mark.Installation = "other" }), seen("fresh", home, noon, nil),
	}}
	denied := Scan{Scope: away, Kind: resource.EBS, Engine: driver.Native, Class: "denied"}
	drift := Compare([]Scan{scan, denied}, World{
		Installation: "acme", Now: noon, Points: points,
		Gone: func(arn string) bool { return arn == "arn:gone" },
		Problem: func(id string) string {
			if id == "stuck" {
				return "in use by image ami-1"
			}
			return ""
		},
	})
	var got []string
	for _, d := range drift {
		got = append(got, d.Kind+" "+d.Point)
		if d.Kind == Extra && d.MonthlyUSD != 0.5 {
			t.Errorf("10 GiB cost %v", d.MonthlyUSD)
		}
	}
	if diff := cmp.Diff([]string{"changed changed", "extra extra", "missing lost", "orphaned gone", "undeletable stuck"}, got); diff != "" {
		t.Error(diff)
	}
}

// A deletion that fails says which of the ways it is: each costs money until it is mended.
func TestUndeletableSaysWhyAndWhatItCosts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		class failure.Class
		says  string
	}{
		{failure.Denied, "role may not"}, {failure.Credentials, "account is gone"}, {failure.Conflict, "an image made of it"},
		{failure.Held, "lock of the snapshot"}, {failure.Internal, "boom"},
	} {
		point := catalog.RecoveryPoint{
			ID: "a", State: catalog.Available, Kind: resource.EBS, Account: home.Account, Region: home.Region, ResourceARN: disk,
			Ref: "snap-a", CompletedAt: noon, SizeBytes: 10 << 30,
		}
		drift := Compare(nil, World{
			Installation: "acme", Now: noon.AddDate(0, 0, 40), Points: []catalog.RecoveryPoint{point},
			Gone: func(string) bool { return false }, Problem: func(string) string { return Undeleted(tc.class, "boom") },
		})
		if len(drift) != 1 || drift[0].Kind != Undeletable || drift[0].MonthlyUSD != 0.5 ||
			!strings.Contains(drift[0].Message, tc.says) || !strings.Contains(drift[0].Message, "boom") {
			t.Errorf("%s: %+v", tc.class, drift)
		}
	}
}
