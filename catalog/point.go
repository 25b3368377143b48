package catalog

import (
	"time"

	"holdfast/driver"
	"holdfast/resource"
)

// PointState is the state of a recovery point.
type PointState string

// The states of a recovery point.
const (
	Available PointState = "AVAILABLE"
	Expiring  PointState = "EXPIRING" // guards passed, deletion under way
	Deleted   PointState = "DELETED"
)

// RecoveryPoint is what a completed backup or copy left. Its ID is the id of the job
// that made it.
type RecoveryPoint struct {
	ID          string        `json:"id"`
	State       PointState    `json:"state"`
	Kind        resource.Kind `json:"kind"`
	Engine      driver.Engine `json:"engine,omitempty"` // the one that made it, and alone can copy, restore or delete it
	Partition   string        `json:"partition"`
	Account     string        `json:"account"` // where the point lies
	Region      string        `json:"region"`
	ResourceARN string        `json:"resource_arn"` // the source
	ARN         string        `json:"arn"`
	Ref         driver.Ref    `json:"ref"`
	Vault       string        `json:"vault,omitempty"`
	Plan        string        `json:"plan,omitempty"`
	Rule        string        `json:"rule,omitempty"`
	ChainID     string        `json:"chain_id"`
	ParentID    string        `json:"parent_id,omitempty"` // the point this is a copy of
	CreatedAt   time.Time     `json:"created_at"`          // when AWS began it
	CompletedAt time.Time     `json:"completed_at"`
	DeleteAt    time.Time     `json:"delete_at,omitzero"` // end of its lifecycle; zero: none
	// Counted points were made by a rule that keeps points by count: DeleteAt alone deletes
	// none of them, and without its rule such a point is kept.
	Counted   bool              `json:"counted,omitempty"`
	SizeBytes int64             `json:"size_bytes"`
	Encrypted bool              `json:"encrypted"`
	KMSKeyID  string            `json:"kms_key_id,omitempty"`
	Source    resource.Resource `json:"source"` // the resource as recorded, for restores
	// Installation is the mark the artefact carries on AWS.
	Installation string `json:"installation"`
	// ExpireAttempts counts expiry jobs; ExpireAfter is when the next may be made.
	ExpireAttempts int       `json:"expire_attempts,omitempty"`
	ExpireAfter    time.Time `json:"expire_after,omitzero"`
	// ColdAt is when an archive job is to move the point to cold storage; zero: never, or AWS
	// does that itself. ColdAttempts counts these jobs, Cold says that it lies there.
	ColdAt       time.Time `json:"cold_at,omitzero"`
	ColdAttempts int       `json:"cold_attempts,omitempty"`
	Cold         bool      `json:"cold,omitempty"`
}

// Scope returns where the point lies.
func (p RecoveryPoint) Scope() resource.Scope {
	return resource.Scope{Partition: p.Partition, Account: p.Account, Region: p.Region}
}

// Point returns the driver's view of the recovery point.
func (p RecoveryPoint) Point() driver.Point {
	return driver.Point{
		Ref: p.Ref, ARN: p.ARN, CreatedAt: p.CreatedAt, SizeBytes: p.SizeBytes,
		Encrypted: p.Encrypted, KMSKeyID: p.KMSKeyID, Cold: p.Cold,
	}
}

// HoldKind says why a point may not be deleted.
type HoldKind string

// The kinds of holds.
const (
	HoldLegal   HoldKind = "legal"
	HoldCopy    HoldKind = "copy"    // a copy is planned or running
	HoldRestore HoldKind = "restore" // a restore is planned or running
	HoldArchive HoldKind = "archive" // a move to cold storage is planned or running
)

// Hold forbids the deletion of a point while it exists.
type Hold struct {
	PointID   string    `json:"point_id"`
	Kind      HoldKind  `json:"kind"`
	Holder    string    `json:"holder"` // job id, or the name of a legal hold
	CreatedAt time.Time `json:"created_at"`
	Note      string    `json:"note,omitempty"`
}
