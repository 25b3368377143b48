package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// querier is the part of *sql.DB and *sql.Tx this package uses.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// session is a pool or a transaction together with its dialect.
type session struct {
	querier
	dialect
	tx         *sql.Tx     // nil outside transactions
	statements *statements // nil where the driver prepares by itself
}

// prepared returns the statement for query if it is worth having and there.
func (q session) prepared(ctx context.Context, query string) *sql.Stmt {
	if q.tx == nil || q.statements == nil {
		return nil
	}
	return q.statements.within(ctx, q.tx, query)
}

// exec runs a statement and returns how many rows it changed.
func (q session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if stmt := q.prepared(ctx, query); stmt != nil {
		res, err = stmt.ExecContext(ctx, args...)
	} else {
		res, err = q.ExecContext(ctx, q.rebind(query), args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// each calls row for every row of a query.
func (q session) each(ctx context.Context, row func(*sql.Rows) error, query string, args ...any) error {
	var rows *sql.Rows
	var err error
	if stmt := q.prepared(ctx, query); stmt != nil {
		rows, err = stmt.QueryContext(ctx, args...)
	} else {
		rows, err = q.QueryContext(ctx, q.rebind(query), args...)
	}
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans the only row of a query into dest; found is false when there is none.
func (q session) one(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	err = q.each(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	return found, err
}

// column1 returns the texts of a query with one text column.
func (q session) column1(ctx context.Context, query string, args ...any) ([]string, error) {
	var out []string
	err := q.each(ctx, func(rows *sql.Rows) error {
		var v string
		if err := rows.Scan(&v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, query, args...)
	return out, err
}

// bulk runs "WITH v(...) AS (rows) statement" over rows, in as few statements as the
// parameter limit allows, and returns how many rows were changed.
func (q session) bulk(ctx context.Context, rows *rowset, statement string) (int64, error) {
	var total int64
	for from, to := 0, 0; from < rows.rows; from = to {
		to = from + rows.chunk(q.dialect, rows.rows-from)
		with, args := rows.with(q.dialect, from, to)
		n, err := q.exec(ctx, with+statement, args...)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// bulkReturning is bulk for a statement that returns one text column.
func (q session) bulkReturning(ctx context.Context, rows *rowset, statement string) ([]string, error) {
	var out []string
	for from, to := 0, 0; from < rows.rows; from = to {
		to = from + rows.chunk(q.dialect, rows.rows-from)
		with, args := rows.with(q.dialect, from, to)
		got, err := q.column1(ctx, with+statement, args...)
		if err != nil {
			return out, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// read returns the rows of "SELECT cols tail" as values of T.
func read[T any](ctx context.Context, q session, cols []column[T], tail string, args ...any) ([]T, error) {
	texts, ints := make([]string, len(cols)), make([]int64, len(cols))
	dest := make([]any, len(cols))
	for i, c := range cols {
		if c.getInt != nil {
			dest[i] = &ints[i]
		} else {
			dest[i] = &texts[i]
		}
	}
	var out []T
	err := q.each(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		var t T
		for i, c := range cols {
			if c.getInt != nil {
				c.setInt(&t, ints[i])
			} else if err := c.setText(&t, texts[i]); err != nil {
				return err
			}
		}
		out = append(out, t)
		return nil
	}, "SELECT "+selection(cols)+" "+tail, args...)
	return out, err
}

// insert adds items to a table, ignoring those whose key exists, and returns returning
// of the new rows.
func insert[T any](ctx context.Context, q session, table string, cols []column[T], items []T, key, returning string) ([]string, error) {
	if len(items) == 0 {
		return nil, nil
	}
	rows, err := collect(cols, items)
	if err != nil {
		return nil, err
	}
	list := names(cols)
	return q.bulkReturning(ctx, rows, fmt.Sprintf(
		"INSERT INTO %s (%s) SELECT %s FROM v WHERE true ON CONFLICT (%s) DO NOTHING RETURNING %s",
		table, list, list, key, returning))
}
