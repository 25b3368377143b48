package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
)

// Submittable implements catalog.Jobs. Waiting jobs lie in an index by the epoch they
// were submitted under and then in the order of submission. There are few epochs at a
// time, so each gives its first jobs and the lists are merged: a million jobs that are
// submitted already cost nothing.
func (s *Store) Submittable(ctx context.Context, epoch int64, now time.Time, limit int) (jobs []catalog.Job, err error) {
	err = s.view(ctx, "list jobs to submit", func(ctx context.Context, q session) error {
		jobs = nil
		return q.eachEpoch(ctx, epoch, func(last int64) error {
			part, err := read(ctx, q, jobReadColumns, q.openBy("open_submittable")+
				"WHERE waiting = 1 AND epoch = ? AND retry_at <= ? ORDER BY submit_order, job_id LIMIT ?", last, millis(now), limit)
			jobs = append(jobs, part...)
			return err
		})
	})
	slices.SortFunc(jobs, func(a, b catalog.Job) int {
		return cmp.Or(cmp.Compare(submitOrder(a), submitOrder(b)), strings.Compare(a.ID, b.ID))
	})
	return jobs[:min(len(jobs), limit)], err
}

// eachEpoch calls visit with every epoch before end under which waiting jobs were
// submitted last, oldest first.
func (q session) eachEpoch(ctx context.Context, end int64, visit func(epoch int64) error) error {
	last := int64(math.MinInt64)
	for {
		// Not min(epoch): PostgreSQL without fresh statistics reads all of them for it.
		found, err := q.one(ctx, []any{&last}, "SELECT epoch FROM open_jobs"+q.using("open_submittable")+
			" WHERE waiting = 1 AND epoch > ? AND epoch < ? ORDER BY epoch LIMIT 1", last, end)
		if err != nil || !found {
			return err
		}
		if err := visit(last); err != nil {
			return err
		}
	}
}

// Waiting implements catalog.Jobs. It reads every waiting job, so it is for people and for
// metrics that keep the answer.
func (s *Store) Waiting(ctx context.Context) (groups []catalog.WaitingGroup, err error) {
	err = s.view(ctx, "count waiting jobs", func(ctx context.Context, q session) error {
		groups = nil
		return q.each(ctx, func(rows *sql.Rows) error {
			var g catalog.WaitingGroup
			var oldest int64
			if err := rows.Scan(&g.Account, &g.Region, &g.Kind, &g.Engine, &g.Type, &g.Jobs, &oldest); err != nil {
				return err
			}
			g.Oldest = time.UnixMilli(oldest).UTC()
			groups = append(groups, g)
			return nil
		}, `SELECT account, region, kind, engine, type, count(*), min(created_at) `+q.openBy("open_submittable")+
			`WHERE waiting = 1 GROUP BY account, region, kind, engine, type ORDER BY account, region, kind, engine, type`)
	})
	return groups, err
}

// MarkSubmitted implements catalog.Jobs.
func (s *Store) MarkSubmitted(ctx context.Context, jobs []catalog.Job, epoch int64) error {
	ordered := slices.Clone(jobs)
	slices.SortFunc(ordered, func(a, b catalog.Job) int { return strings.Compare(a.ID, b.ID) })
	for chunk := range slices.Chunk(ordered, lookupChunk) {
		rows, err := collect([]column[catalog.Job]{jobIdentity[0], jobVersion}, chunk)
		if err != nil {
			return err
		}
		err = s.update(ctx, "mark jobs as submitted", func(ctx context.Context, q session) error {
			return q.markSubmitted(ctx, rows, epoch)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (q session) markSubmitted(ctx context.Context, rows *rowset, epoch int64) error {
	rows = rows.constant("epoch", epoch)
	_, err := q.bulk(ctx, rows, `UPDATE open_jobs SET epoch = v.epoch, retry_at = 0 FROM v
		WHERE open_jobs.job_id = v.id AND open_jobs.at_version = v.version AND open_jobs.epoch < v.epoch
		AND open_jobs.waiting = 1`)
	return err
}
