package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
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
func (s *Store) selectJobs(ctx context.Context, op, tail string, args ...any) ([]catalog.Job, error) {
	return s.queryJobs(ctx, op, "FROM "+jobRows+tail, args...)
}

// selectOpen returns the jobs whose rows of open_jobs are found by index and condition.
func (s *Store) selectOpen(ctx context.Context, op, index, condition string, args ...any) ([]catalog.Job, error) {
	return s.queryJobs(ctx, op, s.dialect.openBy(index)+"WHERE "+condition, args...)
}

// openBy begins a query of open jobs that starts from an index of open_jobs.
func (d dialect) openBy(index string) string {
	return "FROM open_jobs" + d.using(index) + " JOIN jobs ON id = job_id "
}

func (s *Store) queryJobs(ctx context.Context, op, from string, args ...any) (jobs []catalog.Job, err error) {
	err = s.seek(ctx, op, func(ctx context.Context, q session) (err error) {
		jobs, err = read(ctx, q, jobReadColumns, from, args...)
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
		jobs, err = read(ctx, q, jobReadColumns, "FROM "+jobRows+c.where()+newestFirst+" LIMIT ?", append(c.args, limit)...)
		return err
	})
	return jobs, err
}

// CountJobs implements catalog.Jobs.
func (s *Store) CountJobs(ctx context.Context, f catalog.JobFilter) (map[driver.Operation]map[catalog.State]int, error) {
	c := jobConditions(s.dialect, f)
	query := "SELECT type, state, count(*) FROM jobs" + c.where() + " GROUP BY state, type"
	if len(c.parts) == 0 {
		query = countAll
	}
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
		}, query, c.args...)
	})
	return counts, err
}

// countAll counts all jobs without reading them: COMPLETED are those that neither are
// open nor ended otherwise, and all three numbers come from indexes or the narrow table.
const countAll = `WITH rest(type, state, n) AS (
		SELECT open_type, open_state, count(*) FROM open_jobs GROUP BY open_type, open_state
		UNION ALL
		SELECT type, outcome, count(*) FROM jobs WHERE outcome <> '' GROUP BY type, outcome)
	SELECT type, state, n FROM rest
	UNION ALL
	SELECT type, 'COMPLETED', n FROM (SELECT a.type, a.n - COALESCE((SELECT sum(n) FROM rest WHERE rest.type = a.type), 0) AS n
		FROM (SELECT type, count(*) AS n FROM jobs GROUP BY type) a) b WHERE n > 0`

// Holders implements catalog.Jobs. It reads past the waiting jobs, because it is asked
// only when Redis was lost, and an index for it would be written twice a job.
func (s *Store) Holders(ctx context.Context, afterID string, limit int) ([]catalog.Job, error) {
	return s.queryJobs(ctx, "list jobs that hold slots",
		"FROM open_jobs JOIN jobs ON id = job_id WHERE job_id > ? AND waiting = 0 AND (intent_owner <> '' OR ref <> '') ORDER BY job_id LIMIT ?", afterID, limit)
}

// StartWindowPassed implements catalog.Jobs. The order of submission is that of the start
// windows, first of restores and then of all others, so one index serves both.
func (s *Store) StartWindowPassed(ctx context.Context, now time.Time, limit int) (jobs []catalog.Job, err error) {
	ms := millis(now)
	err = s.seek(ctx, "list jobs whose start window passed", func(ctx context.Context, q session) error {
		jobs = nil
		return q.eachEpoch(ctx, math.MaxInt64, func(epoch int64) error {
			for _, first := range []int64{0, afterRestores} {
				part, err := read(ctx, q, jobReadColumns, q.openBy("open_submittable")+`WHERE waiting = 1 AND epoch = ?
					AND submit_order >= ? AND submit_order < ? ORDER BY submit_order, job_id LIMIT ?`, epoch, first, first+ms, limit)
				if err != nil {
					return err
				}
				jobs = append(jobs, part...)
			}
			return nil
		})
	})
	slices.SortFunc(jobs, func(a, b catalog.Job) int {
		return cmp.Or(a.StartBy.Compare(b.StartBy), strings.Compare(a.ID, b.ID))
	})
	return jobs[:min(len(jobs), limit)], err
}

// Overdue implements catalog.Jobs.
func (s *Store) Overdue(ctx context.Context, now time.Time, limit int) ([]catalog.Job, error) {
	return s.selectOpen(ctx, "list overdue jobs", "open_overdue",
		"overdue_at > 0 AND overdue_at < ? ORDER BY overdue_at LIMIT ?", millis(now), limit)
}

// CancelRequested implements catalog.Jobs.
func (s *Store) CancelRequested(ctx context.Context, limit int) ([]catalog.Job, error) {
	return s.selectOpen(ctx, "list jobs to cancel", "open_cancelling", "cancelling = 1 ORDER BY job_id LIMIT ?", limit)
}

// Superseded implements catalog.Jobs.
func (s *Store) Superseded(ctx context.Context, plan, rule string, fireAt time.Time, limit int) ([]catalog.Job, error) {
	return s.selectOpen(ctx, "list superseded jobs", "open_superseded", `fire_rule <> '' AND fire_rule = ? AND fire < ?
		AND plan = ? AND rule = ? AND EXISTS (
			SELECT 1 FROM jobs n WHERE n.resource_arn = jobs.resource_arn AND n.fire_at = ?
			AND n.plan = jobs.plan AND n.rule = jobs.rule AND n.type = 'backup')
		ORDER BY fire, job_id LIMIT ?`, fireRule(plan, rule), millis(fireAt), plan, rule, millis(fireAt), limit)
}

// UnnotedFailures implements catalog.Jobs.
func (s *Store) UnnotedFailures(ctx context.Context, limit int) ([]catalog.Job, error) {
	return s.selectJobs(ctx, "list failures to note",
		"WHERE outcome = 'FAILED' AND failure_noted = 0 ORDER BY id LIMIT ?", limit)
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
