package login

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/failure"
)

// The bounds of names and passwords, in bytes.
const (
	maxName     = 64
	minPassword = 12
	maxPassword = 1024
)

// validName is what users and tokens may be called.
var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// Check returns all that is wrong with a name and a role, of class invalid; nil when
// nothing is.
func Check(name string, role access.Role) error {
	var problems []error
	if !validName.MatchString(name) {
		problems = append(problems, fmt.Errorf("%q is no name: use 1 to 64 of a-z, 0-9, dot, dash, underscore and @, beginning with a letter or digit", name))
	}
	if !slices.Contains(access.Roles(), role) {
		problems = append(problems, fmt.Errorf("%q is no role: use one of %v", role, access.Roles()))
	}
	return invalid(problems...)
}

func invalid(problems ...error) error {
	if len(problems) == 0 {
		return nil
	}
	return &failure.Error{Class: failure.Invalid, Err: errors.Join(problems...)}
}

// CheckPassword returns what is wrong with a password, of class invalid.
func CheckPassword(name, password string) error {
	switch {
	case len(password) < minPassword || len(password) > maxPassword:
		return invalid(fmt.Errorf("the password has %d characters: use %d to %d", len(password), minPassword, maxPassword))
	case strings.Count(password, password[:1]) == len(password), strings.EqualFold(password, name):
		return invalid(errors.New("the password is the first that anybody would try: use another"))
	}
	return nil
}

// AddUser adds a user. Errors are of class invalid, or conflict when there is one of that
// name.
func (k *Keeper) AddUser(ctx context.Context, name string, role access.Role, password, actor string) error {
	if err := errors.Join(Check(name, role), CheckPassword(name, password)); err != nil {
		return invalid(err)
	}
	hash, err := k.cost.hash(k.entropy, password)
	if err != nil {
		return err
	}
	err = k.store.AddUser(ctx, catalog.User{Name: name, Role: role, PasswordHash: hash, CreatedAt: k.clock.Now(), CreatedBy: actor}, actor)
	if errors.Is(err, catalog.ErrConflict) {
		return failure.Errorf(failure.Conflict, "there is a user %q already: use `holdfast user passwd` or `holdfast user role`", name)
	}
	return err
}

// SetPassword changes a user's password and ends the user's sessions.
func (k *Keeper) SetPassword(ctx context.Context, name, password, actor string) error {
	if err := CheckPassword(name, password); err != nil {
		return err
	}
	hash, err := k.cost.hash(k.entropy, password)
	if err != nil {
		return err
	}
	return k.change(ctx, name, "password", actor, func(u *catalog.User) { u.PasswordHash = hash })
}

// SetRole changes a user's role and ends the user's sessions.
func (k *Keeper) SetRole(ctx context.Context, name string, role access.Role, actor string) error {
	if err := Check(name, role); err != nil {
		return err
	}
	return k.change(ctx, name, "role "+string(role), actor, func(u *catalog.User) { u.Role = role })
}

func (k *Keeper) change(ctx context.Context, name, what, actor string, edit func(*catalog.User)) error {
	user, err := k.store.User(ctx, name)
	if err == nil {
		edit(&user)
		err = k.store.ChangeUser(ctx, user, what, actor)
	}
	return noUser(err, name)
}

// RemoveUser removes a user and ends the user's sessions.
func (k *Keeper) RemoveUser(ctx context.Context, name, actor string) error {
	return noUser(k.store.RemoveUser(ctx, name, actor), name)
}

func noUser(err error, name string) error {
	if errors.Is(err, catalog.ErrNotFound) {
		return failure.Errorf(failure.NotFound, "there is no user %q: see `holdfast user list`", name)
	}
	return err
}

// Users returns every user, by name.
func (k *Keeper) Users(ctx context.Context) ([]catalog.User, error) { return k.store.Users(ctx) }

// CreateToken makes a token and returns its secret, which nobody can be told again.
func (k *Keeper) CreateToken(ctx context.Context, id string, role access.Role, life time.Duration, actor string) (string, catalog.Token, error) {
	problems := []error{Check(id, role)}
	if life < time.Minute || life > MaxTokenLife {
		problems = append(problems, fmt.Errorf("a token cannot live for %s: use 1m to %d days", life, int(MaxTokenLife/(24*time.Hour))))
	}
	if err := errors.Join(problems...); err != nil {
		return "", catalog.Token{}, invalid(err)
	}
	secret, err := k.secret(tokenPrefix)
	if err != nil {
		return "", catalog.Token{}, err
	}
	now := k.clock.Now()
	token := catalog.Token{ID: id, Hash: hashOf(secret), Role: role, CreatedAt: now, CreatedBy: actor, ExpiresAt: now.Add(life)}
	err = k.store.AddToken(ctx, token, actor)
	if errors.Is(err, catalog.ErrConflict) {
		err = failure.Errorf(failure.Conflict, "there is a token %q already: revoke it first, or use another name", id)
	}
	return secret, token, err
}

// RevokeToken ends a token.
func (k *Keeper) RevokeToken(ctx context.Context, id, actor string) error {
	err := k.store.RevokeToken(ctx, id, actor)
	if errors.Is(err, catalog.ErrNotFound) {
		return failure.Errorf(failure.NotFound, "there is no token %q: see `holdfast token list`", id)
	}
	return err
}

// Tokens returns every token, by name.
func (k *Keeper) Tokens(ctx context.Context) ([]catalog.Token, error) { return k.store.Tokens(ctx) }
