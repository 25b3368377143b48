package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/refs"
	"holdfast/resource"
)

// Look observes snapshots, or for Restore volumes, with one filtered listing.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Look(ctx, req)
	}
	if err := ebssnap.CheckLook(req); err != nil {
		return nil, err
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	if len(req.Refs) == 0 {
		return seen, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	err = eachVolume(ctx, client, func(v *types.Volume) error {
		seen[driver.Ref(aws.ToString(v.VolumeId))] = volumeStatus(v)
		return nil
	}, ec2calls.Filter("volume-id", refs.Strings(req.Refs)...))
	if err != nil {
		return nil, err
	}
	return seen, nil
}
