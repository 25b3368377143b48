package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Start begins a backup of the table, named by the mark. Backups carry no tags, so
// req.Tags live in the catalog alone.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	name, err := tableName(req.Resource)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateBackup(ctx, &dynamodb.CreateBackupInput{
		TableName: aws.String(name), BackupName: aws.String(req.Mark.Name()),
	}, once)
	if err != nil {
		return "", wrap("CreateBackup", err)
	}
	if out.BackupDetails == nil {
		return "", failure.Errorf(failure.Transient, "back up table %s: AWS gave no details", name)
	}
	return driver.Ref(aws.ToString(out.BackupDetails.BackupArn)), nil
}
