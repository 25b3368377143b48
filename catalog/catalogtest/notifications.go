package catalogtest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

var notificationChecks = map[string]func(*testing.T, Open){
	"cursor":                  cursor,
	"notifications":           notifications,
	"one of two readers wins": twoReaders,
	"risks":                   risks,
	"what misses its RPO":     missedRPO,
	"windows that close":      windowsClosing,
	"undeletable points":      undeletable,
}

// cursor begins at the end of the history, once, whoever asks.
func cursor(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	insert(t, s, backups(0, 3)...)
	at, err := s.Cursor(ctx, "notify")
	if err != nil {
		t.Fatal(err)
	}
	insert(t, s, backups(3, 5)...)
	again, err := open(t).Cursor(ctx, "notify")
	same(t, "a cursor that was begun", at, again)
	if err != nil {
		t.Fatal(err)
	}
	unread, err := s.Events(ctx, catalog.EventFilter{After: at})
	if err != nil || len(unread) != 2 {
		t.Errorf("%d events are new, %v; want 2", len(unread), err)
	}
	same(t, "the cursor of an empty history", int64(0), first(ctx, t, s))
}

// first advances a cursor that is not there.
func first(ctx context.Context, t *testing.T, s catalog.Store) int64 {
	t.Helper()
	fails(t, "advance an unknown cursor", s.Advance(ctx, "nobody", 0, 1, nil), catalog.ErrConflict)
	return 0
}

func notification(n int, due time.Time) catalog.Notification {
	return catalog.Notification{
		ID: fmt.Sprintf("n%02d", n), Target: "mail", Group: "account", State: catalog.NotificationOpen,
		OpenedAt: epoch0, DueAt: due, Events: 1, Body: json.RawMessage(`{"count":1}`), ChangedAt: epoch0,
	}
}

func notifications(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	at, err := s.Cursor(ctx, "notify")
	if err != nil {
		t.Fatal(err)
	}
	early, late := notification(1, epoch0.Add(time.Minute)), notification(2, epoch0.Add(time.Hour))
	if err := s.Advance(ctx, "notify", at, at+10, []catalog.Notification{early, late}); err != nil {
		t.Fatal(err)
	}
	early.Events, early.Body = 7, json.RawMessage(`{"count":7}`)
	if err := s.Advance(ctx, "notify", at+10, at+20, []catalog.Notification{early}); err != nil {
		t.Fatal(err)
	}
	due, err := s.Notifications(ctx, catalog.NotificationFilter{
		States: []catalog.NotificationState{catalog.NotificationOpen}, Target: "mail", DueBefore: epoch0.Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what is due", []catalog.Notification{early}, due)
	sent := early
	sent.State, sent.Round, sent.ChangedAt = catalog.NotificationSending, 1, epoch0.Add(time.Minute)
	if err := s.SetNotification(ctx, sent, catalog.NotificationOpen); err != nil {
		t.Fatal(err)
	}
	fails(t, "send it twice", s.SetNotification(ctx, sent, catalog.NotificationOpen), catalog.ErrConflict)
	early.Events++
	fails(t, "add to what was sent", s.Advance(ctx, "notify", at+20, at+30, []catalog.Notification{early}), catalog.ErrConflict)
	again, _ := s.Cursor(ctx, "notify")
	same(t, "the cursor after a conflict", at+20, again)
	got, err := s.Notification(ctx, "n01")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what was sent", sent, got)
	counts, err := s.CountNotifications(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "counts", map[string]map[catalog.NotificationState]int{
		"mail": {catalog.NotificationOpen: 1, catalog.NotificationSending: 1},
	}, counts)
	last, err := s.LastSent(ctx, "mail", "account")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "when the group was told last", epoch0.Add(time.Minute), last)
	if last, err = s.LastSent(ctx, "chat", "account"); err != nil || !last.IsZero() {
		t.Errorf("a group nobody was told of was told at %v, %v", last, err)
	}
	_, err = s.Notification(ctx, "n99")
	fails(t, "unknown notification", err, catalog.ErrNotFound)
	if _, err := s.Notifications(ctx, catalog.NotificationFilter{Limit: 1001}); !failure.Is(err, failure.Invalid) {
		t.Errorf("limit 1001: error %v, want class invalid", err)
	}
}

// twoReaders at one cursor never tell the same event twice.
func twoReaders(t *testing.T, open Open) {
	ctx := testContext(t)
	at, err := open(t).Cursor(ctx, "notify")
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 2)
	for n := range 2 {
		s := open(t)
		go func() {
			results <- s.Advance(ctx, "notify", at, at+5, []catalog.Notification{notification(n, epoch0)})
		}()
	}
	won := 0
	for range 2 {
		if err := <-results; err == nil {
			won++
		} else {
			fails(t, "the slower reader", err, catalog.ErrConflict)
		}
	}
	list, err := open(t).Notifications(ctx, catalog.NotificationFilter{})
	if err != nil || won != 1 || len(list) != 1 {
		t.Errorf("%d readers moved the cursor and made %d notifications, %v; want 1 and 1", won, len(list), err)
	}
}

