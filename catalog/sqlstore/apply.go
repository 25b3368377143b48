package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
)

// jobCommitColumns are the columns of the rows a bulk update of jobs takes: whom, from
// which version, and everything that may change.
var jobCommitColumns = append([]column[catalog.Job]{jobIdentity[0], jobVersion}, jobProgress...)

// updateJobs is the one statement that changes jobs: by compare-and-set on version and
// state and, where a commit is fenced, on the epoch. The transaction has passed the gate,
// so the epoch cannot change before it ends.
var updateJobs = "UPDATE jobs SET version = jobs.version + 1, " + assignments(jobProgress) +
	` FROM v WHERE jobs.id = v.id AND jobs.version = v.version AND jobs.state = v.was
	AND (v.fence = 0 OR v.fence = (SELECT value FROM counters WHERE name = 'epoch'))`

// pointMove is a PointMove on its way into the database.
type pointMove struct {
	catalog.PointMove
	expiringBy string
	movedAt    time.Time
}

var moveColumns = []column[pointMove]{
	text("id", func(m *pointMove) *string { return &m.PointID }),
	text("state", func(m *pointMove) *catalog.PointState { return &m.To }),
	instant("expire_after", func(m *pointMove) *time.Time { return &m.ExpireAfter }),
	text("expiring_by", func(m *pointMove) *string { return &m.expiringBy }),
	instant("moved_at", func(m *pointMove) *time.Time { return &m.movedAt }),
	flag("cold", func(m *pointMove) *bool { return &m.Cold }),
}

const updatePoints = `UPDATE points SET state = v.state, expiring_by = v.expiring_by, moved_at = v.moved_at,
	expire_after = CASE v.expire_after WHEN 0 THEN points.expire_after ELSE v.expire_after END,
	cold = CASE v.cold WHEN 0 THEN points.cold ELSE v.cold END, cold_at = CASE v.cold WHEN 0 THEN points.cold_at ELSE 0 END
	FROM v WHERE points.id = v.id`

// effects is everything a batch writes, gathered for bulk statements. What a point or a
// follow-up job needs beside itself is added when it is known to be new.
type effects struct {
	jobs   []catalog.Job // as they shall be, at the version that was read
	was    []string      // of jobs: the state that was read
	fences []int64       // of jobs: the epoch required, or 0
	stored []catalog.Job // jobs as they are stored then
	moves  []pointMove
	// released are the jobs whose holds go. A legal hold that is named like a job stays.
	released []string
	points   []catalog.RecoveryPoint
	fresh    newJobs
	events   []catalog.Event
}

// effectsOf collects the effects of accepted commits, given what v knows to exist. now
// stamps point moves.
func effectsOf(accepted []*pending, v *view, now time.Time) effects {
	var e effects
	// One order for everybody: PostgreSQL locks the rows as they come.
	slices.SortFunc(accepted, func(a, b *pending) int { return strings.Compare(a.mutation.Job.ID, b.mutation.Job.ID) })
	var followUps []catalog.Job
	for _, p := range accepted {
		m := &p.mutation
		e.jobs, e.stored = append(e.jobs, m.Job), append(e.stored, p.job)
		e.was, e.fences = append(e.was, string(m.From)), append(e.fences, m.RequireEpoch)
		e.addPoints(m, v)
		e.events = append(e.events, m.Events...)
		for _, move := range m.PointMoves {
			e.addMove(m, move, now)
		}
		if m.ReleaseHolder != "" {
			e.released = append(e.released, m.ReleaseHolder)
		}
		for _, f := range m.FollowUps {
			if !v.known[f.ID] {
				followUps = append(followUps, f)
			}
		}
	}
	e.fresh = newJobsOf(followUps)
	e.events = append(e.events, e.fresh.events...)
	return e
}

// addPoints adds the points of m that v does not know, each with an event.
func (e *effects) addPoints(m *catalog.Mutation, v *view) {
	for i, p := range m.Points {
		again := slices.ContainsFunc(m.Points[:i], func(o catalog.RecoveryPoint) bool { return o.ID == p.ID })
		if again || v.points[p.ID].state != "" {
			continue
		}
		e.points = append(e.points, p)
		e.events = append(e.events, catalog.Event{
			At: p.CompletedAt, Type: "point.state", JobID: p.ID, PointID: p.ID, Actor: m.Actor, To: string(p.State),
		})
	}
}

// addMove adds a move of a point of m, with an event.
func (e *effects) addMove(m *catalog.Mutation, move catalog.PointMove, now time.Time) {
	pm := pointMove{PointMove: move, movedAt: now}
	if move.To == catalog.Expiring {
		pm.expiringBy = m.Job.ID
	}
	e.moves = append(e.moves, pm)
	event := "point.state"
	if move.From == move.To {
		event = "point.cold"
	}
	e.events = append(e.events, catalog.Event{
		At: now, Type: event, JobID: m.Job.ID, PointID: move.PointID, Actor: m.Actor,
		From: string(move.From), To: string(move.To),
	})
}

// writes are the statements that store e, in the order in which everybody locks: jobs,
// their open rows, points.
func (e effects) writes(d dialect) writer {
	w := writer{dialect: d}
	if rows := bulkOf(&w, jobCommitColumns, e.jobs); rows != nil {
		rows.addTexts("was", e.was)
		rows.addInts("fence", e.fences)
		w.bulk("update jobs", rows, updateJobs)
	}
	open, ended := splitOpen(e.stored)
	w.bulk("update open jobs", bulkOf(&w, openCommitColumns, open), updateOpen)
	w.remove("close jobs", "DELETE FROM open_jobs WHERE "+d.in("job_id"), ended, len(ended))
	insertRows(&w, "insert recovery points", "points", pointColumns, e.points)
	w.bulk("move recovery points", bulkOf(&w, moveColumns, e.moves), updatePoints)
	w.remove("release holds", "DELETE FROM holds WHERE "+d.in("holder")+" AND kind <> 'legal'", e.released, anyRows)
	e.fresh.writes(&w)
	insertRows(&w, "append events", "events", eventColumns, e.events)
	return w
}

// store writes what was accepted. Every decision has been made on locked rows, so a
// count that does not fit is a broken invariant and undoes the transaction.
func (s *Store) store(ctx context.Context, q session, v *view, accepted []*pending) error {
	return q.run(ctx, effectsOf(accepted, v, s.clock.Now()).writes(q.dialect))
}
