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

// Options are the worker's settings.
type Options struct {
	Concurrency     int
	Queues          map[string]int // weights; every name must be one of tasks.Queues
	ShutdownTimeout time.Duration
}

// Worker is one asynq server with Holdfast's handlers.
type Worker struct {
	server *asynq.Server
	mux    *asynq.ServeMux
	log    zerolog.Logger
}

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
	h := &handlers{engine: engine, failures: failures, inspector: asynq.NewInspectorFromRedisClient(client), log: log}
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency: opts.Concurrency, Queues: opts.Queues, ShutdownTimeout: opts.ShutdownTimeout,
		TaskCheckInterval: taskCheckInterval, DelayedTaskCheckInterval: time.Second,
		RetryDelayFunc: retryDelay, IsFailure: isFailure,
		Logger: asynqLog{log}, LogLevel: asynq.WarnLevel,
		ErrorHandler: asynq.ErrorHandlerFunc(h.logError),
	})
	return &Worker{server: server, mux: h.mux(), log: log}, nil
}

// Run serves until ctx ends, then stops taking tasks, lets the running ones finish within
// the shutdown timeout and returns. What does not finish is requeued by asynq.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.server.Start(w.mux); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	<-ctx.Done()
	w.server.Shutdown()
	return nil
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
