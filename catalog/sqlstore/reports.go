package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// groupColumn is what a report calls the value its rows are grouped by.
const groupColumn = "grp"

// grouped is a report's query on jobs: common table expressions, what is selected as the
// group, the joins it needs, and the arguments of each in the order of the text.
type grouped struct {
	with, expr, join string
	args             []any
}

// groupJobs says how jobs are grouped. The tables it joins are small beside jobs, and are
// worked out once.
func (d dialect) groupJobs(g catalog.Grouping) (grouped, error) {
	switch g.By {
	case catalog.ByNothing:
		return grouped{expr: "''"}, nil
	case catalog.ByAccount, catalog.ByPlan:
		return grouped{expr: "jobs." + string(g.By)}, nil
	case catalog.ByUnit:
		with, args := d.unitTable(g.Units)
		return grouped{with: with, expr: "COALESCE(labels.label, '')", join: " LEFT JOIN labels ON labels.name = jobs.account", args: args}, nil
	case catalog.ByTag:
		return grouped{
			with: "WITH labels(name, label) AS (" + d.tagTable() + ") ", expr: "COALESCE(labels.label, '')",
			join: " LEFT JOIN labels ON labels.name = jobs.resource_arn", args: []any{g.Tag},
		}, nil
	}
	return grouped{}, failure.Errorf(failure.Invalid, "reports are not grouped by %q", g.By)
}

// unitTable is the unit of each account.
func (d dialect) unitTable(units map[string]string) (with string, args []any) {
	accounts := slices.Sorted(maps.Keys(units))
	names := make([]string, len(accounts))
	for i, account := range accounts {
		names[i] = units[account]
	}
	if d.postgres {
		return "WITH labels(name, label) AS (SELECT * FROM unnest(?::text[], ?::text[])) ", []any{accounts, names}
	}
	return `WITH labels(name, label) AS (SELECT a.value, u.value FROM json_each(?) a JOIN json_each(?) u ON u.key = a.key) `,
		[]any{list(d, accounts), list(d, names)}
}

// tagTable is the value of one tag of each resource that has it.
func (d dialect) tagTable() string {
	if d.postgres {
		return "SELECT arn, tags::json ->> ? FROM resources WHERE tags <> ''"
	}
	return "SELECT arn, t.value FROM resources, json_each(tags) t WHERE tags <> '' AND t.key = ?"
}

// period adds the condition that jobs are those of q.
func period(q catalog.JobQuery) (condition string, args []any) {
	return " WHERE jobs.created_at >= ? AND jobs.created_at < ? AND jobs.type = ?", []any{millis(q.From), millis(q.To), string(q.Type)}
}

// pointOf finds the point a job is about: the one it made, or the one it works on.
func pointOf(op driver.Operation) string {
	if op == driver.Backup || op == driver.Copy {
		return " LEFT JOIN points ON points.id = jobs.id"
	}
	return " LEFT JOIN points ON points.id = jobs.point_id"
}

// reportSettings let PostgreSQL sort a night of a million jobs in memory and read it with
// several processes; what it compiles for that takes longer than it saves.
const reportSettings = "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0"

// snapshot runs fn in a transaction that reads the catalog as it is at one moment.
func (s *Store) snapshot(ctx context.Context, op string, fn func(ctx context.Context, q session) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	err := func() error {
		tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{Isolation: s.dialect.snapshotLevel(), ReadOnly: s.dialect.postgres})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // it has only read
		q := session{querier: tx, dialect: s.dialect}
		if s.dialect.postgres {
			for setting := range strings.SplitSeq(reportSettings, "; ") {
				if _, err := q.exec(ctx, setting); err != nil {
					return err
				}
			}
		}
		return fn(ctx, q)
	}()
	if err != nil {
		return fmt.Errorf("%s: %w", op, s.describe(err))
	}
	return nil
}

// JobFigures implements catalog.Reports.
func (s *Store) JobFigures(ctx context.Context, q catalog.JobQuery) (f catalog.JobFigures, err error) {
	if q.Slot < time.Millisecond {
		return f, failure.Errorf(failure.Invalid, "report on jobs: slots of %s are too short", q.Slot)
	}
	g, err := s.dialect.groupJobs(q.Grouping)
	if err != nil {
		return f, fmt.Errorf("report on jobs: %w", err)
	}
	whole, _ := s.dialect.groupJobs(catalog.Grouping{})
	err = s.snapshot(ctx, "report on jobs", func(ctx context.Context, session session) (err error) {
		if f.Totals, err = session.jobTotals(ctx, q, g); err != nil {
			return err
		}
		if f.Durations, err = session.jobDurations(ctx, q, g); err != nil {
			return err
		}
		overall, err := session.jobDurations(ctx, q, whole)
		if err != nil {
			return err
		}
		if len(overall) > 0 {
			f.Overall = overall[0]
		}
		f.Slots, err = session.jobSlots(ctx, q)
		return err
	})
	return f, err
}

