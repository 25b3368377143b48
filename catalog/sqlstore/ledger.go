package sqlstore

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
)

// Settled implements catalog.Ledger. PostgreSQL gives numbers before their transactions
// end; inside the closed gate there are none under way.
func (s *Store) Settled(ctx context.Context) (through int64, err error) {
	const op, newest = "find the end of the history", "SELECT COALESCE(MAX(seq), 0) FROM events"
	if !s.dialect.postgres {
		err = s.view(ctx, op, func(ctx context.Context, q session) error {
			_, err := q.one(ctx, []any{&through}, newest)
			return err
		})
		return through, err
	}
	err = s.update(ctx, op, func(ctx context.Context, q session) error {
		if err := q.closeGate(ctx); err != nil {
			return err
		}
		_, err := q.one(ctx, []any{&through}, newest)
		return err
	})
	return through, err
}

// Seals implements catalog.Ledger.
func (s *Store) Seals(ctx context.Context, after int64, limit int) (seals []catalog.Seal, err error) {
	limit, err = pageLimit(limit)
	if err != nil {
		return nil, fmt.Errorf("read seals: %w", err)
	}
	err = s.view(ctx, "read seals", func(ctx context.Context, q session) (err error) {
		seals, err = read(ctx, q, sealColumns, "FROM seals WHERE number > ? ORDER BY number LIMIT ?", after, limit)
		return err
	})
	return seals, err
}

const newestSeal = "FROM seals ORDER BY number DESC LIMIT 1"

// LastSeal implements catalog.Ledger.
func (s *Store) LastSeal(ctx context.Context) (last catalog.Seal, err error) {
	err = s.view(ctx, "read the newest seal", func(ctx context.Context, q session) error {
		seals, err := read(ctx, q, sealColumns, newestSeal)
		if len(seals) > 0 {
			last = seals[0]
		}
		return err
	})
	return last, err
}

// AddSeal implements catalog.Ledger. Of two that seal at once the second finds the number
// taken.
func (s *Store) AddSeal(ctx context.Context, seal catalog.Seal) error {
	return s.update(ctx, fmt.Sprintf("add seal %d", seal.Number), func(ctx context.Context, q session) error {
		newest, err := read(ctx, q, sealColumns, newestSeal)
		if err != nil {
			return err
		}
		var last catalog.Seal
		if len(newest) > 0 {
			last = newest[0]
		}
		if seal.Number != last.Number+1 || seal.First <= last.Last || seal.Previous != last.Hash {
			return fmt.Errorf("the newest seal is %d: %w", last.Number, catalog.ErrConflict)
		}
		w := writer{dialect: q.dialect}
		insertMissing(&w, "insert seal", "seals", sealColumns, []catalog.Seal{seal})
		if w.err != nil {
			return w.err
		}
		n, err := q.exec(ctx, w.list[0].query, w.list[0].args...)
		if err == nil && n == 0 {
			return fmt.Errorf("seal %d is there already: %w", seal.Number, catalog.ErrConflict)
		}
		return err
	})
}

// OldestUnsealed implements catalog.Ledger.
func (s *Store) OldestUnsealed(ctx context.Context) (time.Time, error) {
	var at int64
	err := s.view(ctx, "find the oldest event without a seal", func(ctx context.Context, q session) error {
		_, err := q.one(ctx, []any{&at}, "SELECT at FROM events WHERE seq > (SELECT COALESCE(MAX(last_seq), 0) FROM seals) ORDER BY seq LIMIT 1")
		return err
	})
	return fromMillis(at), err
}
