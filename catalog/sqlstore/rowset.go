package sqlstore

import (
	"strings"
)

// rowset is rows on their way into one bulk statement, kept by column because that is
// how PostgreSQL's unnest takes them.
type rowset struct {
	names []string
	texts [][]string // nil where the column is an integer
	ints  [][]int64
	rows  int
}

// collect reads cols of every item into a rowset.
func collect[T any](cols []column[T], items []T) (*rowset, error) {
	r := &rowset{rows: len(items)}
	for _, c := range cols {
		if c.getInt != nil {
			values := make([]int64, len(items))
			for i := range items {
				values[i] = c.getInt(&items[i])
			}
			r.addInts(c.name, values)
			continue
		}
		values := make([]string, len(items))
		for i := range items {
			s, err := c.getText(&items[i])
			if err != nil {
				return nil, err
			}
			values[i] = s
		}
		r.addTexts(c.name, values)
	}
	return r, nil
}

func (r *rowset) addInts(name string, values []int64) {
	r.names, r.ints, r.texts = append(r.names, name), append(r.ints, values), append(r.texts, nil)
	r.rows = len(values)
}

func (r *rowset) addTexts(name string, values []string) {
	r.names, r.ints, r.texts = append(r.names, name), append(r.ints, nil), append(r.texts, values)
	r.rows = len(values)
}

// chunk returns how many of the rows that are left the next statement carries.
func (r *rowset) chunk(d dialect, left int) int {
	if d.postgres {
		return min(left, maxRows)
	}
	return powerOfTwo(min(left, preparedRows))
}

// with gives the start of a statement, "WITH v(columns) AS (rows from..to)", and its
// arguments.
func (r *rowset) with(d dialect, from, to int) (string, []any) {
	var b strings.Builder
	b.WriteString("WITH v(")
	b.WriteString(strings.Join(r.names, ", "))
	b.WriteString(") AS (")
	var args []any
	if d.postgres {
		args = r.unnest(&b, from, to)
	} else {
		args = r.values(&b, from, to)
	}
	b.WriteString(") ")
	return b.String(), args
}

// unnest passes each column as one array: the statement's text stays the same for any
// number of rows, so PostgreSQL prepares it once.
func (r *rowset) unnest(b *strings.Builder, from, to int) []any {
	args := make([]any, 0, len(r.names))
	b.WriteString("SELECT * FROM unnest(")
	for i := range r.names {
		if i > 0 {
			b.WriteString(", ")
		}
		if r.texts[i] != nil {
			b.WriteString("?::text[]")
			args = append(args, r.texts[i][from:to])
		} else {
			b.WriteString("?::bigint[]")
			args = append(args, r.ints[i][from:to])
		}
	}
	b.WriteString(")")
	return args
}

// values passes every cell as a parameter of its own.
func (r *rowset) values(b *strings.Builder, from, to int) []any {
	row := "(?" + strings.Repeat(",?", len(r.names)-1) + ")"
	b.WriteString("VALUES ")
	b.WriteString(row)
	b.WriteString(strings.Repeat(","+row, to-from-1))
	args := make([]any, 0, (to-from)*len(r.names))
	for n := from; n < to; n++ {
		for i := range r.names {
			if r.texts[i] != nil {
				args = append(args, r.texts[i][n])
			} else {
				args = append(args, r.ints[i][n])
			}
		}
	}
	return args
}

// constant returns the rows with one more integer column that is value in each.
func (r *rowset) constant(name string, value int64) *rowset {
	values := make([]int64, r.rows)
	for i := range values {
		values[i] = value
	}
	more := *r
	more.addInts(name, values)
	return &more
}
