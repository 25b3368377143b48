package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver/internal/clients"
	"holdfast/internal/awssession"
)

// api is the part of AWS Backup this engine uses.
type api interface {
	vaults
	jobs
	points
}

type vaults interface {
	backup.ListBackupVaultsAPIClient
	DescribeBackupVault(context.Context, *backup.DescribeBackupVaultInput, ...func(*backup.Options)) (*backup.DescribeBackupVaultOutput, error)
	DescribeRegionSettings(context.Context, *backup.DescribeRegionSettingsInput, ...func(*backup.Options)) (*backup.DescribeRegionSettingsOutput, error)
	CreateBackupVault(context.Context, *backup.CreateBackupVaultInput, ...func(*backup.Options)) (*backup.CreateBackupVaultOutput, error)
}

type jobs interface {
	backup.ListBackupJobsAPIClient
	backup.ListCopyJobsAPIClient
	backup.ListRestoreJobsAPIClient
	DescribeBackupJob(context.Context, *backup.DescribeBackupJobInput, ...func(*backup.Options)) (*backup.DescribeBackupJobOutput, error)
	DescribeCopyJob(context.Context, *backup.DescribeCopyJobInput, ...func(*backup.Options)) (*backup.DescribeCopyJobOutput, error)
	StartBackupJob(context.Context, *backup.StartBackupJobInput, ...func(*backup.Options)) (*backup.StartBackupJobOutput, error)
	StopBackupJob(context.Context, *backup.StopBackupJobInput, ...func(*backup.Options)) (*backup.StopBackupJobOutput, error)
	StartCopyJob(context.Context, *backup.StartCopyJobInput, ...func(*backup.Options)) (*backup.StartCopyJobOutput, error)
	StartRestoreJob(context.Context, *backup.StartRestoreJobInput, ...func(*backup.Options)) (*backup.StartRestoreJobOutput, error)
	DescribeRestoreJob(context.Context, *backup.DescribeRestoreJobInput, ...func(*backup.Options)) (*backup.DescribeRestoreJobOutput, error)
}

type points interface {
	backup.ListRecoveryPointsByBackupVaultAPIClient
	DescribeRecoveryPoint(context.Context, *backup.DescribeRecoveryPointInput, ...func(*backup.Options)) (*backup.DescribeRecoveryPointOutput, error)
	DeleteRecoveryPoint(context.Context, *backup.DeleteRecoveryPointInput, ...func(*backup.Options)) (*backup.DeleteRecoveryPointOutput, error)
	UpdateRecoveryPointLifecycle(context.Context, *backup.UpdateRecoveryPointLifecycleInput, ...func(*backup.Options)) (*backup.UpdateRecoveryPointLifecycleOutput, error)
	GetRecoveryPointRestoreMetadata(context.Context, *backup.GetRecoveryPointRestoreMetadataInput, ...func(*backup.Options)) (*backup.GetRecoveryPointRestoreMetadataOutput, error)
	ListTags(context.Context, *backup.ListTagsInput, ...func(*backup.Options)) (*backup.ListTagsOutput, error)
	TagResource(context.Context, *backup.TagResourceInput, ...func(*backup.Options)) (*backup.TagResourceOutput, error)
}

var _ api = (*backup.Client)(nil)

func newClients(sessions awssession.Provider) *clients.Pool[api] {
	return clients.NewPool(sessions, func(cfg aws.Config) api { return backup.NewFromConfig(cfg) })
}
