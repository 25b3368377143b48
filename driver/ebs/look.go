package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/refs"
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
	}, ec2calls.Filter("snapshot-id", refs.Strings(req.Refs)...))
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		refs.Deleted(req.Refs, seen)
	}
	return seen, nil
}

func lookAtVolumes(ctx context.Context, client api, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(asked))
	err := eachVolume(ctx, client, func(v *types.Volume) error {
		seen[driver.Ref(aws.ToString(v.VolumeId))] = volumeStatus(v)
		return nil
	}, ec2calls.Filter("volume-id", refs.Strings(asked)...))
	if err != nil {
		return nil, err
	}
	return seen, nil
}
