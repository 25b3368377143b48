package sqlstore

import (
	"context"

	"holdfast/catalog"
)

// Breakers implements catalog.Health.
func (s *Store) Breakers(ctx context.Context) (breakers []catalog.Breaker, err error) {
	err = s.view(ctx, "read breakers", func(ctx context.Context, q session) (err error) {
		breakers, err = read(ctx, q, breakerColumns, "FROM breakers ORDER BY account")
		return err
	})
	return breakers, err
}

// Breaker implements catalog.Health.
func (s *Store) Breaker(ctx context.Context, account string) (catalog.Breaker, error) {
	breaker := catalog.Breaker{Account: account}
	err := s.view(ctx, "read breaker of "+account, func(ctx context.Context, q session) error {
		found, err := read(ctx, q, breakerColumns, "FROM breakers WHERE account = ?", account)
		if len(found) > 0 {
			breaker = found[0]
		}
		return err
	})
	return breaker, err
}

// SetBreaker implements catalog.Health.
func (s *Store) SetBreaker(ctx context.Context, b catalog.Breaker, actor string) error {
	return s.update(ctx, "set breaker of "+b.Account, func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		closed := []catalog.Breaker{{Account: b.Account}}
		if _, err := insert(ctx, q, "breakers", breakerColumns, closed, "account", "account"); err != nil {
			return err
		}
		old, err := read(ctx, q, breakerColumns, "FROM breakers WHERE account = ?"+q.locked(), b.Account)
		if err != nil {
			return err
		}
		was, err := only(old, "breaker", b.Account)
		if err != nil {
			return err
		}
		if _, err := q.exec(ctx, "UPDATE breakers SET open_since = ?, probe_at = ?, failures = ?, message = ? WHERE account = ?",
			millis(b.OpenSince), millis(b.ProbeAt), b.Failures, storable(b.Message), b.Account); err != nil {
			return err
		}
		if was.Open() == b.Open() {
			return nil
		}
		event := catalog.Event{At: s.clock.Now(), Type: "breaker.closed", Actor: actor, To: b.Account, Message: b.Message}
		if b.Open() {
			event.Type = "breaker.opened"
		}
		return q.addEvents(ctx, []catalog.Event{event})
	})
}
