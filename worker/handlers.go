package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/engine"
	"holdfast/notify"
	"holdfast/tasks"
)

// handlers translates payloads into engine calls.
type handlers struct {
	engine    Engine
	messages  Messages // nil: this worker sends none
	failures  FailureStore
	inspector *asynq.Inspector
	keys      tasks.Keys
	onRefused func(reason string)
	log       zerolog.Logger
}

// The reasons for which a task is refused.
const (
	RefusedForged  = "forged"
	RefusedVersion = "version"
	RefusedPayload = "payload"
)

// mux returns the table of task types.
func (h *handlers) mux() *asynq.ServeMux {
	mux := asynq.NewServeMux()
	mux.Use(h.trusted)
	for _, t := range []string{tasks.TypeBackupStart, tasks.TypeCopyStart, tasks.TypeRestoreStart, tasks.TypeExpireStart, tasks.TypeArchiveStart} {
		mux.HandleFunc(t, h.start)
	}
	mux.HandleFunc(tasks.TypeLook, h.look)
	mux.HandleFunc(tasks.TypeInventorySync, h.sync)
	mux.HandleFunc(tasks.TypeJobFailed, h.failed)
	mux.HandleFunc(tasks.TypeNotify, h.send)
	return mux
}

// trusted lets through what a holder of the key enqueued. Anything else is archived, where
// a person can look at it, and counted.
func (h *handlers) trusted(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		queue, _ := asynq.GetQueueName(ctx)
		err := h.keys.Check(tasks.Envelope{Type: t.Type(), ID: id, Queue: queue, Payload: t.Payload()}, t.Headers()[tasks.HeaderMAC])
		if err != nil {
			h.onRefused(RefusedForged)
			return fmt.Errorf("task %s: %w: %w", id, err, asynq.SkipRetry)
		}
		return next.ProcessTask(ctx, t)
	})
}

// decode reads a payload. One this build cannot read is archived for a person or a newer
// worker, not retried, and counted.
func (h *handlers) decode(t *asynq.Task, out any) error {
	if err := tasks.Decode(t.Payload(), out); err != nil {
		if errors.Is(err, tasks.ErrVersion) {
			h.onRefused(RefusedVersion)
		} else {
			h.onRefused(RefusedPayload)
		}
		return fmt.Errorf("%s: %w: %w", t.Type(), err, asynq.SkipRetry)
	}
	return nil
}

func (h *handlers) start(ctx context.Context, t *asynq.Task) error {
	var p tasks.Start
	if err := h.decode(t, &p); err != nil {
		return err
	}
	return h.engine.Start(ctx, admission.Grant{JobID: p.JobID, Generation: p.Generation})
}

func (h *handlers) look(ctx context.Context, t *asynq.Task) error {
	var p tasks.Look
	if err := h.decode(t, &p); err != nil {
		return err
	}
	return h.engine.Look(ctx, catalog.LookGroup{
		Partition: p.Scope.Partition, Account: p.Scope.Account, Region: p.Scope.Region,
		Kind: p.Kind, Operation: p.Operation,
	})
}

func (h *handlers) sync(ctx context.Context, t *asynq.Task) error {
	var p tasks.Sync
	if err := h.decode(t, &p); err != nil {
		return err
	}
	return h.engine.SyncInventory(ctx, catalog.InventoryScope{
		Partition: p.Scope.Partition, Account: p.Scope.Account, Region: p.Scope.Region, Kind: p.Kind,
	})
}

// failed shows a failed job in the queue browser: its first run ends archived with the
// job's error. A run after that is an operator's click on Run and retries the job.
func (h *handlers) failed(ctx context.Context, t *asynq.Task) error {
	var p tasks.Failed
	if err := h.decode(t, &p); err != nil {
		return err
	}
	shown, err := h.wasArchived(ctx)
	if err != nil {
		return err
	}
	if shown {
		return h.retry(ctx, p.JobID)
	}
	job, err := h.failures.Job(ctx, p.JobID)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // pruned
	}
	if err != nil {
		return err
	}
	if err := h.failures.SetFailureNoted(ctx, []string{job.ID}); err != nil {
		return err
	}
	return fmt.Errorf("job %s of %s failed: %s: %s: %w", job.ID, job.ResourceARN, job.Class, job.Message, asynq.SkipRetry)
}

// wasArchived reports whether the running task has failed before. The job's own note
// would not do: asynq may run a task twice without anybody clicking.
func (h *handlers) wasArchived(ctx context.Context) (bool, error) {
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	info, err := h.inspector.GetTaskInfo(queue, id)
	if err != nil {
		return false, fmt.Errorf("read task %s: %w", id, err)
	}
	return info.LastErr != "", nil
}

func (h *handlers) retry(ctx context.Context, jobID string) error {
	retry, err := h.engine.Retry(ctx, jobID, "asynqmon")
	if err != nil {
		return fmt.Errorf("retry job %s: %w: %w", jobID, err, asynq.SkipRetry)
	}
	h.log.Info().Str("job", retry.ID).Str("trace", retry.TraceID()).Str("retry_of", jobID).Msg("job retried from the queue browser")
	return nil
}

// send sends a notification. What was given up is archived, where the queue browser shows
// it; the catalog has it too.
func (h *handlers) send(ctx context.Context, t *asynq.Task) error {
	var p tasks.Notify
	if err := h.decode(t, &p); err != nil {
		return err
	}
	retried, _ := asynq.GetRetryCount(ctx)
	most, _ := asynq.GetMaxRetry(ctx)
	err := h.messages.Deliver(ctx, p.ID, notify.Attempt{Round: p.Round, Last: retried >= most})
	if errors.Is(err, notify.ErrGivenUp) {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	return err
}

// logUnsent logs an attempt that failed; what is given up was logged where it was decided.
func (h *handlers) logUnsent(_ context.Context, t *asynq.Task, err error) {
	if !errors.Is(err, notify.ErrGivenUp) && !errors.Is(err, notify.ErrBusy) {
		h.log.Warn().Err(err).Str("task", t.Type()).Msg("a notification could not be sent and will be tried again")
	}
}

// maxLogged is how much of a payload is logged: anybody may have written it.
const maxLogged = 300

// logError logs a failed task once, at the boundary.
func (h *handlers) logError(_ context.Context, t *asynq.Task, err error) {
	if t.Type() == tasks.TypeJobFailed {
		return // not a failure of ours: it is how a failed job is shown
	}
	if putOff, ok := errors.AsType[*engine.PutOff](err); ok {
		h.log.Debug().Str("job", putOff.JobID).Dur("in", putOff.In).Err(putOff.Cause).Msg("start put off")
		return
	}
	payload := t.Payload()
	h.log.Error().Err(err).Str("task", t.Type()).Bytes("payload", payload[:min(len(payload), maxLogged)]).Msg("task failed")
}
