package catalogtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/resource"
)

var expiryChecks = map[string]func(*testing.T, Open){
	"expiry-begins":                  expiryBegins,
	"expiry-guards":                  expiryGuards,
	"expiry-never-takes-the-last":    expiryNeverTakesLast,
	"expiry-races-holds-and-restore": expiryRacesHolds,
}

// expiry inserts an expiry job of p and returns the mutation that begins it.
func expiry(t *testing.T, s catalog.Store, p catalog.RecoveryPoint, suffix string) catalog.Mutation {
	t.Helper()
	j := catalog.NewExpiry(p, "scheduler", epoch0)
	j.ID += suffix
	insert(t, s, j)
	return mutation(t, get(t, s, j.ID), catalog.Running, func(j *catalog.Job) { j.IntentOwner = "w" })
}

func expiryBegins(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p, _ := pointOf(t, s, 1, 0), pointOf(t, s, 1, 1)
	m := expiry(t, s, p, "")
	j, err := s.BeginExpiry(ctx, m, guardOf(t, s))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "job as returned", get(t, s, m.Job.ID), j)
	same(t, "state", catalog.Running, j.State)
	same(t, "point", catalog.Expiring, mustPoint(t, s, p.ID).State)
	events, err := s.Events(ctx, catalog.EventFilter{PointID: p.ID, Limit: 10})
	if err != nil || len(events) != 2 || events[1].To != "EXPIRING" || events[1].JobID != j.ID {
		t.Errorf("events of the point = %v, %v", events, err)
	}
	_, err = s.BeginExpiry(ctx, m, guardOf(t, s))
	fails(t, "the same mutation again", err, catalog.ErrConflict)
	again := mutation(t, j, catalog.Running, nil)
	if _, err = s.BeginExpiry(ctx, again, guardOf(t, s)); err != nil {
		t.Errorf("the job whose expiry is under way: %v", err)
	}
	other := expiry(t, s, p, "other")
	_, err = s.BeginExpiry(ctx, other, guardOf(t, s))
	heldBecause(t, err, "already being deleted")
	m = mutation(t, get(t, s, j.ID), catalog.Completed, nil)
	m.PointMoves = []catalog.PointMove{{PointID: p.ID, From: catalog.Expiring, To: catalog.Deleted}}
	if _, err = s.Commit(ctx, m); err != nil {
		t.Errorf("end of the expiry: %v", err)
	}
}

func heldBecause(t *testing.T, err error, why string) {
	t.Helper()
	if !failure.Is(err, failure.Held) {
		t.Errorf("error %v, want class held", err)
	}
	says(t, err, why)
}

func expiryGuards(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	m := expiry(t, s, p, "")
	_, err := s.BeginExpiry(ctx, m, guardOf(t, s))
	heldBecause(t, err, "last available")
	next := pointOf(t, s, 1, 1)
	_, err = s.BeginExpiry(ctx, m, catalog.ExpiryGuard{Installation: "other", Now: guardOf(t, s).Now})
	heldBecause(t, err, "installation")
	if err := s.AddHold(ctx, catalog.Hold{PointID: p.ID, Kind: catalog.HoldLegal, Holder: "case-7", CreatedAt: epoch0}, "alice"); err != nil {
		t.Fatal(err)
	}
	_, err = s.BeginExpiry(ctx, m, guardOf(t, s))
	heldBecause(t, err, "case-7")
	same(t, "point", catalog.Available, mustPoint(t, s, p.ID).State)
	same(t, "job", catalog.Created, get(t, s, m.Job.ID).State)
	if err := s.RemoveHold(ctx, p.ID, catalog.HoldLegal, "case-7", "alice"); err != nil {
		t.Fatal(err)
	}
	fenced := m
	fenced.RequireEpoch = 9
	_, err = s.BeginExpiry(ctx, fenced, guardOf(t, s))
	fails(t, "wrong epoch", err, catalog.ErrStaleEpoch)
	if _, err = s.BeginExpiry(ctx, m, guardOf(t, s)); err != nil {
		t.Errorf("with every guard satisfied: %v", err)
	}
	_, err = s.BeginExpiry(ctx, expiry(t, s, next, ""), guardOf(t, s))
	heldBecause(t, err, "last available")
	absent := expiry(t, s, catalog.RecoveryPoint{ID: "no-such-point"}, "")
	_, err = s.BeginExpiry(ctx, absent, guardOf(t, s))
	heldBecause(t, err, "not in the catalog")
}

