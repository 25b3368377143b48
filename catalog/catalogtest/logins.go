package catalogtest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/catalog"
)

var loginChecks = map[string]func(*testing.T, Open){
	"users": users, "sessions": sessions, "tokens": tokens, "replies": replies,
}

// wants fails the test unless err is the one wanted.
func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// lastEvent returns type, subject and actor of the newest event.
func lastEvent(t *testing.T, s catalog.Store) [3]string {
	t.Helper()
	all, err := s.Events(testContext(t), catalog.EventFilter{Limit: 1000})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d events, %v", len(all), err)
	}
	e := all[len(all)-1]
	return [3]string{e.Type, e.To, e.Actor}
}

func users(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	ana := catalog.User{Name: "ana", Role: access.Viewer, PasswordHash: "h1", CreatedAt: epoch0, CreatedBy: "root"}
	wants(t, "add", s.AddUser(ctx, ana, "root"), nil)
	same(t, "event", [3]string{"user.added", "ana", "root"}, lastEvent(t, s))
	wants(t, "add again", s.AddUser(ctx, catalog.User{Name: "ana", Role: access.Admin}, "eve"), catalog.ErrConflict)
	wants(t, "add another", s.AddUser(ctx, catalog.User{Name: "Ana", Role: access.Admin, CreatedAt: epoch0}, "root"), nil)
	got, err := open(t).User(ctx, "ana")
	wants(t, "read", err, nil)
	same(t, "user", ana, got)
	ana.Role, ana.PasswordHash = access.Operator, "h2"
	wants(t, "change", s.ChangeUser(ctx, ana, "role", "root"), nil)
	same(t, "event", [3]string{"user.changed", "ana", "root"}, lastEvent(t, s))
	list, err := s.Users(ctx)
	wants(t, "list", err, nil)
	if len(list) != 2 || list[1] != ana {
		t.Errorf("users %+v", list)
	}
	wants(t, "change nobody", s.ChangeUser(ctx, catalog.User{Name: "bob"}, "role", "root"), catalog.ErrNotFound)
	wants(t, "remove", s.RemoveUser(ctx, "ana", "root"), nil)
	same(t, "event", [3]string{"user.removed", "ana", "root"}, lastEvent(t, s))
	wants(t, "remove again", s.RemoveUser(ctx, "ana", "root"), catalog.ErrNotFound)
	_, err = s.User(ctx, "ana")
	wants(t, "read", err, catalog.ErrNotFound)
}

func sessions(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	ana := catalog.User{Name: "ana", Role: access.Viewer, CreatedAt: epoch0}
	wants(t, "add user", s.AddUser(ctx, ana, "root"), nil)
	add := func(hash string, hours int) catalog.Session {
		one := catalog.Session{Hash: hash, User: "ana", CreatedAt: epoch0, ExpiresAt: epoch0.Add(time.Duration(hours) * time.Hour)}
		wants(t, "add "+hash, s.AddSession(ctx, one, epoch0), nil)
		return one
	}
	find := func(hash string, hours int) error {
		_, _, err := s.SessionUser(ctx, hash, epoch0.Add(time.Duration(hours)*time.Hour))
		return err
	}
	one := add("a", 2)
	add("b", 2)
	got, user, err := s.SessionUser(ctx, "a", epoch0)
	wants(t, "find", err, nil)
	same(t, "session", one, got)
	same(t, "user", ana, user)
	wants(t, "unknown", find("c", 0), catalog.ErrNotFound)
	wants(t, "over", find("a", 2), catalog.ErrNotFound)
	wants(t, "end", s.RemoveSession(ctx, "a"), nil)
	wants(t, "end again", s.RemoveSession(ctx, "a"), nil)
	wants(t, "ended", find("a", 1), catalog.ErrNotFound)
	wants(t, "the other", find("b", 1), nil)
	wants(t, "change", s.ChangeUser(ctx, ana, "password", "ana"), nil)
	wants(t, "after a change", find("b", 1), catalog.ErrNotFound)
	add("d", 2)
	wants(t, "remove user", s.RemoveUser(ctx, "ana", "root"), nil)
	wants(t, "without its user", find("d", 1), catalog.ErrNotFound)
}

func tokens(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	ci := catalog.Token{ID: "ci", Hash: "h", Role: access.Operator, CreatedAt: epoch0, CreatedBy: "root", ExpiresAt: epoch0.Add(time.Hour)}
	wants(t, "add", s.AddToken(ctx, ci, "root"), nil)
	same(t, "event", [3]string{"token.created", "ci", "root"}, lastEvent(t, s))
	wants(t, "add again", s.AddToken(ctx, catalog.Token{ID: "ci", Hash: "other"}, "eve"), catalog.ErrConflict)
	got, err := s.TokenByHash(ctx, "h", epoch0)
	wants(t, "find", err, nil)
	same(t, "token", ci, got)
	_, err = s.TokenByHash(ctx, "h", epoch0.Add(time.Hour))
	wants(t, "expired", err, catalog.ErrNotFound)
	list, err := s.Tokens(ctx)
	wants(t, "list", err, nil)
	same(t, "tokens", []catalog.Token{ci}, list)
	wants(t, "revoke", s.RevokeToken(ctx, "ci", "root"), nil)
	same(t, "event", [3]string{"token.revoked", "ci", "root"}, lastEvent(t, s))
	wants(t, "revoke again", s.RevokeToken(ctx, "ci", "root"), catalog.ErrNotFound)
	_, err = s.TokenByHash(ctx, "h", epoch0)
	wants(t, "revoked", err, catalog.ErrNotFound)
}

// replies: of many who ask with one key at once, one is the first.
func replies(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	r := catalog.Reply{Key: "k", Request: "digest", ExpiresAt: epoch0.Add(time.Minute)}
	var mu sync.Mutex
	var asking sync.WaitGroup
	firsts := 0
	for range 8 {
		asking.Go(func() {
			kept, fresh, err := s.BeginReply(ctx, r, epoch0)
			mu.Lock()
			defer mu.Unlock()
			if fresh {
				firsts++
			}
			if err != nil || kept != r {
				t.Errorf("begin: %+v, %v", kept, err)
			}
		})
	}
	asking.Wait()
	if firsts != 1 {
		t.Errorf("%d were the first", firsts)
	}
	r.Status, r.Body, r.ExpiresAt = 201, `{"id":"ä"}`, epoch0.Add(time.Hour)
	wants(t, "end", s.EndReply(ctx, r), nil)
	kept, fresh, err := s.BeginReply(ctx, catalog.Reply{Key: "k", Request: "other"}, epoch0.Add(time.Minute))
	if fresh || err != nil {
		t.Errorf("fresh %v, %v", fresh, err)
	}
	same(t, "reply", r, kept)
	if _, fresh, err := s.BeginReply(ctx, catalog.Reply{Key: "k", ExpiresAt: epoch0.Add(3 * time.Hour)}, epoch0.Add(time.Hour)); !fresh || err != nil {
		t.Errorf("after its end: fresh %v, %v", fresh, err)
	}
	wants(t, "forget", s.EndReply(ctx, catalog.Reply{Key: "k"}), nil)
	if _, fresh, err := s.BeginReply(ctx, r, epoch0); !fresh || err != nil {
		t.Errorf("after it was forgotten: fresh %v, %v", fresh, err)
	}
}
