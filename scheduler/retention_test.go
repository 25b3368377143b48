package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/policy/retention"
	"holdfast/scheduler"
	"holdfast/test/rig"
)

// nights lets the rule fire on days from..to and everything it planned come to its end.
func (l *leader) nights(from, to int) {
	l.TB.Helper()
	for day := from; day <= to; day++ {
		l.fire(day)
		l.Finish(1)
		l.do("expiry", "retain")
		l.Finish(1)
	}
}

// days lists on which days the points that are left were made.
func (l *leader) days() (days []string) {
	l.TB.Helper()
	points, err := l.Store.ListPoints(l.Context(), catalog.PointFilter{States: []catalog.PointState{catalog.Available}, Limit: 100})
	l.Must(err)
	for _, p := range points {
		days = append(days, strings.TrimLeft(p.CreatedAt.Sub(rig.Start().Truncate(24*time.Hour)).Truncate(24*time.Hour).String(), " "))
	}
	slices.Sort(days)
	return days
}

func TestCountsDecideWhenPointsGo(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true})
	l.AddResources(1)
	l.nightly(func(r *policy.Rule) { r.Retention = retention.Policy{KeepLast: 2} })
	l.nights(0, 3)
	if diff := cmp.Diff([]string{"48h0m0s", "72h0m0s"}, l.days()); diff != "" {
		t.Fatal(diff)
	}
	// When backups stop, counts delete nothing more.
	l.at(60, 14, 0)
	l.do("expiry", "retain")
	if got := l.states(driver.Expire); got[catalog.Completed] != 2 || len(got) != 1 {
		t.Errorf("expiries: %v", got)
	}
}

func TestCountsKeepBeyondTheLifecycle(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true})
	l.AddResources(2)
	l.nightly(func(r *policy.Rule) {
		r.Lifecycle.DeleteAfterDays = 1
		r.Retention = retention.Policy{KeepLast: 2}
	})
	l.nights(0, 0)
	points, err := scheduler.RulePoints(l.Context(), l.Store, "daily", "NIGHTLY")
	l.Must(err)
	if len(points) != 2 || !points[0].Counted || points[0].DeleteAt.IsZero() {
		t.Fatalf("the points are %+v, want two with a stamp, kept by count", points)
	}
	l.nights(1, 3)
	if diff := cmp.Diff([]string{"48h0m0s", "48h0m0s", "72h0m0s", "72h0m0s"}, l.days()); diff != "" {
		t.Fatal(diff)
	}
	l.at(9, 14, 0)
	for range 3 {
		l.do("expiry", "retain")
		l.Advance(2 * time.Hour)
	}
	if diff := cmp.Diff([]string{"48h0m0s", "48h0m0s", "72h0m0s", "72h0m0s"}, l.days()); diff != "" {
		t.Error(diff)
	}
	// Counts are those of the policy in force: with fewer, a point goes at once.
	l.set.Plans[0].Rules[0].Retention.KeepLast = 1
	l.do("expiry", "retain")
	l.Finish(1)
	if diff := cmp.Diff([]string{"72h0m0s", "72h0m0s"}, l.days()); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutItsRuleACountedPointIsKept(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true})
	l.AddResources(1)
	l.nightly(func(r *policy.Rule) {
		r.Lifecycle.DeleteAfterDays = 1
		r.Retention = retention.Policy{KeepLast: 9}
	})
	l.nights(0, 2)
	set := l.set
	l.set = &policy.Set{}
	l.at(30, 14, 0)
	l.do("expiry", "retain")
	if n := len(l.states(driver.Expire)); n > 0 {
		t.Fatalf("%v expiries of points whose rule is gone", l.states(driver.Expire))
	}
	points, err := scheduler.RulePoints(l.Context(), l.Store, "Daily", "nightly")
	l.Must(err)
	why := scheduler.Keeper{Set: l.set}.Explain(points[0], points, l.Clock.Now())
	if !why.Keep || !strings.HasPrefix(why.Reasons[0], "missing_rule: rule nightly of plan Daily") {
		t.Errorf("why: %+v", why)
	}
	// A rule that no longer counts leaves the age stamped on the points.
	set.Plans[0].Rules[0].Retention = retention.Policy{}
	l.set = set
	l.Advance(2 * time.Hour)
	l.do("expiry", "retain")
	l.Finish(1)
	if diff := cmp.Diff([]string{"48h0m0s"}, l.days()); diff != "" {
		t.Error(diff)
	}
}

func TestHeldPointsStayWhateverTheCountsSay(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true})
	l.AddResources(1)
	l.nightly(func(r *policy.Rule) { r.Retention = retention.Policy{KeepLast: 1} })
	l.nights(0, 0)
	points, err := scheduler.RulePoints(l.Context(), l.Store, "Daily", "nightly")
	l.Must(err)
	l.Must(l.Store.AddHold(l.Context(), catalog.Hold{PointID: points[0].ID, Kind: catalog.HoldLegal, Holder: "case"}, "counsel"))
	l.nights(1, 2)
	if diff := cmp.Diff([]string{"0s", "48h0m0s"}, l.days()); diff != "" {
		t.Error(diff)
	}
}

func TestCopiesAreKeptByTheirAction(t *testing.T) {
	t.Parallel()
	rule := policy.Rule{Name: "r", Lifecycle: policy.Lifecycle{DeleteAfterDays: 7}, CopyActions: []policy.CopyAction{
		{Account: policy.AccountVariable, Region: "eu-central-1", Vault: "dr", Retention: retention.Policy{KeepLast: 1}},
	}}
	k := scheduler.Keeper{Set: &policy.Set{Plans: []policy.Plan{{Name: "p", Rules: []policy.Rule{rule}}}}}
	now := rig.Start()
	copied := func(id string, age int) catalog.RecoveryPoint {
		p := catalog.RecoveryPoint{ID: id, ParentID: "x", Plan: "P", Rule: "R", Account: "111122223333", Region: "eu-central-1", Vault: "dr", CreatedAt: now.AddDate(0, 0, -age)}
		p.Source.Account = "111122223333"
		return p
	}
	own := catalog.RecoveryPoint{ID: "own", Plan: "p", Rule: "r", CreatedAt: now.AddDate(0, 0, -9), DeleteAt: now.AddDate(0, 0, -2)}
	elsewhere := copied("elsewhere", 3)
	elsewhere.Region, elsewhere.Counted = "us-east-1", true
	all := []catalog.RecoveryPoint{own, copied("new", 1), copied("old", 2), elsewhere}
	for id, want := range map[string]string{
		"own": "delete_after_days: over", "new": "keep_last: 1 of 1", "old": "keep_last: beyond", "elsewhere": "missing_rule",
	} {
		i := slices.IndexFunc(all, func(p catalog.RecoveryPoint) bool { return p.ID == id })
		got := k.Explain(all[i], all, now)
		if !strings.HasPrefix(got.Reasons[0], want) || got.Keep != (id == "new" || id == "elsewhere") {
			t.Errorf("%s: %+v, want %s", id, got, want)
		}
	}
}
