package catalogtest

import (
	"errors"
	"testing"
	"time"

	"holdfast/catalog"
)

var reportScheduleChecks = map[string]func(*testing.T, Open){
	"how scheduled reports fare": scheduledReports,
}

func scheduledReports(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	other := open(t)
	for _, store := range []catalog.Store{s, other} { // what is first seen stays
		seen, err := store.SeeReport(ctx, "night", epoch0)
		if err != nil || seen != (catalog.ScheduledReport{Name: "night", FirstSeenAt: epoch0}) {
			t.Fatalf("first seen: %+v, %v", seen, err)
		}
	}
	fire := epoch0.Add(time.Hour)
	failed := catalog.ScheduledReport{Name: "night", FirstSeenAt: epoch0, FireAt: fire, Error: "the disk is full", Attempts: 1, RetryAt: fire.Add(time.Minute)}
	written := catalog.ScheduledReport{Name: "night", FirstSeenAt: epoch0, FireAt: fire, WrittenAt: fire.Add(time.Hour), Place: "/reports/night.html", Attempts: 2}
	for _, r := range []catalog.ScheduledReport{failed, written} {
		if err := s.SetReport(ctx, r, "a scheduler"); err != nil {
			t.Fatal(err)
		}
		if got, err := s.SeeReport(ctx, "night", fire); err != nil || got != r {
			t.Errorf("stored %+v, %v; want %+v", got, err, r)
		}
	}
	older := failed
	older.FireAt = epoch0
	for _, r := range []catalog.ScheduledReport{failed, written, older} {
		if err := other.SetReport(ctx, r, "another scheduler"); !errors.Is(err, catalog.ErrConflict) {
			t.Errorf("the fire of %s was recorded again: %v", r.FireAt, err)
		}
	}
	list, err := s.ScheduledReports(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the reports", []catalog.ScheduledReport{written}, list)
	events, err := s.Events(ctx, catalog.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || events[0].Type != "report.written" || events[0].To != "night" || events[0].Message != written.Place || events[0].Actor != "a scheduler" {
		t.Errorf("the history is %+v", events)
	}
}
