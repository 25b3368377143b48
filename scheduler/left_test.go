package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
	"holdfast/scheduler"
	"holdfast/test/rig"
)

func TestFindLeft(t *testing.T) {
	t.Parallel()
	noon := rig.Start()
	scope := func(account, region string, tried, good time.Time, class failure.Class) catalog.InventoryScope {
		return catalog.InventoryScope{Account: account, Region: region, Kind: resource.EBS, AttemptedAt: tried, SyncedAt: good, Class: class}
	}
	ago := func(h int) time.Time { return noon.Add(-time.Duration(h) * time.Hour) }
	scopes := []catalog.InventoryScope{
		scope("1", "eu", noon, noon, ""),
		scope("1", "me", noon, ago(30), failure.Credentials), // switched off
		scope("1", "us", ago(3), ago(3), ""),                 // not configured any more
		scope("2", "eu", ago(40), ago(41), failure.Denied),   // departed
		scope("3", "eu", noon, ago(5), failure.Denied),       // its role is broken everywhere
		scope("3", "me", noon, ago(5), failure.Denied),
		scope("4", "eu", noon, noon, ""),
		scope("4", "me", noon, ago(9), failure.Throttled), // of no permission at all
	}
	got := scheduler.FindLeft(scopes, []string{"1", "3", "4"}, []string{"eu", "me"})
	want := []scheduler.Left{
		{Account: "1", Region: "me", Since: ago(30), Class: failure.Denied},
		{Account: "1", Region: "us", Since: ago(3), Class: failure.Unsupported},
		{Account: "2", Since: ago(40), Class: failure.NotFound},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(scheduler.Left{}, "Reason")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, l := range got {
		if over := l.Over(noon); over == (l.Region == "us") {
			t.Errorf("%+v is over: %t", l, over)
		}
	}
}

// A region that is not configured any more still takes copies and restores.
func TestOnlyBackupsEndWithARegion(t *testing.T) {
	t.Parallel()
	l := scheduler.Left{Account: "1", Region: "us", Class: failure.Unsupported}
	for op, want := range map[driver.Operation]bool{driver.Backup: true, driver.Copy: false, driver.Restore: false, driver.Expire: false} {
		if got := l.Concerns(catalog.Job{Type: op, Account: "1", Region: "us"}); got != want {
			t.Errorf("%s: %t", op, got)
		}
	}
}

// What waits in an account that left for a day ends with a class; what AWS has stays, and
// its deletion is not tried over and over. A job with no window would wait for ever.
func TestNothingWaitsForEverForAnAccountThatLeft(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(1)})
	source := l.AddResources(1)[0]
	points := l.BackedUp(source, "one", "two")
	waiting := l.NewBackup("three", source)
	l.Insert(waiting)
	l.accounts = []string{"444455556666"}
	l.Advance(23 * time.Hour)
	l.do("left")
	l.wantState(waiting.ID, catalog.Created)
	l.Advance(2 * time.Hour)
	l.do("left")
	ended := l.Job(waiting.ID)
	if ended.State != catalog.Aborted || ended.Class != failure.NotFound || !strings.Contains(ended.Message, "no longer belongs") {
		t.Errorf("the job that waited is %s, %s: %s", ended.State, ended.Class, ended.Message)
	}
	for _, p := range points {
		expired := catalog.NewExpiry(p, "somebody", l.Clock.Now())
		l.Insert(expired)
		l.do("left")
		if got := l.Job(expired.ID); got.State != catalog.Aborted || got.Class != failure.NotFound {
			t.Errorf("the deletion is %s, %s", got.State, got.Class)
		}
		if p, ok := l.Point(p.ID); !ok || p.State != catalog.Available {
			t.Errorf("the point is %+v", p)
		}
	}
}

// Points whose lifecycle is over are left alone while their account is away, and deleted
// when it is back.
func TestNoDeletionBeginsInAnAccountThatLeft(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true})
	l.shortLived("one", "two")
	l.accounts = nil
	l.Advance(48 * time.Hour)
	l.do("expiry")
	if got := l.states(driver.Expire); len(got) > 0 {
		t.Errorf("deletions began: %v", got)
	}
	l.accounts = []string{rig.Account}
	l.Advance(25 * time.Hour)
	l.do("expiry")
	if got := l.states(driver.Expire); got[catalog.Created] != 1 {
		t.Errorf("the account is back, and the deletions are %v", got)
	}
}
