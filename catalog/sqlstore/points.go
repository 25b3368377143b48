package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
)

// Point implements catalog.Points.
func (s *Store) Point(ctx context.Context, id string) (point catalog.RecoveryPoint, err error) {
	err = s.seek(ctx, "read recovery point", func(ctx context.Context, q session) error {
		points, err := read(ctx, q, pointColumns, "FROM points WHERE id = ?", id)
		if err != nil {
			return err
		}
		point, err = only(points, "recovery point", id)
		return err
	})
	return point, err
}

// PointsByID implements catalog.Points.
func (s *Store) PointsByID(ctx context.Context, ids []string) (map[string]catalog.RecoveryPoint, error) {
	found := make(map[string]catalog.RecoveryPoint, len(ids))
	for chunk := range slices.Chunk(ids, lookupChunk) {
		points, err := s.selectPoints(ctx, "read recovery points", "WHERE "+s.dialect.in("id"), list(s.dialect, chunk))
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			found[p.ID] = p
		}
	}
	return found, nil
}

func (s *Store) selectPoints(ctx context.Context, op, tail string, args ...any) (points []catalog.RecoveryPoint, err error) {
	err = s.seek(ctx, op, func(ctx context.Context, q session) (err error) {
		points, err = read(ctx, q, pointColumns, "FROM points "+tail, args...)
		return err
	})
	return points, err
}

// ListPoints implements catalog.Points.
func (s *Store) ListPoints(ctx context.Context, f catalog.PointFilter) (points []catalog.RecoveryPoint, err error) {
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list recovery points: %w", err)
	}
	c := pointConditions(s.dialect, f)
	err = s.view(ctx, "list recovery points", func(ctx context.Context, q session) error {
		if err := c.after(ctx, q, "points", f.After); err != nil {
			return err
		}
		points, err = read(ctx, q, pointColumns, "FROM points"+c.where()+newestFirst+" LIMIT ?", append(c.args, limit)...)
		return err
	})
	return points, err
}

// CountPoints implements catalog.Points.
func (s *Store) CountPoints(ctx context.Context) (map[catalog.PointState]int, error) {
	counts := map[catalog.PointState]int{}
	err := s.view(ctx, "count recovery points", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var state catalog.PointState
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				return err
			}
			counts[state] = n
			return nil
		}, "SELECT state, count(*) FROM points GROUP BY state")
	})
	return counts, err
}

// DuePoints implements catalog.Points. What it leaves out is only a forecast of the
// guards; BeginExpiry evaluates them again on locked rows.
func (s *Store) DuePoints(ctx context.Context, installation string, now time.Time, limit int) (points []catalog.RecoveryPoint, err error) {
	err = s.view(ctx, "list recovery points to expire", func(ctx context.Context, q session) (err error) {
		points, err = read(ctx, q, pointColumns, duePoints(q.dialect), installation, millis(now), millis(now), millis(now), limit)
		return err
	})
	return points, err
}

func duePoints(d dialect) string {
	return "FROM points" + d.using("points_due") + ` WHERE state = 'AVAILABLE' AND delete_at > 0
		AND installation = ? AND delete_at <= ? AND kept_until <= ? AND ` + expirable + " ORDER BY delete_at, id LIMIT ?"
}

// expirable forecasts the guards of an expiry.
const expirable = `expire_after <= ?
		AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.point_id = points.id)
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.point_id = points.id AND j.point_id <> '' AND j.type = 'expire'
			AND j.state IN ('CREATED', 'RUNNING', 'ABORTING'))
		AND EXISTS (SELECT 1 FROM points o WHERE o.resource_arn = points.resource_arn AND o.account = points.account
			AND o.region = points.region AND o.state = 'AVAILABLE' AND o.id <> points.id)`

// DueCold implements catalog.Points. What it leaves out is only a forecast of the guards;
// BeginArchive evaluates them again on locked rows.
func (s *Store) DueCold(ctx context.Context, installation string, now time.Time, limit int) ([]catalog.RecoveryPoint, error) {
	return s.selectPoints(ctx, "list recovery points to archive", dueCold(s.dialect), installation, millis(now), limit)
}

func dueCold(d dialect) string {
	return d.using("points_cold") + ` WHERE state = 'AVAILABLE' AND cold_at > 0 AND installation = ? AND cold_at <= ?
		AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.point_id = points.id AND h.kind <> 'legal')
		AND EXISTS (SELECT 1 FROM points o WHERE o.resource_arn = points.resource_arn AND o.account = points.account
			AND o.region = points.region AND o.state = 'AVAILABLE' AND o.cold = 0 AND o.id <> points.id)
		ORDER BY cold_at, id LIMIT ?`
}

// CountColdAttempt implements catalog.Points.
func (s *Store) CountColdAttempt(ctx context.Context, ids []string, again time.Time) error {
	return s.setPoints(ctx, "count moves to cold storage", "cold_attempts = cold_attempts + 1, cold_at = ?", ids, again)
}

// Expirable implements catalog.Points.
func (s *Store) Expirable(ctx context.Context, installation string, ids []string, now time.Time) ([]catalog.RecoveryPoint, error) {
	var found []catalog.RecoveryPoint
	for chunk := range slices.Chunk(slices.Sorted(slices.Values(ids)), lookupChunk) {
		points, err := s.selectPoints(ctx, "list recovery points that can expire",
			"WHERE "+s.dialect.in("id")+" AND state = 'AVAILABLE' AND installation = ? AND "+expirable+" ORDER BY id",
			list(s.dialect, chunk), installation, millis(now))
		if err != nil {
			return nil, err
		}
		found = append(found, points...)
	}
	return found, nil
}

// RulePoints implements catalog.Points.
func (s *Store) RulePoints(ctx context.Context, plan, rule, afterID string, limit int) ([]catalog.RecoveryPoint, error) {
	return s.selectPoints(ctx, "list recovery points of a rule",
		"WHERE lower(plan) = ? AND lower(rule) = ? AND state = 'AVAILABLE' AND id > ? ORDER BY id LIMIT ?",
		strings.ToLower(plan), strings.ToLower(rule), afterID, limit)
}

// KeepUntil implements catalog.Points.
func (s *Store) KeepUntil(ctx context.Context, ids []string, until time.Time) error {
	return s.setPoints(ctx, "keep recovery points", "kept_until = ?", ids, until)
}

// CountExpireAttempt implements catalog.Points.
func (s *Store) CountExpireAttempt(ctx context.Context, ids []string, expireAfter time.Time) error {
	return s.setPoints(ctx, "count expiry attempts", "expire_attempts = expire_attempts + 1, expire_after = ?", ids, expireAfter)
}

func (s *Store) setPoints(ctx context.Context, op, set string, ids []string, until time.Time) error {
	for chunk := range slices.Chunk(slices.Sorted(slices.Values(ids)), lookupChunk) {
		err := s.update(ctx, op, func(ctx context.Context, q session) error {
			_, err := q.exec(ctx, "UPDATE points SET "+set+" WHERE "+q.in("id"), millis(until), list(q.dialect, chunk))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
