package awsbackup

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

var _ conformance.Tried = (*Driver)(nil)

// Wiring tells how to try the driver of the kind.
func (d *Driver) Wiring() conformance.Wiring {
	tags := d.kind.TagCalls
	if d.kind.Points == nil {
		tags = []string{"ListTags"}
	}
	w := conformance.Wiring{
		Tagged: true, Foreign: d.foreign, Emulated: d.kind.Emulated,
		Calls: map[conformance.Method][]string{
			conformance.Discover: d.kind.DiscoverCalls,
			conformance.Start:    {"StartBackupJob"},
			conformance.Find:     {"StartBackupJob"}, // in place of looking, the driver begins again
			conformance.Look: {
				"ListBackupJobs", "ListCopyJobs", "ListRestoreJobs", "DescribeBackupJob", "DescribeCopyJob", "DescribeRestoreJob",
				"DescribeRecoveryPoint", "ListRecoveryPointsByBackupVault",
			},
			conformance.List:    slices.Concat([]string{"ListBackupVaults", "ListRecoveryPointsByBackupVault"}, tags),
			conformance.Delete:  slices.Concat(tags, []string{"DeleteRecoveryPoint"}),
			conformance.Copy:    {"StartCopyJob"},
			conformance.Restore: {"StartRestoreJob", "GetRecoveryPointRestoreMetadata"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDeniedException",
			failure.Credentials: "ExpiredTokenException", failure.Busy: "InvalidResourceStateException",
			failure.Quota: "LimitExceededException", failure.Invalid: "InvalidParameterValueException",
		},
		Exempt: map[string]string{
			"look-gone":   "AWS Backup answers for the job, which stays COMPLETED when its recovery point is deleted",
			"list-failed": "a job that failed leaves no recovery point to list",
		},
		Unsupported: map[conformance.Ability]string{},
	}
	maps.Copy(w.Exempt, d.kind.Exempt)
	if !d.kind.ColdStorage {
		w.Unsupported[conformance.CanChill] = "AWS Backup has no cold storage for type " + d.kind.Type
	}
	if d.kind.Steady {
		w.Unsupported[conformance.CanCancel] = "AWS Backup cannot stop jobs of type " + d.kind.Type
	}
	return w
}

// foreignVault is where a person with the console keeps points.
const foreignVault = "Default"

// foreign backs r up as the console does: with a vault of its own and no tags.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	_, err = client.CreateBackupVault(ctx, &backup.CreateBackupVaultInput{BackupVaultName: aws.String(foreignVault)})
	if _, taken := errors.AsType[*types.AlreadyExistsException](err); err != nil && !taken {
		return "", wrap("CreateBackupVault", err)
	}
	out, err := client.StartBackupJob(ctx, &backup.StartBackupJobInput{
		BackupVaultName: aws.String(foreignVault), ResourceArn: &r.ARN, IamRoleArn: d.serviceRole(scope),
	})
	if err != nil {
		return "", wrap("StartBackupJob", err)
	}
	looking, err := d.clients.Get(ctx, scope, resource.ForDiscover) // a backup's session may not look
	if err != nil {
		return "", err
	}
	job, err := looking.DescribeBackupJob(ctx, &backup.DescribeBackupJobInput{BackupJobId: out.BackupJobId})
	if err != nil {
		return "", wrap("DescribeBackupJob", err)
	}
	return pointRef(foreignVault, aws.ToString(job.RecoveryPointArn)), nil
}
