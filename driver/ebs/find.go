package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the snapshot, or for Restore the volume, that carries the mark. Should
// two carry it, the older one is the artefact.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var oldest ec2calls.Oldest
	byMark := ec2calls.ByMark(req.Mark)
	if req.Operation == driver.Restore {
		err = findVolume(ctx, client, &oldest, byMark)
	} else {
		err = eachSnapshot(ctx, client, func(s *types.Snapshot) error {
			oldest.Offer(aws.ToString(s.SnapshotId), aws.ToTime(s.StartTime))
			return nil
		}, byMark...)
	}
	if err != nil {
		return "", err
	}
	if oldest.ID == "" {
		return "", failure.Errorf(failure.NotFound, "no %s of job %s is visible in %s",
			req.Operation, req.Mark.JobID, req.Scope.Region)
	}
	return driver.Ref(oldest.ID), nil
}

func findVolume(ctx context.Context, client api, oldest *ec2calls.Oldest, filters []types.Filter) error {
	return eachVolume(ctx, client, func(v *types.Volume) error {
		oldest.Offer(aws.ToString(v.VolumeId), aws.ToTime(v.CreateTime))
		return nil
	}, filters...)
}
