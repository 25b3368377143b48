package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Delete begins the deletion of the snapshot if it carries the installation's mark.
func (d *Driver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	found, err := snapshot(ctx, client, string(req.Ref))
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if mark, ok := driver.MarkFromTags(fromTags(found.TagList)); !ok || mark.Installation != req.Installation {
		return failure.Errorf(failure.Held, "DB snapshot %s does not carry the mark of installation %s",
			req.Ref, req.Installation)
	}
	if status := aws.ToString(found.Status); status == "deleting" || status == "deleted" {
		return nil
	}
	_, err = client.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String(string(req.Ref))})
	if err := wrap("DeleteDBSnapshot", err); !failure.Is(err, failure.NotFound) {
		return err
	}
	return nil
}
