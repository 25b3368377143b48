package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"holdfast/catalog"
)

// Places implements catalog.Reports.
func (s *Store) Places(ctx context.Context, yield func(catalog.PointPlace) error) error {
	const query = `SELECT resource_arn, account, region, vault, count(*), CAST(sum(encrypted) AS BIGINT), max(created_at), CAST(sum(size_bytes) AS BIGINT),
		COALESCE(min(CASE WHEN delete_at > 0 THEN delete_at - created_at END), 0)
		FROM points WHERE state = 'AVAILABLE' GROUP BY resource_arn, account, region, vault ORDER BY resource_arn, account, region, vault`
	return s.snapshot(ctx, "count recovery points by place", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var p catalog.PointPlace
			var newest, shortest int64
			if err := rows.Scan(&p.ResourceARN, &p.Account, &p.Region, &p.Vault, &p.Points, &p.Encrypted, &newest, &p.Bytes, &shortest); err != nil {
				return err
			}
			p.Newest, p.Shortest = fromMillis(newest), time.Duration(shortest)*time.Millisecond
			return yield(p)
		}, query)
	})
}

// chains joins backups of rules with the copies that followed by themselves: what somebody
// copied by hand has no fire.
const chains = `WITH hops(chain, done, at) AS (
		SELECT chain_id, max(CASE state WHEN 'COMPLETED' THEN 1 ELSE 0 END), min(CASE state WHEN 'COMPLETED' THEN ended_at END)
		FROM jobs WHERE type = 'copy' AND fire_at > 0 AND created_at >= ? GROUP BY chain_id, account, region),
	copies(chain, done, at) AS (SELECT chain, min(done), max(at) FROM hops GROUP BY chain)
	SELECT b.resource_arn, b.plan, b.rule, b.created_at, b.completed_at, COALESCE(copies.done, 1), COALESCE(copies.at, 0),
		CASE WHEN b.state = 'AVAILABLE' OR EXISTS (SELECT 1 FROM points c WHERE c.chain_id = b.chain_id AND c.state = 'AVAILABLE') THEN 1 ELSE 0 END
	FROM points b LEFT JOIN copies ON copies.chain = b.chain_id
	WHERE b.id = b.chain_id AND b.plan <> '' AND b.created_at >= ?
	ORDER BY b.resource_arn, b.plan, b.rule, b.created_at, b.id`

// Chains implements catalog.Reports.
func (s *Store) Chains(ctx context.Context, since time.Time, yield func(catalog.Chain) error) error {
	return s.snapshot(ctx, "read chains of backups and copies", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var c catalog.Chain
			var began, backedUp, whole, copied, kept int64
			if err := rows.Scan(&c.ResourceARN, &c.Plan, &c.Rule, &began, &backedUp, &whole, &copied, &kept); err != nil {
				return err
			}
			c.At, c.Kept = fromMillis(began), kept == 1
			if whole == 1 {
				c.GoodAt = fromMillis(max(backedUp, copied))
			}
			return yield(c)
		}, chains, millis(since), millis(since))
	})
}

// Rules implements catalog.Reports.
func (s *Store) Rules(ctx context.Context) (rules []catalog.RuleState, err error) {
	err = s.view(ctx, "read rules", func(ctx context.Context, q session) (err error) {
		rules, err = read(ctx, q, ruleColumns, "FROM rules ORDER BY plan, rule")
		return err
	})
	return rules, err
}

// OpenResources implements catalog.Reports.
func (s *Store) OpenResources(ctx context.Context, yield func(arn, plan, rule string) error) error {
	const query = `SELECT DISTINCT resource_arn, plan, rule FROM open_jobs JOIN jobs ON id = job_id
		WHERE open_type IN ('backup', 'copy') AND plan <> '' ORDER BY resource_arn, plan, rule`
	return s.snapshot(ctx, "read what is being backed up", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var arn, plan, rule string
			if err := rows.Scan(&arn, &plan, &rule); err != nil {
				return err
			}
			return yield(arn, plan, rule)
		}, query)
	})
}

// Storage implements catalog.Reports.
func (s *Store) Storage(ctx context.Context, at []time.Time, since time.Time) (storage []catalog.Storage, err error) {
	const available = "state = 'AVAILABLE'"
	query, args := "SELECT plan, kind, region, sum(CASE WHEN "+available+" THEN 1 ELSE 0 END), ", []any{}
	query += "CAST(sum(CASE WHEN created_at >= ? THEN size_bytes ELSE 0 END) AS BIGINT), CAST(sum(CASE WHEN created_at >= ? AND delete_at = 0 THEN size_bytes ELSE 0 END) AS BIGINT), " +
		"CAST(COALESCE(avg(CASE WHEN created_at >= ? AND delete_at > 0 THEN delete_at - created_at END), 0) AS BIGINT)"
	args = append(args, millis(since), millis(since), millis(since))
	for i, moment := range at {
		lasts := " AND (delete_at = 0 OR delete_at > ?)"
		if i == 0 {
			lasts = "" // everything that is there now, even what should have gone
		} else {
			args = append(args, millis(moment))
		}
		query += ", CAST(sum(CASE WHEN " + available + lasts + " THEN size_bytes ELSE 0 END) AS BIGINT)"
	}
	query += " FROM points GROUP BY plan, kind, region ORDER BY plan, kind, region"
	err = s.snapshot(ctx, "sum storage", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			one := catalog.Storage{Left: make([]int64, len(at))}
			var life int64
			dest := []any{&one.Plan, &one.Kind, &one.Region, &one.Points, &one.Added, &one.AddedForever, &life}
			for i := range one.Left {
				dest = append(dest, &one.Left[i])
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			one.AddedLife = time.Duration(life) * time.Millisecond
			storage = append(storage, one)
			return nil
		}, query, args...)
	})
	return storage, err
}

// OldestPoint implements catalog.Reports.
func (s *Store) OldestPoint(ctx context.Context) (at time.Time, err error) {
	var ms int64
	err = s.view(ctx, "find the oldest point", func(ctx context.Context, q session) error {
		_, err := q.one(ctx, []any{&ms}, "SELECT created_at FROM points WHERE created_at > 0 ORDER BY created_at LIMIT 1")
		return err
	})
	return fromMillis(ms), err
}

// RestoreTimes implements catalog.Reports.
func (s *Store) RestoreTimes(ctx context.Context, since time.Time) (times []catalog.RestoreTime, err error) {
	const query = `SELECT resource_arn, ended_at, ended_at - started_at FROM jobs
		WHERE type = 'restore' AND created_at >= ? AND state = 'COMPLETED' AND started_at > 0 ORDER BY resource_arn, ended_at, id`
	err = s.snapshot(ctx, "read restore times", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var one catalog.RestoreTime
			var ended, took int64
			if err := rows.Scan(&one.ResourceARN, &ended, &took); err != nil {
				return err
			}
			one.EndedAt, one.Took = fromMillis(ended), time.Duration(took)*time.Millisecond
			if last := len(times) - 1; last >= 0 && times[last].ResourceARN == one.ResourceARN {
				times[last] = one
				return nil
			}
			times = append(times, one)
			return nil
		}, query, millis(since))
	})
	return times, err
}
