package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/failure"
)

// eachSnapshot calls visit for every manual snapshot of our own account that matches
// filters; automated ones and AWS Backup's are of other types.
func eachSnapshot(ctx context.Context, client api, visit func(*types.DBSnapshot) error, filters ...types.Filter) error {
	pages := rds.NewDescribeDBSnapshotsPaginator(client, &rds.DescribeDBSnapshotsInput{
		SnapshotType: aws.String("manual"), Filters: filters, MaxRecords: aws.Int32(pageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeDBSnapshots", err)
		}
		for i := range page.DBSnapshots {
			if err := visit(&page.DBSnapshots[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshot returns the manual snapshot called id, or an error of class not_found.
func snapshot(ctx context.Context, client api, id string) (*types.DBSnapshot, error) {
	var found *types.DBSnapshot
	err := eachSnapshot(ctx, client, func(s *types.DBSnapshot) error {
		found = s
		return nil
	}, filter("db-snapshot-id", id))
	if err == nil && found == nil {
		err = failure.Errorf(failure.NotFound, "no DB snapshot %s", id)
	}
	return found, err
}

// stateOf maps a snapshot's status; a status that is not known is Pending.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html
func stateOf(status string) driver.State {
	switch status {
	case "available":
		return driver.Succeeded
	case "failed", "incompatible-restore", "incompatible-parameters":
		return driver.Failed
	case "deleted":
		return driver.Gone
	default:
		return driver.Pending
	}
}

func statusOf(s *types.DBSnapshot) driver.Status {
	text := aws.ToString(s.Status)
	status := driver.Status{State: stateOf(text), Progress: -1, Point: pointOf(s)}
	if s.PercentProgress != nil {
		status.Progress = min(max(int(*s.PercentProgress), 0), 100)
	}
	if status.State == driver.Failed {
		status.Message = "the snapshot is in status " + text
	}
	return status
}

func pointOf(s *types.DBSnapshot) driver.Point {
	point := driver.Point{
		Ref: driver.Ref(aws.ToString(s.DBSnapshotIdentifier)), ARN: aws.ToString(s.DBSnapshotArn),
		CreatedAt: aws.ToTime(s.SnapshotCreateTime).UTC(), SizeBytes: int64(aws.ToInt32(s.AllocatedStorage)) << 30,
		Encrypted: aws.ToBool(s.Encrypted), KMSKeyID: aws.ToString(s.KmsKeyId),
	}
	if full := aws.ToInt64(s.FullSnapshotSizeInBytes); full > 0 {
		point.SizeBytes = full
	}
	return point
}
