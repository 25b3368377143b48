package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/resource"
)

// Start begins a snapshot of the volume.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	id, err := volumeID(req.Resource)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{
		VolumeId: aws.String(id), Description: ec2calls.Description(req.Mark),
		TagSpecifications: []types.TagSpecification{ec2calls.Tagged(types.ResourceTypeSnapshot, marktags.For(req.Mark, req.Tags))},
	}, ec2calls.Once)
	if err != nil {
		return "", ebssnap.Wrap("CreateSnapshot", err)
	}
	return driver.Ref(aws.ToString(out.SnapshotId)), nil
}
