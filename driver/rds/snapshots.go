package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver/internal/abroad"
	"holdfast/driver/internal/rdssnap"
)

// snapshots is the calls on DB snapshots.
type snapshots struct{ api }

var _ rdssnap.API = snapshots{}

// Snapshots visits the account's own manual snapshots; automated ones and AWS Backup's are
// of other types.
func (s snapshots) Snapshots(ctx context.Context, visit func(*rdssnap.Snapshot) error, ids ...string) error {
	in := &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String("manual"), MaxRecords: aws.Int32(rdssnap.PageSize)}
	if len(ids) > 0 {
		in.Filters = []types.Filter{rdssnap.Filter("db-snapshot-id", ids...)}
	}
	pages := rds.NewDescribeDBSnapshotsPaginator(s.api, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return rdssnap.Wrap("DescribeDBSnapshots", err)
		}
		for i := range page.DBSnapshots {
			if err := visit(toSnapshot(&page.DBSnapshots[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

func toSnapshot(s *types.DBSnapshot) *rdssnap.Snapshot {
	out := &rdssnap.Snapshot{
		ID: aws.ToString(s.DBSnapshotIdentifier), ARN: aws.ToString(s.DBSnapshotArn),
		Source: aws.ToString(s.DBInstanceIdentifier), Engine: aws.ToString(s.Engine),
		CopiedFrom: aws.ToString(s.SourceDBSnapshotIdentifier), Status: aws.ToString(s.Status), Percent: s.PercentProgress,
		CreatedAt: aws.ToTime(s.SnapshotCreateTime), SizeBytes: int64(aws.ToInt32(s.AllocatedStorage)) << 30,
		Encrypted: aws.ToBool(s.Encrypted), KMSKeyID: aws.ToString(s.KmsKeyId), Tags: rdssnap.FromTags(s.TagList),
	}
	if full := aws.ToInt64(s.FullSnapshotSizeInBytes); full > 0 {
		out.SizeBytes = full
	}
	return out
}

// Tags asks for the tags of one snapshot.
func (s snapshots) Tags(ctx context.Context, arn string) (map[string]string, error) {
	out, err := s.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String(arn)})
	if err != nil {
		return nil, rdssnap.Wrap("ListTagsForResource", err)
	}
	return rdssnap.FromTags(out.TagList), nil
}

// Create begins a snapshot of the instance called source.
func (s snapshots) Create(ctx context.Context, source, id string, tags map[string]string) error {
	_, err := s.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{
		DBInstanceIdentifier: aws.String(source), DBSnapshotIdentifier: aws.String(id), Tags: rdssnap.ToTags(tags),
	})
	return rdssnap.Wrap("CreateDBSnapshot", err)
}

// Copy begins a copy into the account and region of the call.
func (s snapshots) Copy(ctx context.Context, in rdssnap.CopyInput) error {
	_, err := s.CopyDBSnapshot(ctx, &rds.CopyDBSnapshotInput{
		SourceDBSnapshotIdentifier: aws.String(in.SourceARN), TargetDBSnapshotIdentifier: aws.String(in.ID),
		SourceRegion: aws.String(in.SourceRegion), KmsKeyId: rdssnap.Optional(in.KMSKeyID),
		OptionGroupName: rdssnap.Optional(in.OptionGroup), Tags: rdssnap.ToTags(in.Tags),
	})
	return rdssnap.Wrap("CopyDBSnapshot", err)
}

// Share changes which accounts may copy the snapshot called id.
func (s snapshots) Share(ctx context.Context, id string, change abroad.Change) error {
	_, err := s.ModifyDBSnapshotAttribute(ctx, &rds.ModifyDBSnapshotAttributeInput{
		DBSnapshotIdentifier: aws.String(id), AttributeName: aws.String(rdssnap.RestoreAttribute),
		ValuesToAdd: change.Add, ValuesToRemove: change.Remove,
	})
	return rdssnap.Wrap("ModifyDBSnapshotAttribute", err)
}

// Delete begins the deletion of the snapshot called id.
func (s snapshots) Delete(ctx context.Context, id string) error {
	_, err := s.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String(id)})
	return rdssnap.Wrap("DeleteDBSnapshot", err)
}
