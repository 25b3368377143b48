package app

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/scheduler"
)

// TestAMissingLeaderIsTold watches as a worker does, first with a leader and then without.
func TestAMissingLeaderIsTold(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC))
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	cfg := config.Default()
	cfg.Notifications.GroupWait = time.Hour // nothing leaves here
	cfg.Notifications.Targets = []config.NotificationTarget{{Name: "oncall", Type: config.TargetSlack}}
	a := &App{Config: cfg, Store: store, Clock: now, Owner: "a worker", log: zerolog.Nop()}
	if err := a.watcher().Run(t.Context()); err != nil { // the history begins here
		t.Fatal(err)
	}
	if lease, err := store.AcquireLease(t.Context(), scheduler.LeaseName, "a scheduler", time.Minute); err != nil || !lease.Held {
		t.Fatalf("the lease: %+v, %v", lease, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.watchLeader(ctx) }()
	risks := func() []catalog.Risk {
		list, err := store.Risks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	looks := func(n int) {
		for range n {
			testkit.Eventually(t, 30*time.Second, "the watch sleeps", func() bool { return now.Sleepers() == 1 })
			now.Advance(cfg.Scheduler.LeaseTTL)
		}
		testkit.Eventually(t, 30*time.Second, "the watch sleeps", func() bool { return now.Sleepers() == 1 })
	}
	patient := int(leaderPatience / cfg.Scheduler.LeaseTTL)
	looks(int(time.Minute/cfg.Scheduler.LeaseTTL) + patient - 1) // a minute with the lease, and nearly long enough without
	if got := risks(); len(got) != 0 {
		t.Fatalf("too early it is told that %+v", got)
	}
	looks(2)
	if got := risks(); len(got) != 1 || got[0].Kind != catalog.RiskLeader {
		t.Fatalf("at risk is %+v", got)
	}
	counts, err := store.CountNotifications(t.Context())
	if err != nil || counts["oncall"][catalog.NotificationOpen] != 1 {
		t.Errorf("messages to be sent: %v, %v", counts, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
