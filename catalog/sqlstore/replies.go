package sqlstore

import (
	"context"
	"time"

	"holdfast/catalog"
)

var replyColumns = []column[catalog.Reply]{
	text("key", func(r *catalog.Reply) *string { return &r.Key }),
	text("request", func(r *catalog.Reply) *string { return &r.Request }),
	integer("status", func(r *catalog.Reply) *int { return &r.Status }),
	text("body", func(r *catalog.Reply) *string { return &r.Body }),
	instant("expires_at", func(r *catalog.Reply) *time.Time { return &r.ExpiresAt }),
}

// BeginReply implements catalog.Logins.
func (s *Store) BeginReply(ctx context.Context, r catalog.Reply, now time.Time) (kept catalog.Reply, fresh bool, err error) {
	err = s.update(ctx, "begin a reply", func(ctx context.Context, q session) error {
		if _, err := q.exec(ctx, "DELETE FROM replies WHERE expires_at <= ?", millis(now)); err != nil {
			return err
		}
		added, err := insert(ctx, q, "replies", replyColumns, []catalog.Reply{r}, "key", "key")
		if err != nil {
			return err
		}
		fresh = len(added) > 0
		found, err := read(ctx, q, replyColumns, "FROM replies WHERE key = ?", r.Key)
		if err == nil {
			kept, err = first(found)
		}
		return err
	})
	return kept, fresh, err
}

// EndReply implements catalog.Logins.
func (s *Store) EndReply(ctx context.Context, r catalog.Reply) error {
	return s.update(ctx, "end a reply", func(ctx context.Context, q session) error {
		if r.Status == 0 {
			_, err := q.exec(ctx, "DELETE FROM replies WHERE key = ?", r.Key)
			return err
		}
		_, err := q.exec(ctx, "UPDATE replies SET status = ?, body = ?, expires_at = ? WHERE key = ?",
			r.Status, storable(r.Body), millis(r.ExpiresAt), r.Key)
		return err
	})
}
