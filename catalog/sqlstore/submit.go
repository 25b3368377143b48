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
	"holdfast/driver"
)

// Submittable implements catalog.Jobs. Waiting jobs lie in an index by the epoch they
// were submitted under and then in the order of submission. There are few epochs at a
// time, so each gives its first jobs and the lists are merged: a million jobs that are
// submitted already cost nothing.
func (s *Store) Submittable(ctx context.Context, epoch int64, now time.Time, limit int) (jobs []catalog.Job, err error) {
	err = s.view(ctx, "list jobs to submit", func(ctx context.Context, q session) error {
		jobs = nil
		waiting := q.using("jobs_submittable")
		last := int64(math.MinInt64)
		for {
			// Not min(epoch): PostgreSQL without fresh statistics reads all of them for it.
			found, err := q.one(ctx, []any{&last}, "SELECT epoch FROM jobs"+waiting+" WHERE "+isWaiting+
				" AND epoch > ? AND epoch < ? ORDER BY epoch LIMIT 1", last, epoch)
			if err != nil {
				return err
			}
			if !found {
				break
			}
			part, err := read(ctx, q, jobColumns, "FROM jobs"+waiting+" WHERE "+isWaiting+
				" AND epoch = ? AND retry_at <= ? ORDER BY submit_order, id LIMIT ?", last, millis(now), limit)
			if err != nil {
				return err
			}
			jobs = append(jobs, part...)
		}
		return nil
	})
	slices.SortFunc(jobs, submitOrder)
	return jobs[:min(len(jobs), limit)], err
}

// submitOrder is the order of the column submit_order, then of ids.
func submitOrder(a, b catalog.Job) int {
	rank := func(j catalog.Job) (int, int64) {
		by := millis(j.StartBy)
		if by == 0 {
			by = math.MaxInt64
		}
		if j.Type == driver.Restore {
			return 0, by
		}
		return 1, by
	}
	aRank, aBy := rank(a)
	bRank, bBy := rank(b)
	return cmp.Or(cmp.Compare(aRank, bRank), cmp.Compare(aBy, bBy), strings.Compare(a.ID, b.ID))
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
		}, `SELECT account, region, kind, engine, type, count(*), min(created_at) FROM jobs`+q.using("jobs_submittable")+
			` WHERE `+isWaiting+` GROUP BY account, region, kind, engine, type ORDER BY account, region, kind, engine, type`)
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
	_, err := q.bulk(ctx, rows, `UPDATE jobs SET epoch = v.epoch, retry_at = 0 FROM v
		WHERE jobs.id = v.id AND jobs.version = v.version AND jobs.epoch < v.epoch
		AND jobs.state = 'CREATED' AND jobs.intent_owner = ''`)
	return err
}
