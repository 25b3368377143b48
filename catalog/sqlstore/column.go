package sqlstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// column ties one column of a table to one field of T, in both directions, so that the
// insert, the update and the scan of a table cannot disagree. Every column is either
// text or a 64-bit integer: the two types both databases treat alike.
type column[T any] struct {
	name    string
	expr    string                   // what a query selects, when not the name
	getText func(*T) (string, error) // nil for integers
	setText func(*T, string) error
	getInt  func(*T) int64 // nil for text
	setInt  func(*T, int64)
}

// selected is what a query selects to read the column.
func (c column[T]) selected() string {
	if c.expr != "" {
		return c.expr
	}
	return c.name
}

// orZero reads an integer that a left join may not find as 0.
func orZero[T any](c column[T]) column[T] {
	c.expr = "COALESCE(" + c.name + ", 0)"
	return c
}

// derivedText and derivedInt are columns that are computed from a value and never read
// back: they exist for an index.
func derivedText[T any](name string, of func(*T) string) column[T] {
	return column[T]{name: name, getText: func(t *T) (string, error) { return storable(of(t)), nil }}
}

func derivedInt[T any](name string, of func(*T) int64) column[T] {
	return column[T]{name: name, getInt: of}
}

// text stores a string.
func text[T any, S ~string](name string, field func(*T) *S) column[T] {
	return column[T]{
		name:    name,
		getText: func(t *T) (string, error) { return storable(string(*field(t))), nil },
		setText: func(t *T, s string) error { *field(t) = S(s); return nil },
	}
}

// integer stores a whole number.
func integer[T any, N ~int | ~int64](name string, field func(*T) *N) column[T] {
	return column[T]{
		name:   name,
		getInt: func(t *T) int64 { return int64(*field(t)) },
		setInt: func(t *T, n int64) { *field(t) = N(n) },
	}
}

// instant stores a time as milliseconds, the zero time as 0.
func instant[T any](name string, field func(*T) *time.Time) column[T] {
	return column[T]{
		name:   name,
		getInt: func(t *T) int64 { return millis(*field(t)) },
		setInt: func(t *T, n int64) { *field(t) = fromMillis(n) },
	}
}

// flag stores a bool as 0 or 1.
func flag[T any](name string, field func(*T) *bool) column[T] {
	return column[T]{
		name: name,
		getInt: func(t *T) int64 {
			if *field(t) {
				return 1
			}
			return 0
		},
		setInt: func(t *T, n int64) { *field(t) = n != 0 },
	}
}

// document stores a value as JSON, JSON's null as the empty text.
func document[T, V any](name string, field func(*T) *V) column[T] {
	return column[T]{
		name: name,
		getText: func(t *T) (string, error) {
			b, err := json.Marshal(field(t))
			if err != nil {
				return "", fmt.Errorf("encode %s: %w", name, err)
			}
			if string(b) == "null" {
				return "", nil
			}
			return storable(string(b)), nil
		},
		setText: func(t *T, s string) error {
			var v V
			if s != "" {
				if err := json.Unmarshal([]byte(s), &v); err != nil {
					return fmt.Errorf("decode %s: %w", name, err)
				}
			}
			*field(t) = v
			return nil
		},
	}
}

// names lists the columns of a table for a statement that writes it.
func names[T any](cols []column[T]) string {
	list := make([]string, len(cols))
	for i, c := range cols {
		list[i] = c.name
	}
	return strings.Join(list, ", ")
}

// selection lists the columns for a query.
func selection[T any](cols []column[T]) string {
	list := make([]string, len(cols))
	for i, c := range cols {
		list[i] = c.selected()
	}
	return strings.Join(list, ", ")
}

// assignments lists the columns for an update from the rows v.
func assignments[T any](cols []column[T]) string {
	list := make([]string, len(cols))
	for i, c := range cols {
		list[i] = c.name + " = v." + c.name
	}
	return strings.Join(list, ", ")
}

// stored rewrites t to what a read after the write will return: times lose what is
// below a millisecond, text what no database keeps.
func stored[T any](cols []column[T], t *T) error {
	for _, c := range cols {
		if c.getInt != nil {
			c.setInt(t, c.getInt(t))
			continue
		}
		s, err := c.getText(t)
		if err != nil {
			return err
		}
		if err := c.setText(t, s); err != nil {
			return err
		}
	}
	return nil
}

// storable drops what PostgreSQL refuses in text (NUL, broken UTF-8). An error message
// from outside must never be what keeps a job from being recorded.
func storable(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, "\x00") {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
