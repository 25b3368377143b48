package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver"
	"holdfast/driver/internal/fields"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
)

// creation is the call of a restore that makes the instance called target: of a snapshot,
// or of a moment. One of both is set.
type creation struct {
	target   string
	snapshot *rds.RestoreDBInstanceFromDBSnapshotInput
	moment   *rds.RestoreDBInstanceToPointInTimeInput
}

// newCreation makes the call that req asks for of in, which has everything but the source.
func newCreation(req driver.RestoreRequest, in *rds.RestoreDBInstanceFromDBSnapshotInput) (creation, error) {
	target := aws.ToString(in.DBInstanceIdentifier)
	if req.At.IsZero() {
		in.DBSnapshotIdentifier = aws.String(string(req.Point.Ref))
		return creation{target: target, snapshot: in}, nil
	}
	source, err := instanceID(req.Resource)
	if err != nil {
		return creation{}, err
	}
	moment := &rds.RestoreDBInstanceToPointInTimeInput{}
	in.DBInstanceIdentifier = nil
	if lost := fields.Move(moment, in); lost != "" {
		return creation{}, failure.Errorf(failure.Internal, "%T has no %s", *moment, lost)
	}
	moment.SourceDBInstanceIdentifier, moment.TargetDBInstanceIdentifier = aws.String(source), aws.String(target)
	moment.RestoreTime = aws.Time(req.At)
	return creation{target: target, moment: moment}, nil
}

func (c creation) operation() string {
	if c.moment != nil {
		return "RestoreDBInstanceToPointInTime"
	}
	return "RestoreDBInstanceFromDBSnapshot"
}

func (c creation) any() any {
	if c.moment != nil {
		return c.moment
	}
	return c.snapshot
}

func (c creation) call(ctx context.Context, client api) (err error) {
	if c.moment != nil {
		_, err = client.RestoreDBInstanceToPointInTime(ctx, c.moment)
	} else {
		_, err = client.RestoreDBInstanceFromDBSnapshot(ctx, c.snapshot)
	}
	return rdssnap.Wrap(c.operation(), err)
}

// checkMoment asks AWS how far the continuous backups of the source have come. How far they
// reach back RDS does not say of an instance; that follows from how long they are kept.
func checkMoment(ctx context.Context, client api, req driver.RestoreRequest) error {
	if req.At.IsZero() {
		return nil
	}
	id, err := instanceID(req.Resource)
	if err != nil {
		return err
	}
	source, err := instance(ctx, client, id)
	if err != nil {
		return err
	}
	return parameters.CheckMoment(req.At, source.InstanceCreateTime, source.LatestRestorableTime)
}
