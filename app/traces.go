package app

import (
	"context"

	"holdfast/catalog"
	"holdfast/internal/tracing"
	"holdfast/internal/version"
)

// openTraces begins to send traces when the configuration says where to.
func (a *App) openTraces(ctx context.Context) error {
	cfg := a.Config.Tracing
	if cfg.Endpoint == "" {
		return nil
	}
	tracer, err := tracing.New(ctx, tracing.Options{
		Endpoint: cfg.Endpoint, Installation: a.Config.Installation, Version: version.String(), Sample: cfg.Sample,
	})
	if err != nil {
		return err
	}
	a.tracer = tracer
	a.closers = append(a.closers, tracer.Close)
	a.calls = tracer.Provider(a.calls)
	return nil
}

// jobEnded tells everybody who wants to know of a job that ended in this process.
func (a *App) jobEnded(job catalog.Job) {
	a.tracer.JobEnded(job)
	if tell := a.opts.Hooks.JobEnded; tell != nil {
		tell(job)
	}
}
