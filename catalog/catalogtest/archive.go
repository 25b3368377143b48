package catalogtest

import (
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
)

var archiveChecks = map[string]func(*testing.T, Open){
	"archive-begins": archiveBegins,
	"archive-due":    archiveDue,
}

// archive inserts an archive job of p and returns the mutation that begins it.
func archive(t *testing.T, s catalog.Store, p catalog.RecoveryPoint) catalog.Mutation {
	t.Helper()
	j := catalog.NewArchive(p, "scheduler", epoch0)
	insert(t, s, j)
	return mutation(t, get(t, s, j.ID), catalog.Running, func(j *catalog.Job) { j.IntentOwner = "w" })
}

// archiveBegins moves one of two points to cold storage; the other must stay warm, and
// while the first moves it is not deleted.
func archiveBegins(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p, other := pointOf(t, s, 1, 0), pointOf(t, s, 1, 1)
	m := archive(t, s, p)
	_, err := s.BeginArchive(ctx, m, "other")
	heldBecause(t, err, "installation")
	begun, err := s.BeginArchive(ctx, m, installation)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "job as returned", get(t, s, m.Job.ID), begun)
	_, err = s.BeginExpiry(ctx, expiry(t, s, p, ""), guardOf(t, s))
	heldBecause(t, err, "archive hold")
	end := mutation(t, begun, catalog.Completed, nil)
	end.PointMoves = []catalog.PointMove{{PointID: p.ID, From: catalog.Available, To: catalog.Available, Cold: true}}
	if _, err := s.Commit(ctx, end); err != nil {
		t.Fatal(err)
	}
	cold := mustPoint(t, s, p.ID)
	if !cold.Cold || !cold.ColdAt.IsZero() || cold.State != catalog.Available {
		t.Errorf("the moved point is %+v", cold)
	}
	if holds, err := s.Holds(ctx, p.ID); err != nil || len(holds) != 0 {
		t.Errorf("holds after the move = %v, %v", holds, err)
	}
	events, err := s.Events(ctx, catalog.EventFilter{PointID: p.ID, Limit: 20})
	if err != nil || events[len(events)-1].Type != "hold.removed" && events[len(events)-1].Type != "point.cold" {
		t.Errorf("events of the point = %v, %v", events, err)
	}
	_, err = s.BeginArchive(ctx, archive(t, s, other), installation)
	heldBecause(t, err, "last one")
	copying := catalog.NewCopy(catalog.JobID("copy of the third"), pointOf(t, s, 1, 2), catalog.CopySpec{Account: other.Account, Region: "eu-west-3"}, nil, "alice", epoch0)
	insert(t, s, copying)
	_, err = s.BeginArchive(ctx, archive(t, s, mustPoint(t, s, copying.PointID)), installation)
	heldBecause(t, err, "copy hold")
}

func archiveDue(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	var made []catalog.RecoveryPoint
	for turn := range 4 {
		made = append(made, pointOf(t, s, 1, turn))
	}
	alone := pointOf(t, s, 2, 0)
	at := epoch0.Add(time.Hour)
	ids := []string{alone.ID, made[0].ID, made[1].ID, made[2].ID}
	if err := s.CountColdAttempt(ctx, ids, at); err != nil {
		t.Fatal(err)
	}
	due := func(installation string, now time.Time, limit int) int {
		points, err := s.DueCold(ctx, installation, now, limit)
		if err != nil {
			t.Fatal(err)
		}
		return len(points)
	}
	same(t, "before their time", 0, due(installation, at.Add(-time.Millisecond), 10))
	same(t, "all but the only one of its resource", 3, due(installation, at, 10))
	same(t, "limited", 2, due(installation, at, 2))
	same(t, "other installation", 0, due("other", at, 10))
	archive(t, s, made[0])
	insert(t, s, catalog.NewRestore(catalog.JobID("restore of the second"), made[1], made[1].Scope(), nil, "alice", epoch0))
	if err := s.AddHold(ctx, catalog.Hold{PointID: made[2].ID, Kind: catalog.HoldLegal, Holder: "case", CreatedAt: epoch0}, "alice"); err != nil {
		t.Fatal(err)
	}
	same(t, "with a job, a restore and a legal hold", 1, due(installation, at, 10))
	same(t, "attempts", 1, mustPoint(t, s, made[0].ID).ColdAttempts)
	same(t, "type", driver.Archive, get(t, s, catalog.ArchiveJobID(made[0].ID, 0)).Type)
}
