package catalogtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/clock"
)

var scheduleChecks = map[string]func(*testing.T, Open){
	"rules-and-fires":       rulesAndFires,
	"lease":                 lease,
	"lease-has-one-holder":  leaseHasOneHolder,
	"installation-is-fixed": installationIsFixed,
}

func rulesAndFires(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	want := catalog.RuleState{Plan: "Daily", Rule: "nightly", FirstSeenAt: epoch0}
	for range 2 {
		state, err := s.SeeRule(ctx, "Daily", "nightly", epoch0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "rule", want, state)
	}
	fire := func(day int, state catalog.FireState) catalog.Fire {
		at := epoch0.AddDate(0, 0, day)
		return catalog.Fire{Plan: "Daily", Rule: "nightly", At: at, State: state, PlannedAt: at.Add(time.Second), Jobs: 10 * day, Note: "ok"}
	}
	fires := []catalog.Fire{fire(3, catalog.FirePlanned), fire(1, catalog.FireExpired), fire(2, catalog.FireExpired)}
	unseen := catalog.Fire{Plan: "Weekly", Rule: "sunday", At: epoch0, State: catalog.FirePlanned, PlannedAt: epoch0}
	changed := fire(3, catalog.FireExpired)
	for _, batch := range [][]catalog.Fire{fires, {changed, unseen}, nil} {
		if err := s.RecordFires(ctx, batch); err != nil {
			t.Fatal(err)
		}
	}
	state, _ := s.SeeRule(ctx, "Daily", "nightly", epoch0.Add(time.Hour))
	want.LastFireAt = fires[0].At
	same(t, "rule after its fires", want, state)
	got, err := s.Fires(ctx, "Daily", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "fires", []catalog.Fire{fires[0], fires[2], fires[1]}, got)
	got, _ = s.Fires(ctx, "", "", 2)
	same(t, "newest fires", []catalog.Fire{fires[0], fires[2]}, got)
	got, _ = s.Fires(ctx, "", "sunday", 10)
	same(t, "fires of a rule", []catalog.Fire{unseen}, got)
	if err := s.RecordFires(ctx, []catalog.Fire{fire(0, catalog.FirePlanned)}); err != nil {
		t.Fatal(err)
	}
	state, _ = s.SeeRule(ctx, "Daily", "nightly", epoch0)
	same(t, "rule after an older fire", want, state)
}

