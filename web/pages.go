package web

import (
	"net/http"

	"holdfast/web/frame"
)

// Pages are what an operator works with; package dashboard has them.
type Pages interface {
	// Register adds the pages to mux.
	Register(mux *http.ServeMux)
	// Live is the stream of what happens.
	Live() http.Handler
	// Close ends every stream.
	Close()
}

// livePath is where pages listen.
const livePath = "/live"

// newFrame returns the frame of a process that was given none.
func newFrame(opts Options) *frame.Frame {
	if opts.Frame != nil {
		return opts.Frame
	}
	return frame.New(frame.Options{
		Installation: opts.Installation, Version: opts.Version, Queues: opts.Redis != nil, Clock: opts.Clock, Log: opts.Log,
	})
}

// home answers the front page of a process without pages.
func home(f *frame.Frame) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.Fail(w, r, http.StatusNotFound, "This process serves health checks and metrics only.")
	})
}
