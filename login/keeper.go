// Package login knows who somebody is: users with passwords and sessions for people,
// tokens for programs. The catalog keeps hashes only; a secret is shown once. What
// somebody may do then is package access.
package login

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/internal/clock"
)

// Lifetimes and sizes.
const (
	// SessionLife is how long a sign-in lasts.
	SessionLife = 12 * time.Hour
	// DefaultTokenLife and MaxTokenLife are how long tokens last.
	DefaultTokenLife = 90 * 24 * time.Hour
	MaxTokenLife     = 366 * 24 * time.Hour
	// tokenPrefix lets secret scanners know our tokens.
	tokenPrefix  = "hf_"
	secretLength = 32 // bytes of entropy
	maxHashing   = 2  // passwords hashed at once: each takes 64 MiB
)

// Errors of signing in. None says whether the user exists.
var (
	ErrWrong   = errors.New("the name or the password is wrong")
	ErrUnknown = errors.New("the token or session is not known or has expired")
)

// TooManyError says that too many wrong passwords were tried.
type TooManyError struct{ Wait time.Duration }

// Error says how long to wait.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many wrong passwords: try again in %s", e.Wait.Round(time.Second))
}

// Store is the part of catalog.Store that logins need.
type Store interface {
	catalog.Logins
	AppendEvents(ctx context.Context, events []catalog.Event) error
}

// Keeper signs people in and knows tokens. It is safe for concurrent use.
type Keeper struct {
	store    Store
	clock    clock.Clock
	entropy  io.Reader
	cost     Cost
	attempts attempts
	hashing  chan struct{}
	decoy    string // hash that is checked when there is no user, so that it takes as long
}

// New returns a Keeper; entropy is crypto/rand.Reader outside tests.
func New(store Store, c clock.Clock, entropy io.Reader, cost Cost) (*Keeper, error) {
	decoy, err := cost.hash(entropy, "nobody has this password")
	return &Keeper{
		store: store, clock: c, entropy: entropy, cost: cost, decoy: decoy,
		attempts: attempts{counts: map[string]*count{}}, hashing: make(chan struct{}, maxHashing),
	}, err
}

// SignIn checks a password and returns the secret of a new session. from is the address of
// the request. Errors are ErrWrong, *TooManyError, or the catalog's.
func (k *Keeper) SignIn(ctx context.Context, name, password, from string) (secret string, s catalog.Session, err error) {
	now := k.clock.Now()
	if len(name) > maxName || len(password) > maxPassword {
		return "", s, ErrWrong
	}
	if wait := k.attempts.wait(name, from, now); wait > 0 {
		return "", s, &TooManyError{wait}
	}
	ok, err := k.check(ctx, name, password)
	if err != nil {
		return "", s, err
	}
	if !ok {
		k.attempts.failed(name, from, now)
		return "", s, errors.Join(ErrWrong, k.note(ctx, "login.failed", name, from))
	}
	k.attempts.succeeded(name, from)
	if secret, err = k.secret(""); err != nil {
		return "", s, err
	}
	s = catalog.Session{Hash: hashOf(secret), User: name, CreatedAt: now, ExpiresAt: now.Add(SessionLife)}
	if err := k.store.AddSession(ctx, s, now); err != nil {
		return "", s, err
	}
	return secret, s, k.note(ctx, "login.succeeded", name, from)
}

// check reports whether a user of that name has the password, in the same time whether
// there is one or not.
func (k *Keeper) check(ctx context.Context, name, password string) (bool, error) {
	user, err := k.store.User(ctx, name)
	known := err == nil
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return false, err
	}
	if !known {
		user.PasswordHash = k.decoy
	}
	select {
	case k.hashing <- struct{}{}:
		defer func() { <-k.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	ok, err := verify(user.PasswordHash, password)
	return ok && known, err
}

func (k *Keeper) note(ctx context.Context, kind, name, from string) error {
	return k.store.AppendEvents(ctx, []catalog.Event{{At: k.clock.Now(), Type: kind, Actor: name, Message: "from " + from}})
}

// SignOut ends the session of a secret.
func (k *Keeper) SignOut(ctx context.Context, secret string) error {
	_, user, err := k.store.SessionUser(ctx, hashOf(secret), k.clock.Now())
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // it is over already
	}
	if err != nil {
		return err
	}
	if err := k.store.RemoveSession(ctx, hashOf(secret)); err != nil {
		return err
	}
	return k.store.AppendEvents(ctx, []catalog.Event{{At: k.clock.Now(), Type: "login.ended", Actor: user.Name}})
}

// Session returns who has a session, with the role they have now, or ErrUnknown.
func (k *Keeper) Session(ctx context.Context, secret string) (access.Actor, error) {
	_, user, err := k.store.SessionUser(ctx, hashOf(secret), k.clock.Now())
	if errors.Is(err, catalog.ErrNotFound) {
		return access.Actor{}, ErrUnknown
	}
	return access.Actor{Name: user.Name, Role: user.Role}, err
}

// Bearer returns which program has a token, or ErrUnknown.
func (k *Keeper) Bearer(ctx context.Context, secret string) (access.Actor, error) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return access.Actor{}, ErrUnknown
	}
	token, err := k.store.TokenByHash(ctx, hashOf(secret), k.clock.Now())
	if errors.Is(err, catalog.ErrNotFound) {
		return access.Actor{}, ErrUnknown
	}
	return access.Actor{Name: "token:" + token.ID, Role: token.Role}, err
}

// secret returns a new secret.
func (k *Keeper) secret(prefix string) (string, error) {
	raw := make([]byte, secretLength)
	if _, err := io.ReadFull(k.entropy, raw); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

// hashOf is how a secret is kept. It has so much entropy that a fast hash is enough.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
