package sqlstore

import (
	"context"
	"fmt"
	"time"

	"holdfast/access"
	"holdfast/catalog"
)

var userColumns = []column[catalog.User]{
	text("name", func(u *catalog.User) *string { return &u.Name }),
	text("role", func(u *catalog.User) *access.Role { return &u.Role }),
	text("password_hash", func(u *catalog.User) *string { return &u.PasswordHash }),
	instant("created_at", func(u *catalog.User) *time.Time { return &u.CreatedAt }),
	text("created_by", func(u *catalog.User) *string { return &u.CreatedBy }),
}

var sessionColumns = []column[catalog.Session]{
	text("hash", func(s *catalog.Session) *string { return &s.Hash }),
	text("user_name", func(s *catalog.Session) *string { return &s.User }),
	instant("created_at", func(s *catalog.Session) *time.Time { return &s.CreatedAt }),
	instant("expires_at", func(s *catalog.Session) *time.Time { return &s.ExpiresAt }),
}

var tokenColumns = []column[catalog.Token]{
	text("id", func(t *catalog.Token) *string { return &t.ID }),
	text("hash", func(t *catalog.Token) *string { return &t.Hash }),
	text("role", func(t *catalog.Token) *access.Role { return &t.Role }),
	instant("created_at", func(t *catalog.Token) *time.Time { return &t.CreatedAt }),
	text("created_by", func(t *catalog.Token) *string { return &t.CreatedBy }),
	instant("expires_at", func(t *catalog.Token) *time.Time { return &t.ExpiresAt }),
}

// Users implements catalog.Logins.
func (s *Store) Users(ctx context.Context) (users []catalog.User, err error) {
	err = s.view(ctx, "read users", func(ctx context.Context, q session) (err error) {
		users, err = read(ctx, q, userColumns, "FROM users ORDER BY name")
		return err
	})
	return users, err
}

// User implements catalog.Logins.
func (s *Store) User(ctx context.Context, name string) (user catalog.User, err error) {
	err = s.view(ctx, "read user "+name, func(ctx context.Context, q session) error {
		found, err := read(ctx, q, userColumns, "FROM users WHERE name = ?", name)
		if err == nil {
			user, err = first(found)
		}
		return err
	})
	return user, err
}

// first returns the only one of found, or ErrNotFound.
func first[T any](found []T) (T, error) {
	if len(found) == 0 {
		var none T
		return none, catalog.ErrNotFound
	}
	return found[0], nil
}

// AddUser implements catalog.Logins.
func (s *Store) AddUser(ctx context.Context, u catalog.User, actor string) error {
	return s.login(ctx, "add user "+u.Name, s.loginEvent("user.added", u.Name, actor, "role "+string(u.Role)),
		func(ctx context.Context, q session) error {
			added, err := insert(ctx, q, "users", userColumns, []catalog.User{u}, "name", "name")
			if err == nil && len(added) == 0 {
				return fmt.Errorf("there is a user of that name: %w", catalog.ErrConflict)
			}
			return err
		})
}

// ChangeUser implements catalog.Logins.
func (s *Store) ChangeUser(ctx context.Context, u catalog.User, what, actor string) error {
	return s.login(ctx, "change user "+u.Name, s.loginEvent("user.changed", u.Name, actor, what),
		func(ctx context.Context, q session) error {
			n, err := q.exec(ctx, "UPDATE users SET role = ?, password_hash = ? WHERE name = ?", string(u.Role), u.PasswordHash, u.Name)
			if err != nil {
				return err
			}
			return q.endSessions(ctx, u.Name, n)
		})
}

// RemoveUser implements catalog.Logins.
func (s *Store) RemoveUser(ctx context.Context, name, actor string) error {
	return s.login(ctx, "remove user "+name, s.loginEvent("user.removed", name, actor, ""),
		func(ctx context.Context, q session) error {
			n, err := q.exec(ctx, "DELETE FROM users WHERE name = ?", name)
			if err != nil {
				return err
			}
			return q.endSessions(ctx, name, n)
		})
}

