package ebssnap

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
)

// snapshotPage is the most snapshots one DescribeSnapshots returns; without a page size
// the call comes out of a smaller rate bucket.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
const snapshotPage = 1000

// eachSnapshot calls visit for every snapshot of our own account that matches filters.
func eachSnapshot(ctx context.Context, client API, visit func(*types.Snapshot) error, filters ...types.Filter) error {
	pages := ec2.NewDescribeSnapshotsPaginator(client, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: filters, MaxResults: aws.Int32(snapshotPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Wrap("DescribeSnapshots", err)
		}
		for i := range page.Snapshots {
			if err := visit(&page.Snapshots[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// stateOf maps a snapshot's state; recoverable and recovering are the Recycle Bin's.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html
func stateOf(state types.SnapshotState) driver.State {
	switch state {
	case types.SnapshotStateCompleted:
		return driver.Succeeded
	case types.SnapshotStateError:
		return driver.Failed
	case types.SnapshotStateRecoverable, types.SnapshotStateRecovering:
		return driver.Gone
	default:
		return driver.Pending
	}
}

func statusOf(scope resource.Scope, snapshot *types.Snapshot) driver.Status {
	return driver.Status{
		State: stateOf(snapshot.State), Progress: progressOf(aws.ToString(snapshot.Progress)),
		Message: aws.ToString(snapshot.StateMessage), Point: pointOf(scope, snapshot),
	}
}

// progressOf reads "42%"; AWS leaves it empty at first.
func progressOf(text string) int {
	percent, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil || percent < 0 || percent > 100 {
		return -1
	}
	return percent
}

func pointOf(scope resource.Scope, snapshot *types.Snapshot) driver.Point {
	id := aws.ToString(snapshot.SnapshotId)
	point := driver.Point{
		Ref:       driver.Ref(id),
		ARN:       fmt.Sprintf("arn:%s:ec2:%s::snapshot/%s", scope.Partition, scope.Region, id),
		CreatedAt: aws.ToTime(snapshot.StartTime).UTC(), SizeBytes: sizeOf(snapshot),
		Encrypted: aws.ToBool(snapshot.Encrypted), KMSKeyID: aws.ToString(snapshot.KmsKeyId),
		// One that is restored for a time is shown in the standard tier, with when that ends.
		Cold: snapshot.StorageTier == types.StorageTierArchive || snapshot.RestoreExpiryTime != nil,
	}
	return point
}

// sizeOf prefers the bytes a full snapshot holds to the size of the volume.
func sizeOf(snapshot *types.Snapshot) int64 {
	if full := aws.ToInt64(snapshot.FullSnapshotSizeInBytes); full > 0 {
		return full
	}
	return int64(aws.ToInt32(snapshot.VolumeSize)) << 30
}
