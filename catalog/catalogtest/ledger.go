package catalogtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
)

var ledgerChecks = map[string]func(*testing.T, Open){
	"seals":          seals,
	"settled":        settled,
	"rivals of seal": rivalsOfSeal,
}

// happened appends n events.
func happened(t *testing.T, s catalog.Store, n int) {
	t.Helper()
	var events []catalog.Event
	for i := range n {
		events = append(events, catalog.Event{At: epoch0.Add(time.Duration(i) * time.Second), Type: "fire.planned", Actor: "scheduler"})
	}
	if err := s.AppendEvents(testContext(t), events); err != nil {
		t.Fatal(err)
	}
}

// sealOf returns a seal over everything that is not sealed.
func sealOf(t *testing.T, s catalog.Store) catalog.Seal {
	t.Helper()
	ctx := testContext(t)
	last, err := s.LastSeal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	through, err := s.Settled(ctx)
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(ctx, catalog.EventFilter{After: last.Last, Through: through, Limit: 1000})
	if err != nil || len(events) == 0 {
		t.Fatalf("nothing to seal: %v", err)
	}
	seal := catalog.Seal{
		Number: last.Number + 1, First: events[0].Seq, Last: through, Events: len(events), SealedAt: epoch0,
		Previous: last.Hash, Digest: "digest", Hash: fmt.Sprint("hash-", last.Number+1), KeyID: "key", MAC: "mac", Roll: "roll",
	}
	for _, e := range events {
		if e.At.After(seal.Newest) {
			seal.Newest = e.At
		}
	}
	return seal
}

// sealed seals everything there is.
func sealed(t *testing.T, s catalog.Store) catalog.Seal {
	t.Helper()
	seal := sealOf(t, s)
	if err := s.AddSeal(testContext(t), seal); err != nil {
		t.Fatal(err)
	}
	return seal
}

func seals(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	if last, err := s.LastSeal(ctx); err != nil || last != (catalog.Seal{}) {
		t.Errorf("newest of no seals = %+v, %v", last, err)
	}
	if at, err := s.OldestUnsealed(ctx); err != nil || !at.IsZero() {
		t.Errorf("oldest of nothing = %v, %v", at, err)
	}
	happened(t, s, 3)
	at, err := s.OldestUnsealed(ctx)
	same(t, "oldest", epoch0, at)
	if err != nil {
		t.Fatal(err)
	}
	first := sealed(t, s)
	if at, err := s.OldestUnsealed(ctx); err != nil || !at.IsZero() {
		t.Errorf("oldest when all is sealed = %v, %v", at, err)
	}
	happened(t, s, 2)
	second := sealed(t, s)
	list, err := s.Seals(ctx, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "seals", []catalog.Seal{first, second}, list)
	list, _ = s.Seals(ctx, 1, 10)
	same(t, "seals after the first", []catalog.Seal{second}, list)
	last, _ := s.LastSeal(ctx)
	same(t, "newest", second, last)
	happened(t, s, 1)
	for name, edit := range map[string]func(*catalog.Seal){
		"a number left out":   func(s *catalog.Seal) { s.Number++ },
		"a number again":      func(s *catalog.Seal) { s.Number-- },
		"another predecessor": func(s *catalog.Seal) { s.Previous = "other" },
		"a segment again":     func(s *catalog.Seal) { s.First = second.First },
	} {
		bad := sealOf(t, s)
		edit(&bad)
		fails(t, name, s.AddSeal(ctx, bad), catalog.ErrConflict)
	}
}

// settled checks that a page up to Settled is complete while others write.
func settled(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	writer := open(t)
	var writing sync.WaitGroup
	for range 4 {
		writing.Go(func() {
			for range 20 {
				if err := writer.AppendEvents(ctx, []catalog.Event{{At: epoch0, Type: "x", Actor: "a"}, {At: epoch0, Type: "x", Actor: "a"}}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var after int64
	seen := 0
	read := func() {
		through, err := s.Settled(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if through == after {
			return // a limit of 0 would be none
		}
		events, err := s.Events(ctx, catalog.EventFilter{After: after, Through: through, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		seen, after = seen+len(events), through
	}
	for range 20 {
		read()
	}
	writing.Wait()
	read()
	same(t, "events seen in steps", 160, seen)
}

func rivalsOfSeal(t *testing.T, open Open) {
	a, b, ctx := open(t), open(t), testContext(t)
	happened(t, a, 1)
	seal := sealOf(t, a)
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, s := range []catalog.Store{a, b} {
		both.Go(func() { errs[i] = s.AddSeal(ctx, seal) })
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("two sealed the same: %v", errs)
	}
}
