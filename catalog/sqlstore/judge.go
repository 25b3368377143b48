package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"holdfast/catalog"
)

// jobHead and pointHead are what decides about a change.
type jobHead struct {
	version int64
	state   catalog.State
}

type pointHead struct {
	state      catalog.PointState
	expiringBy string
}

// view is what a transaction knows about the rows it is about to change, locked until
// it ends. Deciding over a view has no effects; storing what was decided has no choices.
type view struct {
	epoch  int64
	jobs   map[string]jobHead
	points map[string]pointHead
	known  map[string]bool // follow-up jobs that exist already
}

func newView() *view {
	return &view{jobs: map[string]jobHead{}, points: map[string]pointHead{}, known: map[string]bool{}}
}

// lockRows locks what batch depends on, always jobs before points and each in the order
// of ids, so that two processes cannot wait for one another.
func (q session) lockRows(ctx context.Context, batch []*pending) (*view, error) {
	jobs, points, follow := map[string]bool{}, map[string]bool{}, map[string]bool{}
	fenced := false
	for _, p := range batch {
		m := &p.mutation
		fenced = fenced || m.RequireEpoch != 0
		jobs[m.Job.ID] = true
		for _, move := range m.PointMoves {
			points[move.PointID] = true
		}
		for _, made := range m.Points {
			points[made.ID] = true
		}
		for _, f := range m.FollowUps {
			follow[f.ID] = true
			if _, reads := sourceHold(f); reads {
				points[f.PointID] = true
			}
		}
	}
	v := newView()
	if err := q.pass(ctx); err != nil {
		return nil, err
	}
	if fenced {
		// Inside the gate the epoch cannot change before this transaction has ended.
		if _, err := q.one(ctx, []any{&v.epoch}, "SELECT value FROM counters WHERE name = 'epoch'"); err != nil {
			return nil, err
		}
	}
	if err := v.lockJobs(ctx, q, slices.Sorted(maps.Keys(jobs))); err != nil {
		return nil, err
	}
	if err := v.lockPoints(ctx, q, slices.Sorted(maps.Keys(points)), q.locked()); err != nil {
		return nil, err
	}
	return v, v.findJobs(ctx, q, slices.Sorted(maps.Keys(follow)))
}

func (v *view) lockJobs(ctx context.Context, q session, ids []string) error {
	return q.each(ctx, func(rows *sql.Rows) error {
		var id string
		var h jobHead
		if err := rows.Scan(&id, &h.version, &h.state); err != nil {
			return err
		}
		v.jobs[id] = h
		return nil
	}, "SELECT id, version, state FROM jobs WHERE "+q.in("id")+" ORDER BY id"+q.locked(), list(q.dialect, ids))
}

func (v *view) lockPoints(ctx context.Context, q session, ids []string, lock string) error {
	if len(ids) == 0 {
		return nil
	}
	return q.each(ctx, func(rows *sql.Rows) error {
		var id string
		var h pointHead
		if err := rows.Scan(&id, &h.state, &h.expiringBy); err != nil {
			return err
		}
		v.points[id] = h
		return nil
	}, "SELECT id, state, expiring_by FROM points WHERE "+q.in("id")+" ORDER BY id"+lock, list(q.dialect, ids))
}

func (v *view) findJobs(ctx context.Context, q session, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := q.column1(ctx, "SELECT id FROM jobs WHERE "+q.in("id"), list(q.dialect, ids))
	for _, id := range found {
		v.known[id] = true
	}
	return err
}

// judge decides whether m may be stored: nil, or the error its caller is owed.
func (v *view) judge(m *catalog.Mutation) error {
	head, ok := v.jobs[m.Job.ID]
	switch {
	case !ok:
		return catalog.ErrNotFound
	case head.version != m.Job.Version || head.state != m.From:
		return fmt.Errorf("it is %s at version %d, not %s at %d: %w",
			head.state, head.version, m.From, m.Job.Version, catalog.ErrConflict)
	case m.RequireEpoch != 0 && m.RequireEpoch != v.epoch:
		return fmt.Errorf("the epoch is %d, not %d: %w", v.epoch, m.RequireEpoch, catalog.ErrStaleEpoch)
	}
	for _, move := range m.PointMoves {
		if have := v.points[move.PointID].state; have != move.From {
			return fmt.Errorf("recovery point %s is %q, not %s: %w", move.PointID, have, move.From, catalog.ErrConflict)
		}
	}
	for _, f := range m.FollowUps {
		if _, reads := sourceHold(f); !reads {
			continue
		}
		if err := v.checkSource(f, v.stateAfter(m, f.PointID)); err != nil {
			return err
		}
	}
	return nil
}

// stateAfter returns the state a point will have once m is stored.
func (v *view) stateAfter(m *catalog.Mutation, id string) catalog.PointState {
	state := v.points[id].state
	for _, p := range m.Points {
		if p.ID == id && state == "" {
			state = p.State
		}
	}
	for _, move := range m.PointMoves {
		if move.PointID == id {
			state = move.To
		}
	}
	return state
}
