package scheduler_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/test/rig"
)

func TestNothingIsRepairedInSteadyState(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(2)})
	l.AddResources(5)
	l.nightly(nil)
	l.fire(0)
	for range 120 {
		l.pass()
		l.Work(l.Engine)
		l.Advance(30 * time.Second)
	}
	if diff := cmp.Diff(map[string]int{"stale_grant": 0}, l.repairs); diff != "" {
		t.Errorf("repairs (-want +got):\n%s", diff)
	}
	if got := l.states(driver.Backup); got[catalog.Completed] != 5 {
		t.Errorf("the jobs are %v", got)
	}
}

// oneGranted returns a leader with one job whose start task waits in the queue.
func oneGranted(t *testing.T) (*leader, catalog.Job) {
	t.Helper()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(1)})
	job := l.NewBackup("one", l.AddResources(1)[0])
	l.Insert(job)
	l.do("submit")
	if len(l.Tasks()) != 1 {
		t.Fatalf("tasks: %v", l.TaskIDs())
	}
	return l, job
}

// finishes carries the job to its good end and checks that it made one artefact.
func (l *leader) finishes(id string) {
	l.TB.Helper()
	for range 4 {
		l.pass()
		l.Work(l.Engine)
		l.Advance(rig.Took)
	}
	l.wantState(id, catalog.Completed)
	if n := l.Artefacts()[id]; n != 1 {
		l.TB.Errorf("the job has %d artefacts", n)
	}
	if u := l.usage(accountKey()); u.Held != 0 {
		l.TB.Errorf("at the end the account's slots are %+v", u)
	}
}

func TestAGrantThatWasNeverEnqueuedIsRepaired(t *testing.T) {
	t.Parallel()
	l, job := oneGranted(t)
	l.Take(l.Tasks()[0])
	l.do("repair")
	if ids := l.TaskIDs(); len(ids) != 0 {
		t.Errorf("repaired at once: %v", ids)
	}
	l.Advance(31 * time.Second)
	l.do("repair")
	if len(l.Tasks()) != 1 || l.repairs["stale_grant"] != 1 {
		t.Errorf("tasks %v, repairs %v", l.TaskIDs(), l.repairs)
	}
	l.finishes(job.ID)
}

func TestAStartThatDiedBeforeItsIntentIsRepaired(t *testing.T) {
	t.Parallel()
	l, job := oneGranted(t)
	task := l.Tasks()[0]
	l.Take(task)
	l.Must(l.Queue.Enter(l.Context(), l.Grant(task))) // the worker comes so far
	l.Advance(40 * time.Second)
	l.do("repair")
	if ids := l.TaskIDs(); len(ids) != 0 || l.repairs["lost_start"] != 0 {
		t.Errorf("repaired too early: %v", ids)
	}
	l.Advance(6 * time.Second)
	l.do("repair")
	if len(l.Tasks()) != 1 || l.repairs["lost_start"] != 1 {
		t.Errorf("tasks %v, repairs %v", l.TaskIDs(), l.repairs)
	}
	l.finishes(job.ID)
}

func TestTheSlotOfAnEndedJobIsRepaired(t *testing.T) {
	t.Parallel()
	l, job := oneGranted(t)
	l.Take(l.Tasks()[0])
	m, err := catalog.Change(l.Job(job.ID), catalog.Failed, l.Clock.Now(), "worker", nil)
	l.Must(err)
	_, err = l.Store.Commit(l.Context(), m) // and dies before it releases
	l.Must(err)
	l.do("repair")
	if l.usage(accountKey()).Held != 1 {
		t.Error("a job that ended just now was not left a moment to release by itself")
	}
	l.Advance(31 * time.Second)
	l.do("repair")
	if l.usage(accountKey()).Held != 0 || l.repairs["ended_holder"] != 1 {
		t.Errorf("slots %+v, repairs %v", l.usage(accountKey()), l.repairs)
	}
}

