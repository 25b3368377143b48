package storagegateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/ebssnap"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
)

// api is the part of Storage Gateway this driver uses.
type api interface {
	storagegateway.ListGatewaysAPIClient
	storagegateway.ListVolumesAPIClient
	storagegateway.ListTagsForResourceAPIClient
	DescribeCachediSCSIVolumes(context.Context, *storagegateway.DescribeCachediSCSIVolumesInput, ...func(*storagegateway.Options)) (*storagegateway.DescribeCachediSCSIVolumesOutput, error)
	DescribeStorediSCSIVolumes(context.Context, *storagegateway.DescribeStorediSCSIVolumesInput, ...func(*storagegateway.Options)) (*storagegateway.DescribeStorediSCSIVolumesOutput, error)
	CreateSnapshot(context.Context, *storagegateway.CreateSnapshotInput, ...func(*storagegateway.Options)) (*storagegateway.CreateSnapshotOutput, error)
	CreateSnapshotFromVolumeRecoveryPoint(context.Context, *storagegateway.CreateSnapshotFromVolumeRecoveryPointInput, ...func(*storagegateway.Options)) (*storagegateway.CreateSnapshotFromVolumeRecoveryPointOutput, error)
	AddTagsToResource(context.Context, *storagegateway.AddTagsToResourceInput, ...func(*storagegateway.Options)) (*storagegateway.AddTagsToResourceOutput, error)
	CreateCachediSCSIVolume(context.Context, *storagegateway.CreateCachediSCSIVolumeInput, ...func(*storagegateway.Options)) (*storagegateway.CreateCachediSCSIVolumeOutput, error)
	CreateStorediSCSIVolume(context.Context, *storagegateway.CreateStorediSCSIVolumeInput, ...func(*storagegateway.Options)) (*storagegateway.CreateStorediSCSIVolumeOutput, error)
}

var _ api = (*storagegateway.Client)(nil)

// computing is the part of EC2 this driver uses: it has the snapshots, and volumes that
// are made of them.
type computing interface {
	ebssnap.API
	ec2.DescribeVolumesAPIClient
	CreateVolume(context.Context, *ec2.CreateVolumeInput, ...func(*ec2.Options)) (*ec2.CreateVolumeOutput, error)
}

var _ computing = (*ec2.Client)(nil)

func newClients(sessions awssession.Provider) *clients.Pool[api] {
	return clients.NewPool(sessions, func(cfg aws.Config) api { return storagegateway.NewFromConfig(cfg) })
}

func newComputing(sessions awssession.Provider) *clients.Pool[computing] {
	return clients.NewPool(sessions, func(cfg aws.Config) computing { return ec2.NewFromConfig(cfg) })
}

// once keeps the SDK from repeating a call whose outcome is unknown and that has no token.
func once(o *storagegateway.Options) { o.Retryer = awserr.OnlyThrottles(o.Retryer) }
