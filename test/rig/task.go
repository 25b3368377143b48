package rig

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/engine"
	"holdfast/tasks"
)

// Tasks returns the pending tasks of every queue, by id.
func (r *Rig) Tasks() []*asynq.TaskInfo {
	r.TB.Helper()
	var all []*asynq.TaskInfo
	for queue := range tasks.Queues() {
		infos, err := r.Inspector.ListPendingTasks(queue, asynq.PageSize(1000))
		if errors.Is(err, asynq.ErrQueueNotFound) {
			continue
		}
		r.Must(err)
		all = append(all, infos...)
	}
	slices.SortFunc(all, func(a, b *asynq.TaskInfo) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// TaskIDs returns the ids of Tasks.
func (r *Rig) TaskIDs() []string {
	r.TB.Helper()
	var ids []string
	for _, info := range r.Tasks() {
		ids = append(ids, info.ID)
	}
	return ids
}

// Take removes a pending task from its queue, as a worker does that will finish it.
func (r *Rig) Take(info *asynq.TaskInfo) {
	r.TB.Helper()
	r.Must(r.Inspector.DeleteTask(info.Queue, info.ID))
}

// Hold does with a pending task what asynq does when a worker takes it and holds it by a
// lease. Leases are on the machine's clock.
func (r *Rig) Hold(info *asynq.TaskInfo, until time.Time) {
	r.TB.Helper()
	queue := "asynq:{" + info.Queue + "}:"
	r.Must(r.Client.LMove(r.Context(), queue+"pending", queue+"active", "RIGHT", "LEFT").Err())
	r.Must(r.Client.HSet(r.Context(), queue+"t:"+info.ID, "state", "active").Err())
	r.Must(r.Client.ZAdd(r.Context(), queue+"lease", redis.Z{Score: float64(until.Unix()), Member: info.ID}).Err())
	held, err := r.Inspector.ListActiveTasks(info.Queue)
	r.Must(err)
	if len(held) != 1 || held[0].ID != info.ID {
		r.TB.Fatalf("asynq does not take %s for a running task: %v", info.ID, held)
	}
}

// Run does with e what a worker does with the task. Tasks that show failures are left out.
func (r *Rig) Run(e *engine.Engine, info *asynq.TaskInfo) error {
	r.TB.Helper()
	switch info.Type {
	case tasks.TypeLook:
		var p tasks.Look
		r.Must(tasks.Decode(info.Payload, &p))
		return e.Look(r.Context(), catalog.LookGroup{
			Partition: p.Scope.Partition, Account: p.Scope.Account, Region: p.Scope.Region, Kind: p.Kind, Operation: p.Operation,
		})
	case tasks.TypeInventorySync:
		var p tasks.Sync
		r.Must(tasks.Decode(info.Payload, &p))
		return e.SyncInventory(r.Context(), catalog.InventoryScope{
			Partition: p.Scope.Partition, Account: p.Scope.Account, Region: p.Scope.Region, Kind: p.Kind,
		})
	case tasks.TypeJobFailed:
		return nil
	default:
		return e.Start(r.Context(), r.Grant(info))
	}
}

// Grant returns the grant a start task is for.
func (r *Rig) Grant(info *asynq.TaskInfo) admission.Grant {
	r.TB.Helper()
	var p tasks.Start
	r.Must(tasks.Decode(info.Payload, &p))
	return admission.Grant{JobID: p.JobID, Generation: p.Generation}
}

// Work takes and runs every pending task with e until none is left, and returns how many.
func (r *Rig) Work(e *engine.Engine) (n int) {
	r.TB.Helper()
	for pending := r.Tasks(); len(pending) > 0; pending = r.Tasks() {
		for _, info := range pending {
			r.Take(info)
			r.Must(r.Run(e, info))
			n++
		}
	}
	return n
}
