package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Look observes snapshots, or for Restore volumes, with one filtered listing. A snapshot
// that a complete listing does not show is Gone for Expire; for the other operations it
// may only be too young to be seen, so it is left out.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if len(req.Refs) > lookMax {
		return nil, failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), lookMax)
	}
	if len(req.Refs) == 0 {
		return map[driver.Ref]driver.Status{}, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Restore {
		return lookAtVolumes(ctx, client, req.Refs)
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	err = eachSnapshot(ctx, client, func(s *types.Snapshot) error {
		seen[driver.Ref(aws.ToString(s.SnapshotId))] = statusOf(req.Scope, s)
		return nil
	}, filter("snapshot-id", ids(req.Refs)...))
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		markGone(req.Refs, seen)
	}
	return seen, nil
}

// markGone turns what is seen into the progress of a deletion: what is not there is
// Gone, what still is there is Pending.
func markGone(refs []driver.Ref, seen map[driver.Ref]driver.Status) {
	for _, ref := range refs {
		status, there := seen[ref]
		switch {
		case !there:
			seen[ref] = driver.Status{State: driver.Gone, Progress: -1}
		case status.State != driver.Gone:
			status.State = driver.Pending
			seen[ref] = status
		}
	}
}

func lookAtVolumes(ctx context.Context, client api, refs []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(refs))
	err := eachVolume(ctx, client, func(v *types.Volume) error {
		seen[driver.Ref(aws.ToString(v.VolumeId))] = volumeStatus(v)
		return nil
	}, filter("volume-id", ids(refs)...))
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func ids(refs []driver.Ref) []string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = string(ref)
	}
	return out
}
