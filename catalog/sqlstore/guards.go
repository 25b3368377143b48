package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"holdfast/catalog"
)

var lockColumns = []column[catalog.VaultLock]{
	text("vault", func(l *catalog.VaultLock) *string { return &l.Vault }),
	text("mode", func(l *catalog.VaultLock) *catalog.LockMode { return &l.Mode }),
	integer("min_days", func(l *catalog.VaultLock) *int { return &l.MinDays }),
	instant("grace_until", func(l *catalog.VaultLock) *time.Time { return &l.GraceUntil }),
	instant("locked_at", func(l *catalog.VaultLock) *time.Time { return &l.LockedAt }),
	text("locked_by", func(l *catalog.VaultLock) *string { return &l.LockedBy }),
	text("note", func(l *catalog.VaultLock) *string { return &l.Note }),
}

var stopColumns = []column[catalog.Stop]{
	text("subject", func(s *catalog.Stop) *string { return &s.Subject }),
	instant("since", func(s *catalog.Stop) *time.Time { return &s.Since }),
	integer("due", func(s *catalog.Stop) *int { return &s.Due }),
	integer("total", func(s *catalog.Stop) *int { return &s.Of }),
	text("approved_by", func(s *catalog.Stop) *string { return &s.ApprovedBy }),
	instant("approved_until", func(s *catalog.Stop) *time.Time { return &s.ApprovedUntil }),
}

// VaultLocks implements catalog.Guards.
func (s *Store) VaultLocks(ctx context.Context) (locks []catalog.VaultLock, err error) {
	err = s.view(ctx, "read vault locks", func(ctx context.Context, q session) (err error) {
		locks, err = read(ctx, q, lockColumns, "FROM vault_locks ORDER BY vault")
		return err
	})
	return locks, err
}

// SetVaultLock implements catalog.Guards. The gate is closed, so that no deletion begins
// under the lock that was.
func (s *Store) SetVaultLock(ctx context.Context, vault string, next *catalog.VaultLock, actor, reason string, now time.Time) error {
	return s.update(ctx, "lock vault "+vault, func(ctx context.Context, q session) error {
		if err := q.closeGate(ctx); err != nil {
			return err
		}
		have, err := read(ctx, q, lockColumns, "FROM vault_locks WHERE vault = ?", vault)
		if err != nil {
			return err
		}
		var old *catalog.VaultLock
		event := catalog.Event{At: now, Type: "vault.unlocked", Actor: actor, Message: vault + ": " + reason}
		if len(have) > 0 {
			old = &have[0]
			event.From = fmt.Sprintf("%s %d days", old.Mode, old.MinDays)
		} else if next == nil {
			return catalog.ErrNotFound
		}
		if err := catalog.CheckLockChange(old, next, now); err != nil {
			return err
		}
		if _, err := q.exec(ctx, "DELETE FROM vault_locks WHERE vault = ?", vault); err != nil {
			return err
		}
		if next != nil {
			event.Type, event.To = "vault.locked", fmt.Sprintf("%s %d days", next.Mode, next.MinDays)
			if _, err := insert(ctx, q, "vault_locks", lockColumns, []catalog.VaultLock{*next}, "vault", "vault"); err != nil {
				return err
			}
		}
		return q.addEvents(ctx, []catalog.Event{event})
	})
}

// ObserveClock implements catalog.Guards.
func (s *Store) ObserveClock(ctx context.Context, now time.Time, step time.Duration, actor string) (trusted time.Time, err error) {
	err = s.update(ctx, "observe the clock", func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		last, from, err := q.clock(ctx)
		if err != nil {
			return err
		}
		passed := now.Sub(last)
		if !last.IsZero() && (passed > step || passed < -catalog.MaxSkew) {
			from = now.Add(catalog.ClockSettle)
			if _, err := q.exec(ctx, "UPDATE counters SET value = ? WHERE name = 'clock_trusted'", millis(from)); err != nil {
				return err
			}
			jump := catalog.Event{
				At: now, Type: "clock.jumped", Actor: actor, From: last.Format(time.RFC3339), To: now.Format(time.RFC3339),
				Message: fmt.Sprintf("nobody saw the clock for %s: nothing is deleted before %s", passed.Round(time.Second), from.Format(time.RFC3339)),
			}
			if err := q.addEvents(ctx, []catalog.Event{jump}); err != nil {
				return err
			}
		}
		trusted = time.Time{}
		if now.Before(from) {
			trusted = from
		}
		_, err = q.exec(ctx, "UPDATE counters SET value = ? WHERE name = 'clock'", millis(now))
		return err
	})
	return trusted, err
}

// clock reads when a leader last saw its clock and from when on it is trusted.
func (q session) clock(ctx context.Context) (last, trusted time.Time, err error) {
	err = q.each(ctx, func(rows *sql.Rows) error {
		var name string
		var value int64
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		if name == "clock" {
			last = fromMillis(value)
		} else {
			trusted = fromMillis(value)
		}
		return nil
	}, "SELECT name, value FROM counters WHERE name IN ('clock', 'clock_trusted')")
	return last, trusted, err
}

