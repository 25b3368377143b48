package ebs

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
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
	var oldest candidate
	byMark := []types.Filter{
		filter("tag:"+driver.TagJob, req.Mark.JobID),
		filter("tag:"+driver.TagInstallation, req.Mark.Installation),
	}
	if req.Operation == driver.Restore {
		err = findVolume(ctx, client, &oldest, byMark)
	} else {
		err = eachSnapshot(ctx, client, func(s *types.Snapshot) error {
			oldest.offer(aws.ToString(s.SnapshotId), aws.ToTime(s.StartTime))
			return nil
		}, byMark...)
	}
	if err != nil {
		return "", err
	}
	if oldest.id == "" {
		return "", failure.Errorf(failure.NotFound, "no %s of job %s is visible in %s",
			req.Operation, req.Mark.JobID, req.Scope.Region)
	}
	return driver.Ref(oldest.id), nil
}

func findVolume(ctx context.Context, client api, oldest *candidate, filters []types.Filter) error {
	return eachVolume(ctx, client, func(v *types.Volume) error {
		oldest.offer(aws.ToString(v.VolumeId), aws.ToTime(v.CreateTime))
		return nil
	}, filters...)
}

// candidate keeps the oldest artefact offered to it.
type candidate struct {
	id string
	at time.Time
}

func (c *candidate) offer(id string, at time.Time) {
	if c.id == "" || at.Before(c.at) || at.Equal(c.at) && id < c.id {
		c.id, c.at = id, at
	}
}
