package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/localserver"
)

// withSQLite calls use with a catalog in a new file.
func withSQLite(_ context.Context, s settings, use func(dsn string) error) error {
	if s.catalog != "" {
		return use(s.catalog)
	}
	dir, err := os.MkdirTemp("", "holdfast-pages-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return use("sqlite:" + filepath.Join(dir, "catalog.db"))
}

// withPostgres calls use with a catalog in a server of its own.
func withPostgres(_ context.Context, s settings, use func(dsn string) error) error {
	if s.catalog != "" {
		return use(s.catalog)
	}
	server, err := localserver.StartPostgres(true)
	if err != nil {
		return err
	}
	defer server.Remove()
	dsn, err := server.CreateDatabase("pages")
	if err != nil {
		return err
	}
	return use(dsn)
}

// The catalog's time: the newest job is of now, the oldest three weeks older.
var now = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

const (
	period   = 21 * 24 * time.Hour
	accounts = 500
	open     = 2500 // jobs that have not ended
)

// fill writes the catalog with statements of its own: through the store a million jobs
// would take the time they take to run.
func fill(ctx context.Context, dsn string, s settings) (time.Duration, error) {
	began := clock.System().Now()
	store, err := sqlstore.Open(ctx, dsn, sqlstore.Options{})
	if err != nil {
		return 0, err
	}
	if _, err := store.Installation(ctx, "bench"); err != nil {
		return 0, err
	}
	newest, err := store.LastEvent(ctx)
	if err := errors.Join(err, store.Close()); err != nil || newest > 0 { // it was filled before
		return 0, err
	}
	name, source := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		name, source = "sqlite", path
	}
	db, err := sql.Open(name, source)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements(s, name == "pgx") {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return 0, fmt.Errorf("%w in %.200s", err, statement)
		}
	}
	return clock.System().Now().Sub(began), nil
}

// statements fill the tables; they are the same for both databases but for the end.
func statements(s settings, postgres bool) []string {
	values := strings.NewReplacer(
		"@jobs", fmt.Sprint(s.jobs), "@resources", fmt.Sprint(s.resources), "@accounts", fmt.Sprint(accounts),
		"@open", fmt.Sprint(open), "@oldest", fmt.Sprint(now.Add(-period).UnixMilli()), "@step", fmt.Sprint(period.Milliseconds()/int64(s.jobs)),
		"@arn", "'arn:aws:ec2:eu-west-1:' || (100000000000 + r % "+fmt.Sprint(accounts)+") || ':volume/vol-' || (10000000 + r)",
	)
	list := []string{resources, jobs, openJobs, points, events, fires}
	for i := range list {
		list[i] = values.Replace(list[i])
	}
	if postgres {
		return append(list, "ANALYZE")
	}
	return append([]string{"PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"}, append(list, "PRAGMA wal_checkpoint(TRUNCATE)")...)
}

const resources = `WITH RECURSIVE n(r) AS (SELECT 0 UNION ALL SELECT r + 1 FROM n WHERE r < @resources - 1)
INSERT INTO resources (arn, partition, account, region, kind, name, tags, settings, unsupported, seen_at, gone_at, sync)
SELECT @arn, 'aws', '' || (100000000000 + r % @accounts), 'eu-west-1', 'ebs', 'volume-' || r,
	CASE WHEN r % 20 = 0 THEN '{}' ELSE '{"backup":"yes","team":"team-' || (r % 40) || '"}' END,
	'{"size_gib":100,"type":"gp3","availability_zone":"eu-west-1a","iops":3000}', '', @oldest, 0, 1 FROM n`

const jobs = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < @jobs - 1),
j AS (SELECT i, i % @resources AS r, 'jobjobjob' || (10000000000000000 + i) AS id, @oldest + i * @step AS at,
	CASE WHEN i >= @jobs - @open THEN CASE WHEN i % 5 = 0 THEN 'RUNNING' ELSE 'CREATED' END
		WHEN i % 50 = 0 THEN 'FAILED' WHEN i % 101 = 0 THEN 'EXPIRED' ELSE 'COMPLETED' END AS state FROM n)
INSERT INTO jobs (id, type, state, version, kind, partition, account, region, resource_arn, point_id, plan, rule, fire_at, chain_id,
	parent_id, retry_of, created_by, spec, created_at, start_by, complete_by, intent_owner, intent_until, attempts, ref, progress,
	class, message, started_at, ended_at, cancel_requested, failure_noted, engine)
SELECT id, 'backup', state, 3, 'ebs', 'aws', '' || (100000000000 + r % @accounts), 'eu-west-1', @arn, '', 'plan-' || (r % 10), 'nightly',
	at - at % 86400000, id, '', '', 'scheduler', '{"vault":"default","delete_after":35}', at, at + 28800000, at + 604800000,
	CASE WHEN state = 'RUNNING' THEN 'worker' ELSE '' END, 0, 1, CASE state WHEN 'RUNNING' THEN 'snap-' || i WHEN 'COMPLETED' THEN 'snap-' || i ELSE '' END, -1,
	CASE state WHEN 'FAILED' THEN 'denied' WHEN 'EXPIRED' THEN 'window' ELSE '' END,
	CASE state WHEN 'FAILED' THEN 'ec2:CreateSnapshot: UnauthorizedOperation: You are not authorized to perform this operation' ELSE '' END,
	CASE WHEN state IN ('RUNNING', 'COMPLETED') THEN at + 60000 ELSE 0 END, CASE WHEN state IN ('RUNNING', 'CREATED') THEN 0 ELSE at + 900000 END, 0, 1, 'native' FROM j`

const openJobs = `INSERT INTO open_jobs (job_id, at_version, open_type, open_state, waiting, epoch, submit_order, retry_at, next_look_at, look_group,
	overdue_at, cancelling, fire_rule, fire)
SELECT id, version, type, state, CASE state WHEN 'CREATED' THEN 1 ELSE 0 END, 1, start_by, 0, 0, '', 0, 0,
	CASE state WHEN 'CREATED' THEN plan || '/' || rule ELSE '' END, fire_at FROM jobs WHERE state IN ('CREATED', 'RUNNING')`

const points = `INSERT INTO points (id, state, kind, partition, account, region, resource_arn, arn, ref, vault, plan, rule, chain_id, parent_id,
	created_at, completed_at, delete_at, size_bytes, encrypted, kms_key_id, source, installation, expire_attempts, expire_after, engine)
SELECT id, CASE WHEN created_at < @oldest + 604800000 THEN 'DELETED' ELSE 'AVAILABLE' END, kind, partition, account, region, resource_arn,
	'arn:aws:ec2:eu-west-1::snapshot/' || ref, ref, 'default', plan, rule, chain_id, '', created_at + 60000, ended_at, created_at + 3024000000,
	107374182400, 1, 'alias/backup', '{"arn":"' || resource_arn || '","kind":"ebs","account":"' || account || '","region":"eu-west-1"}', 'bench', 0, 0, 'native'
FROM jobs WHERE state = 'COMPLETED' AND substr(id, 26) IN ('1', '5', '8')`

const events = `INSERT INTO events (at, type, job_id, point_id, actor, from_state, to_state, class, message, data)
SELECT created_at, 'job.created', id, '', 'scheduler', '', 'CREATED', '', '', '' FROM jobs ORDER BY created_at, id`

const fires = `INSERT INTO fires (plan, rule, at, state, planned_at, jobs, note)
SELECT plan, rule, fire_at, 'PLANNED', fire_at, count(*), '' FROM jobs GROUP BY plan, rule, fire_at`
