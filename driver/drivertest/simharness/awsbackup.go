package simharness

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// foreignVault is where a person with the console keeps points.
const foreignVault = "Default"

// ByAWSBackup returns what the harness must know of a kind whose driver works through AWS
// Backup. The calls of its Discover are the caller's to add.
func ByAWSBackup(kind resource.Kind, build func(awssession.Provider) driver.Driver) Kind {
	return Kind{
		Kind: kind, New: build, Tagged: true,
		Calls: map[conformance.Method][]string{
			conformance.Start: {"StartBackupJob"},
			conformance.Find:  {"StartBackupJob"}, // in place of looking, the driver begins again
			conformance.Look: {
				"ListBackupJobs", "ListCopyJobs", "ListRestoreJobs", "DescribeBackupJob", "DescribeCopyJob", "DescribeRestoreJob",
				"DescribeRecoveryPoint", "ListRecoveryPointsByBackupVault",
			},
			conformance.List:    {"ListBackupVaults", "ListRecoveryPointsByBackupVault", "ListTags"},
			conformance.Delete:  {"ListTags", "DeleteRecoveryPoint"},
			conformance.Copy:    {"StartCopyJob"},
			conformance.Restore: {"StartRestoreJob", "GetRecoveryPointRestoreMetadata"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDeniedException",
			failure.Credentials: "ExpiredTokenException", failure.Busy: "InvalidResourceStateException",
			failure.Quota: "LimitExceededException", failure.Invalid: "InvalidParameterValueException",
		},
		Foreign: foreignPoint,
		Exempt: map[string]string{
			"look-gone":   "AWS Backup answers for the job, which stays COMPLETED when its recovery point is deleted",
			"list-failed": "a job that failed leaves no recovery point to list",
		},
	}
}

// foreignPoint backs r up as the console does: with a vault of its own and no tags.
func foreignPoint(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
	client := backup.NewFromConfig(cfg)
	_, err := client.CreateBackupVault(ctx, &backup.CreateBackupVaultInput{BackupVaultName: aws.String(foreignVault)})
	if _, taken := errors.AsType[*types.AlreadyExistsException](err); err != nil && !taken {
		return "", err
	}
	out, err := client.StartBackupJob(ctx, &backup.StartBackupJobInput{
		BackupVaultName: aws.String(foreignVault), ResourceArn: &r.ARN, IamRoleArn: aws.String("arn:aws:iam::" + account + ":role/console"),
	})
	if err != nil {
		return "", err
	}
	job, err := client.DescribeBackupJob(ctx, &backup.DescribeBackupJobInput{BackupJobId: out.BackupJobId})
	if err != nil {
		return "", err
	}
	return foreignVault + "/" + aws.ToString(job.RecoveryPointArn), nil
}
