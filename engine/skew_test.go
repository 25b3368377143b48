package engine_test

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/engine"
	"holdfast/internal/clock"
	"holdfast/test/rig"
)

// wrongClock is off the right one by a fixed time.
type wrongClock struct {
	clock.Clock
	off time.Duration
}

func (c wrongClock) Now() time.Time { return c.Clock.Now().Add(c.off) }

// wrongEngine returns the engine of one more worker, whose machine's clock is off.
func wrongEngine(r *rig.Rig, off time.Duration) *engine.Engine {
	return engine.New(r.Store, r.Drivers, r.Queue, wrongClock{r.Clock, off}, zerolog.Nop(), engine.Options{
		Installation: rig.Installation, Owner: "wrong", CallTimeout: rig.CallTimeout,
	})
}

// A worker whose clock is ahead must not take a call for given up that is being made.
func TestAClockAheadDoesNotGiveUpTheCallOfAnother(t *testing.T) {
	t.Parallel()
	o, h := hook(rig.Options{})
	r := rig.New(t, o)
	job := newBackup(r)
	ahead := wrongEngine(r, 10*time.Minute)
	began := 0
	h.set(func(h *hookedDriver) {
		h.start = func(req driver.StartRequest) (driver.Ref, error) {
			if began++; began == 1 { // while the call is on its way
				_ = ahead.Look(r.Context(), catalog.LookGroup{
					Partition: "aws", Account: rig.Account, Region: rig.HomeRegion, Kind: job.Kind, Operation: driver.Backup,
				})
			}
			return h.Driver.Start(r.Context(), req)
		}
	})
	r.Submit()
	r.Work(r.Engine)
	r.Advance(11 * time.Minute)
	r.Submit()
	r.Work(r.NewEngine("worker-2", r.Store, r.Queue))
	if began != 1 {
		t.Errorf("AWS was called %d times for one job", began)
	}
	wantArtefacts(t, r, job.ID, 1)
}

// A worker whose clock is behind writes intents that everybody else takes for over.
func TestAClockBehindBeginsNothing(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{})
	job := newBackup(r)
	g := granted(t, r, job.ID)
	if err := wrongEngine(r, -10*time.Minute).Start(r.Context(), g); err == nil {
		t.Error("a worker ten minutes behind ran a start task")
	}
	if got := r.Job(job.ID); got.IntentOwner != "" || got.Attempts != 0 {
		t.Errorf("it wrote an intent until %s, now is %s", got.IntentUntil, r.Clock.Now())
	}
	r.Must(r.Engine.Start(r.Context(), g)) // another worker takes it
	wantArtefacts(t, r, job.ID, 1)
}
