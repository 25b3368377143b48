package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"holdfast/driver"
	"holdfast/driver/internal/fields"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// creation is the call of a restore that makes the table: of a backup, or of a moment. One
// of both is set.
type creation struct {
	backup *dynamodb.RestoreTableFromBackupInput
	moment *dynamodb.RestoreTableToPointInTimeInput
}

func newCreation(req driver.RestoreRequest, in *dynamodb.RestoreTableFromBackupInput) (creation, error) {
	if req.At.IsZero() {
		return creation{backup: in}, nil
	}
	moment := &dynamodb.RestoreTableToPointInTimeInput{}
	if lost := fields.Move(moment, in); lost != "" {
		return creation{}, failure.Errorf(failure.Internal, "%T has no %s", *moment, lost)
	}
	moment.RestoreDateTime = aws.Time(req.At)
	if req.Scope.Region != req.Resource.Region {
		moment.SourceTableArn = aws.String(req.Resource.ARN)
		return creation{moment: moment}, nil
	}
	name, err := tableName(req.Resource)
	moment.SourceTableName = aws.String(name)
	return creation{moment: moment}, err
}

func (c creation) input() input {
	if c.moment != nil {
		return input{"RestoreTableToPointInTime", c.moment}
	}
	return input{"RestoreTableFromBackup", c.backup}
}

func (c creation) call(ctx context.Context, client api) (err error) {
	if c.moment != nil {
		_, err = client.RestoreTableToPointInTime(ctx, c.moment)
	} else {
		_, err = client.RestoreTableFromBackup(ctx, c.backup)
	}
	return wrap(c.input().operation, err)
}

// checkMoment asks AWS, where the table is, which moments of it can be restored.
func (d *Driver) checkMoment(ctx context.Context, req driver.RestoreRequest) error {
	if req.At.IsZero() {
		return nil
	}
	name, err := tableName(req.Resource)
	if err != nil {
		return err
	}
	home := req.Scope
	home.Region = req.Resource.Region
	client, err := d.clients.Get(ctx, home, resource.ForRestore)
	if err != nil {
		return err
	}
	pitr, err := continuousBackups(ctx, client, name)
	if err != nil {
		return err
	}
	if pitr == nil {
		return failure.Errorf(failure.Invalid, "point-in-time recovery of table %s is off: restore a recovery point instead", name)
	}
	return parameters.CheckMoment(req.At, pitr.EarliestRestorableDateTime, pitr.LatestRestorableDateTime)
}