// expiryNeverTakesLast races the expiries of both points of 100 resources, each pair
// through two stores: of 200 exactly 100 must be refused.
func expiryNeverTakesLast(t *testing.T, open Open) {
	const resources = 100
	stores := []catalog.Store{open(t), open(t)}
	ctx := testContext(t)
	var mutations []catalog.Mutation
	for n := range resources {
		for turn := range 2 {
			mutations = append(mutations, expiry(t, stores[0], pointOf(t, stores[0], n, turn), ""))
		}
	}
	begun := make([]error, len(mutations))
	var all sync.WaitGroup
	start := make(chan struct{})
	for i, m := range mutations {
		all.Go(func() {
			<-start
			_, begun[i] = stores[i%2].BeginExpiry(ctx, m, guardOf(t, stores[0]))
		})
	}
	close(start)
	all.Wait()
	for n := range resources {
		a, b := begun[2*n], begun[2*n+1]
		if (a == nil) == (b == nil) {
			t.Errorf("resource %d: errors %v and %v, want exactly one expiry to begin", n, a, b)
		}
		for _, err := range []error{a, b} {
			if err != nil {
				heldBecause(t, err, "last available")
			}
		}
	}
	counts, err := stores[0].CountPoints(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "points", map[catalog.PointState]int{catalog.Available: resources, catalog.Expiring: resources}, counts)
}

// expiryRacesHolds races an expiry with a legal hold or a restore on each of 60 points:
// either the expiry begins or the hold is in, never both.
func expiryRacesHolds(t *testing.T, open Open) {
	const points = 60
	a, b := open(t), open(t)
	ctx := testContext(t)
	begun, held := make([]error, points), make([]error, points)
	var all sync.WaitGroup
	start := make(chan struct{})
	for n := range points {
		p, _ := pointOf(t, a, n, 0), pointOf(t, a, n, 1)
		m := expiry(t, a, p, "")
		restore := catalog.NewRestore(fmt.Sprintf("restore-%d", n), p, resource.Scope{Account: account, Region: region}, nil, "alice", epoch0)
		all.Go(func() {
			<-start
			_, begun[n] = a.BeginExpiry(ctx, m, guardOf(t, a))
		})
		all.Go(func() {
			<-start
			if n%2 == 0 {
				held[n] = b.AddHold(ctx, catalog.Hold{PointID: p.ID, Kind: catalog.HoldLegal, Holder: "case", CreatedAt: epoch0}, "alice")
			} else {
				_, held[n] = b.InsertJobs(ctx, []catalog.Job{restore})
			}
		})
	}
	close(start)
	all.Wait()
	for n := range points {
		if (begun[n] == nil) == (held[n] == nil) {
			t.Errorf("point %d: expiry %v, hold %v; want exactly one to be refused", n, begun[n], held[n])
		}
	}
}

var pointChecks = map[string]func(*testing.T, Open){
	"points-read-and-list": pointsReadAndList,
	"points-due":           pointsDue,
	"points-of-a-rule":     pointsOfARule,
	"expire-attempts":      expireAttempts,
	"holds":                holdsAddAndRemove,
}

