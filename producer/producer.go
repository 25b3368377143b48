// Package producer is the only one that enqueues: it submits waiting jobs to admission
// and turns every grant that comes back, from whichever call, into an asynq task.
//
// A grant becomes the task "<job id>.<generation>". asynq refuses an id that still exists
// in any state, so a grant enqueued twice is one task; a grant whose task has already
// ended gets the next generation.
package producer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/tasks"
)

// Store is the part of the catalog the producer uses.
type Store interface {
	MarkSubmitted(ctx context.Context, jobs []catalog.Job, epoch int64) error
}

// Producer submits and enqueues. It is safe for concurrent use.
type Producer struct {
	store      Store
	controller admission.Controller
	queues     *queues
	inspector  *asynq.Inspector
	units      Units
	keys       tasks.Keys
	log        zerolog.Logger
}

// InUnits tells p which organizational units accounts are in, before it is used.
func (p *Producer) InUnits(units Units) { p.units = units }

// SignWith makes p sign the tasks it enqueues, before it is used.
func (p *Producer) SignWith(keys tasks.Keys) { p.keys = keys }

// New returns a producer over the given parts. newClient makes clients of the Redis the
// controller and inspector use too; one is made at once and one after each loss of Redis.
func New(store Store, controller admission.Controller, newClient func() *asynq.Client, inspector *asynq.Inspector, log zerolog.Logger) *Producer {
	return &Producer{
		store: store, controller: controller, inspector: inspector, log: log,
		queues: &queues{newClient: newClient, current: newClient()},
	}
}

// Submit puts jobs into the waiting room under epoch, enqueues what is granted at once
// and records the submission.
func (p *Producer) Submit(ctx context.Context, jobs []catalog.Job, epoch int64) error {
	p.queues.follow(epoch)
	if len(jobs) == 0 {
		return nil
	}
	requests := make([]admission.Request, len(jobs))
	for i, job := range jobs {
		requests[i] = NewRequest(job, p.units)
	}
	grants, err := p.controller.Submit(ctx, requests)
	if enqueueErr := p.Enqueue(ctx, grants); enqueueErr != nil {
		p.log.Warn().Err(enqueueErr).Msg("grants could not be enqueued: the leader will find them")
	}
	if err != nil {
		return fmt.Errorf("submit %d jobs: %w", len(jobs), err)
	}
	return p.store.MarkSubmitted(ctx, jobs, epoch)
}

// Enter marks a grant as begun and enqueues what that lets through.
func (p *Producer) Enter(ctx context.Context, g admission.Grant) error {
	grants, err := p.controller.Enter(ctx, g)
	p.enqueueOrLog(ctx, grants)
	return err
}

// Release frees the slots of jobs and enqueues who gets them.
func (p *Producer) Release(ctx context.Context, jobIDs ...string) error {
	grants, err := p.controller.Release(ctx, jobIDs...)
	p.enqueueOrLog(ctx, grants)
	return err
}

// enqueueOrLog never fails its caller: a grant that was not enqueued keeps its mark and
// the leader enqueues it after 30 s.
func (p *Producer) enqueueOrLog(ctx context.Context, grants []admission.Grant) {
	if err := p.Enqueue(ctx, grants); err != nil {
		p.log.Warn().Err(err).Int("grants", len(grants)).Msg("grants could not be enqueued: the leader will find them")
	}
}

// enqueuers is how many grants are enqueued at once: one after another, each would wait
// for the round trip of the one before.
const enqueuers = 32

// Enqueue turns grants into start tasks. Those that fail do not keep the others back.
func (p *Producer) Enqueue(ctx context.Context, grants []admission.Grant) error {
	return p.enqueueAll(ctx, grants, isToRun)
}

// EnqueueStale is Enqueue for grants that nobody has entered for long. A task among them
// whose worker was killed is followed by the next generation, since asynq may take another
// minute and a half to find it; should it run after all, it cannot enter any more.
func (p *Producer) EnqueueStale(ctx context.Context, grants []admission.Grant) error {
	orphans := sync.OnceValue(p.orphans)
	return p.enqueueAll(ctx, grants, func(info *asynq.TaskInfo) bool {
		return isToRun(info) && (info.State != asynq.TaskStateActive || !orphans()[info.ID])
	})
}

// isToRun reports whether a task runs or will.
func isToRun(info *asynq.TaskInfo) bool {
	return info.State != asynq.TaskStateArchived && info.State != asynq.TaskStateCompleted
}

// Limits of one search for orphans.
const (
	activePage  = 1000
	activePages = 10
)

// orphans returns the ids of the start tasks whose workers have let their lease run out. A
// queue that cannot be read has none: the leader asks again.
func (p *Producer) orphans() map[string]bool {
	found := map[string]bool{}
	for _, queue := range []string{tasks.QueueStart, tasks.QueueRestore} {
		for page := range activePages {
			active, err := p.inspector.ListActiveTasks(queue, asynq.PageSize(activePage), asynq.Page(page+1))
			if err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
				p.log.Warn().Err(err).Str("queue", queue).Msg("running tasks could not be listed")
			}
			for _, info := range active {
				found[info.ID] = info.IsOrphaned
			}
			if len(active) < activePage {
				break
			}
		}
	}
	return found
}

