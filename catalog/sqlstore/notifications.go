package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"holdfast/catalog"
)

var notificationColumns = []column[catalog.Notification]{
	text("id", func(n *catalog.Notification) *string { return &n.ID }),
	text("target", func(n *catalog.Notification) *string { return &n.Target }),
	text("event_group", func(n *catalog.Notification) *string { return &n.Group }),
	text("state", func(n *catalog.Notification) *catalog.NotificationState { return &n.State }),
	instant("opened_at", func(n *catalog.Notification) *time.Time { return &n.OpenedAt }),
	instant("due_at", func(n *catalog.Notification) *time.Time { return &n.DueAt }),
	integer("events", func(n *catalog.Notification) *int { return &n.Events }),
	document("body", func(n *catalog.Notification) *json.RawMessage { return &n.Body }),
	integer("round", func(n *catalog.Notification) *int { return &n.Round }),
	integer("attempts", func(n *catalog.Notification) *int { return &n.Attempts }),
	text("error", func(n *catalog.Notification) *string { return &n.Error }),
	instant("changed_at", func(n *catalog.Notification) *time.Time { return &n.ChangedAt }),
}

// Cursor implements catalog.Notifications. The end of the history is read behind the
// closed gate, so that no event below it becomes visible later.
func (s *Store) Cursor(ctx context.Context, name string) (seq int64, err error) {
	found := false
	err = s.view(ctx, "read cursor "+name, func(ctx context.Context, q session) (err error) {
		found, err = q.one(ctx, []any{&seq}, "SELECT seq FROM cursors WHERE name = ?", name)
		return err
	})
	if found || err != nil {
		return seq, err
	}
	err = s.update(ctx, "begin cursor "+name, func(ctx context.Context, q session) error {
		if err := q.closeGate(ctx); err != nil {
			return err
		}
		if _, err := q.exec(ctx, `INSERT INTO cursors (name, seq) SELECT ?, COALESCE(MAX(seq), 0) FROM events
			WHERE true ON CONFLICT (name) DO NOTHING`, name); err != nil {
			return err
		}
		_, err := q.one(ctx, []any{&seq}, "SELECT seq FROM cursors WHERE name = ?", name)
		return err
	})
	return seq, err
}

// Advance implements catalog.Notifications.
func (s *Store) Advance(ctx context.Context, name string, from, to int64, changed []catalog.Notification) error {
	rows, err := collect(notificationColumns, changed)
	if err != nil {
		return err
	}
	return s.update(ctx, "advance cursor "+name, func(ctx context.Context, q session) error {
		moved, err := q.exec(ctx, "UPDATE cursors SET seq = ? WHERE name = ? AND seq = ?", to, name, from)
		if err != nil {
			return err
		}
		if moved == 0 {
			return fmt.Errorf("it is not at %d: %w", from, catalog.ErrConflict)
		}
		list := names(notificationColumns)
		stored, err := q.bulk(ctx, rows, fmt.Sprintf(`INSERT INTO notifications (%s) SELECT %s FROM v WHERE true
			ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, events = excluded.events, body = excluded.body,
			changed_at = excluded.changed_at WHERE notifications.state = 'OPEN'`, list, list))
		if err == nil && int(stored) < len(changed) {
			err = fmt.Errorf("a notification has been sent meanwhile: %w", catalog.ErrConflict)
		}
		return err
	})
}

// Notifications implements catalog.Notifications.
func (s *Store) Notifications(ctx context.Context, f catalog.NotificationFilter) (list []catalog.Notification, err error) {
	f.Limit, err = pageLimit(f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	c := &conditions{dialect: s.dialect}
	oneOf(c, "state", f.States)
	c.equal("target", f.Target)
	c.compare("due_at", "<=", f.DueBefore)
	if f.After != "" {
		c.add("id > ?", f.After)
	}
	err = s.view(ctx, "list notifications", func(ctx context.Context, q session) (err error) {
		list, err = read(ctx, q, notificationColumns, "FROM notifications"+c.where()+" ORDER BY id LIMIT ?", append(c.args, f.Limit)...)
		return err
	})
	return list, err
}

// Notification implements catalog.Notifications.
func (s *Store) Notification(ctx context.Context, id string) (n catalog.Notification, err error) {
	err = s.seek(ctx, "read notification "+id, func(ctx context.Context, q session) error {
		found, err := read(ctx, q, notificationColumns, "FROM notifications WHERE id = ?", id)
		if err != nil {
			return err
		}
		n, err = only(found, "notification", id)
		return err
	})
	return n, err
}

// CountNotifications implements catalog.Notifications.
func (s *Store) CountNotifications(ctx context.Context) (map[string]map[catalog.NotificationState]int, error) {
	counts := map[string]map[catalog.NotificationState]int{}
	err := s.view(ctx, "count notifications", func(ctx context.Context, q session) error {
		return q.each(ctx, func(rows *sql.Rows) error {
			var target string
			var state catalog.NotificationState
			var n int
			if err := rows.Scan(&target, &state, &n); err != nil {
				return err
			}
			if counts[target] == nil {
				counts[target] = map[catalog.NotificationState]int{}
			}
			counts[target][state] = n
			return nil
		}, "SELECT target, state, count(*) FROM notifications GROUP BY target, state")
	})
	return counts, err
}

// LastSent implements catalog.Notifications.
func (s *Store) LastSent(ctx context.Context, target, group string) (time.Time, error) {
	var at int64
	err := s.seek(ctx, "read the last message of a group", func(ctx context.Context, q session) error {
		_, err := q.one(ctx, []any{&at}, `SELECT due_at FROM notifications
			WHERE target = ? AND event_group = ? AND state <> 'OPEN' ORDER BY due_at DESC LIMIT 1`, target, group)
		return err
	})
	return fromMillis(at), err
}

// SetNotification implements catalog.Notifications.
func (s *Store) SetNotification(ctx context.Context, n catalog.Notification, from catalog.NotificationState) error {
	return s.update(ctx, "set notification "+n.ID, func(ctx context.Context, q session) error {
		changed, err := q.exec(ctx, `UPDATE notifications SET state = ?, round = ?, attempts = ?, error = ?, changed_at = ?
			WHERE id = ? AND state = ? AND (round = ? OR round = ?)`, string(n.State), n.Round, n.Attempts, storable(n.Error),
			millis(n.ChangedAt), n.ID, string(from), n.Round, n.Round-1)
		if err == nil && changed == 0 {
			err = fmt.Errorf("it is not %s: %w", from, catalog.ErrConflict)
		}
		return err
	})
}