func pointsReadAndList(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	a, b, c := pointOf(t, s, 1, 0), pointOf(t, s, 1, 1), pointOf(t, s, 2, 2)
	_, err := s.Point(ctx, "no-such-point")
	fails(t, "Point", err, catalog.ErrNotFound)
	byID, err := s.PointsByID(ctx, []string{a.ID, "no-such-point", c.ID})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "PointsByID", map[string]catalog.RecoveryPoint{a.ID: a, c.ID: c}, byID)
	for name, tc := range map[string]struct {
		filter catalog.PointFilter
		want   []catalog.RecoveryPoint
	}{
		"all":       {catalog.PointFilter{}, []catalog.RecoveryPoint{c, b, a}},
		"page":      {catalog.PointFilter{After: c.ID, Limit: 1}, []catalog.RecoveryPoint{b}},
		"resource":  {catalog.PointFilter{ResourceARN: a.ResourceARN}, []catalog.RecoveryPoint{b, a}},
		"states":    {catalog.PointFilter{States: []catalog.PointState{catalog.Deleted}}, nil},
		"kinds":     {catalog.PointFilter{Kinds: []resource.Kind{resource.EBS}}, []catalog.RecoveryPoint{c, b, a}},
		"account":   {catalog.PointFilter{Account: "444455556666"}, nil},
		"region":    {catalog.PointFilter{Region: region}, []catalog.RecoveryPoint{c, b, a}},
		"plan":      {catalog.PointFilter{Plan: "Daily"}, []catalog.RecoveryPoint{c, b, a}},
		"chain":     {catalog.PointFilter{ChainID: b.ChainID}, []catalog.RecoveryPoint{b}},
		"completed": {catalog.PointFilter{CompletedBefore: b.CompletedAt}, []catalog.RecoveryPoint{b, a}},
	} {
		got, err := s.ListPoints(ctx, tc.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		same(t, name, tc.want, got)
	}
	_, err = s.ListPoints(ctx, catalog.PointFilter{After: "no-such-point"})
	fails(t, "page after an unknown point", err, catalog.ErrNotFound)
	if _, err = s.ListPoints(ctx, catalog.PointFilter{Limit: 1001}); !failure.Is(err, failure.Invalid) {
		t.Errorf("limit 1001: error %v, want class invalid", err)
	}
}

func pointsDue(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	var made []catalog.RecoveryPoint
	for turn := range 6 {
		made = append(made, pointOf(t, s, 1, turn))
	}
	alone := pointOf(t, s, 2, 0)
	now := alone.DeleteAt.AddDate(0, 0, 30)
	due := func(installation string, at time.Time, limit int) []string {
		points, err := s.DuePoints(ctx, installation, at, limit)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]string, len(points))
		for i, p := range points {
			out[i] = p.ID
		}
		return out
	}
	if got := due(installation, now, 10); len(got) != len(made) {
		t.Errorf("%d points due, want %d: all but the only one of its resource", len(got), len(made))
	}
	same(t, "other installation", []string{}, due("other", now, 10))
	same(t, "before their time", []string{}, due(installation, made[0].DeleteAt.Add(-time.Millisecond), 10))
	same(t, "limited", 2, len(due(installation, now, 2)))
	if err := s.AddHold(ctx, catalog.Hold{PointID: made[0].ID, Kind: catalog.HoldLegal, Holder: "case", CreatedAt: epoch0}, "alice"); err != nil {
		t.Fatal(err)
	}
	if err := s.CountExpireAttempt(ctx, []string{made[1].ID}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	m := expiry(t, s, made[2], "")
	if got := due(installation, now, 10); len(got) != 3 {
		t.Errorf("%d points due, want 3: one is held, one waits, one has a job", len(got))
	}
	if got := due(installation, now.Add(time.Hour), 10); len(got) != 4 {
		t.Errorf("%d points due an hour later, want 4", len(got))
	}
	change(t, s, m.Job.ID, catalog.Aborted, nil)
	if got := due(installation, now, 10); len(got) != 4 {
		t.Errorf("%d points due after the job ended, want 4", len(got))
	}
}

