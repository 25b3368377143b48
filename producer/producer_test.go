package producer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/testkit"
	"holdfast/tasks"
	"holdfast/test/rig"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// submitted returns a rig with one job whose start task waits in the queue.
func submitted(t *testing.T) (*rig.Rig, catalog.Job, *asynq.TaskInfo) {
	t.Helper()
	r := rig.New(t, rig.Options{Tokens: true})
	job := r.NewBackup("one", r.AddResources(1)[0])
	r.Insert(job)
	r.Submit()
	pending := r.Tasks()
	if len(pending) != 1 {
		t.Fatalf("tasks: %v", r.TaskIDs())
	}
	return r, job, pending[0]
}

func TestEveryOptionOfATaskIsExplicit(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	start, err := tasks.NewStart(driver.Restore, "job", 1_000_000_001)
	r.Must(err)
	for _, want := range []tasks.Envelope{
		start, tasks.NewLook(rig.Home(), "ebs", driver.Backup, r.Clock.Now()),
		tasks.NewSync(rig.Home(), "ebs", r.Clock.Now()), tasks.NewFailed("job"),
	} {
		r.Must(r.Queue.Put(r.Context(), want))
		info, err := r.Inspector.GetTaskInfo(want.Queue, want.ID)
		r.Must(err)
		got := tasks.Envelope{
			Type: info.Type, ID: info.ID, Queue: info.Queue, Payload: info.Payload,
			MaxRetry: info.MaxRetry, Timeout: info.Timeout, Retention: info.Retention,
		}
		if diff := cmp.Diff(want, got); diff != "" || info.Timeout == 0 || info.State != asynq.TaskStatePending {
			t.Errorf("%s is %s (-want +got):\n%s", want.ID, info.State, diff)
		}
		r.Must(r.Queue.PutOnce(r.Context(), want)) // refused, which is no error
	}
	if n := len(r.Tasks()); n != 4 {
		t.Errorf("%d tasks", n)
	}
}

func TestAGrantIsTheTaskOfItsGeneration(t *testing.T) {
	t.Parallel()
	r, job, task := submitted(t)
	g := r.Grant(task)
	if task.ID != fmt.Sprintf("%s.%d", job.ID, g.Generation) || task.Queue != tasks.QueueStart || admission.EpochOf(g.Generation) != 1 {
		t.Errorf("the task is %s in %s", task.ID, task.Queue)
	}
	if got := r.Job(job.ID); got.Epoch != 1 || got.Version != 1 {
		t.Errorf("the submitted job is %+v", got)
	}
}

// again enqueues the grant of job once more, as a leader that finds it stale does.
func again(r *rig.Rig, job catalog.Job, task *asynq.TaskInfo) []string {
	r.TB.Helper()
	g := r.Grant(task)
	g.Group = job.Group().String()
	r.Must(r.Queue.Enqueue(r.Context(), []admission.Grant{g}))
	return r.TaskIDs()
}

func TestAGrantWhoseTaskStillWaitsIsLeftAlone(t *testing.T) {
	t.Parallel()
	r, job, task := submitted(t)
	if diff := cmp.Diff([]string{task.ID}, again(r, job, task)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	// Still so after Redis was emptied, when the client that enqueued before is in use.
	r.Redis.FlushAll()
	r.OpenEpoch()
	r.Submit()
	task = r.Tasks()[0]
	if diff := cmp.Diff([]string{task.ID}, again(r, job, task)); diff != "" {
		t.Errorf("after the loss of Redis (-want +got):\n%s", diff)
	}
}

func TestAGrantWhoseTaskIsArchivedGetsTheNextGeneration(t *testing.T) {
	t.Parallel()
	r, job, task := submitted(t)
	r.Must(r.Inspector.ArchiveTask(task.Queue, task.ID))
	checkNextGeneration(t, r, job, task)
}

func TestAGrantWhoseTaskIsCompletedGetsTheNextGeneration(t *testing.T) {
	t.Parallel()
	r, job, task := submitted(t)
	r.Take(task)
	kept, err := tasks.NewStart(job.Type, job.ID, r.Grant(task).Generation)
	r.Must(err)
	kept.Retention = time.Hour
	r.Must(r.Queue.Put(r.Context(), kept))
	server := asynq.NewServerFromRedisClient(r.Client, asynq.Config{
		Queues: map[string]int{tasks.QueueStart: 1}, TaskCheckInterval: 5 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	r.Must(server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })))
	testkit.Eventually(t, 30*time.Second, "the task is completed", func() bool {
		info, err := r.Inspector.GetTaskInfo(task.Queue, task.ID)
		return err == nil && info.State == asynq.TaskStateCompleted
	})
	server.Shutdown()
	checkNextGeneration(t, r, job, task)
}

