package sqlstore

import (
	"context"
	"time"

	"holdfast/catalog"
)

// leaseRow is a lease as it is stored; owner is empty while nobody has it.
type leaseRow struct {
	owner     string
	term      int64
	expiresAt int64 // milliseconds on the database's clock
}

// acquire decides what becomes of the lease when owner asks for it at now for ttl
// milliseconds, and whether owner has it then.
func (l leaseRow) acquire(owner string, now, ttl int64) (leaseRow, bool) {
	switch {
	case l.owner == owner:
		return leaseRow{owner: owner, term: l.term, expiresAt: now + ttl}, true
	case l.owner == "" || l.expiresAt <= now:
		return leaseRow{owner: owner, term: l.term + 1, expiresAt: now + ttl}, true
	default:
		return l, false
	}
}

// AcquireLease implements catalog.Schedule.
func (s *Store) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (lease catalog.Lease, err error) {
	err = s.update(ctx, "acquire lease "+name, func(ctx context.Context, q session) error {
		if _, err := q.exec(ctx, "INSERT INTO leases (name, owner, term, expires_at) VALUES (?, '', 0, 0) ON CONFLICT (name) DO NOTHING", name); err != nil {
			return err
		}
		var row leaseRow
		if _, err := q.one(ctx, []any{&row.owner, &row.term, &row.expiresAt},
			"SELECT owner, term, expires_at FROM leases WHERE name = ?"+q.locked(), name); err != nil {
			return err
		}
		// Asked only now, with the row locked: the wait for the lock is not the lease's.
		now, err := s.now(ctx, q)
		if err != nil {
			return err
		}
		row, held := row.acquire(owner, now, ttl.Milliseconds())
		if held {
			if _, err := q.exec(ctx, "UPDATE leases SET owner = ?, term = ?, expires_at = ? WHERE name = ?",
				row.owner, row.term, row.expiresAt, name); err != nil {
				return err
			}
		}
		lease = catalog.Lease{
			Held: held, Owner: row.owner, Term: row.term,
			ExpiresAt: fromMillis(row.expiresAt), Now: fromMillis(now),
		}
		return nil
	})
	return lease, err
}

// ReleaseLease implements catalog.Schedule. The row stays, so that terms keep growing.
func (s *Store) ReleaseLease(ctx context.Context, name, owner string) error {
	return s.update(ctx, "release lease "+name, func(ctx context.Context, q session) error {
		_, err := q.exec(ctx, "UPDATE leases SET owner = '', expires_at = 0 WHERE name = ? AND owner = ?", name, owner)
		return err
	})
}

// Lease implements catalog.Schedule.
func (s *Store) Lease(ctx context.Context, name string) (lease catalog.Lease, err error) {
	err = s.view(ctx, "read lease "+name, func(ctx context.Context, q session) error {
		var row leaseRow
		if _, err := q.one(ctx, []any{&row.owner, &row.term, &row.expiresAt},
			"SELECT owner, term, expires_at FROM leases WHERE name = ?", name); err != nil {
			return err
		}
		now, err := s.now(ctx, q)
		if err != nil {
			return err
		}
		lease = catalog.Lease{
			Held: row.owner != "" && row.expiresAt > now, Owner: row.owner, Term: row.term,
			ExpiresAt: fromMillis(row.expiresAt), Now: fromMillis(now),
		}
		return nil
	})
	return lease, err
}
