package storagegateway

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/failure"
)

// pageItems is how many items one page has at most.
// Source: https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_ListVolumes.html
const pageItems = 100

// The types of volume gateways; those of files and tapes have no volumes.
const (
	cachedGateway = "CACHED"
	storedGateway = "STORED"
)

// volume is a gateway's volume of either type.
type volume struct {
	ARN, ID   string
	Gateway   string // ARN
	Type      string // CACHED or STORED
	Status    string
	Target    string // its name
	Interface string // the gateway's IP address
	Port      int32
	Bytes     int64
	Key       string // ARN, "" for a key of S3's own
	Disk      string // of a stored one
	Percent   *float64
}

// eachGateway calls visit for every volume gateway.
func eachGateway(ctx context.Context, client api, visit func(*types.GatewayInfo) error) error {
	pages := storagegateway.NewListGatewaysPaginator(client, &storagegateway.ListGatewaysInput{Limit: aws.Int32(pageItems)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListGateways", err)
		}
		for i := range page.Gateways {
			of := aws.ToString(page.Gateways[i].GatewayType)
			if of != cachedGateway && of != storedGateway {
				continue
			}
			if err := visit(&page.Gateways[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachPage calls visit for every page of the volumes of a gateway.
func eachPage(ctx context.Context, client api, gateway string, visit func([]types.VolumeInfo) error) error {
	pages := storagegateway.NewListVolumesPaginator(client, &storagegateway.ListVolumesInput{GatewayARN: &gateway, Limit: aws.Int32(pageItems)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListVolumes", err)
		}
		if err := visit(page.VolumeInfos); err != nil {
			return err
		}
	}
	return nil
}

// described returns the volumes of one gateway as it shows them, by type.
func described(ctx context.Context, client api, page []types.VolumeInfo) ([]volume, error) {
	byType := map[string][]string{}
	for _, info := range page {
		of, _, _ := strings.Cut(aws.ToString(info.VolumeType), " ")
		byType[of] = append(byType[of], aws.ToString(info.VolumeARN))
	}
	found, err := describeCached(ctx, client, byType[cachedGateway])
	if err != nil {
		return nil, err
	}
	more, err := describeStored(ctx, client, byType[storedGateway])
	return append(found, more...), err
}

func describeCached(ctx context.Context, client api, arns []string) (found []volume, err error) {
	if len(arns) == 0 {
		return nil, nil
	}
	out, err := client.DescribeCachediSCSIVolumes(ctx, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: arns})
	if err != nil {
		return nil, wrap("DescribeCachediSCSIVolumes", err)
	}
	for _, v := range out.CachediSCSIVolumes {
		found = append(found, newVolume(cachedGateway, v.VolumeARN, volume{
			ID: aws.ToString(v.VolumeId), Status: aws.ToString(v.VolumeStatus), Target: aws.ToString(v.TargetName),
			Bytes: v.VolumeSizeInBytes, Key: aws.ToString(v.KMSKey), Percent: v.VolumeProgress,
		}, v.VolumeiSCSIAttributes))
	}
	return found, nil
}

func describeStored(ctx context.Context, client api, arns []string) (found []volume, err error) {
	if len(arns) == 0 {
		return nil, nil
	}
	out, err := client.DescribeStorediSCSIVolumes(ctx, &storagegateway.DescribeStorediSCSIVolumesInput{VolumeARNs: arns})
	if err != nil {
		return nil, wrap("DescribeStorediSCSIVolumes", err)
	}
	for _, v := range out.StorediSCSIVolumes {
		found = append(found, newVolume(storedGateway, v.VolumeARN, volume{
			ID: aws.ToString(v.VolumeId), Status: aws.ToString(v.VolumeStatus), Target: aws.ToString(v.TargetName),
			Bytes: v.VolumeSizeInBytes, Key: aws.ToString(v.KMSKey), Percent: v.VolumeProgress, Disk: aws.ToString(v.VolumeDiskId),
		}, v.VolumeiSCSIAttributes))
	}
	return found, nil
}

// newVolume completes v. Older volumes have no target name of their own, only the target's
// ARN, which ends in it.
func newVolume(of string, arn *string, v volume, attributes *types.VolumeiSCSIAttributes) volume {
	v.ARN, v.Type = aws.ToString(arn), of
	v.Gateway, _, _ = strings.Cut(v.ARN, "/volume/")
	if attributes == nil {
		return v
	}
	v.Interface, v.Port = aws.ToString(attributes.NetworkInterfaceId), attributes.NetworkInterfacePort
	if target := aws.ToString(attributes.TargetARN); v.Target == "" {
		v.Target = target[strings.LastIndexByte(target, ':')+1:]
	}
	return v
}

// tagsOf returns the tags of a volume.
func tagsOf(ctx context.Context, client api, arn string) (map[string]string, error) {
	tags := map[string]string{}
	pages := storagegateway.NewListTagsForResourcePaginator(client, &storagegateway.ListTagsForResourceInput{ResourceARN: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrap("ListTagsForResource", err)
		}
		for _, tag := range page.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags, nil
}

// notConnected reports whether err says that a gateway does not answer.
func notConnected(err error) bool {
	return failure.Is(err, failure.Busy) && codeOf(err) == string(types.ErrorCodeGatewayNotConnected)
}
