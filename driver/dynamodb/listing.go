package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
)

// backupPage is the most backups one ListBackups returns.
const backupPage = 100

// clockSkew is how much earlier than our clock AWS's may say a backup began.
const clockSkew = 5 * time.Minute

// listing narrows ListBackups; zero fields do not.
type listing struct {
	table string
	since time.Time
}

// eachBackup calls visit for every on-demand backup; the SDK has no paginator for it.
func eachBackup(ctx context.Context, client backups, l listing, visit func(*types.BackupSummary) error) error {
	in := &dynamodb.ListBackupsInput{BackupType: types.BackupTypeFilterUser, Limit: aws.Int32(backupPage)}
	if l.table != "" {
		in.TableName = aws.String(l.table)
	}
	if !l.since.IsZero() {
		in.TimeRangeLowerBound = aws.Time(l.since.Add(-clockSkew))
	}
	for {
		out, err := client.ListBackups(ctx, in)
		if err != nil {
			return wrap("ListBackups", err)
		}
		for i := range out.BackupSummaries {
			if err := visit(&out.BackupSummaries[i]); err != nil {
				return err
			}
		}
		if aws.ToString(out.LastEvaluatedBackupArn) == "" {
			return nil
		}
		in.ExclusiveStartBackupArn = out.LastEvaluatedBackupArn
	}
}

func stateOf(status types.BackupStatus) driver.State {
	switch status {
	case types.BackupStatusAvailable:
		return driver.Succeeded
	case types.BackupStatusDeleted:
		return driver.Gone
	default:
		return driver.Pending
	}
}

func statusOf(b *types.BackupSummary) driver.Status {
	return driver.Status{State: stateOf(b.BackupStatus), Progress: -1, Point: pointOf(b)}
}

// pointOf describes a backup; every backup is encrypted, the listing does not say how.
func pointOf(b *types.BackupSummary) driver.Point {
	arn := aws.ToString(b.BackupArn)
	return driver.Point{
		Ref: driver.Ref(arn), ARN: arn, CreatedAt: aws.ToTime(b.BackupCreationDateTime).UTC(),
		SizeBytes: aws.ToInt64(b.BackupSizeBytes), Encrypted: true,
	}
}
