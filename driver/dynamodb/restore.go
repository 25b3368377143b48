package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// PlanRestore plans the call that makes the table and those that finish it.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	values, err := d.resolve(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	inputs := []input{{"RestoreTableFromBackup", restoreInput(req, values)}}
	inputs = append(inputs, newFinish(req, values).inputs()...)
	calls := make([]driver.Call, 0, len(inputs))
	for _, in := range inputs {
		call, err := parameters.Call("dynamodb:"+in.operation, in.value)
		if err != nil {
			return driver.RestorePlan{}, err
		}
		calls = append(calls, call)
	}
	return values.Plan(calls...)
}

// input is the input of one call, under the operation's name.
type input struct {
	operation string
	value     any
}

// Restore makes a table from the backup. A name that is taken by the table an earlier
// call with the same mark made is that table; otherwise it is an error of class conflict.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	values, err := d.resolve(req)
	if err != nil {
		return "", err
	}
	in := restoreInput(req, values)
	newFinish(req, values) // a mistake in what comes last is better known first
	if err := values.Err(); err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	_, err = client.RestoreTableFromBackup(ctx, in)
	name := aws.ToString(in.TargetTableName)
	if err == nil {
		return driver.Ref(name), nil
	}
	refused := wrap("RestoreTableFromBackup", err)
	if awsCode(refused) != "TableAlreadyExistsException" {
		return "", refused
	}
	return adopt(ctx, client, refused, name, req)
}

func restoreInput(req driver.RestoreRequest, values *parameters.Values) *dynamodb.RestoreTableFromBackupInput {
	in := &dynamodb.RestoreTableFromBackupInput{
		BackupArn: aws.String(string(req.Point.Ref)), TargetTableName: values.String("table_name"),
		BillingModeOverride:      types.BillingMode(values.Text("billing_mode")),
		SSESpecificationOverride: encryptionOf(values),
	}
	read, write := values.Int32("read_capacity", 1), values.Int32("write_capacity", 1)
	if read != nil && write != nil {
		in.ProvisionedThroughputOverride = &types.ProvisionedThroughput{
			ReadCapacityUnits: aws.Int64(int64(*read)), WriteCapacityUnits: aws.Int64(int64(*write)),
		}
	}
	return in
}

// encryptionOf turns the parameters into DynamoDB's terms, where "not enabled" is AWS's
// own key and "enabled" without a key is the account's aws/dynamodb key.
func encryptionOf(values *parameters.Values) *types.SSESpecification {
	switch values.Text("encryption") {
	case awsOwned:
		return &types.SSESpecification{Enabled: aws.Bool(false)}
	case awsManaged:
		return &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms}
	case customer:
		return &types.SSESpecification{
			Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: values.String("kms_key_id"),
		}
	default:
		return nil
	}
}

// adopt returns the table that took the name if this job made it: restored from the same
// backup, after the job was created, and without another job's mark.
func adopt(ctx context.Context, client api, refused error, name string, req driver.RestoreRequest) (driver.Ref, error) {
	table, err := describeTable(ctx, client, name)
	if err != nil {
		return "", err
	}
	conflict := failure.Errorf(failure.Conflict, "table %s exists: choose another table_name: %w", name, refused)
	if !restoredFrom(table, req.Point.Ref, req.Mark.CreatedAt) {
		return "", conflict
	}
	tags, err := tagsOf(ctx, client, aws.ToString(table.TableArn))
	if err != nil {
		return "", err
	}
	if _, marked := driver.MarkFromTags(tags); marked && !marktags.Same(tags, req.Mark) {
		return "", conflict
	}
	return driver.Ref(name), nil
}

func restoredFrom(table *types.TableDescription, backup driver.Ref, after time.Time) bool {
	return table.RestoreSummary != nil &&
		aws.ToString(table.RestoreSummary.SourceBackupArn) == string(backup) &&
		!aws.ToTime(table.CreationDateTime).Before(after.Add(-clockSkew))
}