func (q session) jobTotals(ctx context.Context, jobs catalog.JobQuery, g grouped) (totals []catalog.JobTotal, err error) {
	where, args := period(jobs)
	query := g.with + "SELECT " + g.expr + " AS " + groupColumn + ", jobs.state, jobs.class, count(*), CAST(COALESCE(sum(points.size_bytes), 0) AS BIGINT) FROM jobs" +
		pointOf(jobs.Type) + g.join + where + " GROUP BY " + groupColumn + ", jobs.state, jobs.class ORDER BY " + groupColumn + ", jobs.state, jobs.class"
	err = q.each(ctx, func(rows *sql.Rows) error {
		var t catalog.JobTotal
		if err := rows.Scan(&t.Group, &t.State, &t.Class, &t.Jobs, &t.Bytes); err != nil {
			return err
		}
		totals = append(totals, t)
		return nil
	}, query, slices.Concat(g.args, args)...)
	return totals, err
}

func (q session) jobDurations(ctx context.Context, jobs catalog.JobQuery, g grouped) (durations []catalog.JobDuration, err error) {
	where, args := period(jobs)
	err = q.each(ctx, func(rows *sql.Rows) error {
		var d catalog.JobDuration
		var ms [4]int64
		if err := rows.Scan(&d.Group, &d.Jobs, &ms[0], &ms[1], &ms[2], &ms[3]); err != nil {
			return err
		}
		for i, field := range []*time.Duration{&d.P50, &d.P90, &d.P99, &d.Max} {
			*field = time.Duration(ms[i]) * time.Millisecond
		}
		durations = append(durations, d)
		return nil
	}, q.durationQuery(g, where), slices.Concat(g.args, args)...)
	return durations, err
}

// durationQuery asks for percentiles by nearest rank, which PostgreSQL knows as
// percentile_disc. SQLite knows none, so there the ranks are counted.
func (d dialect) durationQuery(g grouped, where string) string {
	with := "WITH "
	if g.with != "" {
		with = strings.TrimSuffix(g.with, " ") + ", "
	}
	with += `took(grp, ms) AS (SELECT ` + g.expr + `, jobs.ended_at - jobs.started_at FROM jobs` + g.join + where + `
		AND jobs.state = 'COMPLETED' AND jobs.started_at > 0 AND jobs.ended_at > 0)`
	if d.postgres {
		return with + ` SELECT grp, n, at[1], at[2], at[3], most FROM (SELECT grp, count(*) AS n,
			percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY ms) AS at, max(ms) AS most FROM took GROUP BY grp) g ORDER BY grp`
	}
	return with + `, ranked AS (SELECT grp, ms, row_number() OVER (PARTITION BY grp ORDER BY ms) AS place, count(*) OVER (PARTITION BY grp) AS n FROM took)
	SELECT grp, max(n), min(CASE WHEN place * 100 >= n * 50 THEN ms END), min(CASE WHEN place * 100 >= n * 90 THEN ms END),
		min(CASE WHEN place * 100 >= n * 99 THEN ms END), max(ms) FROM ranked GROUP BY grp ORDER BY grp`
}

func (q session) jobSlots(ctx context.Context, jobs catalog.JobQuery) (slots []catalog.JobSlot, err error) {
	where, args := period(jobs)
	query := "SELECT (jobs.created_at - ?) / ? AS slot, jobs.state, count(*) FROM jobs" + where + " GROUP BY slot, jobs.state ORDER BY slot, jobs.state"
	err = q.each(ctx, func(rows *sql.Rows) error {
		var one catalog.JobSlot
		if err := rows.Scan(&one.Slot, &one.State, &one.Jobs); err != nil {
			return err
		}
		slots = append(slots, one)
		return nil
	}, query, append([]any{millis(jobs.From), jobs.Slot.Milliseconds()}, args...)...)
	return slots, err
}
