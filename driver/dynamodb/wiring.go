package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

var _ conformance.Tried = (*Driver)(nil)

// Wiring tells how to try the driver.
func (d *Driver) Wiring() conformance.Wiring {
	return conformance.Wiring{
		Foreign: d.foreign, Make: d.make,
		Emulated: []conformance.Ability{
			conformance.CanDiscover, conformance.CanBackUp, conformance.CanRestore, conformance.CanExpire,
			conformance.SurvivesCrash, conformance.TellsErrors, conformance.Looks,
		},
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"ListTables", "DescribeTable", "ListTagsOfResource"},
			conformance.Start:    {"CreateBackup"},
			conformance.Find:     {"ListBackups"},
			conformance.Look:     {"ListBackups", "DescribeBackup", "DescribeTable"},
			conformance.List:     {"ListBackups"},
			conformance.Delete:   {"DescribeBackup", "DeleteBackup"},
			conformance.Restore:  {"RestoreTableFromBackup"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDeniedException",
			failure.Credentials: "ExpiredTokenException", failure.Busy: "TableInUseException",
			failure.Quota: "LimitExceededException", failure.Invalid: "ValidationException",
		},
		FailedAs: driver.Gone, // neither backups nor restores have a failed state: what fails vanishes
		Unsupported: map[conformance.Ability]string{
			conformance.CanCancel:      "DynamoDB cannot stop a backup",
			conformance.CanChill:       "DynamoDB's own backups have no cold storage: AWS Backup's have",
			conformance.CanCopyRegion:  "DynamoDB's own backups cannot be copied: AWS Backup's can",
			conformance.CanCopyAccount: "DynamoDB's own backups cannot be copied: AWS Backup's can",
		},
	}
}

// foreign makes a backup as the console does.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateBackup(ctx, &dynamodb.CreateBackupInput{TableName: &r.Name, BackupName: aws.String("by-hand")})
	if err != nil {
		return "", wrap("CreateBackup", err)
	}
	return driver.Ref(aws.ToString(out.BackupDetails.BackupArn)), nil
}

// maker is the call that makes a table, which nothing else here needs.
type maker interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
}

var _ maker = (*dynamodb.Client)(nil)

// make makes an empty table, paid per request.
func (d *Driver) make(ctx context.Context, scope resource.Scope) (string, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	const name, key = "holdfast-verify", "id"
	_, err = client.(maker).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(key), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(key), KeyType: types.KeyTypeHash}},
	})
	return name, wrap("CreateTable", err)
}