func lease(t *testing.T, open Open) {
	a, b, ctx := open(t), open(t), testContext(t)
	acquire := func(s catalog.Store, owner string, ttl time.Duration) catalog.Lease {
		t.Helper()
		l, err := s.AcquireLease(ctx, "leader", owner, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l, err := a.Lease(ctx, "leader"); err != nil || l.Held || l.Owner != "" || l.Now.IsZero() {
		t.Errorf("a lease nobody asked for is %+v, %v", l, err)
	}
	first := acquire(a, "a", time.Hour)
	if !first.Held || first.Owner != "a" || first.Term != 1 || !first.ExpiresAt.Equal(first.Now.Add(time.Hour)) {
		t.Errorf("first lease is %+v", first)
	}
	if l, err := b.Lease(ctx, "leader"); err != nil || !l.Held || l.Owner != "a" || !l.ExpiresAt.Equal(first.ExpiresAt) {
		t.Errorf("the lease as others see it is %+v, %v", l, err)
	}
	refused := acquire(b, "b", time.Hour)
	if refused.Held || refused.Owner != "a" || refused.Term != 1 || !refused.ExpiresAt.Equal(first.ExpiresAt) {
		t.Errorf("refused lease is %+v", refused)
	}
	if other, err := b.AcquireLease(ctx, "other", "b", time.Hour); err != nil || !other.Held {
		t.Errorf("lease of another name is %+v, %v", other, err)
	}
	if renewed := acquire(a, "a", 20*time.Millisecond); !renewed.Held || renewed.Term != 1 {
		t.Errorf("renewed lease is %+v", renewed)
	}
	wait := clock.System()
	taken := acquire(b, "b", time.Hour)
	for !taken.Held { // a's lease ends on the database's clock, 20 ms from now
		if err := wait.Sleep(ctx, 5*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		taken = acquire(b, "b", time.Hour)
	}
	if taken.Term != 2 || taken.Owner != "b" {
		t.Errorf("lease taken over is %+v", taken)
	}
	for _, owner := range []string{"a", "b"} { // a's is no longer its to give back
		if err := a.ReleaseLease(ctx, "leader", owner); err != nil {
			t.Fatal(err)
		}
		if l := acquire(a, "c", time.Hour); l.Held != (owner == "b") {
			t.Errorf("after %s released, the lease is %+v", owner, l)
		}
	}
	if l := acquire(a, "c", time.Hour); l.Term != 3 {
		t.Errorf("term %d, want 3", l.Term)
	}
	if err := a.ReleaseLease(ctx, "leader", "c"); err != nil {
		t.Fatal(err)
	}
	if l, err := b.Lease(ctx, "leader"); err != nil || l.Held || l.Term != 3 {
		t.Errorf("the lease given back is %+v, %v", l, err)
	}
	now, err := a.Now(ctx)
	if err != nil || now.Before(first.Now) || now.Location() != time.UTC {
		t.Errorf("Now = %v, %v", now, err)
	}
}

func leaseHasOneHolder(t *testing.T, open Open) {
	stores, ctx := []catalog.Store{open(t), open(t)}, testContext(t)
	held := make([]bool, 20)
	var all sync.WaitGroup
	for i := range held {
		all.Go(func() {
			l, err := stores[i%2].AcquireLease(ctx, "leader", fmt.Sprint("owner-", i), time.Hour)
			if err != nil {
				t.Errorf("AcquireLease: %v", err)
			}
			held[i] = l.Held
		})
	}
	all.Wait()
	n := 0
	for _, h := range held {
		if h {
			n++
		}
	}
	same(t, "holders", 1, n)
}

func installationIsFixed(t *testing.T, open Open) {
	a, b, ctx := open(t), open(t), testContext(t)
	_, err := a.Installation(ctx, "")
	fails(t, "before one is recorded", err, catalog.ErrNotFound)
	for _, s := range []catalog.Store{a, b} {
		for _, name := range []string{"acme", ""} {
			if got, err := s.Installation(ctx, name); err == nil && got != "acme" {
				t.Errorf("Installation(%q) = %q, %v", name, got, err)
			}
		}
	}
	_, err = b.Installation(ctx, "other")
	if !failure.Is(err, failure.Invalid) {
		t.Errorf("other installation: error %v, want class invalid", err)
	}
	says(t, err, "acme")
}

var limitChecks = map[string]func(*testing.T, Open){
	"caps":     caps,
	"epoch":    epoch,
	"breakers": breakers,
}

func caps(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	set := func(key string, limit int, ifVersion int64) catalog.Cap {
		t.Helper()
		c, err := s.SetCap(ctx, key, limit, "alice", ifVersion)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	list, version, err := s.Caps(ctx)
	if len(list) != 0 || err != nil {
		t.Fatalf("Caps = %v, %v", list, err)
	}
	b := set("account=*", 40, -1)
	a := set("account="+account, 0, 0)
	if b.Version >= a.Version || b.Limit != 40 || b.UpdatedBy != "alice" || b.UpdatedAt.IsZero() {
		t.Errorf("caps %+v and %+v", a, b)
	}
	list, after, err := s.Caps(ctx)
	if err != nil || after <= version {
		t.Errorf("version %d after %d, %v; want it to grow", after, version, err)
	}
	same(t, "caps", []catalog.Cap{b, a}, list)
	for _, wrong := range []int64{0, a.Version + 1} {
		_, err = s.SetCap(ctx, a.Key, 5, "bob", wrong)
		fails(t, "wrong version", err, catalog.ErrConflict)
	}
	_, err = s.SetCap(ctx, "account=new", 5, "bob", 3)
	fails(t, "version of a row that is not there", err, catalog.ErrConflict)
	_, same1, _ := s.Caps(ctx)
	same(t, "table version after refusals", after, same1)
	changed := set(a.Key, 7, a.Version)
	set(b.Key, -1, b.Version)
	list, _, _ = s.Caps(ctx)
	same(t, "caps after a removal", []catalog.Cap{changed}, list)
	if again := set(b.Key, 1, 0); again.Version <= b.Version {
		t.Errorf("version %d of a row set again after %d", again.Version, b.Version)
	}
	set("account=absent", -1, -1)
	if _, err = s.SetCap(ctx, "", 1, "bob", -1); !failure.Is(err, failure.Invalid) {
		t.Errorf("empty key: error %v, want class invalid", err)
	}
	events, err := s.Events(ctx, catalog.EventFilter{})
	if err != nil || len(events) < 3 || events[0].Type != "cap.set" || events[0].Actor != "alice" {
		t.Errorf("events = %v, %v", events, err)
	}
}

func epoch(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	if e, err := s.Epoch(ctx); e != 0 || err != nil {
		t.Errorf("Epoch = %d, %v; want 0", e, err)
	}
	for from := range int64(3) {
		if e, err := s.BumpEpoch(ctx, from); e != from+1 || err != nil {
			t.Errorf("BumpEpoch(%d) = %d, %v", from, e, err)
		}
	}
	for _, wrong := range []int64{2, 4} {
		_, err := s.BumpEpoch(ctx, wrong)
		fails(t, "BumpEpoch from another", err, catalog.ErrConflict)
	}
	if e, err := s.Epoch(ctx); e != 3 || err != nil {
		t.Errorf("Epoch = %d, %v; want 3", e, err)
	}
}

func breakers(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	b, err := s.Breaker(ctx, account)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "breaker never set", catalog.Breaker{Account: account}, b)
	steps := []catalog.Breaker{
		{Account: account, Failures: 1, Message: "denied"},
		{Account: account, Failures: 3, OpenSince: epoch0, ProbeAt: epoch0.Add(time.Minute), Message: "denied"},
		{Account: account, Failures: 4, OpenSince: epoch0, ProbeAt: epoch0.Add(time.Hour)},
		{Account: account},
	}
	for _, b := range steps {
		if err := s.SetBreaker(ctx, b, "worker-1"); err != nil {
			t.Fatal(err)
		}
		got, _ := s.Breaker(ctx, account)
		same(t, "breaker", b, got)
	}
	if err := s.SetBreaker(ctx, catalog.Breaker{Account: "000000000001", OpenSince: epoch0}, "worker-1"); err != nil {
		t.Fatal(err)
	}
	list, err := s.Breakers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "breakers", []catalog.Breaker{{Account: "000000000001", OpenSince: epoch0}, steps[3]}, list)
	events, err := s.Events(ctx, catalog.EventFilter{})
	var types []string
	for _, e := range events {
		types = append(types, e.Type)
	}
	same(t, "events", []string{"breaker.opened", "breaker.closed", "breaker.opened"}, types)
	if err != nil {
		t.Error(err)
	}
}
