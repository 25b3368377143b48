package catalog

import (
	"context"
	"time"

	"holdfast/access"
)

// User is somebody who may sign in to the web pages.
type User struct {
	Name         string      `json:"name"`
	Role         access.Role `json:"role"`
	PasswordHash string      `json:"-"`
	CreatedAt    time.Time   `json:"created_at"`
	CreatedBy    string      `json:"created_by"`
}

// Session is one sign-in of a user. Only a hash of its secret is kept.
type Session struct {
	Hash      string    `json:"-"`
	User      string    `json:"user"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Token lets a program use the API. Only a hash of its secret is kept.
type Token struct {
	ID        string      `json:"id"` // its name, as the history shows it
	Hash      string      `json:"-"`
	Role      access.Role `json:"role"`
	CreatedAt time.Time   `json:"created_at"`
	CreatedBy string      `json:"created_by"`
	ExpiresAt time.Time   `json:"expires_at"`
}

// Reply is what a write of the API answered, kept for whoever asks again with its key.
type Reply struct {
	Key       string // of who asked and the key they gave
	Request   string // a digest of what was asked
	Status    int    // 0 while the request is being worked on
	Body      string
	ExpiresAt time.Time
}

// Logins keeps who may use the web pages and the API. Names are compared as they are
// written.
type Logins interface {
	// Users returns every user, by name.
	Users(ctx context.Context) ([]User, error)
	// User returns one user, or ErrNotFound.
	User(ctx context.Context, name string) (User, error)
	// AddUser adds a user with a user.added event; ErrConflict when there is one.
	AddUser(ctx context.Context, u User, actor string) error
	// ChangeUser stores role and password of a user that exists with a user.changed event
	// that says what, and ends its sessions; ErrNotFound without the user.
	ChangeUser(ctx context.Context, u User, what, actor string) error
	// RemoveUser removes a user and its sessions with a user.removed event, or returns
	// ErrNotFound.
	RemoveUser(ctx context.Context, name, actor string) error

	// AddSession keeps a session, and forgets those that are over.
	AddSession(ctx context.Context, s Session, now time.Time) error
	// SessionUser returns an unexpired session and its user, or ErrNotFound.
	SessionUser(ctx context.Context, hash string, now time.Time) (Session, User, error)
	// RemoveSession ends a session; one that is not there is no error.
	RemoveSession(ctx context.Context, hash string) error

	// Tokens returns every token, expired ones too, by id.
	Tokens(ctx context.Context) ([]Token, error)
	// TokenByHash returns an unexpired token, or ErrNotFound.
	TokenByHash(ctx context.Context, hash string, now time.Time) (Token, error)
	// AddToken adds a token with a token.created event; ErrConflict when its id is taken.
	AddToken(ctx context.Context, t Token, actor string) error
	// RevokeToken removes a token with a token.revoked event, or returns ErrNotFound.
	RevokeToken(ctx context.Context, id, actor string) error

	// BeginReply keeps r unless an unexpired one has its key, which is returned; fresh says
	// that r was new. It forgets those that are over.
	BeginReply(ctx context.Context, r Reply, now time.Time) (kept Reply, fresh bool, err error)
	// EndReply stores what was answered, or, with Status 0, forgets the reply.
	EndReply(ctx context.Context, r Reply) error
}
