package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

var _ driver.ColdMover = (*Driver)(nil)

// never is a lifecycle's word for what does not happen.
const never = -1

// MoveToCold changes after how many days AWS moves the point to cold storage, which AWS then
// does by itself. When the point is deleted stays as it is: Holdfast deletes, but where a
// vault lock insists on AWS's doing it, and a lock forbids every change (class held).
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRecoveryPointLifecycle.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
func (d *Driver) MoveToCold(ctx context.Context, req driver.ColdRequest) error {
	if !d.kind.ColdStorage {
		return failure.Errorf(failure.Unsupported, "AWS Backup has no cold storage for type %s", d.kind.Type)
	}
	vault, arn, err := splitPoint(req.Ref)
	if err != nil {
		return err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	if err := d.owned(ctx, client, place{req.Scope, vault}, arn, req.Installation); err != nil {
		return err
	}
	is, err := client.DescribeRecoveryPoint(ctx, &backup.DescribeRecoveryPointInput{BackupVaultName: &vault, RecoveryPointArn: &arn})
	if err != nil {
		return wrap("DescribeRecoveryPoint", err)
	}
	wanted := d.changed(is.Lifecycle, req.Lifecycle.ColdAfterDays)
	if is.StorageClass == types.StorageClassCold || coldAfter(is.Lifecycle) == coldAfter(wanted) {
		return nil
	}
	_, err = client.UpdateRecoveryPointLifecycle(ctx, &backup.UpdateRecoveryPointLifecycleInput{
		BackupVaultName: &vault, RecoveryPointArn: &arn, Lifecycle: wanted,
	})
	return refusedAs(failure.Held, "UpdateRecoveryPointLifecycle", err)
}

// changed returns the lifecycle with other days to cold storage. AWS wants both values.
func (d *Driver) changed(is *types.Lifecycle, coldAfterDays int) *types.Lifecycle {
	wanted := &types.Lifecycle{MoveToColdStorageAfterDays: aws.Int64(never), DeleteAfterDays: aws.Int64(never)}
	if is != nil && aws.ToInt64(is.DeleteAfterDays) > 0 {
		wanted.DeleteAfterDays = is.DeleteAfterDays
	}
	if coldAfterDays > 0 {
		wanted.MoveToColdStorageAfterDays = aws.Int64(int64(coldAfterDays))
		if d.kind.OptIn {
			wanted.OptInToArchiveForSupportedResources = aws.Bool(true)
		}
	}
	return wanted
}

// coldAfter returns the days to cold storage, 0 for never.
func coldAfter(l *types.Lifecycle) int64 {
	if l == nil {
		return 0
	}
	return max(aws.ToInt64(l.MoveToColdStorageAfterDays), 0)
}

// lookAtCold observes points on their way to cold storage. One that does not go there is
// left out, as one that is not there.
func (d *Driver) lookAtCold(ctx context.Context, client points, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(asked))
	for _, ref := range asked {
		vault, arn, err := splitPoint(ref)
		if err != nil {
			return nil, err
		}
		is, err := client.DescribeRecoveryPoint(ctx, &backup.DescribeRecoveryPointInput{BackupVaultName: &vault, RecoveryPointArn: &arn})
		switch described := wrap("DescribeRecoveryPoint", err); {
		case failure.Is(described, failure.NotFound):
		case err != nil:
			return nil, described
		case is.StorageClass == types.StorageClassCold:
			seen[ref] = driver.Status{State: driver.Succeeded, Progress: 100}
		case coldAfter(is.Lifecycle) > 0:
			seen[ref] = driver.Status{State: driver.Pending, Progress: -1}
		}
	}
	return seen, nil
}
