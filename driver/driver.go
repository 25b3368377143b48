package driver

import (
	"context"
	"encoding/json"
	"time"

	"holdfast/failure"
	"holdfast/resource"
)

// Operation is what a job does on the AWS side. The spelling is the job type's.
type Operation string

// The operations.
const (
	Backup  Operation = "backup"
	Copy    Operation = "copy"
	Restore Operation = "restore"
	Expire  Operation = "expire"
	Archive Operation = "archive" // of a recovery point, to cold storage
)

// Ref identifies the AWS side of an operation within (account, region, kind): a snapshot
// id, a DB snapshot identifier, a backup ARN; for a restore the new resource's id. Where AWS
// has jobs of its own it is the job, and the point a backup leaves has another (Point.Ref).
type Ref string

// Driver is what every kind can do.
type Driver interface {
	// Descriptor returns the kind's static facts. It makes no call.
	Descriptor() Descriptor
	// Discover lists every resource of the kind in scope, all pages, with tags and the
	// settings a restore needs, and calls yield once for each on the caller's goroutine.
	// An error of yield stops the listing and is returned as it is.
	Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error
	// Start begins a backup and returns its reference without waiting for the end.
	Start(ctx context.Context, req StartRequest) (Ref, error)
	// Find looks for the artefact an earlier Start, Copy or Restore with req.Mark made.
	// It returns an error of class not_found when AWS shows none; how long such an
	// answer may be wrong is Descriptor.Settle. Where Descriptor.Unmarked it is asked only
	// when the token has lapsed, and may answer with class unsupported that it cannot tell.
	Find(ctx context.Context, req FindRequest) (Ref, error)
	// Look observes operations, at most Descriptor.LookMax references in one request.
	// References AWS did not mention are absent from the answer. For Expire, State Gone
	// is the success. A status AWS has added since is Pending.
	Look(ctx context.Context, req LookRequest) (map[Ref]Status, error)
	// List lists the artefacts in scope that carry a Holdfast mark of any installation.
	List(ctx context.Context, scope resource.Scope, yield func(Artefact) error) error
	// Delete starts the deletion of a recovery point after checking on AWS that it
	// carries req.Installation's mark. Absent is success. An artefact without the mark
	// is refused with class held.
	Delete(ctx context.Context, req DeleteRequest) error
}

// Copier is a Driver that can copy a recovery point to another region, or, where its
// Descriptor says so, to another account: Copy then lets the destination's account have
// the source first, acting as the source's.
type Copier interface {
	// Copy begins a copy into req.Scope and returns the copy's reference there.
	Copy(ctx context.Context, req CopyRequest) (Ref, error)
}

// CopyFinisher is a Copier whose copies between accounts leave something to be undone.
type CopyFinisher interface {
	// FinishCopy takes back what Copy with the same request let the destination's account
	// have. It is called when no copy of the job is in progress any more, however it went,
	// also when none ever began; it is idempotent, and called again until it returns nil.
	FinishCopy(ctx context.Context, req CopyRequest) error
}

// Part is a Driver of resources that a backup of another resource includes, as that of an
// instance includes its volumes.
type Part interface {
	// PartOf returns the ARNs of the resources that include r, from its recorded settings.
	// It makes no call; settings it cannot read say nothing.
	PartOf(r resource.Resource) []string
}

// CopyMarker is a Copier of an AWS that gives a copy the tags of its source.
type CopyMarker interface {
	// MarkCopy gives the copy its own mark and tags. It is called when Look has seen the
	// copy ready, is idempotent, and may return class busy to be called again.
	MarkCopy(ctx context.Context, req CopyRequest, copied Point) error
}

// ColdMover is a Driver whose recovery points can move to cold storage after they were made.
type ColdMover interface {
	// MoveToCold asks AWS to keep a point as req.Lifecycle says, after checking there that it
	// carries req.Installation's mark; one without it is refused with class held. Without
	// Descriptor.ColdByAWS the point moves at once, and Look with Archive sees it arrive. It is
	// idempotent: a point that is cold, or on its way, is no error.
	MoveToCold(ctx context.Context, req ColdRequest) error
}

// Canceler is a Driver whose operations AWS can stop.
type Canceler interface {
	// Cancel asks AWS to stop an operation; Look then sees it end. An operation that has
	// ended already is no error; one AWS cannot stop is an error of class unsupported.
	Cancel(ctx context.Context, req CancelRequest) error
}

// Restorer is a Driver that can build a resource from a recovery point.
type Restorer interface {
	// PlanRestore decides what Restore would do, from the recorded settings and the
	// overrides, without any call. All bad or missing parameters are reported together,
	// as an error of class invalid that wraps a *ParameterError.
	PlanRestore(req RestoreRequest) (RestorePlan, error)
	// Restore carries out PlanRestore's plan up to the call that creates the resource.
	Restore(ctx context.Context, req RestoreRequest) (Ref, error)
	// FinishRestore applies what can only be set once the resource is there (tags, TTL,
	// streams, ...). It is called when Look has seen the resource ready, is idempotent,
	// and may return class busy to be called again.
	FinishRestore(ctx context.Context, req RestoreRequest, ref Ref) error
}

// Prober is a Driver whose points lie in something of the account's own, as in a vault.
type Prober interface {
	// Probe finds out, without changing anything, whether points of a lifecycle can lie
	// there: an error of class not_found when it is not there yet, invalid when it takes
	// no such points, denied when the role for the purpose may not ask.
	Probe(ctx context.Context, req ProbeRequest) error
}

