package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast/catalog"
)

// pruning is one statement of pruning, which deletes at most a limit of the oldest rows.
type pruning struct {
	what      string
	cutoffs   int // how often the statement asks for the cutoff, before the limit
	statement string
}

// prunings are what goes before events, so that the history of a job that is gone goes
// with it; what happened to a job that is still there stays.
var prunings = []pruning{
	// Found by when they were created, because an index of when they ended would be
	// written with every end.
	{"jobs", 2, `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE created_at < ? AND ended_at > 0 AND ended_at < ?
		AND state NOT IN ('CREATED', 'RUNNING', 'ABORTING') ORDER BY created_at, id LIMIT ?)`},
	{"fires", 1, `DELETE FROM fires WHERE (plan, rule, at) IN (SELECT plan, rule, at FROM fires WHERE at < ? ORDER BY at LIMIT ?)`},
	{"deleted recovery points", 1, `DELETE FROM points WHERE id IN (SELECT id FROM points WHERE state = 'DELETED'
		AND moved_at < ? ORDER BY moved_at, id LIMIT ?)`},
	{"notifications", 1, `DELETE FROM notifications WHERE id IN (SELECT id FROM notifications
		WHERE changed_at < ? AND state IN ('DELIVERED', 'DEAD') ORDER BY changed_at, id LIMIT ?)`},
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
	n, err := s.pruneEvents(ctx, cutoff, limit)
	if err != nil {
		return total, fmt.Errorf("prune: %w", err)
	}
	return total + n, nil
}

// pruneEvents deletes events of sealed segments that are older than cutoff as a whole, and
// says so in the history: what is missing there was not taken out by anybody else.
func (s *Store) pruneEvents(ctx context.Context, cutoff time.Time, limit int) (n int, err error) {
	err = s.update(ctx, "prune events", func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		n = 0
		through, err := q.wholeSegments(ctx, cutoff)
		if err != nil || through == 0 {
			return err
		}
		gone, err := q.exec(ctx, `DELETE FROM events WHERE seq IN (SELECT e.seq FROM events e WHERE e.seq <= ? AND e.at < ?
			AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = e.job_id) ORDER BY e.seq LIMIT ?)`, through, millis(cutoff), limit)
		if err != nil || gone == 0 {
			return err
		}
		n = int(gone)
		if _, err := q.exec(ctx, `UPDATE seals SET roll = '' WHERE last_seq <= ? AND roll <> ''
			AND NOT EXISTS (SELECT 1 FROM events WHERE seq BETWEEN first_seq AND last_seq)`, through); err != nil {
			return err
		}
		return q.addEvents(ctx, []catalog.Event{{
			At: s.clock.Now(), Type: catalog.EventPruned, Actor: "scheduler", To: strconv.FormatInt(through, 10),
			Message: fmt.Sprintf("%d events from before %s are pruned", n, cutoff.UTC().Format(time.RFC3339)),
		}})
	})
	return n, err
}

// wholeSegments returns the end of the last segment that, with all before it, has nothing
// newer than cutoff; 0 when there is none.
func (q session) wholeSegments(ctx context.Context, cutoff time.Time) (through int64, err error) {
	_, err = q.one(ctx, []any{&through}, `SELECT COALESCE(MAX(last_seq), 0) FROM seals WHERE number <
		(SELECT COALESCE(MIN(number), 9223372036854775807) FROM seals WHERE newest >= ?)`, millis(cutoff))
	return through, err
}
