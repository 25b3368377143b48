package rdscluster

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver/internal/abroad"
	"holdfast/driver/internal/rdssnap"
)

// snapshots is the calls on cluster snapshots.
type snapshots struct {
	API
	bare bool
}

var _ rdssnap.API = snapshots{}

// Snapshots visits the account's own manual snapshots; automated ones and AWS Backup's are
// of other types. A bare service cannot filter: one listing of all is what it has.
func (s snapshots) Snapshots(ctx context.Context, visit func(*rdssnap.Snapshot) error, ids ...string) error {
	in := &rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String("manual"), MaxRecords: aws.Int32(rdssnap.PageSize)}
	if len(ids) > 0 && !s.bare {
		in.Filters = []types.Filter{rdssnap.Filter("db-cluster-snapshot-id", ids...)}
	}
	pages := rds.NewDescribeDBClusterSnapshotsPaginator(s.API, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return rdssnap.Wrap("DescribeDBClusterSnapshots", err)
		}
		for i := range page.DBClusterSnapshots {
			if err := visit(s.toSnapshot(&page.DBClusterSnapshots[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s snapshots) toSnapshot(seen *types.DBClusterSnapshot) *rdssnap.Snapshot {
	out := &rdssnap.Snapshot{
		ID: aws.ToString(seen.DBClusterSnapshotIdentifier), ARN: aws.ToString(seen.DBClusterSnapshotArn),
		Source: aws.ToString(seen.DBClusterIdentifier), Engine: aws.ToString(seen.Engine),
		CopiedFrom: aws.ToString(seen.SourceDBClusterSnapshotArn), Status: aws.ToString(seen.Status), Percent: seen.PercentProgress,
		CreatedAt: aws.ToTime(seen.SnapshotCreateTime), SizeBytes: int64(aws.ToInt32(seen.AllocatedStorage)) << 30,
		Encrypted: aws.ToBool(seen.StorageEncrypted), KMSKeyID: aws.ToString(seen.KmsKeyId),
	}
	if !s.bare {
		out.Tags = rdssnap.FromTags(seen.TagList)
	}
	return out
}

// Tags asks for the tags of one snapshot.
func (s snapshots) Tags(ctx context.Context, arn string) (map[string]string, error) {
	return tagsOf(ctx, s.API, arn)
}

func tagsOf(ctx context.Context, api API, arn string) (map[string]string, error) {
	out, err := api.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String(arn)})
	if err != nil {
		return nil, rdssnap.Wrap("ListTagsForResource", err)
	}
	return rdssnap.FromTags(out.TagList), nil
}

// Create begins a snapshot of the cluster called source.
func (s snapshots) Create(ctx context.Context, source, id string, tags map[string]string) error {
	_, err := s.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{
		DBClusterIdentifier: aws.String(source), DBClusterSnapshotIdentifier: aws.String(id), Tags: rdssnap.ToTags(tags),
	})
	return rdssnap.Wrap("CreateDBClusterSnapshot", err)
}

// Copy begins a copy into the account and region of the call.
func (s snapshots) Copy(ctx context.Context, in rdssnap.CopyInput) error {
	_, err := s.CopyDBClusterSnapshot(ctx, &rds.CopyDBClusterSnapshotInput{
		SourceDBClusterSnapshotIdentifier: aws.String(in.SourceARN), TargetDBClusterSnapshotIdentifier: aws.String(in.ID),
		SourceRegion: aws.String(in.SourceRegion), KmsKeyId: rdssnap.Optional(in.KMSKeyID), Tags: rdssnap.ToTags(in.Tags),
	})
	return rdssnap.Wrap("CopyDBClusterSnapshot", err)
}

// Share changes which accounts may copy the snapshot called id.
func (s snapshots) Share(ctx context.Context, id string, change abroad.Change) error {
	_, err := s.ModifyDBClusterSnapshotAttribute(ctx, &rds.ModifyDBClusterSnapshotAttributeInput{
		DBClusterSnapshotIdentifier: aws.String(id), AttributeName: aws.String(rdssnap.RestoreAttribute),
		ValuesToAdd: change.Add, ValuesToRemove: change.Remove,
	})
	return rdssnap.Wrap("ModifyDBClusterSnapshotAttribute", err)
}

// Delete begins the deletion of the snapshot called id.
func (s snapshots) Delete(ctx context.Context, id string) error {
	_, err := s.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: aws.String(id)})
	return rdssnap.Wrap("DeleteDBClusterSnapshot", err)
}
