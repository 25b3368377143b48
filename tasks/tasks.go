// Package tasks is the wire contract between whoever enqueues and whoever works: task
// types, queues, payloads and the options of each task. A payload holds ids only; the
// catalog decides what is to be done. The package knows no queue library.
package tasks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/resource"
)

// Version is the payload version this build writes and the newest it reads.
const Version = 1

// The task types.
const (
	TypeBackupStart   = "backup:start"
	TypeCopyStart     = "copy:start"
	TypeRestoreStart  = "restore:start"
	TypeExpireStart   = "expire:start"
	TypeArchiveStart  = "archive:start"
	TypeLook          = "look:group"
	TypeInventorySync = "inventory:sync"
	TypeJobFailed     = "job:failed"
	TypeNotify        = "notify:send"
)

// The queues. A worker asks one after another until one has a task, so each one more
// costs every task; docs/adr/0011 says why all but restores share theirs.
const (
	QueueRestore   = "restore"
	QueueStart     = "start" // of all but restores
	QueueLook      = "look"
	QueueInventory = "inventory"
	QueueFailed    = "failed"
	// QueueNotify is served by workers of its own, so that a target that hangs never keeps
	// a task of a backup waiting.
	QueueNotify = "notify"
)

// Queues returns every queue with its default weight: a worker turns to one first as
// often, against the others, as its weight says.
func Queues() map[string]int {
	return map[string]int{
		QueueStart: 12, QueueRestore: 10, QueueLook: 8, QueueInventory: 3, QueueFailed: 1,
	}
}

// AllQueues returns the name of every queue, those without a weight too.
func AllQueues() []string {
	return append(slices.Sorted(maps.Keys(Queues())), QueueNotify)
}

// Limits of start tasks. They are retried only for faults of our own (catalog or Redis
// unreachable); what AWS answers is the job's affair, kept in the catalog.
const (
	startRetries    = 20
	startTimeout    = 2 * time.Minute
	lookTimeout     = 5 * time.Minute
	syncRetries     = 2
	syncTimeout     = 10 * time.Minute
	failedRetention = 30 * 24 * time.Hour
	notifyRetries   = 12 // about two hours
	notifyTimeout   = time.Minute
)

// Envelope is a task with all of its options explicit.
type Envelope struct {
	Type      string
	ID        string // unique while the task exists in any state
	Queue     string
	Payload   []byte
	MaxRetry  int
	Timeout   time.Duration
	Retention time.Duration // how long a completed task stays visible
}

// Start is the payload of the start tasks.
type Start struct {
	Version    int    `json:"v"`
	JobID      string `json:"job"`
	Generation int64  `json:"gen"`
}

// Look is the payload of a look task: which jobs to observe together.
type Look struct {
	Version   int              `json:"v"`
	Scope     resource.Scope   `json:"scope"`
	Kind      resource.Kind    `json:"kind"`
	Operation driver.Operation `json:"op"`
}

// Sync is the payload of an inventory task.
type Sync struct {
	Version int            `json:"v"`
	Scope   resource.Scope `json:"scope"`
	Kind    resource.Kind  `json:"kind"`
}

// Failed is the payload of the task that shows a failed job in the queue browser.
type Failed struct {
	Version int    `json:"v"`
	JobID   string `json:"job"`
}

// Notify is the payload of the task that sends a notification.
type Notify struct {
	Version int    `json:"v"`
	ID      string `json:"id"`
	Round   int    `json:"round"`
}

var startTypes = map[driver.Operation]struct{ taskType, queue string }{
	driver.Backup:  {TypeBackupStart, QueueStart},
	driver.Copy:    {TypeCopyStart, QueueStart},
	driver.Restore: {TypeRestoreStart, QueueRestore},
	driver.Expire:  {TypeExpireStart, QueueStart},
	driver.Archive: {TypeArchiveStart, QueueStart},
}

// NewStart returns the start task of a granted job; its id is "<job id>.<generation>".
func NewStart(op driver.Operation, jobID string, generation int64) (Envelope, error) {
	t, ok := startTypes[op]
	if !ok {
		return Envelope{}, fmt.Errorf("tasks: no start task for operation %q", op)
	}
	return Envelope{
		Type: t.taskType, ID: fmt.Sprintf("%s.%d", jobID, generation), Queue: t.queue,
		Payload:  encode(Start{Version: Version, JobID: jobID, Generation: generation}),
		MaxRetry: startRetries, Timeout: startTimeout,
	}, nil
}

// NewLook returns the look task of a group for the tick that began at tick.
func NewLook(scope resource.Scope, kind resource.Kind, op driver.Operation, tick time.Time) Envelope {
	id := fmt.Sprintf("look.%s.%s.%s.%s.%d", scope.Account, scope.Region, kind, op, tick.UnixMilli())
	return Envelope{
		Type: TypeLook, ID: id, Queue: QueueLook,
		Payload: encode(Look{Version: Version, Scope: scope, Kind: kind, Operation: op}),
		Timeout: lookTimeout,
	}
}

// NewSync returns the inventory task of (scope, kind) for the tick that began at tick.
func NewSync(scope resource.Scope, kind resource.Kind, tick time.Time) Envelope {
	id := fmt.Sprintf("sync.%s.%s.%s.%d", scope.Account, scope.Region, kind, tick.UnixMilli())
	return Envelope{
		Type: TypeInventorySync, ID: id, Queue: QueueInventory,
		Payload:  encode(Sync{Version: Version, Scope: scope, Kind: kind}),
		MaxRetry: syncRetries, Timeout: syncTimeout,
	}
}

// NewFailed returns the task that shows a failed job; running it again from the queue
// browser means: retry the job.
func NewFailed(jobID string) Envelope {
	return Envelope{
		Type: TypeJobFailed, ID: jobID + ".failed", Queue: QueueFailed,
		Payload: encode(Failed{Version: Version, JobID: jobID}),
		Timeout: startTimeout, Retention: failedRetention,
	}
}

// NewNotify returns the task that sends a notification, for one round of attempts.
func NewNotify(id string, round int) Envelope {
	return Envelope{
		Type: TypeNotify, ID: fmt.Sprintf("notify.%s.%d", id, round), Queue: QueueNotify,
		Payload:  encode(Notify{Version: Version, ID: id, Round: round}),
		MaxRetry: notifyRetries, Timeout: notifyTimeout,
	}
}

// encode cannot fail: the payloads hold strings and numbers only.
func encode(payload any) []byte {
	data, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("tasks: encode %T: %v", payload, err))
	}
	return data
}

// maxPayload bounds what a worker decodes; ours are below 300 bytes.
const maxPayload = 4 << 10

// Decode reads a payload into out, a pointer to one of the payload types. Payloads of a
// newer version, unknown fields and oversized input are errors; the task should be kept
// for a newer worker, not dropped.
func Decode(payload []byte, out any) error {
	if len(payload) > maxPayload {
		return fmt.Errorf("tasks: payload of %d bytes is over the limit of %d", len(payload), maxPayload)
	}
	var head struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal(payload, &head); err != nil {
		return fmt.Errorf("tasks: payload is not an object with a version: %w", err)
	}
	if head.Version < 1 || head.Version > Version {
		return fmt.Errorf("tasks: payload version %d, this build reads 1 to %d: %w", head.Version, Version, ErrVersion)
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(out); err != nil {
		return fmt.Errorf("tasks: payload: %w", err)
	}
	return nil
}
