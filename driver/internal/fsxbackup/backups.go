package fsxbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
)

// pageItems is how many items are asked for at once. FSx may return fewer.
const pageItems = 100

// eachBackup calls visit for every backup of a listing.
func eachBackup(ctx context.Context, client api, in *fsx.DescribeBackupsInput, visit func(*types.Backup) error) error {
	pages := fsx.NewDescribeBackupsPaginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeBackups", err)
		}
		for i := range page.Backups {
			if err := visit(&page.Backups[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// listing asks for the backups of the kind that were made on request, as copies are too.
func (d *Driver) listing(more ...types.Filter) *fsx.DescribeBackupsInput {
	return backupsOf(d.kind.Type, types.BackupTypeUserInitiated, more...)
}

// backupsOf asks for the backups of a type of file systems that somebody made: those of AWS
// Backup have a type of their own.
func backupsOf(of types.FileSystemType, by types.BackupType, more ...types.Filter) *fsx.DescribeBackupsInput {
	return &fsx.DescribeBackupsInput{MaxResults: aws.Int32(pageItems), Filters: append([]types.Filter{
		{Name: types.FilterNameBackupType, Values: []string{string(by)}},
		{Name: types.FilterNameFileSystemType, Values: []string{string(of)}},
	}, more...)}
}

// stateOf maps a backup's lifecycle; one that is not known is Pending.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_Backup.html
func stateOf(lifecycle types.BackupLifecycle) driver.State {
	switch lifecycle {
	case types.BackupLifecycleAvailable:
		return driver.Succeeded
	case types.BackupLifecycleFailed:
		return driver.Failed
	case types.BackupLifecycleDeleted:
		return driver.Gone
	default:
		return driver.Pending
	}
}

func statusOf(b *types.Backup) driver.Status {
	status := driver.Status{State: stateOf(b.Lifecycle), Progress: -1, Point: pointOf(b)}
	if b.ProgressPercent != nil {
		status.Progress = min(max(int(*b.ProgressPercent), 0), 100)
	}
	if b.FailureDetails != nil {
		status.Message = aws.ToString(b.FailureDetails.Message)
	}
	if status.State == driver.Failed && status.Message == "" {
		status.Message = "the backup is in state FAILED"
	}
	return status
}

func pointOf(b *types.Backup) driver.Point {
	return driver.Point{
		Ref: driver.Ref(aws.ToString(b.BackupId)), ARN: aws.ToString(b.ResourceARN), CreatedAt: aws.ToTime(b.CreationTime).UTC(),
		SizeBytes: aws.ToInt64(b.SizeInBytes), Encrypted: aws.ToString(b.KmsKeyId) != "", KMSKeyID: aws.ToString(b.KmsKeyId),
	}
}
