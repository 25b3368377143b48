package login

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/failure"
	"holdfast/internal/clock"
)

var (
	noon  = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
	cheap = Cost{Time: 1, MemoryKiB: 8, Threads: 1}
)

const password = "correct horse battery"

func newKeeper(t *testing.T) (*Keeper, *clock.Manual, *sqlstore.Store) {
	t.Helper()
	now := clock.NewManual(noon)
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	k, err := New(store, now, rand.Reader, cheap)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.AddUser(t.Context(), "ana", access.Operator, password, "root"); err != nil {
		t.Fatal(err)
	}
	return k, now, store
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	one, err := cheap.hash(rand.Reader, password)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := cheap.hash(rand.Reader, password)
	if one == two || strings.Contains(one, password) {
		t.Errorf("hashes %s and %s", one, two)
	}
	for text, want := range map[string]bool{password: true, password + " ": false, "": false} {
		if ok, err := verify(one, text); ok != want || err != nil {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
	for _, bad := range []string{"", "$", "plain", strings.Replace(one, "argon2id", "argon2i", 1), strings.Replace(one, "m=8", "m=99999999", 1), strings.Replace(one, "t=1", "t=0", 1), one + "$x"} {
		if ok, err := verify(bad, password); ok || !errors.Is(err, errHash) {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
	if _, err := DefaultCost().hash(rand.Reader, password); err != nil {
		t.Error(err)
	}
}

func FuzzVerify(f *testing.F) {
	one, _ := cheap.hash(rand.Reader, password)
	f.Add(one)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, stored string) {
		if strings.Contains(stored, "m=") && !strings.Contains(stored, "m=8,t=1,p=1") {
			t.Skip("too dear")
		}
		if ok, _ := verify(stored, "another"); ok {
			t.Errorf("%q fits", stored)
		}
	})
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	k, now, store := newKeeper(t)
	secret, s, err := k.SignIn(t.Context(), "ana", password, "192.0.2.1")
	if err != nil || strings.Contains(s.Hash, secret) || !s.ExpiresAt.Equal(noon.Add(SessionLife)) {
		t.Fatalf("session %+v, %v", s, err)
	}
	who, err := k.Session(t.Context(), secret)
	if want := (access.Actor{Name: "ana", Role: access.Operator}); err != nil || who != want {
		t.Errorf("session of %+v, %v", who, err)
	}
	for _, other := range []string{"", secret + "x", s.Hash} {
		if _, err := k.Session(t.Context(), other); !errors.Is(err, ErrUnknown) {
			t.Errorf("session %q: %v", other, err)
		}
	}
	second, _, err := k.SignIn(t.Context(), "ana", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.SignOut(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Session(t.Context(), second); !errors.Is(err, ErrUnknown) {
		t.Errorf("after sign-out: %v", err)
	}
	now.Advance(SessionLife)
	if _, err := k.Session(t.Context(), secret); !errors.Is(err, ErrUnknown) {
		t.Errorf("after its life: %v", err)
	}
	events, err := store.Events(t.Context(), catalog.EventFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, e := range events {
		types = append(types, e.Type+" by "+e.Actor)
		if strings.Contains(fmt.Sprint(e), password) || strings.Contains(fmt.Sprint(e), secret) {
			t.Errorf("a secret is in %+v", e)
		}
	}
	if got := strings.Join(types, ", "); got != "user.added by root, login.succeeded by ana, login.succeeded by ana, login.ended by ana" {
		t.Error(got)
	}
}

// A change of password or role, or the end of a user, ends the sessions.
func TestChangesEndSessions(t *testing.T) {
	t.Parallel()
	changes := map[string]func(context.Context, *Keeper) error{
		"password": func(ctx context.Context, k *Keeper) error {
			return k.SetPassword(ctx, "ana", "another good one", "ana")
		},
		"role":    func(ctx context.Context, k *Keeper) error { return k.SetRole(ctx, "ana", access.Viewer, "root") },
		"removal": func(ctx context.Context, k *Keeper) error { return k.RemoveUser(ctx, "ana", "root") },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, _, _ := newKeeper(t)
			secret, _, err := k.SignIn(t.Context(), "ana", password, "192.0.2.1")
			if err := errors.Join(err, change(t.Context(), k)); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Session(t.Context(), secret); !errors.Is(err, ErrUnknown) {
				t.Errorf("the session goes on: %v", err)
			}
		})
	}
}

// After five wrong passwords the right one is not looked at either, for a while, and only
// from there.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	k, now, _ := newKeeper(t)
	for i := range perBoth {
		if _, _, err := k.SignIn(t.Context(), "ana", "wrong password", "2001:db8::1"); !errors.Is(err, ErrWrong) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	var many *TooManyError
	if _, _, err := k.SignIn(t.Context(), "ana", password, "2001:db8::2"); !errors.As(err, &many) || many.Wait != window {
		t.Errorf("from the same network: %v", err)
	}
	if _, _, err := k.SignIn(t.Context(), "ana", password, "192.0.2.1"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	now.Advance(window)
	if _, _, err := k.SignIn(t.Context(), "ana", password, "2001:db8::1"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	for i := range perAddress {
		if _, _, err := k.SignIn(t.Context(), fmt.Sprint("user", i), "wrong password", "203.0.113.9"); !errors.Is(err, ErrWrong) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	if _, _, err := k.SignIn(t.Context(), "ana", password, "203.0.113.9"); !errors.As(err, &many) {
		t.Errorf("after many names: %v", err)
	}
	if _, _, err := k.SignIn(t.Context(), strings.Repeat("a", 1<<20), password, "198.51.100.1"); !errors.Is(err, ErrWrong) {
		t.Errorf("a huge name: %v", err)
	}
}

// However many try, what is remembered of them stays small.
func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	a := attempts{counts: map[string]*count{}}
	for i := range 3 * maxRemembered {
		a.failed(fmt.Sprint("user", i), fmt.Sprint("host", i), noon)
	}
	if len(a.counts) > maxRemembered+3 {
		t.Errorf("%d are remembered", len(a.counts))
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	k, now, _ := newKeeper(t)
	secret, token, err := k.CreateToken(t.Context(), "ci", access.Viewer, time.Hour, "root")
	if err != nil || !strings.HasPrefix(secret, "hf_") || strings.Contains(token.Hash, secret) {
		t.Fatalf("token %+v, %v", token, err)
	}
	who, err := k.Bearer(t.Context(), secret)
	if want := (access.Actor{Name: "token:ci", Role: access.Viewer}); err != nil || who != want {
		t.Errorf("token of %+v, %v", who, err)
	}
	if _, _, err := k.CreateToken(t.Context(), "ci", access.Viewer, time.Hour, "root"); !failure.Is(err, failure.Conflict) {
		t.Errorf("a second one: %v", err)
	}
	session, _, err := k.SignIn(t.Context(), "ana", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"", "hf_", token.Hash, session} {
		if _, err := k.Bearer(t.Context(), other); !errors.Is(err, ErrUnknown) {
			t.Errorf("token %q: %v", other, err)
		}
	}
	now.Advance(time.Hour)
	if _, err := k.Bearer(t.Context(), secret); !errors.Is(err, ErrUnknown) {
		t.Errorf("an expired token: %v", err)
	}
	secret, _, err = k.CreateToken(t.Context(), "two", access.Admin, time.Hour, "root")
	if err := errors.Join(err, k.RevokeToken(t.Context(), "two", "root")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Bearer(t.Context(), secret); !errors.Is(err, ErrUnknown) {
		t.Errorf("a revoked token: %v", err)
	}
	if err := k.RevokeToken(t.Context(), "two", "root"); !failure.Is(err, failure.NotFound) {
		t.Errorf("revoked twice: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	k, _, _ := newKeeper(t)
	ctx := t.Context()
	_, _, tokenErr := k.CreateToken(ctx, "CI", "god", time.Second, "root")
	for name, c := range map[string]struct {
		err   error
		class failure.Class
		lines int
	}{
		"user":     {k.AddUser(ctx, "Ana Maria", "god", "short", "root"), failure.Invalid, 3},
		"again":    {k.AddUser(ctx, "ana", access.Viewer, password, "root"), failure.Conflict, 1},
		"password": {k.SetPassword(ctx, "ana", strings.Repeat("a", 20), "root"), failure.Invalid, 1},
		"nobody":   {k.SetPassword(ctx, "bob", password, "root"), failure.NotFound, 1},
		"role":     {k.SetRole(ctx, "ana", "", "root"), failure.Invalid, 1},
		"remove":   {k.RemoveUser(ctx, "bob", "root"), failure.NotFound, 1},
		"token":    {tokenErr, failure.Invalid, 3},
	} {
		if failure.ClassOf(c.err) != c.class || len(strings.Split(c.err.Error(), "\n")) != c.lines {
			t.Errorf("%s: %v, want class %s and %d problems", name, c.err, c.class, c.lines)
		}
	}
}
