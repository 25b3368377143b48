package storagegateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the snapshot that carries the mark. For Restore it looks for the volume:
// of EC2, which can be asked for tags, and of every gateway, where each volume is asked.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Find(ctx, req)
	}
	ref, err := d.findOnEC2(ctx, req)
	if err == nil || !failure.Is(err, failure.NotFound) {
		return ref, err
	}
	client, err := d.gateways.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	arn := ""
	err = eachGateway(ctx, client, func(g *types.GatewayInfo) error {
		found, err := marked(ctx, client, aws.ToString(g.GatewayARN), req.Mark)
		if found != "" {
			arn = found
		}
		return err
	})
	if err == nil && arn == "" {
		err = failure.Errorf(failure.NotFound, "no volume of job %s is visible in %s", req.Mark.JobID, req.Scope.Region)
	}
	return driver.Ref(arn), err
}

func (d *Driver) findOnEC2(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	client, err := d.computing.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var oldest ec2calls.Oldest
	err = eachEBSVolume(ctx, client, func(v *ec2types.Volume) {
		oldest.Offer(aws.ToString(v.VolumeId), aws.ToTime(v.CreateTime))
	}, ec2calls.ByMark(req.Mark)...)
	if err != nil {
		return "", err
	}
	return oldest.Ref(req)
}

// marked returns the ARN of the gateway's volume that carries mark, "" when there is none.
func marked(ctx context.Context, client api, gateway string, mark driver.Mark) (arn string, err error) {
	err = eachPage(ctx, client, gateway, func(page []types.VolumeInfo) error {
		for _, info := range page {
			tags, err := tagsOf(ctx, client, aws.ToString(info.VolumeARN))
			if err != nil && !failure.Is(err, failure.NotFound) {
				return err
			}
			if marktags.Same(tags, mark) {
				arn = aws.ToString(info.VolumeARN)
			}
		}
		return nil
	})
	return arn, err
}

// volumePage is the most volumes one DescribeVolumes returns.
const volumePage = 500

func eachEBSVolume(ctx context.Context, client computing, visit func(*ec2types.Volume), filters ...ec2types.Filter) error {
	pages := ec2.NewDescribeVolumesPaginator(client, &ec2.DescribeVolumesInput{Filters: filters, MaxResults: aws.Int32(volumePage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return ebssnap.Wrap("DescribeVolumes", err)
		}
		for i := range page.Volumes {
			visit(&page.Volumes[i])
		}
	}
	return nil
}
