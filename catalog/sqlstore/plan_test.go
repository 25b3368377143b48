package sqlstore

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/resource"
)

// spy notes how SQLite goes about every statement before it is run.
type spy struct {
	querier
	t     *testing.T
	plans []string
}

func (s *spy) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s.explain(ctx, query, args)
	return s.querier.QueryContext(ctx, query, args...)
}

func (s *spy) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s.explain(ctx, query, args)
	return s.querier.ExecContext(ctx, query, args...)
}

func (s *spy) explain(ctx context.Context, query string, args []any) {
	rows, err := s.querier.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			s.t.Fatal(err)
		}
		s.plans = append(s.plans, detail)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
}

// TestStatementsSeekTheirRows runs what has to work among millions of rows and checks
// that SQLite reads no table from end to end. Queries with a named index need no such
// test: SQLite refuses them when the index does not fit.
func TestStatementsSeekTheirRows(t *testing.T) {
	t.Parallel()
	s := openFile(t, filepath.Join(t.TempDir(), "catalog.db"))
	ctx := t.Context()
	job := waitingJob(1)
	job.Version = 1
	cp := catalog.NewCopy("copy-1", catalog.RecoveryPoint{ID: "point-1"}, catalog.CopySpec{}, nil, "w", job.CreatedAt)
	p := &pending{ctx: ctx, mutation: catalog.Mutation{
		Job: job, From: catalog.Created, FollowUps: []catalog.Job{cp}, ReleaseHolder: job.ID,
		PointMoves: []catalog.PointMove{{PointID: "point-1", From: catalog.Available, To: catalog.Expiring}},
	}}
	explain := func(name string, run func(q session) error) {
		t.Helper()
		noScan(t, s, name, run)
	}
	explain("lock rows", func(q session) error { _, err := q.lockRows(ctx, []*pending{p, p}); return err })
	write := func(p *pending) func(session) error {
		return func(q session) error {
			w := effectsOf([]*pending{p}, newView(), job.CreatedAt).writes(q.dialect)
			for _, one := range w.list {
				_, _ = q.exec(ctx, one.query, one.args...) // what it finds is no matter here
			}
			return w.err
		}
	}
	explain("store", write(p))
	explain("add jobs", func(q session) error { _, err := q.addJobs(ctx, []catalog.Job{job, cp}); return err })
	explain("check sources", func(q session) error { return q.checkSources(ctx, []catalog.Job{cp}) })
	explain("expiry facts", func(q session) error { _, err := q.pointFacts(ctx, "point-1"); return err })
	explain("mark submitted", func(q session) error {
		rows, err := collect([]column[catalog.Job]{jobIdentity[0], jobVersion}, []catalog.Job{job})
		if err != nil {
			return err
		}
		return q.markSubmitted(ctx, rows, 1)
	})
	ended := *p
	ended.job.State = catalog.Failed
	explain("end", write(&ended))
	explain("postpone", func(q session) error {
		return q.postpone(ctx, []catalog.NextLook{{JobID: "a"}, {JobID: "b"}})
	})
	for name, f := range map[string]catalog.JobFilter{
		"account": {Account: "1"}, "resource": {ResourceARN: "a"}, "plan": {Plan: "p"}, "chain": {ChainID: "c"},
		"point": {PointID: "p"}, "state": {States: []catalog.State{catalog.Failed}},
		"ill states": {States: []catalog.State{catalog.Failed, catalog.Expired}},
	} {
		explain("list by "+name, func(q session) error {
			c := jobConditions(q.dialect, f)
			_, err := read(ctx, q, jobReadColumns, "FROM "+jobRows+c.where()+" ORDER BY created_at DESC, id DESC LIMIT 10", c.args...)
			return err
		})
	}
	explain("due points", func(q session) error {
		_, err := read(ctx, q, pointColumns, duePoints(q.dialect), "acme", millis(time.Unix(1, 0)), 1, 1, 1)
		return err
	})
	explain("points to archive", func(q session) error {
		_, err := read(ctx, q, pointColumns, "FROM points "+dueCold(q.dialect), "acme", millis(time.Unix(1, 0)), 1)
		return err
	})
	explain("resources of a scope", func(q session) error {
		return q.storeResources(ctx, catalog.InventorySync{Resources: []resource.Resource{{ARN: "a"}}}, 1)
	})
	explain("gone", func(q session) error { return q.markGone(ctx, catalog.InventorySync{}, 1) })
	for _, prune := range prunings[:1] {
		explain("prune "+prune.what, func(q session) error { _, err := q.exec(ctx, prune.statement, 1, 1, 1); return err })
	}
}

// noScan runs statements in a transaction it undoes and checks how SQLite went about them.
func noScan(t *testing.T, s *Store, name string, run func(q session) error) {
	t.Helper()
	tx, err := s.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	look := &spy{querier: tx, t: t}
	_ = run(session{querier: look}) // what it finds is no matter here
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if len(look.plans) == 0 {
		t.Errorf("%s ran nothing", name)
	}
	for _, table := range []string{"jobs", "open_jobs", "points", "holds", "events", "resources"} {
		for _, plan := range look.plans {
			if plan == "SCAN "+table || strings.HasPrefix(plan, "SCAN "+table+" ") {
				t.Errorf("%s reads all of %s:\n%s", name, table, strings.Join(look.plans, "\n"))
			}
		}
	}
}
