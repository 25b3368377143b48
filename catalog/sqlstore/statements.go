package sqlstore

import (
	"context"
	"database/sql"
	"math/bits"
	"sync"
)

// preparedRows is the size of SQLite's largest bulk statement. A batch is cut into
// powers of two up to it, so that few different texts occur and each is parsed once:
// parsing was a quarter of the time of an insert.
const preparedRows = 128

// maxPrepared bounds the statements kept: a dozen kinds of eight sizes, with room.
const maxPrepared = 256

// statements keeps SQLite's bulk statements parsed. A statement cannot be prepared inside
// a transaction of the only connection, so what was missed there is prepared after it.
// PostgreSQL's driver does the same by itself.
type statements struct {
	mu     sync.Mutex
	ready  map[string]*sql.Stmt
	wanted map[string]bool // true once somebody prepares it
}

// within returns the prepared statement for tx, or nil when there is none yet.
func (s *statements) within(ctx context.Context, tx *sql.Tx, query string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.ready[query]; stmt != nil {
		return tx.StmtContext(ctx, stmt)
	}
	if s.wanted == nil {
		s.wanted = map[string]bool{}
	}
	if _, seen := s.wanted[query]; !seen && len(s.wanted) < maxPrepared {
		s.wanted[query] = false
	}
	return nil
}

// prepare parses what was missed. That it fails is no loss: the text is used as it is.
// The lock is not held meanwhile, because whoever has the connection may want it.
func (s *statements) prepare(ctx context.Context, db *sql.DB) {
	for _, query := range s.takeWanted() {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.ready == nil {
			s.ready = map[string]*sql.Stmt{}
		}
		s.ready[query] = stmt
		s.mu.Unlock()
	}
}

// takeWanted returns what is to be prepared, each text to one caller only.
func (s *statements) takeWanted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var queries []string
	for query, taken := range s.wanted {
		if !taken {
			queries = append(queries, query)
			s.wanted[query] = true
		}
	}
	return queries
}

// powerOfTwo returns the largest power of two that is at most n, n > 0.
func powerOfTwo(n int) int { return 1 << (bits.Len(uint(n)) - 1) }
