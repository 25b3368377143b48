package sqlstore

import (
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
)

// dialect is everything in which the two databases differ, as far as statements go.
type dialect struct {
	postgres bool
}

// maxRows is the most rows one bulk statement of PostgreSQL carries; preparedRows is
// SQLite's, which stays far below its limit of 32,766 parameters.
// Source: https://www.sqlite.org/limits.html
const maxRows = 2000

// gateKey names the advisory lock every transaction that appends events or checks the
// epoch shares, and that a change of the epoch takes alone.
const gateKey = 0x686f6c64_66617374 // "holdfast"

// rebind turns ? into $1, $2, ... for PostgreSQL. No statement of this package has a
// question mark in a literal.
func (d dialect) rebind(query string) string {
	if !d.postgres {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 32)
	n := 0
	for {
		i := strings.IndexByte(query, '?')
		if i < 0 {
			b.WriteString(query)
			return b.String()
		}
		n++
		b.WriteString(query[:i])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = query[i+1:]
	}
}

// in gives the condition that expr is one of a list passed as one argument made by list,
// so that the statement's text does not depend on the list's length.
func (d dialect) in(expr string) string {
	if d.postgres {
		return expr + " = ANY(?)"
	}
	return expr + " IN (SELECT value FROM json_each(?))"
}

// list makes the argument for in.
func list[S ~string](d dialect, values []S) any {
	plain := make([]string, len(values))
	for i, v := range values {
		plain[i] = string(v)
	}
	if d.postgres {
		return plain
	}
	b, _ := json.Marshal(plain) // strings always encode
	return string(b)
}

// using names the index a query is to take. SQLite without statistics prefers any index
// on an equality to a partial one made for the query, and fails when the named one does
// not fit; PostgreSQL has statistics and takes no advice.
func (d dialect) using(index string) string {
	if d.postgres {
		return ""
	}
	return " INDEXED BY " + index + " "
}

// locked ends a SELECT whose rows must not change before the transaction ends. SQLite
// has one writer at a time, so there every row is locked already.
func (d dialect) locked() string {
	if d.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// shared is locked for readers that only need the rows to stay as they are.
func (d dialect) shared() string {
	if d.postgres {
		return " FOR SHARE"
	}
	return ""
}

// expand fills in the words of a migration the databases spell differently. Text
// compares by bytes in both, so that paging and ordering agree.
func (d dialect) expand(migration string) string {
	words := []string{
		"@text@", "TEXT", "@serial@", "INTEGER PRIMARY KEY AUTOINCREMENT",
		"\n@postgres@", "\n-- ", "@generated@", "VIRTUAL", // SQLite cannot add a stored column
	}
	if d.postgres {
		words = []string{
			"@text@", `TEXT COLLATE "C"`,
			"@serial@", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
			"\n@postgres@", "\n", "@generated@", "STORED",
		}
	}
	return strings.NewReplacer(words...).Replace(migration)
}

// snapshotLevel is the isolation in which all statements of a transaction see the same.
// SQLite has no other.
func (d dialect) snapshotLevel() sql.IsolationLevel {
	if d.postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}
