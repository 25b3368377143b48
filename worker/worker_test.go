package worker_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/resource"
	"holdfast/tasks"
	"holdfast/test/rig"
	"holdfast/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// patience bounds how long a test waits for the worker.
const patience = 30 * time.Second

// serve runs a worker on the rig until the test ends.
func serve(t *testing.T, r *rig.Rig) {
	t.Helper()
	w, err := worker.New(r.Client, r.Engine, r.Store, zerolog.Nop(), worker.Options{Concurrency: 4, ShutdownTimeout: time.Second})
	r.Must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
}

// wait waits until the task is in state and returns it.
func wait(t *testing.T, r *rig.Rig, queue, id string, state asynq.TaskState) (info *asynq.TaskInfo) {
	t.Helper()
	testkit.Eventually(t, patience, id+" is "+state.String(), func() bool {
		var err error
		info, err = r.Inspector.GetTaskInfo(queue, id)
		return err == nil && info.State == state
	})
	return info
}

func TestAWorkerServesEveryTask(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	r.Cloud.AddResources(rig.Home(), 1)
	serve(t, r)
	r.Must(r.Queue.Put(r.Context(), tasks.NewSync(rig.Home(), resource.EBS, r.Clock.Now())))
	var sources []resource.Resource
	testkit.Eventually(t, patience, "the listing", func() bool {
		sources = nil
		r.Must(r.Store.Resources(r.Context(), catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
			sources = append(sources, item.Resource)
			return nil
		}))
		return len(sources) == 1
	})
	jobs := []catalog.Job{r.NewBackup("one", sources[0]), r.NewBackup("two", sources[0])}
	jobs[0].Spec.Copies = []catalog.CopySpec{{Account: rig.Account, Region: rig.AwayRegion, Vault: "dr"}}
	copied := catalog.CopyJobID(jobs[0].ID, 1, jobs[0].Spec.Copies[0])
	// One after another: a job that begins while the clock jumps finds its intent run out.
	r.Insert(jobs[0])
	carry(t, r, jobs[0].ID)
	carry(t, r, copied)
	r.Insert(jobs[1])
	carry(t, r, jobs[1].ID)
	point, _ := r.Point(jobs[0].ID)
	restore := catalog.NewRestore(catalog.JobID("restore"), point, rig.Home(), nil, "somebody", r.Clock.Now())
	r.Insert(restore)
	carry(t, r, restore.ID)
	expiry := catalog.NewExpiry(point, "somebody", r.Clock.Now())
	r.Insert(expiry)
	carry(t, r, expiry.ID)
}

// carry submits a job and lets the worker do the rest.
func carry(t *testing.T, r *rig.Rig, id string) {
	t.Helper()
	job := r.Job(id)
	r.Submit()
	testkit.Eventually(t, patience, string(job.Type)+" runs", func() bool { return r.Job(id).State == catalog.Running })
	r.Advance(rig.Took + rig.Lag)
	r.Must(r.Queue.Put(r.Context(), tasks.NewLook(job.Scope(), job.Kind, job.Type, r.Clock.Now())))
	testkit.Eventually(t, patience, string(job.Type)+" is completed", func() bool { return r.Job(id).State == catalog.Completed })
}

func TestAPayloadOfANewerVersionIsKeptNotLost(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	serve(t, r)
	for name, envelope := range map[string]tasks.Envelope{
		"start":  mustStart(t),
		"look":   tasks.NewLook(rig.Home(), resource.EBS, driver.Backup, r.Clock.Now()),
		"sync":   tasks.NewSync(rig.Home(), resource.EBS, r.Clock.Now()),
		"failed": tasks.NewFailed("job"),
	} {
		envelope.Payload = []byte(strings.Replace(string(envelope.Payload), `"v":1`, `"v":2,"new":true`, 1))
		r.Must(r.Queue.Put(r.Context(), envelope))
		info := wait(t, r, envelope.Queue, envelope.ID, asynq.TaskStateArchived)
		if !strings.Contains(info.LastErr, "payload version 2") || string(info.Payload) != string(envelope.Payload) {
			t.Errorf("%s is archived with %q and the payload %s", name, info.LastErr, info.Payload)
		}
	}
}

