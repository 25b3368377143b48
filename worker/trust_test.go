package worker_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/testkit"
	"holdfast/tasks"
	"holdfast/test/rig"
	"holdfast/worker"
)

// refusals counts why tasks were refused.
type refusals struct {
	mu sync.Mutex
	by map[string]int
}

func (r *refusals) note(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[string]int{}
	}
	r.by[reason]++
}

// serveWith runs a worker with options until the test ends.
func serveWith(t *testing.T, r *rig.Rig, o worker.Options) {
	t.Helper()
	o.Concurrency, o.ShutdownTimeout = 4, time.Second
	w, err := worker.New(r.Client, r.Engine, r.Store, zerolog.Nop(), o)
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

// Somebody who can write Redis, and has no key, cannot have a job started: not by a task of
// their own, nor by another's signature, nor by one of a later build. What they put there is
// kept for a person to see. What a key signed runs.
func TestForgedTasksAreRefusedCountedAndKept(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	source := r.AddResources(1)[0]
	job := r.NewBackup("one", source)
	r.Insert(job)
	r.OpenEpoch()
	keys := tasks.Keys{Current: bytes.Repeat([]byte("k"), 32)}
	r.Queue.SignWith(keys)
	var refused refusals
	serveWith(t, r, worker.Options{Keys: keys, OnRefused: refused.note})

	thief := asynq.NewClientFromRedisClient(r.Client)
	put := func(id, payload string, headers map[string]string) {
		task := asynq.NewTaskWithHeaders(tasks.TypeBackupStart, []byte(payload), headers)
		_, err := thief.EnqueueContext(r.Context(), task, asynq.TaskID(id), asynq.Queue(tasks.QueueStart), asynq.MaxRetry(5), asynq.Timeout(time.Minute))
		r.Must(err)
	}
	good, err := tasks.NewStart(driver.Backup, job.ID, 1)
	r.Must(err)
	newer := good
	newer.ID, newer.Payload = "newer.1", []byte(`{"v":99,"job":"x","gen":1}`)
	put("forged.1", string(good.Payload), nil)
	put("forged.2", string(good.Payload), keys.Sign(good)) // the signature is of another id
	put("forged.3", `not json "},"level":"fatal"`, map[string]string{tasks.HeaderMAC: "00"})
	put(newer.ID, string(newer.Payload), keys.Sign(newer))
	for _, id := range []string{"forged.1", "forged.2", "forged.3", newer.ID} {
		if info := wait(t, r, tasks.QueueStart, id, asynq.TaskStateArchived); info.LastErr == "" {
			t.Errorf("%s is kept without a reason", id)
		}
	}
	refused.mu.Lock()
	if refused.by[worker.RefusedForged] != 3 || refused.by[worker.RefusedVersion] != 1 {
		t.Errorf("counted %v", refused.by)
	}
	refused.mu.Unlock()
	if got := r.Job(job.ID); got.State != catalog.Created || got.Attempts != 0 {
		t.Errorf("a forged task began the job: %+v", got)
	}
	r.Submit()
	testkit.Eventually(t, patience, "the job begins", func() bool { return r.Job(job.ID).State == catalog.Running })
}