// loads are the parts of a load; the first %s limits points, the second jobs.
const loadStatement = `SELECT resource_arn, sum(available), sum(made), sum(gone), sum(planned) FROM (
	SELECT resource_arn, count(*) AS available, 0 AS made, 0 AS gone, 0 AS planned FROM points WHERE state = 'AVAILABLE' AND installation = ?%[1]s GROUP BY resource_arn
	UNION ALL SELECT resource_arn, 0, count(*), 0, 0 FROM points WHERE completed_at >= ? AND installation = ?%[1]s GROUP BY resource_arn
	UNION ALL SELECT resource_arn, 0, 0, count(*), 0 FROM points WHERE state <> 'AVAILABLE' AND moved_at >= ? AND installation = ?%[1]s GROUP BY resource_arn
	UNION ALL SELECT resource_arn, 0, 0, 0, count(*) FROM jobs WHERE id IN (SELECT job_id FROM open_jobs WHERE open_type = 'expire' AND waiting = 1)%[1]s GROUP BY resource_arn
) loads GROUP BY resource_arn`

// ExpiryLoads implements catalog.Guards.
func (s *Store) ExpiryLoads(ctx context.Context, installation string, arns []string, since time.Time) (map[string]catalog.Load, catalog.Load, error) {
	loads, total := map[string]catalog.Load{}, catalog.Load{}
	err := s.view(ctx, "count recovery points of a day", func(ctx context.Context, q session) error {
		of := " AND " + q.in("resource_arn")
		named := list(q.dialect, arns)
		at := millis(since)
		args := []any{installation, named, at, installation, named, at, installation, named, named}
		err := q.loads(ctx, strings.ReplaceAll(loadStatement, "%[1]s", of), args, func(arn string, l catalog.Load) { loads[arn] = l })
		if err != nil {
			return err
		}
		whole := strings.NewReplacer("%[1]s", "", "SELECT resource_arn,", "SELECT '' AS resource_arn,", " GROUP BY resource_arn\n", "\n").Replace(loadStatement)
		return q.loads(ctx, whole, []any{installation, at, installation, at, installation}, func(_ string, l catalog.Load) { total = l })
	})
	return loads, total, err
}

func (q session) loads(ctx context.Context, query string, args []any, yield func(string, catalog.Load)) error {
	return q.each(ctx, func(rows *sql.Rows) error {
		var arn string
		var l catalog.Load
		if err := rows.Scan(&arn, &l.Available, &l.Made, &l.Gone, &l.Planned); err != nil {
			return err
		}
		yield(arn, l)
		return nil
	}, query, args...)
}

// Stops implements catalog.Guards.
func (s *Store) Stops(ctx context.Context) (stops []catalog.Stop, err error) {
	err = s.view(ctx, "read stopped deletions", func(ctx context.Context, q session) (err error) {
		stops, err = read(ctx, q, stopColumns, "FROM stops ORDER BY since, subject")
		return err
	})
	return stops, err
}

// SetStops implements catalog.Guards. A stop that is there keeps its approval.
func (s *Store) SetStops(ctx context.Context, stops []catalog.Stop, actor string) error {
	return s.update(ctx, "stop deletions", func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		added, err := insert(ctx, q, "stops", stopColumns, stops, "subject", "subject")
		if err != nil {
			return err
		}
		isNew := map[string]bool{}
		for _, subject := range added {
			isNew[subject] = true
		}
		var events []catalog.Event
		for _, stop := range stops {
			if _, err := q.exec(ctx, "UPDATE stops SET due = ?, total = ? WHERE subject = ?", stop.Due, stop.Of, stop.Subject); err != nil {
				return err
			}
			if isNew[stop.Subject] {
				events = append(events, catalog.Event{
					At: stop.Since, Type: "expiry.stopped", Actor: actor, To: stop.Subject,
					Message: fmt.Sprintf("%d of %d recovery points would be lost within a day: approve it with `holdfast deletions approve`", stop.Due, stop.Of),
				})
			}
		}
		return q.addEvents(ctx, events)
	})
}

// ApproveStop implements catalog.Guards.
func (s *Store) ApproveStop(ctx context.Context, subject string, until time.Time, actor, reason string) error {
	return s.update(ctx, "approve deletions of "+subject, func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		n, err := q.exec(ctx, "UPDATE stops SET approved_by = ?, approved_until = ? WHERE subject = ?", actor, millis(until), subject)
		if err != nil {
			return err
		}
		if n == 0 {
			return catalog.ErrNotFound
		}
		return q.addEvents(ctx, []catalog.Event{{
			At: s.clock.Now(), Type: "expiry.approved", Actor: actor, To: subject,
			Message: fmt.Sprintf("until %s: %s", until.UTC().Format(time.RFC3339), reason),
		}})
	})
}

// ClearStops implements catalog.Guards.
func (s *Store) ClearStops(ctx context.Context, subjects []string, actor string) error {
	return s.update(ctx, "lift stops", func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		gone, err := q.column1(ctx, "DELETE FROM stops WHERE "+q.in("subject")+" RETURNING subject", list(q.dialect, subjects))
		if err != nil {
			return err
		}
		var events []catalog.Event
		for _, subject := range gone {
			events = append(events, catalog.Event{At: s.clock.Now(), Type: "expiry.cleared", Actor: actor, To: subject, Message: "no more is due than the share allows"})
		}
		return q.addEvents(ctx, events)
	})
}