func mustStart(t *testing.T) tasks.Envelope {
	t.Helper()
	envelope, err := tasks.NewStart(driver.Backup, "job", 1)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// failedJob returns a rig with one failed job and the task that shows it, enqueued.
func failedJob(t *testing.T) (*rig.Rig, catalog.Job, tasks.Envelope) {
	t.Helper()
	r := rig.New(t, rig.Options{Tokens: true})
	job := r.NewBackup("one", r.AddResources(1)[0])
	r.Insert(job)
	r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Invalid, Times: 1})
	r.Submit()
	r.Work(r.Engine)
	return r, job, tasks.NewFailed(job.ID)
}

// retries returns the jobs that retry another.
func retries(r *rig.Rig) (found []catalog.Job) {
	r.TB.Helper()
	jobs, err := r.Store.ListJobs(r.Context(), catalog.JobFilter{})
	r.Must(err)
	for _, job := range jobs {
		if job.RetryOf != "" {
			found = append(found, job)
		}
	}
	return found
}

func TestAFailedJobIsShownArchivedAndRunMeansRetry(t *testing.T) {
	t.Parallel()
	r, job, task := failedJob(t)
	serve(t, r)
	r.Must(r.Queue.Put(r.Context(), task))
	info := wait(t, r, task.Queue, task.ID, asynq.TaskStateArchived)
	for _, part := range []string{job.ID, job.ResourceARN, "invalid", "refused as invalid"} {
		if !strings.Contains(info.LastErr, part) {
			t.Errorf("the error shown is %q, without %q", info.LastErr, part)
		}
	}
	if failed := r.Job(job.ID); !failed.FailureNoted || len(retries(r)) != 0 {
		t.Errorf("after it was shown the job is %+v, its retries %v", failed, retries(r))
	}
	r.Must(r.Inspector.RunTask(task.Queue, task.ID))
	wait(t, r, task.Queue, task.ID, asynq.TaskStateCompleted)
	if again := retries(r); len(again) != 1 || again[0].RetryOf != job.ID || again[0].CreatedBy != "asynqmon" {
		t.Errorf("after the click the retries are %+v", again)
	}
	if old := r.Job(job.ID); old.State != catalog.Failed {
		t.Errorf("the failed job became %s", old.State)
	}
}

// asynq may run a task twice: a worker that noted the failure and died is not a click.
func TestARunThatWasCutShortIsNoClick(t *testing.T) {
	t.Parallel()
	r, job, task := failedJob(t)
	r.Must(r.Store.SetFailureNoted(r.Context(), []string{job.ID}))
	serve(t, r)
	r.Must(r.Queue.Put(r.Context(), task))
	wait(t, r, task.Queue, task.ID, asynq.TaskStateArchived)
	if again := retries(r); len(again) != 0 {
		t.Errorf("the job was retried without a click: %+v", again)
	}
}

func TestTheFailureOfAPrunedJobIsForgotten(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	serve(t, r)
	task := tasks.NewFailed("pruned")
	r.Must(r.Queue.Put(r.Context(), task))
	wait(t, r, task.Queue, task.ID, asynq.TaskStateCompleted)
}

func TestOptionsThatWouldDropTasksAreRefused(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	for name, test := range map[string]struct {
		options worker.Options
		says    string
	}{
		"nobody works":  {worker.Options{}, "concurrency is 0"},
		"unknown queue": {worker.Options{Concurrency: 1, Queues: map[string]int{"backups": 1}}, `"backups"`},
		"no weight":     {worker.Options{Concurrency: 1, Queues: map[string]int{tasks.QueueStart: 0}}, "weight 0"},
	} {
		_, err := worker.New(r.Client, r.Engine, r.Store, zerolog.Nop(), test.options)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v, want one that says %s", name, err, test.says)
		}
	}
}