// endSessions ends the sessions of a user of whom found rows were found.
func (q session) endSessions(ctx context.Context, name string, found int64) error {
	if found == 0 {
		return catalog.ErrNotFound
	}
	_, err := q.exec(ctx, "DELETE FROM sessions WHERE user_name = ?", name)
	return err
}

// login carries out a change of users or tokens together with its event.
func (s *Store) login(ctx context.Context, what string, event catalog.Event, do func(context.Context, session) error) error {
	return s.update(ctx, what, func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		if err := do(ctx, q); err != nil {
			return err
		}
		return q.addEvents(ctx, []catalog.Event{event})
	})
}

func (s *Store) loginEvent(kind, of, actor, message string) catalog.Event {
	return catalog.Event{At: s.clock.Now(), Type: kind, Actor: actor, To: of, Message: message}
}

// AddSession implements catalog.Logins.
func (s *Store) AddSession(ctx context.Context, one catalog.Session, now time.Time) error {
	return s.update(ctx, "keep a session", func(ctx context.Context, q session) error {
		if _, err := q.exec(ctx, "DELETE FROM sessions WHERE expires_at <= ?", millis(now)); err != nil {
			return err
		}
		_, err := insert(ctx, q, "sessions", sessionColumns, []catalog.Session{one}, "hash", "hash")
		return err
	})
}

// SessionUser implements catalog.Logins.
func (s *Store) SessionUser(ctx context.Context, hash string, now time.Time) (one catalog.Session, user catalog.User, err error) {
	err = s.view(ctx, "read a session", func(ctx context.Context, q session) error {
		sessions, err := read(ctx, q, sessionColumns, "FROM sessions WHERE hash = ? AND expires_at > ?", hash, millis(now))
		if err != nil {
			return err
		}
		if one, err = first(sessions); err != nil {
			return err
		}
		users, err := read(ctx, q, userColumns, "FROM users WHERE name = ?", one.User)
		if err == nil {
			user, err = first(users)
		}
		return err
	})
	return one, user, err
}

// RemoveSession implements catalog.Logins.
func (s *Store) RemoveSession(ctx context.Context, hash string) error {
	return s.update(ctx, "end a session", func(ctx context.Context, q session) error {
		_, err := q.exec(ctx, "DELETE FROM sessions WHERE hash = ?", hash)
		return err
	})
}

// Tokens implements catalog.Logins.
func (s *Store) Tokens(ctx context.Context) (tokens []catalog.Token, err error) {
	err = s.view(ctx, "read tokens", func(ctx context.Context, q session) (err error) {
		tokens, err = read(ctx, q, tokenColumns, "FROM tokens ORDER BY id")
		return err
	})
	return tokens, err
}

// TokenByHash implements catalog.Logins.
func (s *Store) TokenByHash(ctx context.Context, hash string, now time.Time) (token catalog.Token, err error) {
	err = s.view(ctx, "read a token", func(ctx context.Context, q session) error {
		found, err := read(ctx, q, tokenColumns, "FROM tokens WHERE hash = ? AND expires_at > ?", hash, millis(now))
		if err == nil {
			token, err = first(found)
		}
		return err
	})
	return token, err
}

// AddToken implements catalog.Logins.
func (s *Store) AddToken(ctx context.Context, t catalog.Token, actor string) error {
	return s.login(ctx, "create token "+t.ID, s.loginEvent("token.created", t.ID, actor, "role "+string(t.Role)),
		func(ctx context.Context, q session) error {
			added, err := insert(ctx, q, "tokens", tokenColumns, []catalog.Token{t}, "id", "id")
			if err == nil && len(added) == 0 {
				return fmt.Errorf("there is a token of that name: %w", catalog.ErrConflict)
			}
			return err
		})
}

// RevokeToken implements catalog.Logins.
func (s *Store) RevokeToken(ctx context.Context, id, actor string) error {
	return s.login(ctx, "revoke token "+id, s.loginEvent("token.revoked", id, actor, ""),
		func(ctx context.Context, q session) error {
			n, err := q.exec(ctx, "DELETE FROM tokens WHERE id = ?", id)
			if err == nil && n == 0 {
				return catalog.ErrNotFound
			}
			return err
		})
}
