package fsxbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/fsx"

	"holdfast/driver/internal/clients"
	"holdfast/internal/awssession"
)

// api is the part of FSx this driver uses.
type api interface {
	fsx.DescribeFileSystemsAPIClient
	fsx.DescribeBackupsAPIClient
	fsx.DescribeDataRepositoryAssociationsAPIClient
	CreateBackup(context.Context, *fsx.CreateBackupInput, ...func(*fsx.Options)) (*fsx.CreateBackupOutput, error)
	CopyBackup(context.Context, *fsx.CopyBackupInput, ...func(*fsx.Options)) (*fsx.CopyBackupOutput, error)
	DeleteBackup(context.Context, *fsx.DeleteBackupInput, ...func(*fsx.Options)) (*fsx.DeleteBackupOutput, error)
	CreateFileSystemFromBackup(context.Context, *fsx.CreateFileSystemFromBackupInput, ...func(*fsx.Options)) (*fsx.CreateFileSystemFromBackupOutput, error)
	TagResource(context.Context, *fsx.TagResourceInput, ...func(*fsx.Options)) (*fsx.TagResourceOutput, error)
}

var _ api = (*fsx.Client)(nil)

// network is the part of EC2 that knows security groups.
type network interface {
	ec2.DescribeNetworkInterfacesAPIClient
}

func newClients(sessions awssession.Provider) *clients.Pool[api] {
	return clients.NewPool(sessions, func(cfg aws.Config) api { return fsx.NewFromConfig(cfg) })
}

func newNetworks(sessions awssession.Provider) *clients.Pool[network] {
	return clients.NewPool(sessions, func(cfg aws.Config) network { return ec2.NewFromConfig(cfg) })
}
