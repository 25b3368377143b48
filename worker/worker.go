// Package worker runs tasks: it is the asynq server, the table of handlers and the
// translation of what went wrong into asynq's terms. What a job does is the engine's
// affair.
//
// asynq runs one task twice at once in practice (a lost lease, a requeue at shutdown, an
// operator's click). Every handler is idempotent and every effect is fenced by the engine.
package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/engine"
	"holdfast/notify"
	"holdfast/tasks"
)

// Engine is what start and look tasks need; package engine implements it.
type Engine interface {
	Start(ctx context.Context, g admission.Grant) error
	Look(ctx context.Context, group catalog.LookGroup) error
	SyncInventory(ctx context.Context, scope catalog.InventoryScope) error
	Retry(ctx context.Context, jobID, by string) (catalog.Job, error)
}

// FailureStore is what the task that shows a failed job needs.
type FailureStore interface {
	Job(ctx context.Context, id string) (catalog.Job, error)
	SetFailureNoted(ctx context.Context, ids []string) error
}

// Messages sends notifications; package notify implements it.
type Messages interface {
	Deliver(ctx context.Context, id string, a notify.Attempt) error
}

// Options are the worker's settings.
type Options struct {
	Concurrency     int
	Queues          map[string]int // weights; every name must be one of tasks.Queues
	ShutdownTimeout time.Duration
	// Messages, when set, has the worker send notifications.
	Messages Messages
	// Senders is how many it sends at once, at least 4: as many as all targets together take.
	Senders int
	// Keys check who enqueued a task; none believe everybody.
	Keys tasks.Keys
	// OnRefused, when set, is told why a task was refused.
	OnRefused func(reason string)
}

// Worker is Holdfast's handlers on an asynq server, and on a second one of its own for
// notifications: a target that hangs takes none of the places of backups.
type Worker struct {
	server *asynq.Server
	mux    *asynq.ServeMux
	sender *asynq.Server // nil without notifications
	log    zerolog.Logger
}

// minSenders is how many notifications a worker sends at once at least.
const minSenders = 4

// taskCheckInterval is how often an idle server asks for work. asynq's default of a
// second leaves slots empty for a second between one-second operations.
const taskCheckInterval = 100 * time.Millisecond

// New returns a worker on redis. asynq drops queues with bad names or weights without a
// word, so they are refused here.
func New(client redis.UniversalClient, engine Engine, failures FailureStore, log zerolog.Logger, opts Options) (*Worker, error) {
	if opts.Concurrency < 1 {
		return nil, fmt.Errorf("worker: concurrency is %d, it must be at least 1", opts.Concurrency)
	}
	known := tasks.Queues()
	for name, weight := range opts.Queues {
		if _, ok := known[name]; !ok || weight < 1 {
			return nil, fmt.Errorf("worker: queue %q with weight %d: use a known queue and a weight of at least 1", name, weight)
		}
	}
	if len(opts.Queues) == 0 {
		opts.Queues = known
	}
	if opts.OnRefused == nil {
		opts.OnRefused = func(string) {}
	}
	h := &handlers{
		messages: opts.Messages,
		engine:   engine, failures: failures, inspector: asynq.NewInspectorFromRedisClient(client), log: log,
		keys: opts.Keys, onRefused: opts.OnRefused,
	}
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency: opts.Concurrency, Queues: opts.Queues, ShutdownTimeout: opts.ShutdownTimeout,
		TaskCheckInterval: taskCheckInterval, DelayedTaskCheckInterval: time.Second,
		RetryDelayFunc: retryDelay, IsFailure: isFailure,
		Logger: asynqLog{log}, LogLevel: asynq.WarnLevel,
		ErrorHandler: asynq.ErrorHandlerFunc(h.logError),
	})
	w := &Worker{server: server, mux: h.mux(), log: log}
	if opts.Messages != nil {
		w.sender = asynq.NewServerFromRedisClient(client, asynq.Config{
			Concurrency: max(opts.Senders, minSenders), Queues: map[string]int{tasks.QueueNotify: 1}, ShutdownTimeout: opts.ShutdownTimeout,
			TaskCheckInterval: time.Second, DelayedTaskCheckInterval: time.Second, RetryDelayFunc: resendDelay,
			IsFailure: func(err error) bool { return !errors.Is(err, notify.ErrBusy) },
			Logger:    asynqLog{log}, LogLevel: asynq.WarnLevel,
			ErrorHandler: asynq.ErrorHandlerFunc(h.logUnsent),
		})
	}
	return w, nil
}

// Run serves until ctx ends, then stops taking tasks, lets the running ones finish within
// the shutdown timeout and returns. What does not finish is requeued by asynq.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.server.Start(w.mux); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	if w.sender != nil {
		if err := w.sender.Start(w.mux); err != nil {
			w.server.Shutdown()
			return fmt.Errorf("start the sender of notifications: %w", err)
		}
	}
	<-ctx.Done()
	if w.sender != nil {
		w.sender.Stop() // takes nothing more while the other finishes
	}
	w.server.Shutdown()
	if w.sender != nil {
		w.sender.Shutdown()
	}
	return nil
}

// busyDelay is when a message comes again whose target was busy; it is no attempt.
const busyDelay = 2 * time.Second

// resendDelay spaces the attempts to send a notification: 2 s doubling to 10 min.
func resendDelay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, notify.ErrBusy) {
		return busyDelay
	}
	return min(2*time.Second<<min(n, 9), 10*time.Minute)
}

// retryDelay brings jobs that were put off back when they were told to come, and spaces
// the retries of tasks whose stores did not answer: 1 s doubling to 30 s.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if putOff, ok := errors.AsType[*engine.PutOff](err); ok {
		return putOff.In
	}
	return min(time.Second<<min(n, 5), 30*time.Second)
}

// isFailure keeps what is nobody's fault out of asynq's failure counts and retries.
func isFailure(err error) bool {
	_, putOff := errors.AsType[*engine.PutOff](err)
	return !putOff && !errors.Is(err, context.Canceled)
}

// asynqLog gives asynq's own messages to zerolog.
type asynqLog struct{ log zerolog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug().Str("from", "asynq").Msg(fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Info().Str("from", "asynq").Msg(fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.log.Warn().Str("from", "asynq").Msg(fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Error().Str("from", "asynq").Msg(fmt.Sprint(args...)) }

// Fatal is an error here: asynq must not end the process behind the lifecycle's back.
func (l asynqLog) Fatal(args ...any) { l.log.Error().Str("from", "asynq").Msg(fmt.Sprint(args...)) }
