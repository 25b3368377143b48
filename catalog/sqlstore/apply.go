package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

// jobCommitColumns are the columns of the rows a bulk update of jobs takes: whom, from
// which version, and everything that may change.
var jobCommitColumns = append([]column[catalog.Job]{jobIdentity[0], jobVersion}, jobProgress...)

// updateJobs is the one statement that changes jobs by compare-and-set.
var updateJobs = "UPDATE jobs SET version = jobs.version + 1, " + assignments(jobProgress) +
	" FROM v WHERE jobs.id = v.id AND jobs.version = v.version"

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
}

const updatePoints = `UPDATE points SET state = v.state, expiring_by = v.expiring_by, moved_at = v.moved_at,
	expire_after = CASE v.expire_after WHEN 0 THEN points.expire_after ELSE v.expire_after END
	FROM v WHERE points.id = v.id`

// effects is everything a batch writes beside its jobs, gathered for bulk statements.
type effects struct {
	jobs      []catalog.Job // as they shall be, at the version that was read
	stored    []catalog.Job // the same as they are stored then
	points    []catalog.RecoveryPoint
	makers    []string // of points: who made each
	moves     []pointMove
	release   []string
	followUps []catalog.Job
	events    []catalog.Event
}

// effectsOf collects the effects of accepted commits. now stamps point moves.
func effectsOf(accepted []*pending, now time.Time) effects {
	var e effects
	for _, p := range accepted {
		m := &p.mutation
		e.jobs, e.stored = append(e.jobs, m.Job), append(e.stored, p.job)
		for _, point := range m.Points {
			e.points = append(e.points, point)
			e.makers = append(e.makers, m.Actor)
		}
		e.followUps = append(e.followUps, m.FollowUps...)
		e.events = append(e.events, m.Events...)
		for _, move := range m.PointMoves {
			pm := pointMove{PointMove: move, movedAt: now}
			if move.To == catalog.Expiring {
				pm.expiringBy = m.Job.ID
			}
			e.moves = append(e.moves, pm)
			e.events = append(e.events, catalog.Event{
				At: now, Type: "point.state", JobID: m.Job.ID, PointID: move.PointID, Actor: m.Actor,
				From: string(move.From), To: string(move.To),
			})
		}
		if m.ReleaseHolder != "" {
			e.release = append(e.release, m.ReleaseHolder)
		}
	}
	return e
}

// store writes what was accepted. Every decision has been made on locked rows, so a
// count that does not fit is a broken invariant and undoes the transaction.
func (s *Store) store(ctx context.Context, q session, v *view, accepted []*pending) error {
	if len(accepted) == 0 {
		return nil
	}
	e := effectsOf(accepted, s.clock.Now())
	rows, err := collect(jobCommitColumns, e.jobs)
	if err != nil {
		return err
	}
	changed, err := q.bulk(ctx, rows, updateJobs)
	if err != nil {
		return fmt.Errorf("update jobs: %w", err)
	}
	if int(changed) != len(e.jobs) {
		return failure.Errorf(failure.Internal, "update jobs: %d of %d locked rows changed", changed, len(e.jobs))
	}
	if err := q.followOpen(ctx, e.stored); err != nil {
		return err
	}
	if err := q.storePoints(ctx, e); err != nil {
		return err
	}
	if err := q.releaseHolds(ctx, e.release); err != nil {
		return err
	}
	if err := q.addEvents(ctx, e.events); err != nil {
		return err
	}
	if len(e.followUps) == 0 {
		return nil
	}
	slices.SortStableFunc(e.followUps, func(a, b catalog.Job) int { return strings.Compare(a.ID, b.ID) })
	_, err = q.addJobs(ctx, e.followUps)
	return err
}

// releaseHolds removes the holds of jobs. A legal hold that is named like a job stays.
func (q session) releaseHolds(ctx context.Context, holders []string) error {
	if len(holders) == 0 {
		return nil
	}
	if _, err := q.exec(ctx, "DELETE FROM holds WHERE "+q.in("holder")+" AND kind <> 'legal'", list(q.dialect, holders)); err != nil {
		return fmt.Errorf("release holds: %w", err)
	}
	return nil
}

// storePoints inserts new points, each with an event, and moves old ones.
func (q session) storePoints(ctx context.Context, e effects) error {
	added, err := insert(ctx, q, "points", pointColumns, e.points, "id", "id")
	if err != nil {
		return fmt.Errorf("insert recovery points: %w", err)
	}
	isNew := make(map[string]bool, len(added))
	for _, id := range added {
		isNew[id] = true
	}
	var events []catalog.Event
	for i, p := range e.points {
		if isNew[p.ID] {
			isNew[p.ID] = false
			events = append(events, catalog.Event{
				At: p.CompletedAt, Type: "point.state", JobID: p.ID, PointID: p.ID, Actor: e.makers[i], To: string(p.State),
			})
		}
	}
	if err := q.addEvents(ctx, events); err != nil {
		return err
	}
	if len(e.moves) == 0 {
		return nil
	}
	rows, err := collect(moveColumns, e.moves)
	if err != nil {
		return err
	}
	if _, err := q.bulk(ctx, rows, updatePoints); err != nil {
		return fmt.Errorf("move recovery points: %w", err)
	}
	return nil
}
