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
	create, err := newCreation(req, restoreInput(req, values))
	if err != nil {
		return driver.RestorePlan{}, err
	}
	inputs := []input{create.input()}
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

// Restore makes a table from the backup, or of the moment. A name that is taken by the
// table an earlier call with the same mark made is that table; otherwise it is an error of
// class conflict.
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
	create, err := newCreation(req, in)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	if err := d.checkMoment(ctx, req); err != nil {
		return "", err
	}
	name, refused := aws.ToString(in.TargetTableName), create.call(ctx, client)
	if refused == nil {
		return driver.Ref(name), nil
	}
	if awsCode(refused) != "TableAlreadyExistsException" {
		return "", refused
	}
	return adopt(ctx, client, refused, name, req)
}

func restoreInput(req driver.RestoreRequest, values *parameters.Values) *dynamodb.RestoreTableFromBackupInput {
	in := &dynamodb.RestoreTableFromBackupInput{
		BackupArn: backupARN(req), TargetTableName: values.String("table_name"),
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

// backupARN names the backup, nil for a moment.
func backupARN(req driver.RestoreRequest) *string {
	if !req.At.IsZero() {
		return nil
	}
	return aws.String(string(req.Point.Ref))
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
// backup or moment, after the job was created, and without another job's mark.
func adopt(ctx context.Context, client api, refused error, name string, req driver.RestoreRequest) (driver.Ref, error) {
	table, err := describeTable(ctx, client, name)
	if err != nil {
		return "", err
	}
	conflict := failure.Errorf(failure.Conflict, "table %s exists: choose another table_name: %w", name, refused)
	if !restoredFor(table, req) {
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

// restoredFor reports whether a table was made as req asks, since the job was created.
func restoredFor(table *types.TableDescription, req driver.RestoreRequest) bool {
	is := table.RestoreSummary
	switch {
	case is == nil, aws.ToTime(table.CreationDateTime).Before(req.Mark.CreatedAt.Add(-clockSkew)):
		return false
	case req.At.IsZero():
		return aws.ToString(is.SourceBackupArn) == string(req.Point.Ref)
	}
	return is.SourceBackupArn == nil && aws.ToString(is.SourceTableArn) == req.Resource.ARN &&
		aws.ToTime(is.RestoreDateTime).Sub(req.At).Abs() < time.Second
}