func expireAttempts(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	for range 2 {
		if err := s.CountExpireAttempt(ctx, []string{p.ID, "no-such-point"}, epoch0.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	p.ExpireAttempts, p.ExpireAfter = 2, epoch0.Add(time.Hour)
	same(t, "point", p, mustPoint(t, s, p.ID))
}

// pointsOfARule follows what a rule that keeps points by count asks of the store.
func pointsOfARule(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	made := []catalog.RecoveryPoint{pointOf(t, s, 1, 0), pointOf(t, s, 1, 1), pointOf(t, s, 2, 0)}
	var ids, got []string
	for _, p := range made {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	page := ""
	for {
		points, err := s.RulePoints(ctx, strings.ToUpper(made[0].Plan), made[0].Rule, page, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			same(t, "point of the rule", mustPoint(t, s, p.ID), p)
			got = append(got, p.ID)
			page = p.ID
		}
		if len(points) < 2 {
			break
		}
	}
	same(t, "points of the rule", ids, got)
	if points, err := s.RulePoints(ctx, made[0].Plan, "other", "", 9); err != nil || len(points) > 0 {
		t.Errorf("points of another rule: %v, %v", points, err)
	}
	expirable := func(installation string, now time.Time) (out []string) {
		points, err := s.Expirable(ctx, installation, append(ids, "no-such-point"), now)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			out = append(out, p.ID)
		}
		return out
	}
	pair := []string{made[0].ID, made[1].ID}
	slices.Sort(pair)
	same(t, "expirable, whatever their time: all but the only one", pair, expirable(installation, epoch0))
	same(t, "of another installation", []string{}, expirable("other", epoch0))
	late := made[0].DeleteAt.AddDate(0, 0, 30)
	if err := s.KeepUntil(ctx, []string{made[0].ID}, late); err != nil {
		t.Fatal(err)
	}
	same(t, "expirable while it is kept", pair, expirable(installation, epoch0))
	for at, want := range map[time.Time]int{late.Add(-time.Millisecond): 1, late: 2} {
		if due, err := s.DuePoints(ctx, installation, at, 9); err != nil || len(due) != want {
			t.Errorf("%d points are due at %s, %v, want %d: one is kept until %s", len(due), at, err, want, late)
		}
	}
	same(t, "attempts of a kept point", 0, mustPoint(t, s, made[0].ID).ExpireAttempts)
	expiry(t, s, made[1], "")
	same(t, "while one has a job", []string{made[0].ID}, expirable(installation, epoch0))
}

func holdsAddAndRemove(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	h := catalog.Hold{PointID: p.ID, Kind: catalog.HoldLegal, Holder: "case-7", CreatedAt: epoch0, Note: "until the trial"}
	for range 2 {
		if err := s.AddHold(ctx, h, "alice"); err != nil {
			t.Fatal(err)
		}
	}
	holds, err := s.Holds(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "holds", []catalog.Hold{h}, holds)
	fails(t, "hold of another kind", s.RemoveHold(ctx, p.ID, catalog.HoldCopy, h.Holder, "alice"), catalog.ErrNotFound)
	if err := s.RemoveHold(ctx, p.ID, h.Kind, h.Holder, "bob"); err != nil {
		t.Fatal(err)
	}
	fails(t, "hold that is gone", s.RemoveHold(ctx, p.ID, h.Kind, h.Holder, "bob"), catalog.ErrNotFound)
	fails(t, "hold on no point", s.AddHold(ctx, catalog.Hold{PointID: "no-such-point", Kind: catalog.HoldLegal, Holder: "x", CreatedAt: epoch0}, "alice"), catalog.ErrNotFound)
	events, err := s.Events(ctx, catalog.EventFilter{PointID: p.ID})
	if err != nil || len(events) != 3 || events[1].Type != "hold.added" || events[1].Actor != "alice" ||
		events[2].Type != "hold.removed" || events[2].Actor != "bob" {
		t.Errorf("events = %v, %v; want the point, one hold added, one removed", events, err)
	}
}
