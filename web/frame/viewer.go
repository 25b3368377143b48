package frame

import "context"

// Viewer is who looks at a page and what they may do there. Pages show no action that
// would be refused.
type Viewer struct {
	Name string
	Role string // as the pages show it; "" without login
	// Token goes into every form as the field "csrf"; "" where none is asked for.
	Token string
	// Operate: back up, copy, hold, cancel, retry. Restore: restore. Administer: caps and
	// deletions.
	Operate, Restore, Administer bool
}

type viewerKey struct{}

// WithViewer returns a context for the requests of v.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerOf returns who the request is of; the zero viewer may only look.
func ViewerOf(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}