func risks(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	a, b := catalog.Risk{Subject: "a", Account: account, Count: 2, Message: "two"}, catalog.Risk{Subject: "b", Count: 1}
	for i, set := range [][]catalog.Risk{{a}, {a, b}, {a, b}, {b}, {}} {
		if err := s.SetRisks(ctx, catalog.RiskWindow, set, epoch0.Add(time.Duration(i)*time.Minute), "scheduler"); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := s.SetRisks(ctx, catalog.RiskLeader, []catalog.Risk{{Subject: "leader", Count: 1}}, epoch0, "worker"); err != nil {
				t.Fatal(err)
			}
		}
		if i == 1 {
			found, err := open(t).Risks(ctx)
			if err != nil || len(found) != 3 || found[1].Subject != "a" || !found[1].OpenedAt.Equal(epoch0) || found[1].Message != "two" {
				t.Errorf("risks are %+v, %v", found, err)
			}
		}
	}
	history, err := s.Events(ctx, catalog.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range history {
		told = append(told, e.Type+" "+e.From+" "+e.To)
	}
	same(t, "the history", []string{
		"risk.opened window a", "risk.opened leader leader", "risk.opened window b", "risk.closed window a", "risk.closed window b",
	}, told)
}

// fired records the fire that the jobs of backup are of.
func fired(t *testing.T, s catalog.Store) {
	t.Helper()
	ctx := testContext(t)
	if _, err := s.SeeRule(ctx, "Daily", "nightly", epoch0.AddDate(0, 0, -1)); err != nil {
		t.Fatal(err)
	}
	f := catalog.Fire{Plan: "Daily", Rule: "nightly", At: epoch0, State: catalog.FirePlanned, PlannedAt: epoch0}
	if err := s.RecordFires(ctx, []catalog.Fire{f}); err != nil {
		t.Fatal(err)
	}
}

func missedRPO(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	fired(t, s)
	insert(t, s, backups(0, 4)...)
	ended := func(n int, state catalog.State) catalog.Job {
		return change(t, s, backup(n).ID, state, func(j *catalog.Job) { j.Class = failure.Denied })
	}
	ended(0, catalog.Failed)
	lost := ended(1, catalog.Expired)
	change(t, s, backup(2).ID, catalog.Running, started)
	ended(2, catalog.Completed)
	found, err := s.MissedRPO(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Risk{
		Kind: catalog.RiskRPO, Subject: account + "/Daily/nightly", Account: account, Plan: "Daily", Rule: "nightly", Count: 2,
		Message: "2 resources have no good backup or copy from the fire of 2026-03-01T02:00:00Z",
	}
	same(t, "at risk", []catalog.Risk{want}, found)
	retry, err := catalog.NewRetry(lost, "somebody", epoch0.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	insert(t, s, retry)
	change(t, s, retry.ID, catalog.Running, started)
	change(t, s, retry.ID, catalog.Completed, nil)
	found, err = s.MissedRPO(ctx)
	if err != nil || len(found) != 1 || found[0].Count != 1 {
		t.Errorf("after a retry that went well: %+v, %v; want one resource", found, err)
	}
	f := catalog.Fire{Plan: "Daily", Rule: "nightly", At: epoch0.AddDate(0, 0, 1), State: catalog.FirePlanned, PlannedAt: epoch0}
	if err := s.RecordFires(ctx, []catalog.Fire{f}); err != nil {
		t.Fatal(err)
	}
	if found, err = s.MissedRPO(ctx); err != nil || len(found) != 0 {
		t.Errorf("after the next fire: %+v, %v; want none", found, err)
	}
}

func windowsClosing(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	insert(t, s, backups(0, 3)...) // their windows end an hour after epoch0, a second apart
	change(t, s, backup(2).ID, catalog.Running, started)
	submitted, err := s.JobsByID(ctx, []string{backup(1).ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.MarkSubmitted(ctx, []catalog.Job{submitted[backup(1).ID]}, 1); err != nil {
		t.Fatal(err)
	}
	end := epoch0.Add(time.Hour)
	for before, count := range map[time.Time]int{end: 0, end.Add(time.Millisecond): 1, end.Add(time.Minute): 2} {
		found, err := s.WindowsClosing(ctx, epoch0, before)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, r := range found {
			total += r.Count
			if r.Subject != account+"/Daily/nightly" || r.Kind != catalog.RiskWindow {
				t.Errorf("at risk: %+v", r)
			}
		}
		if total != count || len(found) > 1 {
			t.Errorf("before %s: %+v, want %d jobs in one row", before, found, count)
		}
	}
	if found, err := s.WindowsClosing(ctx, end.Add(time.Minute), end.Add(time.Hour)); err != nil || len(found) != 0 {
		t.Errorf("windows that have closed: %+v, %v", found, err)
	}
}

func undeletable(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	stuck, other := pointOf(t, s, 1, 0), pointOf(t, s, 1, 1)
	for range catalog.UndeletableAfter {
		if err := s.CountExpireAttempt(ctx, []string{stuck.ID}, epoch0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CountExpireAttempt(ctx, []string{other.ID}, epoch0); err != nil {
		t.Fatal(err)
	}
	found, err := s.Undeletable(ctx)
	if err != nil || len(found) != 1 || found[0].Count != 1 || found[0].Subject != account || found[0].Kind != catalog.RiskUndeletable {
		t.Errorf("undeletable: %+v, %v; want one point", found, err)
	}
}
