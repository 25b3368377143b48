package catalogtest

import (
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

var guardChecks = map[string]func(*testing.T, Open){
	"vault lock keeps":    vaultLockKeeps,
	"vault lock is final": vaultLockIsFinal,
	"clock off":           clockOff,
	"clock jumped":        clockJumped,
	"loads":               loads,
	"stops":               stops,
}

// guardOf is the guard of a process whose clock is right.
func guardOf(t *testing.T, s catalog.Store) catalog.ExpiryGuard {
	t.Helper()
	now, err := s.Now(testContext(t))
	if err != nil {
		t.Error(err)
	}
	return catalog.ExpiryGuard{Installation: installation, Now: now}
}

// refused checks that the expiry m does not begin for a reason that has word in it.
func refused(t *testing.T, s catalog.Store, m catalog.Mutation, g catalog.ExpiryGuard, class failure.Class, word string) {
	t.Helper()
	_, err := s.BeginExpiry(testContext(t), m, g)
	if !failure.Is(err, class) || !strings.Contains(err.Error(), word) {
		t.Errorf("error %v, want class %s and %q", err, class, word)
	}
	if got := mustPoint(t, s, m.Job.PointID); got.State != catalog.Available {
		t.Errorf("the point is %s", got.State)
	}
}

func vaultLockKeeps(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	pointOf(t, s, 1, 1)
	g := guardOf(t, s)
	days := int(g.Now.Sub(p.CompletedAt)/(24*time.Hour)) + 2
	lock := catalog.VaultLock{Vault: p.Vault, Mode: catalog.Governance, MinDays: days, LockedAt: g.Now, LockedBy: "ana"}
	if err := s.SetVaultLock(ctx, p.Vault, &lock, "ana", "audit", g.Now); err != nil {
		t.Fatal(err)
	}
	m := expiry(t, s, p, "")
	refused(t, s, m, g, failure.Held, "governance lock keeps it until")
	// A point in another vault is not concerned, nor one that is older than the lock asks.
	lock.MinDays = 1
	if err := s.SetVaultLock(ctx, p.Vault, &lock, "ana", "audit is over", g.Now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BeginExpiry(ctx, m, g); err != nil && g.Now.Sub(p.CompletedAt) > 24*time.Hour {
		t.Errorf("an old point: %v", err)
	}
	if err := s.SetVaultLock(ctx, p.Vault, nil, "ana", "done", g.Now); err != nil {
		t.Fatal(err)
	}
	fails(t, "removing what is not there", s.SetVaultLock(ctx, p.Vault, nil, "ana", "", g.Now), catalog.ErrNotFound)
	said, err := s.SearchEvents(ctx, catalog.EventSearch{Type: "vault"})
	if err != nil || len(said.Events) != 3 || said.Events[0].Type != "vault.unlocked" || said.Events[0].Actor != "ana" {
		t.Errorf("events %+v, %v", said.Events, err)
	}
}

func vaultLockIsFinal(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	grace := epoch0.Add(catalog.MinGrace)
	lock := catalog.VaultLock{Vault: "gold", Mode: catalog.Compliance, MinDays: 30, GraceUntil: grace, LockedAt: epoch0, LockedBy: "ana"}
	set := func(next *catalog.VaultLock, now time.Time) error {
		return s.SetVaultLock(ctx, "gold", next, "eve", "", now)
	}
	early := lock
	early.GraceUntil = grace.Add(-time.Second)
	if err := set(&early, epoch0); !failure.Is(err, failure.Invalid) {
		t.Errorf("a grace time that is too short: %v", err)
	}
	for _, step := range []*catalog.VaultLock{&lock, nil, &lock} { // in its grace time it can be taken back
		if err := set(step, epoch0); err != nil {
			t.Fatal(err)
		}
	}
	longer, shorter, weaker, later := lock, lock, lock, lock
	longer.MinDays, shorter.MinDays = 60, 29
	weaker.Mode, weaker.GraceUntil = catalog.Governance, time.Time{}
	later.GraceUntil = grace.AddDate(1, 0, 0)
	for name, next := range map[string]*catalog.VaultLock{"removed": nil, "shorter": &shorter, "weaker": &weaker, "put off": &later} {
		if err := set(next, grace); !failure.Is(err, failure.Held) {
			t.Errorf("a final lock %s: %v", name, err)
		}
	}
	if err := set(&longer, grace); err != nil {
		t.Errorf("a final lock made longer: %v", err)
	}
	locks, err := s.VaultLocks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "locks", []catalog.VaultLock{longer}, locks)
}

func clockOff(t *testing.T, open Open) {
	s := open(t)
	p := pointOf(t, s, 1, 0)
	pointOf(t, s, 1, 1)
	m := expiry(t, s, p, "")
	for _, off := range []time.Duration{-catalog.MaxSkew - 5*time.Second, catalog.MaxSkew + 5*time.Second, 10 * 365 * 24 * time.Hour} {
		g := guardOf(t, s)
		g.Now = g.Now.Add(off)
		refused(t, s, m, g, failure.Transient, "clock differs")
	}
}

func clockJumped(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	pointOf(t, s, 1, 1)
	g := guardOf(t, s)
	step := 10 * time.Minute
	see := func(at time.Time) time.Time {
		t.Helper()
		from, err := s.ObserveClock(ctx, at, step, "leader")
		if err != nil {
			t.Fatal(err)
		}
		return from
	}
	before := g.Now.Add(-time.Hour)
	for range 3 {
		if from := see(before); !from.IsZero() {
			t.Errorf("a clock that goes on is not trusted before %s", from)
		}
		before = before.Add(step)
	}
	same(t, "trusted from", g.Now.Add(catalog.ClockSettle).Truncate(time.Millisecond), see(g.Now))
	refused(t, s, expiry(t, s, p, ""), g, failure.Held, "clock jumped")
	if from := see(g.Now.Add(-time.Hour)); from.IsZero() {
		t.Error("a clock that went back is trusted")
	}
	after := g.Now.Add(-time.Hour)
	for range 8 {
		after = after.Add(step)
		see(after)
	}
	if from := see(after); !from.IsZero() {
		t.Errorf("a clock that has gone on for an hour is not trusted before %s", from)
	}
}

func loads(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	first := pointOf(t, s, 1, 0)
	pointOf(t, s, 1, 1)
	waits := pointOf(t, s, 1, 2)
	pointOf(t, s, 2, 0)
	insert(t, s, catalog.NewExpiry(waits, "scheduler", epoch0).After(time.Hour))
	if _, err := s.BeginExpiry(ctx, expiry(t, s, first, ""), guardOf(t, s)); err != nil {
		t.Fatal(err)
	}
	since := epoch0.AddDate(0, 0, 1)
	got, total, err := s.ExpiryLoads(ctx, installation, []string{first.ResourceARN}, since)
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Load{Available: 2, Made: 2, Gone: 1, Planned: 1}
	same(t, "of the resource", map[string]catalog.Load{first.ResourceARN: want}, got)
	want.Available = 3
	same(t, "of all", want, total)
	if _, total, err = s.ExpiryLoads(ctx, "other", nil, since); err != nil || total.Available != 0 {
		t.Errorf("of another installation: %+v, %v", total, err)
	}
}

func stops(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	one := catalog.Stop{Subject: "arn:x", Since: epoch0, Due: 9, Of: 10}
	all := catalog.Stop{Subject: catalog.WholeInstallation, Since: epoch0.Add(time.Minute), Due: 50, Of: 100}
	for range 2 {
		if err := s.SetStops(ctx, []catalog.Stop{one, all}, "leader"); err != nil {
			t.Fatal(err)
		}
	}
	until := epoch0.Add(time.Hour)
	if err := s.ApproveStop(ctx, "arn:x", until, "ana", "the volume is gone"); err != nil {
		t.Fatal(err)
	}
	fails(t, "approving what is not stopped", s.ApproveStop(ctx, "arn:y", until, "ana", ""), catalog.ErrNotFound)
	one.Due = 8
	if err := s.SetStops(ctx, []catalog.Stop{one}, "leader"); err != nil {
		t.Fatal(err)
	}
	one.ApprovedBy, one.ApprovedUntil = "ana", until
	got, err := s.Stops(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "stops", []catalog.Stop{one, all}, got)
	if err := s.ClearStops(ctx, []string{"arn:x", "arn:z"}, "leader"); err != nil {
		t.Fatal(err)
	}
	said, err := s.SearchEvents(ctx, catalog.EventSearch{Type: "expiry"})
	if err != nil || len(said.Events) != 4 {
		t.Errorf("events %+v, %v", said.Events, err)
	}
}
