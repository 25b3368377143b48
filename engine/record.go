package engine

import (
	"context"
	"slices"

	"holdfast/catalog"
	"holdfast/internal/awscall"
)

// Every AWS call made for a job is in its history. What a step asked of AWS goes into the
// event of the change the step makes, in the same commit.

// eventCalls has the calls of a step that changed nothing.
const eventCalls = "job.calls"

// recording returns a context whose AWS calls go with the job's next commit.
func (e *Engine) recording(ctx context.Context) context.Context {
	ctx, _ = awscall.Record(ctx, e.clock)
	return ctx
}

// note puts the calls made so far into the event of m about its job. It reports whether
// there was one; a change without an event leaves them to the next.
func note(ctx context.Context, m *catalog.Mutation) bool {
	data := awscall.From(ctx).Calls().JSON()
	if data == nil {
		return false
	}
	i := slices.IndexFunc(m.Events, func(e catalog.Event) bool { return e.JobID == m.Job.ID && e.Data == nil })
	if i < 0 {
		return false
	}
	m.Events = slices.Clone(m.Events)
	m.Events[i].Data = data
	return true
}

// unnoted returns the event of what a step asked of AWS for job and no commit has taken.
// Steps are repeated for as long as nothing changes, so each call is kept once with each
// outcome. It is nil when nothing is new.
func (e *Engine) unnoted(ctx context.Context, job catalog.Job) *catalog.Event {
	calls := awscall.From(ctx).Calls()
	if len(calls.Calls) == 0 {
		return nil
	}
	history, err := e.store.Events(ctx, catalog.EventFilter{JobID: job.ID, Limit: 1000})
	if err != nil {
		e.log.Warn().Str("job", job.ID).Err(err).Msg("the history of a job could not be read: calls to AWS are not kept")
		return nil
	}
	for _, event := range history {
		if event.Type != eventCalls {
			continue
		}
		for _, known := range awscall.Parse(event.Data).Calls {
			calls.Calls = slices.DeleteFunc(calls.Calls, func(c awscall.Call) bool {
				return c.Operation == known.Operation && c.Code == known.Code
			})
		}
	}
	if len(calls.Calls) == 0 {
		return nil
	}
	return &catalog.Event{At: e.clock.Now(), Type: eventCalls, JobID: job.ID, Actor: e.opts.Owner, Data: calls.JSON()}
}

// keep appends events to the history, those that are set. They are for people to read:
// that a step did what it did does not depend on it.
func (e *Engine) keep(ctx context.Context, events ...*catalog.Event) {
	list := make([]catalog.Event, 0, len(events))
	for _, event := range events {
		if event != nil {
			list = append(list, *event)
		}
	}
	if len(list) == 0 {
		return
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := e.store.AppendEvents(ctx, list); err != nil {
		e.log.Warn().Err(err).Int("jobs", len(list)).Msg("calls to AWS could not be written into the history")
	}
}
