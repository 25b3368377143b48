package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/resource"
)

// maxDescriptionChar is the longest description a snapshot may have.
const maxDescriptionChar = 255

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
		VolumeId: aws.String(id), Description: description(req.Mark),
		TagSpecifications: tagSpecification(types.ResourceTypeSnapshot, marktags.For(req.Mark, req.Tags)),
	}, once)
	if err != nil {
		return "", wrap("CreateSnapshot", err)
	}
	return driver.Ref(aws.ToString(out.SnapshotId)), nil
}

// description tells whoever meets the snapshot in the console where it comes from.
func description(mark driver.Mark) *string {
	text := "Holdfast job " + mark.JobID + " of " + mark.SourceARN
	return aws.String(text[:min(len(text), maxDescriptionChar)])
}
