package catalogtest

import (
	"fmt"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

var historyChecks = map[string]func(*testing.T, Open){
	"events": events,
	"prune":  prune,
}

func events(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	var appended []catalog.Event
	for n := range 12 {
		appended = append(appended, catalog.Event{
			At: epoch0.Add(time.Duration(n) * time.Second), Type: "fire.planned", Actor: "scheduler",
			JobID: fmt.Sprint("job-", n%2), PointID: fmt.Sprint("point-", n%3), Data: []byte(fmt.Sprintf(`{"n":%d}`, n)),
		})
	}
	if err := s.AppendEvents(ctx, appended); err != nil {
		t.Fatal(err)
	}
	var got []catalog.Event
	after := int64(0)
	for {
		page, err := s.Events(ctx, catalog.EventFilter{After: after, Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq <= after {
				t.Errorf("event %d comes after %d", e.Seq, after)
			}
			after, e.Seq = e.Seq, 0
			got = append(got, e)
		}
	}
	same(t, "events", appended, got)
	of, err := s.Events(ctx, catalog.EventFilter{JobID: "job-1", PointID: "point-0"})
	if err != nil || len(of) != 2 {
		t.Errorf("events of a job and a point = %d, %v; want 2", len(of), err)
	}
	for _, bad := range []catalog.Event{{At: epoch0}, {Type: "x"}} {
		if err := s.AppendEvents(ctx, []catalog.Event{bad}); !failure.Is(err, failure.Internal) {
			t.Errorf("event %+v: error %v, want class internal", bad, err)
		}
	}
	if _, err := s.Events(ctx, catalog.EventFilter{Limit: 1001}); !failure.Is(err, failure.Invalid) {
		t.Errorf("limit 1001: error %v, want class invalid", err)
	}
}

func prune(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	gone, kept := pointOf(t, s, 1, 0), pointOf(t, s, 1, 1)
	insert(t, s, backups(10, 13)...)
	m := expiry(t, s, gone, "")
	change(t, s, m.Job.ID, catalog.Running, started)
	change(t, s, m.Job.ID, catalog.Completed, nil, func(m *catalog.Mutation) {
		m.PointMoves = []catalog.PointMove{{PointID: gone.ID, From: catalog.Available, To: catalog.Deleted}}
	})
	for _, day := range []int{0, 1} {
		f := catalog.Fire{Plan: "Daily", Rule: "nightly", At: epoch0.AddDate(0, 0, day), State: catalog.FirePlanned, PlannedAt: epoch0}
		if err := s.RecordFires(ctx, []catalog.Fire{f}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Prune(ctx, epoch0, 100); n != 0 || err != nil {
		t.Errorf("Prune of nothing old = %d, %v", n, err)
	}
	// Three jobs ended an hour after epoch0; the fires are from then and a day later.
	cutoff := epoch0.Add(2 * time.Hour)
	if n, err := s.Prune(ctx, cutoff, 1); n != 2 || err != nil {
		t.Errorf("Prune with limit 1 = %d, %v; want a job and a fire: no event is sealed", n, err)
	}
	old := sealOf(t, s)
	old.Newest = cutoff.Add(-time.Second) // the deletion of the point is from the store's own clock
	if err := s.AddSeal(ctx, old); err != nil {
		t.Fatal(err)
	}
	happenedAt(t, s, cutoff.Add(time.Hour))
	young := sealed(t, s)
	if n, err := s.Prune(ctx, cutoff, 1); n != 2 || err != nil {
		t.Errorf("Prune with limit 1 = %d, %v; want a job and an event", n, err)
	}
	if _, err := s.Prune(ctx, cutoff, 100); err != nil {
		t.Fatal(err)
	}
	left, err := s.ListJobs(ctx, catalog.JobFilter{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "jobs left", 3, len(left))
	history, _ := s.Events(ctx, catalog.EventFilter{JobID: kept.ID})
	for _, e := range history {
		if e.At.Before(cutoff) {
			t.Errorf("event %+v of a job that is gone is left", e)
		}
	}
	pruned, err := s.SearchEvents(ctx, catalog.EventSearch{Type: catalog.EventPruned})
	if err != nil || len(pruned.Events) != 2 || pruned.Events[0].To != fmt.Sprint(old.Last) {
		t.Errorf("pruning left %+v, %v", pruned, err)
	}
	inYoung, _ := s.Events(ctx, catalog.EventFilter{After: young.First - 1, Through: young.Last})
	same(t, "events of a segment that is young", young.Events, len(inYoung))
	if history, _ = s.Events(ctx, catalog.EventFilter{JobID: left[0].ID}); len(history) != 1 {
		t.Errorf("a waiting job has %d events, want 1", len(history))
	}
	fires, _ := s.Fires(ctx, "", "", 10)
	same(t, "fires left", 1, len(fires))
	same(t, "living point", kept, mustPoint(t, s, kept.ID))
	now, err := s.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(ctx, now.Add(time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	_, err = s.Point(ctx, gone.ID)
	fails(t, "deleted point", err, catalog.ErrNotFound)
	same(t, "living point", kept, mustPoint(t, s, kept.ID))
}

// happenedAt appends one event.
func happenedAt(t *testing.T, s catalog.Store, at time.Time) {
	t.Helper()
	if err := s.AppendEvents(testContext(t), []catalog.Event{{At: at, Type: "fire.planned", Actor: "scheduler"}}); err != nil {
		t.Fatal(err)
	}
}
