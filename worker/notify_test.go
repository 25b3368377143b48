package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"holdfast/internal/testkit"
	"holdfast/notify"
	"holdfast/resource"
	"holdfast/tasks"
	"holdfast/test/rig"
	"holdfast/worker"
)

// posted answers deliveries by the id of the message and notes the attempts.
type posted struct {
	mu    sync.Mutex
	tries map[string][]notify.Attempt
	hang  chan struct{}
}

func (p *posted) Deliver(ctx context.Context, id string, a notify.Attempt) error {
	p.mu.Lock()
	p.tries[id] = append(p.tries[id], a)
	n := len(p.tries[id])
	p.mu.Unlock()
	switch {
	case id == "refused":
		return fmt.Errorf("%w: the topic is gone", notify.ErrGivenUp)
	case id == "busy" && n == 1:
		return notify.ErrBusy
	case id == "down" && n == 1:
		return errors.New("connection refused")
	case id[:4] == "hang":
		select {
		case <-p.hang:
		case <-ctx.Done():
		}
	}
	return nil
}

func (p *posted) attempts(id string) []notify.Attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries[id]
}

// sending serves a rig whose worker sends to p.
func sending(t *testing.T, p *posted) *rig.Rig {
	t.Helper()
	r := rig.New(t, rig.Options{Tokens: true})
	w, err := worker.New(r.Client, r.Engine, r.Store, zerolog.Nop(), worker.Options{Concurrency: 4, ShutdownTimeout: time.Second, Messages: p})
	r.Must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); group.Wait() })
	return r
}

func TestNotificationsAreSent(t *testing.T) {
	t.Parallel()
	p := &posted{tries: map[string][]notify.Attempt{}, hang: make(chan struct{})}
	r := sending(t, p)
	for _, id := range []string{"good", "refused", "busy", "down"} {
		r.Must(r.Queue.Put(r.Context(), tasks.NewNotify(id, 3)))
	}
	info := wait(t, r, tasks.QueueNotify, tasks.NewNotify("refused", 3).ID, asynq.TaskStateArchived)
	if info.Retried != 0 {
		t.Errorf("what was given up was tried %d times more", info.Retried)
	}
	for id, tries := range map[string]int{"good": 1, "busy": 2, "down": 2} {
		testkit.Eventually(t, patience, id+" is sent", func() bool { return len(p.attempts(id)) == tries })
	}
	for _, id := range []string{"good", "busy", "down"} {
		for _, a := range p.attempts(id) {
			if a.Round != 3 || a.Last {
				t.Errorf("an attempt of %s is %+v", id, a)
			}
		}
	}
	if len(p.attempts("refused")) != 1 {
		t.Errorf("what was given up was tried %d times", len(p.attempts("refused")))
	}
}

// TestTargetsThatHangSlowNoBackup fills every place of notifications with targets that do
// not answer and carries a backup meanwhile.
func TestTargetsThatHangSlowNoBackup(t *testing.T) {
	t.Parallel()
	p := &posted{tries: map[string][]notify.Attempt{}, hang: make(chan struct{})}
	r := sending(t, p)
	for i := range 20 {
		r.Must(r.Queue.Put(r.Context(), tasks.NewNotify(fmt.Sprint("hang", i), 1)))
	}
	begun := func() (n int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.tries)
	}
	testkit.Eventually(t, patience, "every place is taken", func() bool { return begun() == 4 })
	volume := r.Cloud.AddResources(rig.Home(), 1)[0]
	r.Must(r.Queue.Put(r.Context(), tasks.NewSync(rig.Home(), resource.EBS, r.Clock.Now())))
	testkit.Eventually(t, patience, "the listing", func() bool {
		_, err := r.Store.Resource(r.Context(), volume.ARN)
		return err == nil
	})
	job := r.NewBackup("one", volume)
	r.Insert(job)
	carry(t, r, job.ID)
	if begun() != 4 {
		t.Errorf("%d messages are being sent", begun())
	}
	close(p.hang)
	testkit.Eventually(t, patience, "the others are sent", func() bool { return begun() == 20 })
}