func TestAnEmptiedRedisIsRebuilt(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(2)})
	for i, source := range l.AddResources(5) {
		job := l.NewBackup(source.Name, source)
		l.Insert(job)
		if i < 2 {
			l.do("submit")
			l.Work(l.Engine)
		}
	}
	l.do("submit")
	paused := admission.NewKey("account", "444455556666")
	_, err := l.Store.SetCap(l.Context(), string(paused), 0, "somebody", -1)
	l.Must(err)
	l.do("caps")
	before, err := l.Store.Epoch(l.Context())
	l.Must(err)

	l.Redis.FlushAll()
	l.do("caps", "repair") // before the rebuild they wait
	l.do("submit", "caps")
	after, err := l.Store.Epoch(l.Context())
	l.Must(err)
	if after != before+1 || l.repairs["epoch"] != 1 {
		t.Errorf("epoch %d after %d, repairs %v", after, before, l.repairs)
	}
	if u := l.usage(accountKey()); u.Held != 2 || u.Cap != 2 || u.Waiting != 3 {
		t.Errorf("after the rebuild the account's slots are %+v", u)
	}
	if u := l.usage(paused); u.Cap != 0 {
		t.Errorf("a paused account came back with the cap %d", u.Cap)
	}
	if ids := l.TaskIDs(); len(ids) != 0 {
		t.Errorf("with every slot held there are the tasks %v", ids)
	}
	l.do("submit")
	if l.repairs["epoch"] != 1 {
		t.Error("rebuilt again without need")
	}
	for range 6 {
		l.pass()
		l.Work(l.Engine)
		if u := l.usage(accountKey()); u.Held > 2 {
			t.Errorf("the cap of 2 is exceeded: %+v", u)
		}
		l.Advance(rig.Took)
	}
	if got := l.states(driver.Backup); got[catalog.Completed] != 5 {
		t.Errorf("the jobs are %v", got)
	}
}

func TestAGrantOfAnEarlierEpochDoesNotBegin(t *testing.T) {
	t.Parallel()
	l, job := oneGranted(t)
	task := l.Tasks()[0]
	l.Redis.FlushAll()
	l.do("submit")
	calls := l.Cloud.Calls()
	l.Must(l.Run(l.Engine, task))
	if l.Cloud.Calls() != calls || l.Job(job.ID).Attempts != 0 {
		t.Error("a grant Redis has forgotten began")
	}
	l.finishes(job.ID)
}

func TestRedisNewerThanTheCatalogIsRebuilt(t *testing.T) {
	t.Parallel()
	l, job := oneGranted(t)
	l.Must(l.Controller.Rebuild(l.Context(), admission.Snapshot{Epoch: 7, Caps: capped(1), Window: 64})) // a catalog restored from a copy
	l.do("submit")
	epoch, err := l.Store.Epoch(l.Context())
	l.Must(err)
	open, err := l.Controller.Epoch(l.Context())
	if err != nil || epoch != 8 || open != 8 {
		t.Errorf("the catalog's epoch is %d, admission's %d, %v", epoch, open, err)
	}
	l.finishes(job.ID)
}

// A cap that shrinks calls grants back that no worker has begun.
func TestCapsAreCarriedToRedis(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(1)})
	for _, source := range l.AddResources(4) {
		l.Insert(l.NewBackup(source.Name, source))
	}
	l.do("submit", "caps")
	if n := len(l.Tasks()); n != 1 {
		t.Fatalf("%d granted under a cap of 1", n)
	}
	for _, step := range []struct{ limit, held int }{{3, 3}, {0, 0}, {-1, 1}} {
		_, err := l.Store.SetCap(l.Context(), string(accountKey()), step.limit, "somebody", -1)
		l.Must(err)
		l.do("caps")
		want := step.limit
		if want < 0 {
			want = 1 // the default is back
		}
		if u := l.usage(accountKey()); u.Cap != want || u.Held != step.held {
			t.Errorf("after limit %d the account's slots are %+v", step.limit, u)
		}
	}
}

func TestABrokenAccountGetsOneProbe(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(4)})
	sources := l.AddResources(8)
	l.Insert(l.NewBackup("runs", sources[0]))
	l.do("submit")
	l.Work(l.Engine)
	lift := l.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Denied})
	for _, source := range sources[1:] {
		l.Insert(l.NewBackup(source.Name, source))
	}
	l.do("submit", "caps")
	for range 3 { // three of the tasks that are there already
		task := l.Tasks()[0]
		l.Take(task)
		l.Must(l.Run(l.Engine, task))
	}
	l.do("caps")
	if u := l.usage(accountKey()); u.Cap != 0 {
		t.Fatalf("the broken account's slots are %+v", u)
	}
	l.Work(l.Engine) // what was granted before the breaker opened
	l.do("submit", "caps")
	if ids := l.TaskIDs(); len(ids) != 0 {
		t.Errorf("before the probe there are the tasks %v", ids)
	}
	l.Advance(5 * time.Minute)
	for range 5 {
		l.do("submit", "caps")
	}
	if u := l.usage(accountKey()); u.Cap != 2 || u.Held != 2 || len(l.Tasks()) != 1 {
		t.Errorf("at the probe the slots are %+v with the tasks %v, want one beside the one that runs", u, l.TaskIDs())
	}
	lift()
	l.Work(l.Engine)
	l.do("submit", "caps")
	if u := l.usage(accountKey()); u.Cap != 4 || u.Held != 4 {
		t.Errorf("after a probe that worked the slots are %+v", u)
	}
}