func TestAStaleGrantIsFollowedWhenItsWorkerIsDead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hold     bool
		until    time.Duration // from now
		followed bool
	}{
		"waiting":  {},
		"at work":  {hold: true, until: time.Hour},
		"orphaned": {hold: true, until: -time.Second, followed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, job, task := submitted(t)
			if tc.hold {
				r.Hold(task, time.Now().Add(tc.until))
			}
			g := r.Grant(task)
			g.Group = job.Group().String()
			r.Must(r.Queue.EnqueueStale(r.Context(), []admission.Grant{g}))
			if next := r.Explain(job.ID).Generation > g.Generation; next != tc.followed {
				t.Errorf("followed by the next generation: %t, want %t; tasks %v", next, tc.followed, r.TaskIDs())
			}
		})
	}
}

func checkNextGeneration(t *testing.T, r *rig.Rig, job catalog.Job, task *asynq.TaskInfo) {
	t.Helper()
	old := r.Grant(task)
	if ids := again(r, job, task); len(ids) != 1 || ids[0] == task.ID {
		t.Fatalf("tasks: %v, want one of the next generation", ids)
	}
	next := r.Grant(r.Tasks()[0])
	if next.JobID != old.JobID || next.Generation <= old.Generation || r.Explain(job.ID).Generation != next.Generation {
		t.Errorf("after generation %d came %d, admission has %d", old.Generation, next.Generation, r.Explain(job.ID).Generation)
	}
	r.Must(r.Engine.Start(r.Context(), old))
	if got := r.Job(job.ID); got.Attempts != 0 {
		t.Error("the old generation began")
	}
	r.Work(r.Engine)
	if got := r.Job(job.ID); got.State != catalog.Running {
		t.Errorf("the next generation did not begin: %+v", got)
	}
}

func TestAGrantOfAnEndedJobIsDropped(t *testing.T) {
	t.Parallel()
	r, job, task := submitted(t)
	r.Must(r.Inspector.ArchiveTask(task.Queue, task.ID))
	r.Must(r.Queue.Release(r.Context(), job.ID))
	if ids := again(r, job, task); len(ids) != 0 {
		t.Errorf("tasks of a job without a slot: %v", ids)
	}
}

func TestReleaseEnqueuesWhoGetsTheSlot(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Caps: admission.Caps{admission.NewKey("account", rig.Account): 1}})
	for _, source := range r.AddResources(2) {
		r.Insert(r.NewBackup(source.Name, source))
	}
	r.Submit()
	first := r.Tasks()
	if len(first) != 1 {
		t.Fatalf("tasks: %v", r.TaskIDs())
	}
	r.Take(first[0])
	r.Must(r.Queue.Release(r.Context(), r.Grant(first[0]).JobID))
	if second := r.Tasks(); len(second) != 1 || r.Grant(second[0]).JobID == r.Grant(first[0]).JobID {
		t.Errorf("after the release the tasks are %v", r.TaskIDs())
	}
}

func TestPurgeArchivedTakesTheOldOnly(t *testing.T) {
	t.Parallel()
	r, _, task := submitted(t)
	r.Must(r.Inspector.ArchiveTask(task.Queue, task.ID))
	// A task archived by hand never failed, so its age counts from the zero time.
	for _, step := range []struct {
		now    time.Time
		purged int
	}{{time.Time{}.Add(time.Hour), 0}, {time.Time{}.AddDate(1, 0, 0), 1}, {time.Time{}.AddDate(1, 0, 0), 0}} {
		n, err := r.Queue.PurgeArchived(step.now, 30*24*time.Hour, 100)
		if err != nil || n != step.purged {
			t.Errorf("at %s %d were purged, %v, want %d", step.now, n, err, step.purged)
		}
	}
}
