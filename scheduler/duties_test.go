package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/tasks"
	"holdfast/test/rig"
)

// change edits a job as a user's command does.
func (l *leader) change(id string, edit func(*catalog.Job)) {
	l.TB.Helper()
	job := l.Job(id)
	m, err := catalog.Change(job, job.State, l.Clock.Now(), "somebody", edit)
	l.Must(err)
	_, err = l.Store.Commit(l.Context(), m)
	l.Must(err)
}

// wantState fails unless the job is in state.
func (l *leader) wantState(id string, state catalog.State) catalog.Job {
	l.TB.Helper()
	job := l.Job(id)
	if job.State != state {
		l.TB.Fatalf("job is %s (%s: %s), want %s", job.State, job.Class, job.Message, state)
	}
	return job
}

func TestAJobWhoseStartWindowPassedExpires(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Caps: capped(1)})
	l.AddResources(3)
	l.nightly(nil)
	l.fire(0)
	l.do("submit")
	l.Work(l.Engine)
	l.at(0, 16, 0)
	l.do("windows")
	if n := l.states(driver.Backup)[catalog.Expired]; n != 0 {
		t.Errorf("%d jobs expired inside their window", n)
	}
	l.Advance(time.Millisecond)
	l.do("windows")
	if got := l.states(driver.Backup); got[catalog.Expired] != 2 || got[catalog.Running] != 1 {
		t.Errorf("after the window the jobs are %v", got)
	}
	for _, job := range l.jobs() {
		if job.State == catalog.Expired && (job.Class != failure.Window || job.Message == "" || l.Explain(job.ID).Place != admission.Absent) {
			t.Errorf("the expired job is %+v, in admission %s", job, l.Explain(job.ID).Place)
		}
	}
}

func TestAnOverdueJobIsAbortingAndKeepsItsSlot(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Caps: capped(1)})
	job := l.NewBackup("one", l.AddResources(1)[0])
	job.CompleteBy = l.Clock.Now().Add(time.Minute)
	l.Insert(job)
	l.do("submit")
	l.Work(l.Engine)
	l.Advance(2 * time.Minute)
	for range 3 {
		l.do("windows", "repair")
		got := l.wantState(job.ID, catalog.Aborting)
		if got.Class != failure.Window || l.Explain(job.ID).Place != admission.Entered || l.usage(accountKey()).Held != 1 {
			t.Errorf("the overdue job is %+v, in admission %s", got, l.Explain(job.ID).Place)
		}
		l.Advance(time.Minute)
	}
	l.Advance(rig.Took)
	l.do("looks")
	l.Work(l.Engine)
	l.wantState(job.ID, catalog.Completed)
	if l.usage(accountKey()).Held != 0 {
		t.Error("the slot was not freed at the end")
	}
}

func TestCancellationsAreCarriedOut(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(2)})
	sources := l.AddResources(3)
	running, waiting, unsure := l.NewBackup("running", sources[0]), l.NewBackup("waiting", sources[1]), l.NewBackup("unsure", sources[2])
	l.Insert(running)
	l.do("submit")
	l.Work(l.Engine)
	l.Insert(unsure)
	l.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Transient, Times: 1})
	l.do("submit")
	l.Work(l.Engine)
	l.Insert(waiting)
	l.do("submit")
	for _, job := range []catalog.Job{running, waiting, unsure} {
		l.change(job.ID, func(j *catalog.Job) { j.CancelRequested = true })
	}
	l.do("windows")
	l.wantState(running.ID, catalog.Aborting)
	l.wantState(waiting.ID, catalog.Aborted)
	if got := l.wantState(unsure.ID, catalog.Created); !got.IntentOpen() {
		t.Errorf("a job AWS may be working on became %+v", got)
	}
	if u := l.usage(accountKey()); u.Held != 2 || u.Waiting != 0 {
		t.Errorf("the account's slots are %+v", u)
	}
	l.Advance(2 * time.Minute)
	l.do("looks")
	l.Work(l.Engine) // finds nothing and hands back
	l.do("windows")
	l.wantState(unsure.ID, catalog.Aborted)
	l.Advance(time.Hour) // AWS has stopped it; only what stays away for long is taken for gone
	l.do("looks")
	l.Work(l.Engine)
	l.wantState(running.ID, catalog.Aborted)
}

