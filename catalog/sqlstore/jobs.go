package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
)

// lookupChunk is how many ids one look-up by id asks for.
const lookupChunk = 5000

// Job implements catalog.Jobs. Concurrent calls share statements.
func (s *Store) Job(ctx context.Context, id string) (catalog.Job, error) {
	return s.jobLookups.get(ctx, "job", id)
}

// JobsByID implements catalog.Jobs.
func (s *Store) JobsByID(ctx context.Context, ids []string) (map[string]catalog.Job, error) {
	found := make(map[string]catalog.Job, len(ids))
	for chunk := range slices.Chunk(ids, lookupChunk) {
		jobs, err := s.selectJobs(ctx, "read jobs", "WHERE "+s.dialect.in("id"), list(s.dialect, chunk))
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			found[j.ID] = j
		}
	}
	return found, nil
}

// selectJobs returns the jobs of "SELECT ... FROM jobs tail".
func (s *Store) selectJobs(ctx context.Context, op, tail string, args ...any) (jobs []catalog.Job, err error) {
	err = s.view(ctx, op, func(ctx context.Context, q session) (err error) {
		jobs, err = read(ctx, q, jobColumns, "FROM jobs "+tail, args...)
		return err
	})
	return jobs, err
}

// ListJobs implements catalog.Jobs.
func (s *Store) ListJobs(ctx context.Context, f catalog.JobFilter) (jobs []catalog.Job, err error) {
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	c := jobConditions(s.dialect, f)
	err = s.view(ctx, "list jobs", func(ctx context.Context, q session) error {
		if err := c.after(ctx, q, "jobs", f.After); err != nil {
			return err
		}
		jobs, err = read(ctx, q, jobColumns, "FROM jobs"+c.where()+" ORDER BY created_at DESC, id DESC LIMIT ?", append(c.args, limit)...)
		return err
	})
	return jobs, err
}

// after makes a listing that is ordered newest first go on behind the row id of table.
func (c *conditions) after(ctx context.Context, q session, table, id string) error {
	if id == "" {
		return nil
	}
	var created int64
	found, err := q.one(ctx, []any{&created}, "SELECT created_at FROM "+table+" WHERE id = ?", id)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("page after %s: %w", id, catalog.ErrNotFound)
	}
	c.add("(created_at, id) < (?, ?)", created, id)
	return nil
}

// CountJobs implements catalog.Jobs.
func (s *Store) CountJobs(ctx context.Context, f catalog.JobFilter) (map[driver.Operation]map[catalog.State]int, error) {
	c := jobConditions(s.dialect, f)
	counts := map[driver.Operation]map[catalog.State]int{}
	err := s.view(ctx, "count jobs", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var op driver.Operation
			var state catalog.State
			var n int
			if err := rows.Scan(&op, &state, &n); err != nil {
				return err
			}
			if counts[op] == nil {
				counts[op] = map[catalog.State]int{}
			}
			counts[op][state] = n
			return nil
		}, "SELECT type, state, count(*) FROM jobs"+c.where()+" GROUP BY state, type", c.args...)
	})
	return counts, err
}

// Holders implements catalog.Jobs.
func (s *Store) Holders(ctx context.Context, afterID string, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list jobs that hold slots",
		s.dialect.using("jobs_holding")+"WHERE "+isOpen+" AND (intent_owner <> '' OR ref <> '') AND id > ? ORDER BY id LIMIT ?", afterID, limit)
}

// StartWindowPassed implements catalog.Jobs.
func (s *Store) StartWindowPassed(ctx context.Context, now time.Time, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list jobs whose start window passed",
		s.dialect.using("jobs_window")+"WHERE "+isWaiting+" AND start_by > 0 AND start_by < ? ORDER BY start_by LIMIT ?", millis(now), limit)
}

// Overdue implements catalog.Jobs.
func (s *Store) Overdue(ctx context.Context, now time.Time, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list overdue jobs",
		s.dialect.using("jobs_overdue")+"WHERE state = 'RUNNING' AND complete_by > 0 AND complete_by < ? ORDER BY complete_by LIMIT ?", millis(now), limit)
}

// CancelRequested implements catalog.Jobs.
func (s *Store) CancelRequested(ctx context.Context, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list jobs to cancel",
		s.dialect.using("jobs_cancel")+"WHERE state IN ('CREATED', 'RUNNING') AND cancel_requested = 1 ORDER BY id LIMIT ?", limit)
}

// Superseded implements catalog.Jobs.
func (s *Store) Superseded(ctx context.Context, plan, rule string, fireAt time.Time, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list superseded jobs", s.dialect.using("jobs_superseded")+"WHERE "+isWaiting+` AND type = 'backup' AND plan <> ''
		AND plan = ? AND rule = ? AND fire_at < ? AND EXISTS (
			SELECT 1 FROM jobs n WHERE n.resource_arn = jobs.resource_arn AND n.fire_at = ?
			AND n.plan = jobs.plan AND n.rule = jobs.rule AND n.type = 'backup')
		ORDER BY fire_at, id LIMIT ?`, plan, rule, millis(fireAt), millis(fireAt), limit)
}

// UnnotedFailures implements catalog.Jobs.
func (s *Store) UnnotedFailures(ctx context.Context, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list failures to note",
		s.dialect.using("jobs_unnoted")+"WHERE state = 'FAILED' AND failure_noted = 0 ORDER BY id LIMIT ?", limit)
}

// SetFailureNoted implements catalog.Jobs.
func (s *Store) SetFailureNoted(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(slices.Sorted(slices.Values(ids)), lookupChunk) {
		err := s.update(ctx, "note failures", func(ctx context.Context, q session) error {
			_, err := q.exec(ctx, "UPDATE jobs SET failure_noted = 1 WHERE "+q.in("id")+" AND failure_noted = 0", list(q.dialect, chunk))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
