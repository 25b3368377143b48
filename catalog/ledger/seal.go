package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/catalog"
)

// Limits of one pass of sealing.
const (
	segmentEvents = 1000 // a page of Events
	passSegments  = 50
)

// Store is what sealing and checking need of the catalog.
type Store interface {
	catalog.Ledger
	Events(ctx context.Context, f catalog.EventFilter) ([]catalog.Event, error)
}

// Next returns the seal of events, which follow last (zero for the first seal) and are in
// order. It panics without events.
func Next(last catalog.Seal, events []catalog.Event, keys Keys, now time.Time) catalog.Seal {
	entries := make([]entry, len(events))
	s := catalog.Seal{
		Number: last.Number + 1, First: events[0].Seq, Last: events[len(events)-1].Seq, Events: len(events),
		SealedAt: now.UTC().Truncate(time.Millisecond), Previous: last.Hash,
	}
	for i, e := range events {
		entries[i] = entry{e.Seq, digestOf(e)}
		if e.At.After(s.Newest) {
			s.Newest = e.At
		}
	}
	s.Roll = roll(entries, last.Last)
	s.Digest = hashText([]byte(s.Roll))
	s.Hash = sealHash(s)
	keys.sign(&s)
	return s
}

// SealAll seals what is not sealed yet, at most fifty segments of a thousand events, and
// returns how many events it sealed. Somebody else sealing at the same time is no error.
func SealAll(ctx context.Context, store Store, keys Keys, now time.Time) (sealed int, err error) {
	through, err := store.Settled(ctx)
	if err != nil {
		return 0, err
	}
	last, err := store.LastSeal(ctx)
	if err != nil {
		return 0, err
	}
	for n := 0; n < passSegments && last.Last < through; n++ {
		events, err := store.Events(ctx, catalog.EventFilter{After: last.Last, Through: through, Limit: segmentEvents})
		if err != nil || len(events) == 0 {
			return sealed, err
		}
		next := Next(last, events, keys, now)
		if err := store.AddSeal(ctx, next); errors.Is(err, catalog.ErrConflict) {
			return sealed, nil
		} else if err != nil {
			return sealed, fmt.Errorf("seal the history: %w", err)
		}
		last, sealed = next, sealed+len(events)
	}
	return sealed, nil
}
