package catalogtest

import (
	"testing"
	"time"

	"holdfast/catalog"
)

func places(t *testing.T, s catalog.Store) (all []catalog.PointPlace) {
	t.Helper()
	if err := s.Places(testContext(t), func(p catalog.PointPlace) error { all = append(all, p); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func reportPlaces(t *testing.T, open Open) {
	s := open(t)
	same(t, "places of an empty catalog", []catalog.PointPlace(nil), places(t, s))
	one, two := pointOf(t, s, 1, 0), pointOf(t, s, 1, 1)
	second := pointOf(t, s, 2, 0)
	expireNow(t, s, one)
	same(t, "places", []catalog.PointPlace{
		{ResourceARN: two.ResourceARN, Account: account, Region: region, Vault: "default", Points: 1, Encrypted: 1, Newest: two.CreatedAt, Bytes: two.SizeBytes, Shortest: two.DeleteAt.Sub(two.CreatedAt)},
		{ResourceARN: backup(2).ResourceARN, Account: account, Region: region, Vault: "default", Points: 1, Encrypted: 1, Newest: second.CreatedAt, Bytes: second.SizeBytes, Shortest: second.DeleteAt.Sub(second.CreatedAt)},
	}, places(t, s))
}

// expireNow carries the deletion of a point to its end.
func expireNow(t *testing.T, s catalog.Store, p catalog.RecoveryPoint) {
	t.Helper()
	j := catalog.NewExpiry(p, "scheduler", epoch0)
	insert(t, s, j)
	m := mutation(t, get(t, s, j.ID), catalog.Running, started)
	m.PointMoves = []catalog.PointMove{{PointID: p.ID, From: catalog.Available, To: catalog.Expiring}}
	if _, err := s.Commit(testContext(t), m); err != nil {
		t.Fatal(err)
	}
	change(t, s, j.ID, catalog.Completed, nil, func(m *catalog.Mutation) {
		m.PointMoves = []catalog.PointMove{{PointID: p.ID, From: catalog.Expiring, To: catalog.Deleted}}
	})
}

func chainsOf(t *testing.T, s catalog.Store, since time.Time) (all []catalog.Chain) {
	t.Helper()
	if err := s.Chains(testContext(t), since, func(c catalog.Chain) error { all = append(all, c); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// reportChains follows one backup without a copy, one whose copy is under way, then fails,
// and then succeeds at the second try, and one that is gone.
func reportChains(t *testing.T, open Open) {
	s := open(t)
	alone, copied := pointOf(t, s, 1, 0), pointOf(t, s, 2, 0)
	chain := func(p catalog.RecoveryPoint, goodAt time.Time, kept bool) catalog.Chain {
		return catalog.Chain{ResourceARN: p.ResourceARN, Plan: p.Plan, Rule: p.Rule, At: p.CreatedAt, GoodAt: goodAt, Kept: kept}
	}
	since := epoch0
	follow := catalog.NewCopy("copy-1", copied, catalog.CopySpec{Account: account, Region: "eu-west-1"}, nil, "scheduler", copied.CompletedAt)
	follow.FireAt = epoch0
	byHand := catalog.NewCopy("copy-2", alone, catalog.CopySpec{Account: account, Region: "eu-west-1"}, nil, "me", alone.CompletedAt)
	insert(t, s, follow, byHand)
	var working []string
	if err := s.OpenResources(testContext(t), func(arn, plan, rule string) error {
		working = append(working, arn+" "+plan+" "+rule)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "what is under way", []string{alone.ResourceARN + " Daily nightly", copied.ResourceARN + " Daily nightly"}, working)
	same(t, "a copy is under way", []catalog.Chain{chain(alone, alone.CompletedAt, true), chain(copied, time.Time{}, true)}, chainsOf(t, s, since))
	failed := change(t, s, follow.ID, catalog.Failed, nil)
	same(t, "a copy failed", time.Time{}, chainsOf(t, s, since)[1].GoodAt)
	again, err := catalog.NewRetry(failed, "scheduler", epoch0.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	insert(t, s, again)
	change(t, s, again.ID, catalog.Running, started)
	ended := change(t, s, again.ID, catalog.Completed, nil, func(m *catalog.Mutation) {
		m.Points = []catalog.RecoveryPoint{point(again, epoch0.Add(3*time.Hour))}
	})
	same(t, "the copy was made", chain(copied, later(copied.CompletedAt, ended.EndedAt), true), chainsOf(t, s, since)[1])
	next := pointOf(t, s, 1, 1)
	expireNow(t, s, alone)
	same(t, "the first is gone", []catalog.Chain{
		chain(alone, alone.CompletedAt, false), chain(next, next.CompletedAt, true), chain(copied, later(copied.CompletedAt, ended.EndedAt), true),
	}, chainsOf(t, s, since))
	same(t, "the newest alone", []catalog.Chain{chain(next, next.CompletedAt, true)}, chainsOf(t, s, next.CreatedAt))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func reportRules(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	for _, name := range []string{"weekly", "daily"} {
		if _, err := s.SeeRule(ctx, "Plan", name, epoch0); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rules", []catalog.RuleState{
		{Plan: "Plan", Rule: "daily", FirstSeenAt: epoch0}, {Plan: "Plan", Rule: "weekly", FirstSeenAt: epoch0},
	}, rules)
}
