package sqlstore

import (
	"context"
	"fmt"

	"holdfast/catalog"
)

// Holds implements catalog.Points.
func (s *Store) Holds(ctx context.Context, pointID string) (holds []catalog.Hold, err error) {
	err = s.view(ctx, "read holds", func(ctx context.Context, q session) (err error) {
		holds, err = read(ctx, q, holdColumns, "FROM holds WHERE point_id = ? ORDER BY kind, holder", pointID)
		return err
	})
	return holds, err
}

// AddHold implements catalog.Points. It locks the point, so that the hold is either in
// before an expiry looks or refused because the expiry was first.
func (s *Store) AddHold(ctx context.Context, h catalog.Hold, actor string) error {
	return s.update(ctx, "hold recovery point "+h.PointID, func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		v := newView()
		if err := v.lockPoints(ctx, q, []string{h.PointID}, q.locked()); err != nil {
			return err
		}
		switch state := v.points[h.PointID].state; state {
		case catalog.Available:
		case "":
			return catalog.ErrNotFound
		default:
			return fmt.Errorf("too late, it is %s: %w", state, catalog.ErrConflict)
		}
		added, err := insert(ctx, q, "holds", holdColumns, []catalog.Hold{h}, "point_id, kind, holder", "point_id")
		if err != nil || len(added) == 0 {
			return err
		}
		return q.addEvents(ctx, []catalog.Event{s.holdEvent("hold.added", h, actor)})
	})
}

// RemoveHold implements catalog.Points.
func (s *Store) RemoveHold(ctx context.Context, pointID string, kind catalog.HoldKind, holder, actor string) error {
	return s.update(ctx, fmt.Sprintf("remove %s hold of %s from recovery point %s", kind, holder, pointID),
		func(ctx context.Context, q session) error {
			if err := q.pass(ctx); err != nil {
				return err
			}
			n, err := q.exec(ctx, "DELETE FROM holds WHERE point_id = ? AND kind = ? AND holder = ?", pointID, string(kind), holder)
			switch {
			case err != nil:
				return err
			case n == 0:
				return catalog.ErrNotFound
			}
			h := catalog.Hold{PointID: pointID, Kind: kind, Holder: holder}
			return q.addEvents(ctx, []catalog.Event{s.holdEvent("hold.removed", h, actor)})
		})
}

func (s *Store) holdEvent(kind string, h catalog.Hold, actor string) catalog.Event {
	return catalog.Event{
		At: s.clock.Now(), Type: kind, PointID: h.PointID, Actor: actor,
		To: string(h.Kind), Message: h.Holder,
	}
}
