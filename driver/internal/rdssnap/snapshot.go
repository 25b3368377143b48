package rdssnap

import (
	"context"
	"time"

	"holdfast/driver"
	"holdfast/driver/internal/abroad"
	"holdfast/driver/internal/kmskeys"
	"holdfast/resource"
)

// PageSize is the most records one Describe call of the family returns, and the most
// values one of its filters may have.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html
const PageSize = 100

// Snapshot is a manual snapshot as a Describe call shows it, whichever it is.
type Snapshot struct {
	ID, ARN    string
	Source     string // the identifier of the instance or cluster
	Engine     string
	CopiedFrom string // the ARN or identifier of the snapshot it is a copy of, empty for others
	Status     string
	Percent    *int32
	CreatedAt  time.Time
	SizeBytes  int64 // 0 when AWS does not say
	Encrypted  bool
	KMSKeyID   string
	// Tags is nil where the listing does not show them; API.Tags does.
	Tags map[string]string
}

// API is the calls on snapshots of one scope, with errors classed by Wrap.
type API interface {
	// Snapshots calls visit for the manual snapshots of the account called ids, all of
	// them without ids. Where the service cannot filter it visits others too.
	Snapshots(ctx context.Context, visit func(*Snapshot) error, ids ...string) error
	// Tags returns the tags of the snapshot with an ARN.
	Tags(ctx context.Context, arn string) (map[string]string, error)
	Create(ctx context.Context, source, id string, tags map[string]string) error
	Copy(ctx context.Context, in CopyInput) error
	// Share changes which accounts may copy the snapshot called id.
	Share(ctx context.Context, id string, change abroad.Change) error
	Delete(ctx context.Context, id string) error
}

// CopyInput asks for a copy in the region and account of the call.
type CopyInput struct {
	SourceARN, SourceRegion string
	ID                      string // of the copy
	KMSKeyID                string // empty: the source's
	OptionGroup             string // empty: the default; of DB instances only
	Tags                    map[string]string
}

// Snapshots makes and keeps the snapshots of one kind. It is safe for concurrent use.
type Snapshots struct {
	// Noun names a snapshot in messages: DB cluster snapshot.
	Noun string
	// Taken is the code with which AWS says that an identifier is in use.
	Taken string
	// Client returns the calls for a scope and purpose.
	Client func(context.Context, resource.Scope, resource.Purpose) (API, error)
	// SourceID returns the identifier AWS's calls take for a resource.
	SourceID func(resource.Resource) (string, error)
	// Engines, when set, are those of this kind; snapshots of others are not listed.
	Engines []string
	// Unfiltered is whether listings of snapshots cannot pick some by identifier.
	Unfiltered bool
	// OptionGroup, when set, returns the option group a copy of the resource's snapshots
	// into another account or region needs, empty for none.
	OptionGroup func(resource.Resource) (string, error)
	// NoEncryption is whether a copy of an unencrypted snapshot cannot be encrypted.
	NoEncryption bool
	// Path is how a copy gets into another region of another account.
	Path driver.CopyPath
	// Keys names the keys of encrypted snapshots.
	Keys *kmskeys.Names
}

// stateOf maps a snapshot's status; a status that is not known is Pending.
// Sources: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBClusterSnapshot.html
func stateOf(status string) driver.State {
	switch status {
	case "available":
		return driver.Succeeded
	case "failed", "incompatible-restore", "incompatible-parameters":
		return driver.Failed
	case "deleted":
		return driver.Gone
	default:
		return driver.Pending
	}
}

func statusOf(s *Snapshot) driver.Status {
	status := driver.Status{State: stateOf(s.Status), Progress: -1, Point: pointOf(s)}
	if s.Percent != nil {
		status.Progress = min(max(int(*s.Percent), 0), 100)
	}
	if status.State == driver.Failed {
		status.Message = "the snapshot is in status " + s.Status
	}
	return status
}

func pointOf(s *Snapshot) driver.Point {
	return driver.Point{
		Ref: driver.Ref(s.ID), ARN: s.ARN, CreatedAt: s.CreatedAt.UTC(), SizeBytes: s.SizeBytes,
		Encrypted: s.Encrypted, KMSKeyID: s.KMSKeyID,
	}
}
