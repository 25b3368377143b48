package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"holdfast/catalog"
)

// protectionPage is how many resources are read at a time.
const protectionPage = 5000

// Protection implements catalog.Search. It reads an index only, and holds no connection
// while yield runs.
func (s *Store) Protection(ctx context.Context, yield func(catalog.Protection) error) error {
	for after := ""; ; {
		page := make([]catalog.Protection, 0, protectionPage)
		err := s.view(ctx, "read protection", func(ctx context.Context, q session) error {
			page = page[:0]
			return q.each(ctx, func(rows *sql.Rows) error {
				var p catalog.Protection
				var last, lastCopy int64
				if err := rows.Scan(&p.ResourceARN, &p.Points, &last, &lastCopy); err != nil {
					return err
				}
				p.Last, p.LastCopy = fromMillis(last), fromMillis(lastCopy)
				page = append(page, p)
				return nil
			}, `SELECT resource_arn, count(*), max(created_at), max(CASE WHEN parent_id <> '' THEN created_at ELSE 0 END)
				FROM points`+q.using("points_good")+` WHERE state = 'AVAILABLE' AND resource_arn > ?
				GROUP BY resource_arn ORDER BY resource_arn LIMIT ?`, after, protectionPage)
		})
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := yield(p); err != nil {
				return err
			}
		}
		if len(page) < protectionPage {
			return nil
		}
		after = page[len(page)-1].ResourceARN
	}
}

// OpenJobs implements catalog.Search. It reads the narrow table of open jobs, and the
// jobs of its rows.
func (s *Store) OpenJobs(ctx context.Context) (groups []catalog.OpenGroup, err error) {
	err = s.view(ctx, "count open jobs", func(ctx context.Context, q session) error {
		groups = nil
		return q.each(ctx, func(rows *sql.Rows) error {
			var g catalog.OpenGroup
			var fire, deadline int64
			if err := rows.Scan(&g.Type, &g.State, &g.Account, &g.Plan, &g.Rule, &fire, &g.Jobs, &deadline); err != nil {
				return err
			}
			g.FireAt, g.Deadline = fromMillis(fire), fromMillis(deadline)
			groups = append(groups, g)
			return nil
		}, `SELECT open_type, open_state, account, plan, rule, fire_at, count(*),
				COALESCE(min(NULLIF(CASE WHEN open_state = 'CREATED' THEN start_by ELSE complete_by END, 0)), 0)
			FROM open_jobs JOIN jobs ON id = job_id
			GROUP BY open_type, open_state, account, plan, rule, fire_at`)
	})
	return groups, err
}

// IllJobs implements catalog.Search.
func (s *Store) IllJobs(ctx context.Context, since time.Time) (groups []catalog.IllGroup, err error) {
	err = s.view(ctx, "count jobs that did not end well", func(ctx context.Context, q session) error {
		groups = nil
		for _, state := range []catalog.State{catalog.Partial, catalog.Failed, catalog.Expired, catalog.Aborted} {
			err := q.each(ctx, func(rows *sql.Rows) error {
				g := catalog.IllGroup{State: state}
				var fire, last int64
				if err := rows.Scan(&g.Type, &g.Class, &g.Account, &g.Plan, &g.Rule, &fire, &g.Jobs, &last, &g.Example); err != nil {
					return err
				}
				g.FireAt, g.Last = fromMillis(fire), fromMillis(last)
				groups = append(groups, g)
				return nil
			}, `SELECT type, class, account, plan, rule, fire_at, count(*), max(created_at), max(id) FROM jobs
				WHERE outcome <> '' AND outcome = ? AND created_at >= ? GROUP BY type, class, account, plan, rule, fire_at`,
				string(state), millis(since))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return groups, err
}

// HeldPoints implements catalog.Search.
func (s *Store) HeldPoints(ctx context.Context, kind catalog.HoldKind, limit int) (holds []catalog.Hold, err error) {
	err = s.view(ctx, "list holds", func(ctx context.Context, q session) error {
		holds, err = read(ctx, q, holdColumns, "FROM holds WHERE kind = ? ORDER BY created_at DESC, point_id LIMIT ?", string(kind), limit)
		return err
	})
	return holds, err
}

// HoldsOf implements catalog.Search.
func (s *Store) HoldsOf(ctx context.Context, pointIDs []string) (map[string][]catalog.Hold, error) {
	found := map[string][]catalog.Hold{}
	err := s.view(ctx, "read holds", func(ctx context.Context, q session) error {
		holds, err := read(ctx, q, holdColumns, "FROM holds WHERE "+q.in("point_id")+" ORDER BY point_id, kind, holder", list(q.dialect, pointIDs))
		for _, h := range holds {
			found[h.PointID] = append(found[h.PointID], h)
		}
		return err
	})
	return found, err
}