func TestPointsAreExpiredWhenTheirTimeHasCome(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true})
	points := l.shortLived("one", "two")
	l.Advance(24 * time.Hour)
	l.do("expiry")
	l.do("expiry")
	first := catalog.ExpireJobID(points[0].ID, 0)
	if n := l.states(driver.Expire)[catalog.Created]; n != 1 {
		t.Fatalf("%d expiry jobs, want one", n)
	}
	l.Must(l.Store.AddHold(l.Context(), catalog.Hold{PointID: points[0].ID, Kind: catalog.HoldLegal, Holder: "case"}, "counsel"))
	l.do("submit")
	l.Work(l.Engine)
	if got := l.wantState(first, catalog.Aborted); got.Class != failure.Held {
		t.Errorf("the expiry of a held point is %+v", got)
	}
	l.Must(l.Store.RemoveHold(l.Context(), points[0].ID, catalog.HoldLegal, "case", "counsel"))
	l.Advance(23 * time.Hour)
	l.do("expiry")
	if n := len(l.states(driver.Expire)); n != 1 {
		t.Errorf("tried again within a day: %v", l.states(driver.Expire))
	}
	l.Advance(time.Hour)
	l.do("expiry", "submit")
	l.Work(l.Engine)
	l.Advance(time.Minute)
	l.do("looks")
	l.Work(l.Engine)
	l.wantState(catalog.ExpireJobID(points[0].ID, 1), catalog.Completed)
	if p, _ := l.Point(points[0].ID); p.State != catalog.Deleted || p.ExpireAttempts != 2 {
		t.Errorf("the point is %+v", p)
	}
}

// shortLived makes points of one resource, the first of which is to be deleted after a day.
func (l *leader) shortLived(names ...string) (points []catalog.RecoveryPoint) {
	l.TB.Helper()
	source := l.AddResources(1)[0]
	for i, name := range names {
		job := l.NewBackup(name, source)
		if i == 0 {
			job.Spec.DeleteAfter = 1
		}
		l.Insert(job)
		l.Finish(1)
		point, _ := l.Point(job.ID)
		points = append(points, point)
	}
	return points
}

func TestACrashBetweenExpiryJobAndItsCountRepeatsTheSameJob(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	points := l.shortLived("one", "two")
	l.Advance(24 * time.Hour)
	l.Insert(catalog.NewExpiry(points[0], "scheduler", l.Clock.Now())) // as far as the crashed leader came
	l.do("expiry", "expiry")
	if n := l.states(driver.Expire)[catalog.Created]; n != 1 {
		t.Errorf("%d expiry jobs of one point", n)
	}
}

func TestPointsMoveToColdStorageWhenTheirTimeHasCome(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Moves: true})
	source := l.AddResources(1)[0]
	var points []catalog.RecoveryPoint
	for _, name := range []string{"one", "two"} {
		job := l.NewBackup(name, source)
		job.Spec.ColdAfter = 1
		l.Insert(job)
		l.Finish(1)
		p, _ := l.Point(job.ID)
		points = append(points, p)
	}
	l.do("cold")
	if n := len(l.states(driver.Archive)); n != 0 {
		t.Fatalf("archive jobs before their time: %v", l.states(driver.Archive))
	}
	l.Advance(25 * time.Hour)
	l.do("cold", "cold") // both are due; only one may go, for the other is the last warm one then
	l.do("submit")
	l.Work(l.Engine)
	l.Advance(time.Hour)
	l.do("looks")
	l.Work(l.Engine)
	if got := l.states(driver.Archive); got[catalog.Completed] != 1 || got[catalog.Aborted]+got[catalog.Created] != 1 {
		t.Errorf("archive jobs are %v, want one done and one not", got)
	}
	cold := 0
	for _, p := range points {
		if now, _ := l.Point(p.ID); now.Cold {
			cold++
		}
	}
	if cold != 1 {
		t.Errorf("%d points are cold, want one", cold)
	}
}

func TestFailedJobsAreShownOnce(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	job := l.NewBackup("one", l.AddResources(1)[0])
	l.Insert(job)
	l.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Invalid})
	l.do("submit")
	l.Work(l.Engine)
	l.do("failures", "failures")
	shown := l.Tasks()
	if len(shown) != 1 || shown[0].Type != tasks.TypeJobFailed || shown[0].Queue != tasks.QueueFailed || !strings.HasPrefix(shown[0].ID, job.ID) {
		t.Fatalf("tasks: %v", l.TaskIDs())
	}
	l.Take(shown[0])
	l.Must(l.Store.SetFailureNoted(l.Context(), []string{job.ID}))
	l.do("failures")
	if ids := l.TaskIDs(); len(ids) != 0 {
		t.Errorf("shown again: %v", ids)
	}
}

func TestPruneForgetsWhatIsOld(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.nightly(nil)
	failed, kept := l.NewBackup("failed", l.AddResources(1)[0]), l.NewBackup("kept", l.AddResources(1)[0])
	l.Insert(failed)
	l.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Invalid, Times: 1})
	l.do("submit")
	l.Work(l.Engine)
	l.wantState(failed.ID, catalog.Failed)
	l.Advance(300 * 24 * time.Hour)
	kept.CreatedAt = l.Clock.Now()
	l.Insert(kept)
	l.do("prune")
	if len(l.jobs()) != 2 {
		t.Errorf("young history was pruned: %v", l.jobs())
	}
	l.Advance(101 * 24 * time.Hour)
	l.do("prune")
	if jobs := l.jobs(); len(jobs) != 1 || jobs[0].ID != kept.ID {
		t.Errorf("after 401 days the jobs are %v", jobs)
	}
}
