// Package engine carries one job through its life on AWS: start it, look at it, finish
// it, recover it after a crash. It knows interfaces only: drivers do the calls, the
// catalog remembers, and slots say who may begin.
//
// Two fences keep a job to one artefact. The generation of a grant guards the slot. The
// intent, a compare-and-set in the catalog with a deadline, guards AWS: only its writer
// may call, and only until the deadline; whoever comes later looks first.
package engine

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awscall"
	"holdfast/internal/clock"
)

// Slots is what the engine needs of admission; package producer implements it. Both
// methods enqueue the grants that become possible.
type Slots interface {
	// Enter marks a grant as begun; admission.ErrStale when it was replaced.
	Enter(ctx context.Context, g admission.Grant) error
	// Release frees the slots of jobs.
	Release(ctx context.Context, jobIDs ...string) error
}

// Store is the part of the catalog the engine uses.
type Store interface {
	catalog.Jobs
	catalog.Looks
	catalog.Points
	catalog.Health
	Resource(ctx context.Context, arn string) (catalog.InventoryItem, error)
	InventoryScopes(ctx context.Context) ([]catalog.InventoryScope, error)
	SyncInventory(ctx context.Context, s catalog.InventorySync) error
	Events(ctx context.Context, f catalog.EventFilter) ([]catalog.Event, error)
	AppendEvents(ctx context.Context, events []catalog.Event) error
	// Now returns the time on the database's clock.
	Now(ctx context.Context) (time.Time, error)
}

// Options are the engine's settings.
type Options struct {
	Installation string
	// Owner names this process in intents and events, unique among all processes.
	Owner string
	// CallTimeout bounds the AWS calls of one start on the machine's clock.
	CallTimeout time.Duration
	// IntentTTL is how long an intent stands on the engine's clock. Equal to CallTimeout
	// unless the clock runs faster than the machine's.
	IntentTTL time.Duration
	// OnEnd, when set, is told of every job that reached a terminal state.
	OnEnd func(catalog.Job)
	// OnStart, when set, is told of every start call and its class ("" when accepted).
	OnStart func(catalog.Job, failure.Class)
}

// Engine carries jobs. It keeps no state of its own about them: any number of engines
// may work on one catalog.
type Engine struct {
	store    Store
	drivers  *driver.Registry
	slots    Slots
	clock    clock.Clock
	log      zerolog.Logger
	opts     Options
	breakers breakerCache
	skew     skewCheck
}

// New returns an engine over store, drivers and slots.
func New(store Store, drivers *driver.Registry, slots Slots, c clock.Clock, log zerolog.Logger, opts Options) *Engine {
	if opts.IntentTTL == 0 {
		opts.IntentTTL = opts.CallTimeout
	}
	if opts.OnEnd == nil {
		opts.OnEnd = func(catalog.Job) {}
	}
	if opts.OnStart == nil {
		opts.OnStart = func(catalog.Job, failure.Class) {}
	}
	return &Engine{store: store, drivers: drivers, slots: slots, clock: c, log: log, opts: opts}
}

// commitTimeout bounds a catalog write that must happen although the task's own context
// may be over: losing a reference because a worker shuts down would cost a look-up.
const commitTimeout = 20 * time.Second

// detached returns a context for such a write.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
}

// commit stores m, with the calls made so far, on a detached context and reports a job that
// ended.
func (e *Engine) commit(ctx context.Context, m catalog.Mutation) (catalog.Job, error) {
	noted := note(ctx, &m)
	ctx, cancel := detached(ctx)
	defer cancel()
	job, err := e.store.Commit(ctx, m)
	if err == nil && noted {
		awscall.From(ctx).Clear()
	}
	if err == nil && job.State.Terminal() {
		e.opts.OnEnd(job)
	}
	return job, err
}

// release frees the slots of jobs that have ended, also when the task's own context is
// over: a slot kept for nothing waits for the leader's repair. A Redis that was emptied
// holds none, and the leader rebuilds it without the jobs that have ended.
func (e *Engine) release(ctx context.Context, jobIDs ...string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	err := e.slots.Release(ctx, jobIDs...)
	if errors.Is(err, admission.ErrNotReady) {
		return nil
	}
	return err
}
