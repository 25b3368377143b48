package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast/failure"
)

// rollbackTimeout bounds the end of a transaction that failed.
const rollbackTimeout = 5 * time.Second

// write is one statement on its way, with the number of rows it must change.
type write struct {
	what  string // for errors
	query string
	args  []any
	rows  int // or anyRows
}

// anyRows is the count of a write that may change any number of rows.
const anyRows = -1

// errCount: rows were not as the writer took them to be.
var errCount = errors.New("wrong number of rows changed")

// check compares the rows that were changed with those that had to be.
func (w write) check(changed int64) error {
	if w.rows == anyRows || int(changed) == w.rows {
		return nil
	}
	return failure.Errorf(failure.Internal, "%s: %w: %d instead of %d", w.what, errCount, changed, w.rows)
}

// writer collects writes. The first error stays; what comes after it does nothing.
type writer struct {
	dialect dialect
	list    []write
	err     error
}

// bulkOf reads cols of items into rows for bulk; nil when there are none.
func bulkOf[T any](w *writer, cols []column[T], items []T) *rowset {
	if len(items) == 0 || w.err != nil {
		return nil
	}
	rows, err := collect(cols, items)
	if err != nil {
		w.err = err
		return nil
	}
	return rows
}

// bulk adds "WITH v(...) AS (rows) statement", which must change every one of rows.
func (w *writer) bulk(what string, rows *rowset, statement string) {
	if rows == nil || w.err != nil {
		return
	}
	for from, to := 0, 0; from < rows.rows; from = to {
		to = from + rows.chunk(w.dialect, rows.rows-from)
		with, args := rows.with(w.dialect, from, to)
		w.list = append(w.list, write{what: what, query: with + statement, args: args, rows: to - from})
	}
}

// remove adds a statement on a list of keys.
func (w *writer) remove(what, statement string, keys []string, rows int) {
	if len(keys) > 0 && w.err == nil {
		w.list = append(w.list, write{what: what, query: statement, args: []any{list(w.dialect, slices.Sorted(slices.Values(keys)))}, rows: rows})
	}
}

// insertRows adds the insertion of items, all of which must be new: one that is there
// already shows in the count of rows, not as an error that would end the transaction.
func insertRows[T any](w *writer, what, table string, cols []column[T], items []T) {
	w.bulk(what, bulkOf(w, cols, items), insertStatement(table, cols)+" ON CONFLICT DO NOTHING")
}

// insertMissing adds the insertion of those of items that are new.
func insertMissing[T any](w *writer, what, table string, cols []column[T], items []T) {
	before := len(w.list)
	insertRows(w, what, table, cols, items)
	for i := range w.list[before:] {
		w.list[before+i].rows = anyRows
	}
}

// insertStatement is the insertion of the rows v.
func insertStatement[T any](table string, cols []column[T]) string {
	list := names(cols)
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM v WHERE true", table, list, list)
}

// run carries out what w collected, one statement after another.
func (q session) run(ctx context.Context, w writer) error {
	if w.err != nil {
		return w.err
	}
	for _, one := range w.list {
		n, err := q.exec(ctx, one.query, one.args...)
		if err != nil {
			return fmt.Errorf("%s: %w", one.what, err)
		}
		if err := one.check(n); err != nil {
			return err
		}
	}
	return nil
}

// pipelined carries out w in a transaction of PostgreSQL that passes the gate, with two
// round trips: all statements at once, and then the commit. On a busy machine each trip
// waits for its turn twice.
func pipelined(ctx context.Context, conn *pgx.Conn, w writer) error {
	batch := &pgx.Batch{}
	batch.Queue("BEGIN")
	batch.Queue("SELECT pg_advisory_xact_lock_shared($1::bigint)", int64(gateKey))
	for _, one := range w.list {
		batch.Queue(w.dialect.rebind(one.query), one.args...)
	}
	if err := sent(conn.SendBatch(ctx, batch), w.list); err != nil {
		// An open transaction would keep its locks until somebody takes the connection.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_, _ = conn.Exec(ctx, "ROLLBACK") // a connection that cannot is closed by the pool
		return err
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = failure.Errorf(failure.Internal, "commit: the server answered %s", tag)
	}
	return err
}

// sent reads the results of a batch: two statements of its own, and list.
func sent(results pgx.BatchResults, list []write) (err error) {
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for range 2 {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	for _, one := range list {
		tag, err := results.Exec()
		if err != nil {
			return fmt.Errorf("%s: %w", one.what, err)
		}
		if err := one.check(tag.RowsAffected()); err != nil {
			return err
		}
	}
	return nil
}
