package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Delete deletes the backup if its name is a mark of the installation.
func (d *Driver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	details, err := describeBackup(ctx, client, req.Ref)
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	mark, ok := driver.ParseName(aws.ToString(details.BackupName))
	if !ok || mark.Installation != req.Installation {
		return failure.Errorf(failure.Held, "backup %s is not named by installation %s", req.Ref, req.Installation)
	}
	if details.BackupStatus == types.BackupStatusDeleted {
		return nil
	}
	_, err = client.DeleteBackup(ctx, &dynamodb.DeleteBackupInput{BackupArn: aws.String(string(req.Ref))})
	if err := wrap("DeleteBackup", err); !failure.Is(err, failure.NotFound) {
		return err
	}
	return nil
}
