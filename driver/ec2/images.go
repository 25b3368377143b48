package ec2

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// imagePage is the most images one DescribeImages returns.
const imagePage = 1000

// eachImage calls visit for every image of our own account that matches filters, disabled
// and deprecated ones too.
func eachImage(ctx context.Context, client api, visit func(*types.Image) error, filters ...types.Filter) error {
	pages := ec2.NewDescribeImagesPaginator(client, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, Filters: filters, MaxResults: aws.Int32(imagePage),
		IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeImages", err)
		}
		for i := range page.Images {
			if err := visit(&page.Images[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// imageByID returns the image with an id, nil when AWS shows none.
func imageByID(ctx context.Context, client api, id string) (found *types.Image, err error) {
	err = eachImage(ctx, client, func(i *types.Image) error {
		found = i
		return nil
	}, ec2calls.Filter("image-id", id))
	return found, err
}

// stateOf maps an image's state. A disabled image exists and can be enabled again.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html
func stateOf(state types.ImageState) driver.State {
	switch state {
	case types.ImageStateAvailable, types.ImageStateDisabled:
		return driver.Succeeded
	case types.ImageStateFailed, types.ImageStateError, types.ImageStateInvalid:
		return driver.Failed
	case types.ImageStateDeregistered:
		return driver.Gone
	default:
		return driver.Pending
	}
}

func statusOf(scope resource.Scope, image *types.Image) driver.Status {
	status := driver.Status{State: stateOf(image.State), Progress: -1, Point: pointOf(scope, image)}
	if status.State == driver.Succeeded {
		status.Progress = 100
	}
	if image.StateReason != nil {
		status.Message = aws.ToString(image.StateReason.Message)
	}
	return status
}

// pointOf sums up the image's snapshots, which AWS shows when the image is available. An
// image is encrypted when any of its snapshots is; by which keys, they say (nameKeys).
func pointOf(scope resource.Scope, image *types.Image) driver.Point {
	id := aws.ToString(image.ImageId)
	point := driver.Point{
		Ref: driver.Ref(id), ARN: fmt.Sprintf("arn:%s:ec2:%s::image/%s", scope.Partition, scope.Region, id), CreatedAt: createdAt(image),
	}
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs == nil {
			continue
		}
		point.SizeBytes += int64(aws.ToInt32(m.Ebs.VolumeSize)) << 30
		if aws.ToBool(m.Ebs.Encrypted) {
			point.Encrypted = true
		}
	}
	return point
}

// createdAt reads when an image was made; EC2 gives it as text. Zero when it does not parse.
func createdAt(image *types.Image) time.Time {
	at, err := time.Parse(time.RFC3339, aws.ToString(image.CreationDate))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
