package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/policy/retention"
	"holdfast/scheduler"
	"holdfast/test/rig"
)

// aged returns a leader with careful settings over two resources with n points each.
func aged(t *testing.T, n int, careful func(*scheduler.Options)) *leader {
	t.Helper()
	l := lead(t, rig.Options{Tokens: true})
	l.careful = careful
	l.restart()
	for r, source := range l.AddResources(2) {
		for i := range n {
			job := l.NewBackup(fmt.Sprint("volume", r, "day", i), source)
			job.Plan, job.Rule = "Daily", "nightly"
			l.Insert(job)
			l.Finish(1)
		}
	}
	l.Advance(48 * time.Hour)
	return l
}

// keepLast makes the rule of all points keep k of each resource and applies it.
func (l *leader) keepLast(k int) {
	l.TB.Helper()
	l.nightly(func(r *policy.Rule) { r.Retention = retention.Policy{KeepLast: k} })
	l.do("retain")
}

func (l *leader) planned() int { return l.states(driver.Expire)[catalog.Created] }

// An edit of a retention that would delete most points of a resource stops and asks, and
// goes on when it is approved.
func TestAnEditOfARetentionStopsAndAsks(t *testing.T) {
	t.Parallel()
	l := aged(t, 10, func(o *scheduler.Options) { o.ResourceShare, o.InstallationShare = 0.5, 1 })
	l.keepLast(2)
	l.do("retain")
	if n := l.planned(); n != 0 {
		t.Errorf("%d deletions are planned without asking", n)
	}
	stops, err := l.Store.Stops(l.Context())
	l.Must(err)
	if len(stops) != 2 || stops[0].Due != 8 || stops[0].Of != 10 {
		t.Fatalf("stops %+v, want one a resource", stops)
	}
	l.Must(l.Store.ApproveStop(l.Context(), stops[0].Subject, l.Clock.Now().Add(24*time.Hour), "ana", "we mean it"))
	l.do("retain")
	if n := l.planned(); n != 8 {
		t.Errorf("%d deletions are planned after one of two resources was approved, want its 8", n)
	}
}

// The same in small steps: what was deleted within the day counts.
func TestSmallStepsDoNotGetRoundTheShare(t *testing.T) {
	t.Parallel()
	l := aged(t, 10, func(o *scheduler.Options) { o.ResourceShare, o.InstallationShare = 1, 0.2 })
	for n := 1; n <= 9; n++ {
		l.keepLast(10 - n)
		l.Submit()
		l.Work(l.Engine)
		l.Advance(15 * time.Minute)
		l.Look(l.Engine)
	}
	counts, err := l.Store.CountPoints(l.Context())
	l.Must(err)
	if counts[catalog.Available] != 16 {
		t.Errorf("%v are left of 20, want 16: a fifth a day", counts)
	}
	stops, err := l.Store.Stops(l.Context())
	l.Must(err)
	if len(stops) != 1 || stops[0].Subject != catalog.WholeInstallation {
		t.Errorf("stops %+v", stops)
	}
}

// A stop goes when no more is due than the share allows.
func TestAStopIsLiftedWhenTheEditIsTakenBack(t *testing.T) {
	t.Parallel()
	l := aged(t, 10, func(o *scheduler.Options) { o.ResourceShare, o.InstallationShare = 0.5, 1 })
	l.keepLast(2)
	l.keepLast(8)
	stops, err := l.Store.Stops(l.Context())
	l.Must(err)
	if len(stops) != 0 || l.planned() != 4 {
		t.Errorf("stops %+v, %d deletions are planned", stops, l.planned())
	}
}

// A deletion waits its undo window, in which it can be taken back.
func TestADeletionCanBeUndone(t *testing.T) {
	t.Parallel()
	l := aged(t, 3, func(o *scheduler.Options) { o.UndoWindow = time.Hour })
	l.keepLast(2)
	l.Advance(59 * time.Minute)
	l.do("submit")
	if n := l.Work(l.Engine); n != 0 {
		t.Fatalf("%d tasks ran within the undo window", n)
	}
	for i, job := range l.jobs() {
		if job.Type != driver.Expire {
			continue
		}
		if i%2 == 0 { // one is cancelled, or gets a hold
			l.Must(l.Store.AddHold(l.Context(), catalog.Hold{PointID: job.PointID, Kind: catalog.HoldLegal, Holder: "case"}, "ana"))
			continue
		}
		m, err := catalog.Change(job, job.State, l.Clock.Now(), "ana", func(j *catalog.Job) { j.CancelRequested = true })
		l.Must(err)
		_, err = l.Store.Commit(l.Context(), m)
		l.Must(err)
	}
	l.do("windows")
	l.Advance(2 * time.Minute)
	l.do("submit")
	l.Work(l.Engine)
	counts, err := l.Store.CountPoints(l.Context())
	l.Must(err)
	if counts[catalog.Available] != 6 {
		t.Errorf("points are %v: what was undone must stay", counts)
	}
}

// After a jump of the leader's clock, either way, nothing is planned for deletion for an hour.
func TestAJumpedClockDeletesNothing(t *testing.T) {
	t.Parallel()
	l := aged(t, 3, func(o *scheduler.Options) { o.ClockStep = 10 * time.Minute })
	l.do("clock")
	l.Advance(11 * time.Minute)
	l.keepLast(2)
	if n := l.planned(); n != 0 {
		t.Errorf("%d deletions are planned after a jump", n)
	}
	for range 6 {
		l.Advance(10 * time.Minute)
		l.do("clock")
	}
	l.do("retain")
	if n := l.planned(); n != 2 {
		t.Errorf("%d deletions are planned an hour later, want 2", n)
	}
}
