package catalog

import (
	"encoding/json"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Job is one backup, copy, restore, expiry or move to cold storage of one resource or
// recovery point. A job makes at most one artefact, ever. Times are UTC with millisecond
// precision; zero means "not yet" or "no limit".
type Job struct {
	ID      string           `json:"id"`   // 26 lower-case characters
	Type    driver.Operation `json:"type"` // backup, copy, restore, expire, archive
	State   State            `json:"state"`
	Version int64            `json:"version"` // compare-and-set counter, 1 after insertion

	// What it works on. Account and Region are where the calls go: the resource's for a
	// backup, the destination for a copy or restore, the point's for an expiry.
	Kind        resource.Kind `json:"kind"`
	Engine      driver.Engine `json:"engine,omitempty"` // "": the kind's default
	Partition   string        `json:"partition"`
	Account     string        `json:"account"`
	Region      string        `json:"region"`
	ResourceARN string        `json:"resource_arn"`
	PointID     string        `json:"point_id,omitempty"` // the point copied, restored or expired

	// Where it comes from. Plan, Rule and FireAt are empty for manual jobs.
	Plan      string    `json:"plan,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	FireAt    time.Time `json:"fire_at,omitzero"`
	ChainID   string    `json:"chain_id"` // id of the backup job the chain began with
	ParentID  string    `json:"parent_id,omitempty"`
	RetryOf   string    `json:"retry_of,omitempty"`
	CreatedBy string    `json:"created_by"` // scheduler, or who typed the command

	Spec Spec `json:"spec"`

	// When it may run. StartBy passed while CREATED: EXPIRED. CompleteBy passed: ABORTING.
	CreatedAt  time.Time `json:"created_at"`
	StartBy    time.Time `json:"start_by,omitzero"`
	CompleteBy time.Time `json:"complete_by,omitzero"`

	// Admission. Epoch is the one the job was last submitted under, 0 = not submitted, or
	// ended. A job that waits for a new attempt has Epoch 0 and RetryAt set; one whose start
	// call was put off keeps its Epoch and slots until RetryAt.
	Epoch   int64     `json:"epoch,omitempty"`
	RetryAt time.Time `json:"retry_at,omitzero"`

	// The AWS side. An intent is open while IntentOwner is set and Ref is empty: only its
	// owner may call AWS, until IntentUntil.
	IntentOwner string     `json:"intent_owner,omitempty"`
	IntentUntil time.Time  `json:"intent_until,omitzero"`
	Attempts    int        `json:"attempts"` // start calls tried
	Ref         driver.Ref `json:"ref,omitempty"`
	NextLookAt  time.Time  `json:"next_look_at,omitzero"` // zero: no look due
	Progress    int        `json:"progress"`              // percent, -1 unknown

	// How it went.
	Class     failure.Class `json:"class,omitempty"` // of the last failure
	Message   string        `json:"message,omitempty"`
	StartedAt time.Time     `json:"started_at,omitzero"` // AWS accepted the start call
	EndedAt   time.Time     `json:"ended_at,omitzero"`
	// CancelRequested asks for an abort; the leader carries it out.
	CancelRequested bool `json:"cancel_requested,omitempty"`
	// FailureNoted is set once the archived asynq task that shows this failure exists.
	FailureNoted bool `json:"-"`
}

// Spec holds the parameters of a job by its type.
type Spec struct {
	Vault       string            `json:"vault,omitempty"`        // backup, copy: label of the vault
	ColdAfter   int               `json:"cold_after,omitempty"`   // backup, copy: days until cold storage, 0 = never
	DeleteAfter int               `json:"delete_after,omitempty"` // backup, copy: days, 0 = for ever
	Tags        map[string]string `json:"tags,omitempty"`         // backup, copy: recovery-point tags
	Options     map[string]string `json:"options,omitempty"`      // backup: AWS Backup's options of the kind
	Copies      []CopySpec        `json:"copies,omitempty"`       // backup: follow-up copies; copy: those it is on the way to
	KMSKeyID    string            `json:"kms_key_id,omitempty"`   // copy: key of the destination
	Parameters  map[string]string `json:"parameters,omitempty"`   // restore: overrides
	RestoreAt   time.Time         `json:"restore_at,omitzero"`    // restore of no point: the moment, to be had of continuous backups
	Counted     bool              `json:"counted,omitempty"`      // backup, copy: the rule keeps points by count, too
	Priority    int               `json:"priority,omitempty"`     // backup, copy: MinPriority to MaxPriority, higher first
	DueBy       time.Time         `json:"due_by,omitzero"`        // backup: when it should have begun; orders the waiting, ends nothing
}

// The priorities a job may have; 0 is the usual one.
const (
	MinPriority = -5
	MaxPriority = 5
)

// CopySpec is one copy a backup is followed by.
type CopySpec struct {
	Account     string `json:"account"`
	Region      string `json:"region"`
	Vault       string `json:"vault"`
	ColdAfter   int    `json:"cold_after,omitempty"`
	DeleteAfter int    `json:"delete_after,omitempty"`
	Counted     bool   `json:"counted,omitempty"` // the copy action keeps copies by count, too
	KMSKeyID    string `json:"kms_key_id,omitempty"`
	// Rekeyed is set once a copy in between was made with driver.TransitKey, so that there
	// is at most one such.
	Rekeyed bool `json:"rekeyed,omitempty"`
}

// Scope returns where the job's AWS calls go.
func (j Job) Scope() resource.Scope {
	return resource.Scope{Partition: j.Partition, Account: j.Account, Region: j.Region}
}

// IntentOpen reports whether somebody may be calling AWS for this job, or died doing so.
func (j Job) IntentOpen() bool { return j.IntentOwner != "" && j.Ref == "" && !j.State.Terminal() }

// LateMessage says why a job whose start window passed had not begun.
func (j Job) LateMessage() string {
	if j.Message == "" {
		return "the start window passed while the job was waiting"
	}
	return "the start window passed; the last attempt said: " + j.Message
}

// HoldsSlot reports whether the job must hold its admission slots: it has an open intent
// or a reference and has not ended.
func (j Job) HoldsSlot() bool { return !j.State.Terminal() && (j.IntentOwner != "" || j.Ref != "") }

// LookGroup names the set of jobs one look call can observe together.
type LookGroup struct {
	Partition string           `json:"partition"`
	Account   string           `json:"account"`
	Region    string           `json:"region"`
	Kind      resource.Kind    `json:"kind"`
	Operation driver.Operation `json:"operation"`
}

// String gives account/region/kind/operation.
func (g LookGroup) String() string {
	return g.Account + "/" + g.Region + "/" + string(g.Kind) + "/" + string(g.Operation)
}

// Group returns the job's look group.
func (j Job) Group() LookGroup {
	return LookGroup{Partition: j.Partition, Account: j.Account, Region: j.Region, Kind: j.Kind, Operation: j.Type}
}

// WaitingGroup is a number of waiting jobs that are alike.
type WaitingGroup struct {
	Account string           `json:"account"`
	Region  string           `json:"region"`
	Kind    resource.Kind    `json:"kind"`
	Engine  driver.Engine    `json:"engine"`
	Type    driver.Operation `json:"type"`
	Jobs    int              `json:"jobs"`
	Oldest  time.Time        `json:"oldest"` // CreatedAt of the one that has waited longest
}

// Job returns a job with what all of the group have in common.
func (g WaitingGroup) Job() Job {
	return Job{Account: g.Account, Region: g.Region, Kind: g.Kind, Engine: g.Engine, Type: g.Type}
}

// Event is one line of the append-only history.
type Event struct {
	Seq     int64           `json:"seq"` // given by the store, increasing
	At      time.Time       `json:"at"`
	Type    string          `json:"type"` // job.created, job.state, job.intent, point.state, hold.added, cap.set, fire.planned, ...
	JobID   string          `json:"job_id,omitempty"`
	PointID string          `json:"point_id,omitempty"`
	Actor   string          `json:"actor"` // scheduler, worker id or user
	From    string          `json:"from,omitempty"`
	To      string          `json:"to,omitempty"`
	Class   failure.Class   `json:"class,omitempty"`
	Message string          `json:"message,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}
