package fsxbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/resource"
)

// pointTags are the tags of backups that AWS Backup made of one type of file systems, and of
// what is restored from them. AWS Backup does not tell the types apart, FSx does: points of
// other types have no tags here, so nobody takes them for points of the kind.
type pointTags struct {
	of      types.FileSystemType
	clients *clients.Pool[api]
}

var _ awsbackup.PointTags = pointTags{}

// Tags returns the tags by ARN: few by name, many out of the listing, as also where FSx
// does not know one of them, which fails the call.
func (t pointTags) Tags(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arns []string) (map[string]map[string]string, error) {
	client, err := t.clients.Get(ctx, scope, purpose)
	if err != nil {
		return nil, err
	}
	if len(arns) <= LookMax {
		found, err := t.read(ctx, client, &fsx.DescribeBackupsInput{BackupIds: backupIDs(arns)}, arns)
		if !failure.Is(err, failure.NotFound) {
			return found, err
		}
	}
	return t.read(ctx, client, backupsOf(t.of, types.BackupTypeAwsBackup), arns)
}

func (t pointTags) read(ctx context.Context, client api, in *fsx.DescribeBackupsInput, arns []string) (map[string]map[string]string, error) {
	found := make(map[string]map[string]string, len(arns))
	if len(arns) == 0 {
		return found, nil
	}
	asked := make(map[string]bool, len(arns))
	for _, arn := range arns {
		asked[arn] = true
	}
	err := eachBackup(ctx, client, in, func(b *types.Backup) error {
		arn, ours := aws.ToString(b.ResourceARN), b.FileSystem != nil && b.FileSystem.FileSystemType == t.of
		if ours && asked[arn] && stateOf(b.Lifecycle) != driver.Gone {
			found[arn] = fromTags(b.Tags)
		}
		return nil
	})
	return found, err
}

func backupIDs(arns []string) (ids []string) {
	for _, arn := range arns {
		ids = append(ids, lastPart(arn))
	}
	return ids
}

// Tag puts tags on what has an ARN.
func (t pointTags) Tag(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arn string, tags map[string]string) error {
	client, err := t.clients.Get(ctx, scope, purpose)
	if err != nil {
		return err
	}
	_, err = client.TagResource(ctx, tagInput(arn, tags))
	return wrap("TagResource", err)
}

// tagInput is the call Tag makes, for plans.
func tagInput(arn string, tags map[string]string) *fsx.TagResourceInput {
	return &fsx.TagResourceInput{ResourceARN: &arn, Tags: toTags(tags)}
}

// Actions are what reading and writing takes.
func (pointTags) Actions() (read, write []string) {
	return []string{"fsx:DescribeBackups"}, []string{"fsx:TagResource"}
}
