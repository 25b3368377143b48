package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
)

// volumePage is the most volumes one DescribeVolumes returns.
const volumePage = 500

// eachVolume calls visit for every volume that matches filters.
func eachVolume(ctx context.Context, client api, visit func(*types.Volume) error, filters ...types.Filter) error {
	pages := ec2.NewDescribeVolumesPaginator(client, &ec2.DescribeVolumesInput{
		Filters: filters, MaxResults: aws.Int32(volumePage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return ebssnap.Wrap("DescribeVolumes", err)
		}
		for i := range page.Volumes {
			if err := visit(&page.Volumes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// volumeStatus observes a volume made by a restore.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html
func volumeStatus(volume *types.Volume) driver.Status {
	status := driver.Status{State: driver.Pending, Progress: -1}
	switch volume.State {
	case types.VolumeStateAvailable, types.VolumeStateInUse:
		status.State, status.Progress = driver.Succeeded, 100
	case types.VolumeStateError:
		status.State, status.Message = driver.Failed, "the volume is in state error"
	case types.VolumeStateDeleting, types.VolumeStateDeleted:
		status.State = driver.Gone
	}
	return status
}