// ProbeRequest asks about Vault in Scope, with the role for Purpose.
type ProbeRequest struct {
	Scope           resource.Scope
	Purpose         resource.Purpose
	Vault           string
	DeleteAfterDays int // 0: kept for ever
}

// StartRequest asks for one backup.
type StartRequest struct {
	Scope    resource.Scope
	Mark     Mark
	Resource resource.Resource
	Tags     map[string]string // the rule's recovery-point tags, put beside the mark
	// Vault and Lifecycle are for engines that keep points in vaults; the others have none.
	Vault     string
	Lifecycle Lifecycle
	Options   map[string]string // of Descriptor.BackupOptions; those a driver does not have it ignores
}

// Lifecycle is how many days after its creation a point moves to cold storage and is
// deleted; 0 is never. Deletion is Holdfast's own: a driver hands it to AWS only where AWS
// insists on knowing it.
type Lifecycle struct{ ColdAfterDays, DeleteAfterDays int }

// CancelRequest asks to stop the operation Ref in Scope.
type CancelRequest struct {
	Scope     resource.Scope
	Operation Operation
	Ref       Ref
}

// FindRequest asks for the artefact made with Mark in Scope.
type FindRequest struct {
	Scope     resource.Scope
	Operation Operation
	Mark      Mark
	Since     time.Time // no artefact of this mark is older
}

// LookRequest asks for the state of several operations of one kind in one scope.
type LookRequest struct {
	Scope     resource.Scope
	Operation Operation
	Refs      []Ref
	Since     time.Time // the oldest of these operations started no earlier
}

// State is what AWS was seen to say about an operation.
type State string

// The observed states.
const (
	Pending   State = "pending"
	Succeeded State = "succeeded"
	// Partial: there is a point, but some members of a composite resource are missing in it.
	Partial State = "partial"
	Failed  State = "failed"
	// Gone: existed or was asked for by name, and is not there. A driver may say so of an
	// artefact AWS does not show yet: of a backup, copy or restore the caller believes it
	// only some minutes after the start.
	Gone State = "gone"
)

// Status is one observation.
type Status struct {
	State    State
	Progress int    // percent, -1 when AWS does not say
	Message  string // AWS's own words on a failure, or on what a success lacks
	// Class is what kind of failure AWS says it was; "" where it leaves that to its words.
	Class failure.Class
	Point Point // for Succeeded and Partial backups and copies
}

// Point describes a recovery point as AWS shows it.
type Point struct {
	Ref       Ref       `json:"ref"`
	ARN       string    `json:"arn"`
	CreatedAt time.Time `json:"created_at"`
	SizeBytes int64     `json:"size_bytes"` // 0 when AWS does not say
	Encrypted bool      `json:"encrypted"`
	// KMSKeyID is the ARN of the key; that of its alias for a key that AWS manages, where
	// Descriptor.CustomerKeyAbroad.
	KMSKeyID string `json:"kms_key_id,omitempty"`
	// Cold is whether it lies in cold storage: it cannot be copied, and a restore takes longer.
	Cold bool `json:"cold,omitempty"`
}

// Artefact is a marked recovery point found by List.
type Artefact struct {
	Point Point
	Mark  Mark
	State State
}

// DeleteRequest asks to delete a recovery point.
type DeleteRequest struct {
	Scope        resource.Scope
	Installation string
	Ref          Ref
}

// ColdRequest asks to keep the point Ref in Scope by Lifecycle, whose days count from the
// creation of the point.
type ColdRequest struct {
	Scope        resource.Scope
	Installation string
	Ref          Ref
	Lifecycle    Lifecycle
}

// CopyRequest asks for a copy of Source into Scope.
type CopyRequest struct {
	Scope       resource.Scope // the destination
	Mark        Mark
	Source      Point
	SourceScope resource.Scope
	Resource    resource.Resource // what was backed up, as recorded when the point was made
	KMSKeyID    string            // the destination's key; required where the source is encrypted and the kind says so
	Tags        map[string]string
	Vault       string // the destination's, as in StartRequest
	Lifecycle   Lifecycle
}

// RestoreRequest asks for a new resource from Point, or of a moment.
type RestoreRequest struct {
	Scope resource.Scope
	Mark  Mark
	Point Point
	// At, when not zero, asks for the resource as it was then, from the continuous backups
	// AWS keeps of it, instead of Point; only of drivers whose Descriptor says PointInTime.
	// Moments that these backups cannot reach are refused before anything is changed.
	At        time.Time
	Resource  resource.Resource // the source as recorded when the point was made; with At as it is
	Overrides map[string]string // parameters given by the user, by Parameter.Name
}

// Rewinder is a Restorer of moments that knows how far AWS's continuous backups of a
// resource reach back. Every driver whose Descriptor says PointInTime is one.
type Rewinder interface {
	// MomentDays returns how many days they reach back, from recorded settings; 0 when they
	// are off, or nothing was recorded.
	MomentDays(r resource.Resource) int
}

// RestorePlan is what a restore will do: printed by a dry run, executed otherwise.
type RestorePlan struct {
	Parameters map[string]string `json:"parameters"` // effective values, recorded or overridden
	Calls      []Call            `json:"calls"`      // in order
}

// Call is one AWS call of a plan: the operation (ec2:CreateVolume) and its input in
// the API's own field names.
type Call struct {
	Operation string          `json:"operation"`
	Input     json.RawMessage `json:"input"`
}
