package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the backup job whose recovery point carries the mark; a job of the resource
// that has no point yet may be it, so nothing can be said then. Copies and restores carry
// no mark of their own: Find cannot tell.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	if req.Operation != driver.Backup {
		return "", failure.Errorf(failure.Unsupported,
			"AWS Backup no longer knows the token of the %s, and its jobs carry no marks: look for it in the console, then free the job with `holdfast jobs release --force`", req.Operation)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	pages := backup.NewListBackupJobsPaginator(client, &backup.ListBackupJobsInput{
		ByResourceArn: &req.Mark.SourceARN, ByCreatedAfter: aws.Time(req.Since.Add(-clockSkew)), MaxResults: aws.Int32(lookMax),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", wrap("ListBackupJobs", err)
		}
		for _, j := range page.BackupJobs {
			if j.CreatedBy != nil {
				continue // a plan's
			}
			ours, err := d.marked(ctx, client, place{req.Scope, aws.ToString(j.BackupVaultName)}, aws.ToString(j.RecoveryPointArn), req.Mark)
			if err != nil {
				return "", err
			}
			if ours {
				return driver.Ref(aws.ToString(j.BackupJobId)), nil
			}
		}
	}
	return "", failure.Errorf(failure.NotFound, "no backup job of %s made a point of job %s", req.Mark.SourceARN, req.Mark.JobID)
}

// marked reports whether the point of a job carries mark. A point that is gone was of a job
// that failed, or has been deleted since.
func (d *Driver) marked(ctx context.Context, client points, in place, arn string, mark driver.Mark) (bool, error) {
	if arn == "" {
		return false, failure.Errorf(failure.Busy, "a backup job of %s has no recovery point yet: it may be the one", mark.SourceARN)
	}
	tags, err := d.tagsOf(ctx, client, in, resource.ForDiscover, arn)
	if failure.Is(err, failure.NotFound) || failure.Is(err, failure.Held) {
		return false, nil
	}
	return err == nil && marktags.Same(tags, mark), err
}
