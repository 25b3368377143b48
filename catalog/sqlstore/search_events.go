package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"holdfast/catalog"
)

// SearchEvents implements catalog.Search. Of a job or a point all history has an index;
// otherwise a page looks at a bounded number of events.
func (s *Store) SearchEvents(ctx context.Context, f catalog.EventSearch) (page catalog.EventPage, err error) {
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return page, fmt.Errorf("search events: %w", err)
	}
	err = s.view(ctx, "search events", func(ctx context.Context, q session) error {
		before := f.Before
		if before <= 0 {
			if before, err = q.lastEvent(ctx); err != nil {
				return err
			}
			before++
		}
		c, lowest := eventConditions(s.dialect, f, before)
		page.Events, err = read(ctx, q, eventReadColumns, "FROM events"+c.where()+" ORDER BY seq DESC LIMIT ?", append(c.args, limit)...)
		switch {
		case err != nil:
			return err
		case len(page.Events) == limit:
			page.Next = page.Events[limit-1].Seq
		case lowest > 1:
			page.Next = lowest
			oldest, err := read(ctx, q, eventReadColumns, "FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", lowest)
			if err == nil && len(oldest) == 1 {
				page.Searched = oldest[0].At
			}
			return err
		}
		return nil
	})
	return page, err
}

// eventConditions selects events before a number; lowest is the first one looked at, 0
// where all are.
func eventConditions(d dialect, f catalog.EventSearch, before int64) (c *conditions, lowest int64) {
	c = &conditions{dialect: d}
	c.add("seq < ?", before)
	if f.JobID != "" {
		c.add("job_id = ? AND job_id <> ''", f.JobID)
	}
	if f.PointID != "" {
		c.add("point_id = ? AND point_id <> ''", f.PointID)
	}
	filtered := f.Type+f.Actor+f.Text != "" || !f.Until.IsZero()
	if filtered && f.JobID+f.PointID == "" {
		lowest = max(before-searchWindow, 0)
		c.add("seq >= ?", lowest)
	}
	if f.Type != "" {
		c.add(`(type = ? OR type LIKE ? ESCAPE '\')`, f.Type, escapeLike(f.Type)+".%")
	}
	c.equal("actor", f.Actor)
	if f.Text != "" {
		pattern := "%" + escapeLike(strings.ToLower(f.Text[:min(len(f.Text), maxWordLength)])) + "%"
		c.add(`(lower(message) LIKE ? ESCAPE '\' OR lower(actor) LIKE ? ESCAPE '\' OR job_id LIKE ? ESCAPE '\' OR point_id LIKE ? ESCAPE '\')`,
			pattern, pattern, pattern, pattern)
	}
	c.compare("at", "<", f.Until)
	return c, lowest
}

// LastEvent implements catalog.Search.
func (s *Store) LastEvent(ctx context.Context) (seq int64, err error) {
	err = s.view(ctx, "read the newest event's number", func(ctx context.Context, q session) error {
		seq, err = q.lastEvent(ctx)
		return err
	})
	return seq, err
}

func (q session) lastEvent(ctx context.Context) (seq int64, err error) {
	_, err = q.one(ctx, []any{&seq}, "SELECT COALESCE(max(seq), 0) FROM events")
	return seq, err
}
