package frame

import (
	"context"

	"holdfast/access"
)

// Viewer is who looks at a page and what they may do there. Pages show no action that
// would be refused.
type Viewer struct {
	access.Actor
	// LoggedIn is false for everybody who reaches pages without a login.
	LoggedIn bool
	// Token goes into every form as the field "csrf"; "" where none is asked for.
	Token string
}

// May reports whether the viewer may do action, one of package access.
func (v Viewer) May(action string) bool { return access.May(v.Role, access.Action(action)) }

// Operate reports whether the viewer may back up, and cancel and retry jobs.
func (v Viewer) Operate() bool { return access.May(v.Role, access.BackUp) }

// Restore reports whether the viewer may restore.
func (v Viewer) Restore() bool { return access.May(v.Role, access.Restore) }

// Administer reports whether the viewer may set caps.
func (v Viewer) Administer() bool { return access.May(v.Role, access.SetLimits) }

type viewerKey struct{}

// WithViewer returns a context for the requests of v.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerOf returns who the request is of; the zero viewer may do nothing.
func ViewerOf(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}
