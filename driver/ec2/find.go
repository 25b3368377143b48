package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the image, or for Restore what was made, that carries the mark. Should two
// carry it, the older one is the artefact.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var oldest ec2calls.Oldest
	if req.Operation == driver.Restore {
		err = findRestored(ctx, client, req.Mark, &oldest)
	} else {
		err = eachImage(ctx, client, func(i *types.Image) error {
			oldest.Offer(aws.ToString(i.ImageId), createdAt(i))
			return nil
		}, ec2calls.ByMark(req.Mark)...)
	}
	if err != nil {
		return "", err
	}
	if oldest.ID == "" {
		return "", failure.Errorf(failure.NotFound, "no %s of job %s is visible in %s", req.Operation, req.Mark.JobID, req.Scope.Region)
	}
	return driver.Ref(oldest.ID), nil
}
