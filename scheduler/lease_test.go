package scheduler_test

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/scheduler"
	"holdfast/test/rig"
)

// patience bounds how long a test waits for something that happens by itself.
const patience = 30 * time.Second

// leading returns who has the lease in the catalog, asked without taking it.
func leading(l *leader) string {
	l.TB.Helper()
	// A lease of no time at all is given up in the moment it is taken.
	lease, err := l.Store.AcquireLease(l.Context(), scheduler.LeaseName, "onlooker", 0)
	l.Must(err)
	if lease.Held {
		l.Must(l.Store.ReleaseLease(l.Context(), scheduler.LeaseName, "onlooker"))
		return ""
	}
	return lease.Owner
}

// run runs a scheduler until stop is called.
func run(s *scheduler.Scheduler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = s.Run(ctx) })
	return func() {
		cancel()
		group.Wait()
	}
}

func TestLeadershipGoesFromOneSchedulerToTheOther(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	source := l.AddResources(1)[0]
	stopA := run(l.newScheduler("a", l.Store))
	testkit.Eventually(t, patience, "a leads", func() bool { return leading(l) == "a" })
	stopB := run(l.newScheduler("b", l.Store))
	defer stopB()
	first := l.NewBackup("first", source)
	l.Insert(first)
	testkit.Eventually(t, patience, "a submits the first job", func() bool {
		l.Advance(time.Second)
		return l.Explain(first.ID).Place != "absent"
	})
	if owner := leading(l); owner != "a" {
		t.Errorf("%q leads while a is well", owner)
	}
	stopA()
	testkit.Eventually(t, patience, "b leads", func() bool {
		l.Advance(time.Second)
		return leading(l) == "b"
	})
	second := l.NewBackup("second", source)
	l.Insert(second)
	testkit.Eventually(t, patience, "b submits the second job", func() bool {
		l.Advance(time.Second)
		return l.Explain(second.ID).Place != "absent"
	})
}

// countStepDowns counts how often the next scheduler stopped leading.
func (l *leader) countStepDowns() *atomic.Int32 {
	var n atomic.Int32
	l.log = zerolog.New(io.Discard).Hook(zerolog.HookFunc(func(_ *zerolog.Event, _ zerolog.Level, message string) {
		if message == "no longer leading" {
			n.Add(1)
		}
	}))
	return &n
}

// deafStore is a catalog that does not answer questions about leases any more.
type deafStore struct {
	catalog.Store
	mu   sync.Mutex
	deaf bool
}

func (s *deafStore) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (catalog.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return catalog.Lease{}, context.DeadlineExceeded
	}
	return s.Store.AcquireLease(ctx, name, owner, ttl)
}

func TestALeaderThatCannotRenewStops(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	store := &deafStore{Store: l.Store}
	stepped := l.countStepDowns()
	stop := run(l.newScheduler("a", store))
	defer stop()
	testkit.Eventually(t, patience, "a leads", func() bool { return leading(l) == "a" })
	store.mu.Lock()
	store.deaf = true
	store.mu.Unlock()
	testkit.Eventually(t, patience, "a's lease is up and its duties end", func() bool {
		l.Advance(time.Second)
		return stepped.Load() > 0
	})
	job := l.NewBackup("one", l.AddResources(1)[0])
	l.Insert(job)
	l.Advance(10 * time.Second)
	if place := l.Explain(job.ID).Place; place != "absent" {
		t.Errorf("a scheduler without the lease submitted a job: %s", place)
	}
}

func TestAProcessWhoseClockIsOffDoesNotLead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		skew  time.Duration
		leads bool
	}{
		"fast": {31 * time.Second, false}, "slow": {-31 * time.Second, false}, "well enough": {29 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lead(t, rig.Options{})
			own := clock.NewManual(l.Clock.Now().Add(test.skew))
			l.schedulerClock = own
			stop := run(l.newScheduler("a", l.Store))
			defer stop()
			testkit.Eventually(t, patience, "the scheduler has asked for the lease", func() bool { return own.Sleepers() > 0 })
			if got := leading(l) == "a"; got != test.leads {
				t.Errorf("leads: %t, want %t", got, test.leads)
			}
		})
	}
}

func TestALeaderWhoseClockGoesWrongStepsDown(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	own := clock.NewManual(l.Clock.Now())
	l.schedulerClock = own
	stepped := l.countStepDowns()
	stop := run(l.newScheduler("a", l.Store))
	defer stop()
	testkit.Eventually(t, patience, "a leads", func() bool { return leading(l) == "a" })
	// One renewal is due and its clock is a minute off: it must not wait for the lease to
	// run out.
	testkit.Eventually(t, patience, "every loop sleeps", func() bool { return own.Sleepers() > 5 })
	own.Advance(time.Minute)
	testkit.Eventually(t, patience, "a stops leading", func() bool { return stepped.Load() == 1 })
	if owner := leading(l); owner != "" {
		t.Errorf("%q kept the lease", owner)
	}
}
