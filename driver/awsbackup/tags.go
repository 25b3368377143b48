package awsbackup

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/failure"
	"holdfast/resource"
)

// tagsOf returns the tags of a recovery point in a vault; class not_found when it is gone.
// One whose artefact is gone while the vault has it cannot be known again.
func (d *Driver) tagsOf(ctx context.Context, client points, in place, purpose resource.Purpose, arn string) (map[string]string, error) {
	if d.kind.Points == nil {
		return listTags(ctx, client, arn)
	}
	all, err := d.kind.Points.Tags(ctx, in.scope, purpose, []string{arn})
	if err != nil {
		return nil, err
	}
	if tags, ok := all[arn]; ok {
		return tags, nil
	}
	_, err = client.DescribeRecoveryPoint(ctx, &backup.DescribeRecoveryPointInput{BackupVaultName: &in.name, RecoveryPointArn: &arn})
	if err != nil {
		return nil, wrap("DescribeRecoveryPoint", err)
	}
	return nil, failure.Errorf(failure.Held, "vault %s has recovery point %s, but what it stands for is gone, and its mark with it: delete it in the console", in.name, arn)
}

// listTags returns the tags AWS Backup has of a recovery point, all pages.
func listTags(ctx context.Context, client points, arn string) (map[string]string, error) {
	tags := map[string]string{}
	var token *string
	for {
		out, err := client.ListTags(ctx, &backup.ListTagsInput{ResourceArn: &arn, NextToken: token})
		if err != nil {
			return nil, wrap("ListTags", err)
		}
		maps.Copy(tags, out.Tags)
		if token = out.NextToken; aws.ToString(token) == "" {
			return tags, nil
		}
	}
}

// tagsOfAll returns the tags of recovery points by ARN; one that is gone is absent.
func (d *Driver) tagsOfAll(ctx context.Context, client points, scope resource.Scope, arns []string) (map[string]map[string]string, error) {
	if d.kind.Points != nil {
		return d.kind.Points.Tags(ctx, scope, resource.ForDiscover, arns)
	}
	all := make(map[string]map[string]string, len(arns))
	for _, arn := range arns {
		tags, err := listTags(ctx, client, arn)
		if failure.Is(err, failure.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[arn] = tags
	}
	return all, nil
}

// tag puts tags on a copy.
func (d *Driver) tag(ctx context.Context, scope resource.Scope, arn string, tags map[string]string) error {
	if d.kind.Points != nil {
		return d.kind.Points.Tag(ctx, scope, resource.ForCopy, arn, tags)
	}
	client, err := d.clients.Get(ctx, scope, resource.ForCopy)
	if err != nil {
		return err
	}
	_, err = client.TagResource(ctx, &backup.TagResourceInput{ResourceArn: &arn, Tags: tags})
	return wrap("TagResource", err)
}