// enqueueAll enqueues grants. One whose task is there already is left to it when lives says
// so of the task.
func (p *Producer) enqueueAll(ctx context.Context, grants []admission.Grant, lives func(*asynq.TaskInfo) bool) error {
	errs := make([]error, len(grants))
	var group errgroup.Group
	group.SetLimit(enqueuers)
	for i, g := range grants {
		group.Go(func() error {
			errs[i] = p.enqueueGrant(ctx, g, lives)
			return nil
		})
	}
	_ = group.Wait() // errs has what went wrong
	return errors.Join(errs...)
}

func (p *Producer) enqueueGrant(ctx context.Context, g admission.Grant, lives func(*asynq.TaskInfo) bool) error {
	p.queues.follow(admission.EpochOf(g.Generation))
	task, err := tasks.NewStart(operationOf(g.Group), g.JobID, g.Generation)
	if err != nil {
		return err
	}
	err = p.Put(ctx, task)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return p.resolveConflict(ctx, g, task, lives)
	}
	return err
}

// resolveConflict looks at the task that has the id: one that lives is the grant's; one
// that does not, or vanished meanwhile, is followed by the next generation.
func (p *Producer) resolveConflict(ctx context.Context, g admission.Grant, task tasks.Envelope, lives func(*asynq.TaskInfo) bool) error {
	info, err := p.inspector.GetTaskInfo(task.Queue, task.ID)
	if err == nil && lives(info) {
		return nil
	}
	next, err := p.controller.Regrant(ctx, g.JobID)
	if errors.Is(err, admission.ErrStale) {
		return nil // it ended meanwhile
	}
	if err != nil {
		return fmt.Errorf("regrant job %s: %w", g.JobID, err)
	}
	task, err = tasks.NewStart(operationOf(g.Group), next.JobID, next.Generation)
	if err != nil {
		return err
	}
	return p.Put(ctx, task)
}

// Put enqueues one task with all of its options explicit.
func (p *Producer) Put(ctx context.Context, t tasks.Envelope) error {
	_, err := p.queues.client().EnqueueContext(ctx, asynq.NewTaskWithHeaders(t.Type, t.Payload, p.keys.Sign(t)),
		asynq.TaskID(t.ID), asynq.Queue(t.Queue), asynq.MaxRetry(t.MaxRetry),
		asynq.Timeout(t.Timeout), asynq.Retention(t.Retention))
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", t.ID, err)
	}
	return nil
}

// PutOnce is Put for tasks whose id exists already when somebody else was faster, which
// is no error.
func (p *Producer) PutOnce(ctx context.Context, t tasks.Envelope) error {
	if err := p.Put(ctx, t); !errors.Is(err, asynq.ErrTaskIDConflict) {
		return err
	}
	return nil
}

// PutMessage enqueues the delivery of a notification unless the task is there already, and
// reports whether it is there as one that has used up its attempts.
func (p *Producer) PutMessage(ctx context.Context, t tasks.Envelope) (dead bool, err error) {
	err = p.Put(ctx, t)
	if !errors.Is(err, asynq.ErrTaskIDConflict) {
		return false, err
	}
	info, err := p.inspector.GetTaskInfo(t.Queue, t.ID)
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return false, nil // it ended this moment
	}
	if err != nil {
		return false, fmt.Errorf("look at task %s: %w", t.ID, err)
	}
	return info.State == asynq.TaskStateArchived, nil
}

// Regrant gives a holder whose start task is lost a new one.
func (p *Producer) Regrant(ctx context.Context, job catalog.Job) error {
	g, err := p.controller.Regrant(ctx, job.ID)
	if errors.Is(err, admission.ErrStale) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("regrant job %s: %w", job.ID, err)
	}
	g.Group = groupOf(job)
	return p.enqueueGrant(ctx, g, isToRun)
}

// Workers returns how many tasks all live workers can run at once.
func (p *Producer) Workers() (int, error) {
	servers, err := p.inspector.Servers()
	if err != nil {
		return 0, fmt.Errorf("list workers: %w", err)
	}
	total := 0
	for _, s := range servers {
		total += s.Concurrency
	}
	return total, nil
}

// PurgeArchived deletes archived tasks older than age, at most limit per queue, and
// returns how many went. asynq itself drops them after 90 days, all at once, which jams
// it when there are thousands.
func (p *Producer) PurgeArchived(now time.Time, age time.Duration, limit int) (int, error) {
	purged := 0
	for _, queue := range tasks.AllQueues() {
		infos, err := p.inspector.ListArchivedTasks(queue, asynq.PageSize(limit))
		if errors.Is(err, asynq.ErrQueueNotFound) {
			continue
		}
		if err != nil {
			return purged, fmt.Errorf("list archived tasks of %s: %w", queue, err)
		}
		for _, info := range infos {
			if now.Sub(info.LastFailedAt) < age {
				continue
			}
			if err := p.inspector.DeleteTask(queue, info.ID); err == nil {
				purged++
			}
		}
	}
	return purged, nil
}

// operationOf returns the operation a waiting-room group is for: its last segment.
func operationOf(group string) driver.Operation {
	return driver.Operation(group[strings.LastIndexByte(group, '/')+1:])
}
