package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// Find looks for the snapshot, or for Restore the volume, that carries the mark. Should
// two carry it, the older one is the artefact.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Find(ctx, req)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var oldest ec2calls.Oldest
	err = eachVolume(ctx, client, func(v *types.Volume) error {
		oldest.Offer(aws.ToString(v.VolumeId), aws.ToTime(v.CreateTime))
		return nil
	}, ec2calls.ByMark(req.Mark)...)
	if err != nil {
		return "", err
	}
	return oldest.Ref(req)
}
