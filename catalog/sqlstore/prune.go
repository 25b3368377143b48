package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// prunings delete the oldest rows first, each statement at most a limit of them. Jobs go
// before events, so that the history of a job that is gone goes with it; what happened
// to a job that is still there stays.
var prunings = []struct {
	what      string
	cutoffs   int // how often the statement asks for the cutoff, before the limit
	statement string
}{
	// Found by when they were created, because an index of when they ended would be
	// written with every end.
	{"jobs", 2, `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE created_at < ? AND ended_at > 0 AND ended_at < ?
		AND state NOT IN ('CREATED', 'RUNNING', 'ABORTING') ORDER BY created_at, id LIMIT ?)`},
	{"events", 1, `DELETE FROM events WHERE seq IN (SELECT e.seq FROM events e WHERE e.at < ?
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = e.job_id) ORDER BY e.seq LIMIT ?)`},
	{"fires", 1, `DELETE FROM fires WHERE (plan, rule, at) IN (SELECT plan, rule, at FROM fires WHERE at < ? ORDER BY at LIMIT ?)`},
	{"deleted recovery points", 1, `DELETE FROM points WHERE id IN (SELECT id FROM points WHERE state = 'DELETED'
		AND moved_at < ? ORDER BY moved_at, id LIMIT ?)`},
}

// Prune implements catalog.Store.
func (s *Store) Prune(ctx context.Context, cutoff time.Time, limit int) (int, error) {
	total := 0
	for _, p := range prunings {
		var n int64
		args := append(slices.Repeat([]any{millis(cutoff)}, p.cutoffs), limit)
		err := s.update(ctx, "prune "+p.what, func(ctx context.Context, q session) (err error) {
			n, err = q.exec(ctx, p.statement, args...)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("prune: %w", err)
		}
		total += int(n)
	}
	return total, nil
}
