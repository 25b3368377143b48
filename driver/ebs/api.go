package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/ebssnap"
	"holdfast/internal/awssession"
)

// api is the part of EC2 this driver uses.
type api interface {
	ec2.DescribeVolumesAPIClient
	ebssnap.API
	CreateSnapshot(context.Context, *ec2.CreateSnapshotInput, ...func(*ec2.Options)) (*ec2.CreateSnapshotOutput, error)
	AttachVolume(context.Context, *ec2.AttachVolumeInput, ...func(*ec2.Options)) (*ec2.AttachVolumeOutput, error)
	CreateVolume(context.Context, *ec2.CreateVolumeInput, ...func(*ec2.Options)) (*ec2.CreateVolumeOutput, error)
}

var _ api = (*ec2.Client)(nil)

func newClients(sessions awssession.Provider) *clients.Pool[api] {
	return clients.NewPool(sessions, func(cfg aws.Config) api { return ec2.NewFromConfig(cfg) })
}
