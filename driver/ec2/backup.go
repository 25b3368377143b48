package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/resource"
)

// Start begins an image of the instance without rebooting it, named by the mark.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	id, err := instanceID(req.Resource)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateImage(ctx, &ec2.CreateImageInput{
		InstanceId: aws.String(id), Name: aws.String(req.Mark.Name()), NoReboot: aws.Bool(true),
		Description: ec2calls.Description(req.Mark), TagSpecifications: tagged(req.Mark, req.Tags),
	}, ec2calls.Once)
	if err != nil {
		return adopt(ctx, client, wrap("CreateImage", err), req.Mark)
	}
	return driver.Ref(aws.ToString(out.ImageId)), nil
}

// tagged puts the mark on the image, and on its snapshots only what they belong to.
func tagged(mark driver.Mark, extra map[string]string) []types.TagSpecification {
	return []types.TagSpecification{
		ec2calls.Tagged(types.ResourceTypeImage, marktags.For(mark, extra)),
		ec2calls.Tagged(types.ResourceTypeSnapshot, partOf(mark, extra)),
	}
}

// partOf returns the tags of a part of the artefact of mark: extra, and to what it belongs.
func partOf(mark driver.Mark, extra map[string]string) map[string]string {
	tags := marktags.For(driver.Mark{}, extra)
	tags[TagPartOf] = mark.Name()
	return tags
}

// adopt turns "the name is taken" into the image that took it, if that is the one the
// mark stands for. An image that AWS does not show yet is class busy: it will be found.
func adopt(ctx context.Context, client api, refused error, mark driver.Mark) (driver.Ref, error) {
	if awserr.Code(refused) != codeNameTaken {
		return "", refused
	}
	var ref driver.Ref
	err := eachImage(ctx, client, func(i *types.Image) error {
		if !marktags.Same(ec2calls.FromTags(i.Tags), mark) {
			return failure.Errorf(failure.Conflict, "image %s has the name %s but is not of job %s: %w",
				aws.ToString(i.ImageId), mark.Name(), mark.JobID, refused)
		}
		ref = driver.Ref(aws.ToString(i.ImageId))
		return nil
	}, ec2calls.Filter("name", mark.Name()))
	if err == nil && ref == "" {
		err = failure.Errorf(failure.Busy, "the image of job %s exists but is not visible yet: %w", mark.JobID, refused)
	}
	return ref, err
}
