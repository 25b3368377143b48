package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"holdfast/catalog"
	"holdfast/failure"
)

// Events implements catalog.Events. PostgreSQL gives sequence numbers before commits are
// visible, so a follower of the whole history could step over a number whose transaction
// has not ended yet. Where a page has such a gap it is read again with the gate closed,
// when every number that was given is either visible or void.
func (s *Store) Events(ctx context.Context, f catalog.EventFilter) (events []catalog.Event, err error) {
	f.Limit, err = pageLimit(f.Limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	err = s.view(ctx, "read events", func(ctx context.Context, q session) (err error) {
		events, err = q.events(ctx, f)
		return err
	})
	if err != nil || !s.dialect.postgres || !follows(f) || contiguous(events, f.After) {
		return events, err
	}
	err = s.update(ctx, "read events", func(ctx context.Context, q session) (err error) {
		if err := q.closeGate(ctx); err != nil {
			return err
		}
		events, err = q.events(ctx, f)
		return err
	})
	return events, err
}

// follows reports whether f is of somebody who goes through the whole history and must not
// step over anything.
func follows(f catalog.EventFilter) bool {
	return f.JobID == "" && f.PointID == "" && f.Through == 0
}

// contiguous reports whether no number is missing after after.
func contiguous(events []catalog.Event, after int64) bool {
	for i, e := range events {
		if e.Seq != after+int64(i)+1 {
			return false
		}
	}
	return true
}

func (q session) events(ctx context.Context, f catalog.EventFilter) ([]catalog.Event, error) {
	c := &conditions{dialect: q.dialect}
	c.add("seq > ?", f.After)
	if f.JobID != "" {
		c.add("job_id = ? AND job_id <> ''", f.JobID)
	}
	if f.PointID != "" {
		c.add("point_id = ? AND point_id <> ''", f.PointID)
	}
	if f.Through > 0 {
		c.add("seq <= ?", f.Through)
	}
	return read(ctx, q, eventReadColumns, "FROM events"+c.where()+" ORDER BY seq LIMIT ?", append(c.args, f.Limit)...)
}

// AppendEvents implements catalog.Store.
func (s *Store) AppendEvents(ctx context.Context, events []catalog.Event) error {
	for _, e := range events {
		if e.Type == "" || e.At.IsZero() {
			return failure.Errorf(failure.Internal, "append events: an event without type or time")
		}
	}
	for chunk := range slices.Chunk(events, maxRows) {
		err := s.update(ctx, "append events", func(ctx context.Context, q session) error {
			if err := q.pass(ctx); err != nil {
				return err
			}
			return q.addEvents(ctx, chunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
