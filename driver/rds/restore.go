package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// PlanRestore plans the call that creates the instance and, if anything is left for it,
// the one that finishes it.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	in, finish, values, err := d.inputs(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	create, err := parameters.Call("rds:"+in.operation(), in.any())
	if err != nil {
		return driver.RestorePlan{}, err
	}
	calls := []driver.Call{create}
	if finish != nil {
		modify, err := parameters.Call("rds:ModifyDBInstance", finish)
		if err != nil {
			return driver.RestorePlan{}, err
		}
		calls = append(calls, modify)
	}
	return values.Plan(calls...)
}

// Restore creates an instance from the snapshot, or of the moment. An identifier that is
// taken by the instance an earlier call with the same mark made is that instance; otherwise
// it is an error of class conflict.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	in, _, _, err := d.inputs(req)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	if err := checkMoment(ctx, client, req); err != nil {
		return "", err
	}
	refused := in.call(ctx, client)
	if refused == nil {
		return driver.Ref(in.target), nil
	}
	if rdssnap.Code(refused) != "DBInstanceAlreadyExists" {
		return "", refused
	}
	taken, err := instance(ctx, client, in.target)
	if failure.Is(err, failure.NotFound) {
		// Unlike a snapshot's, this name may be anybody's, so its tags must be seen first.
		return "", failure.Errorf(failure.Busy, "DB instance %s exists but is not visible yet: %w", in.target, refused)
	}
	if err != nil {
		return "", err
	}
	if !marktags.Same(rdssnap.FromTags(taken.TagList), req.Mark) {
		return "", failure.Errorf(failure.Conflict,
			"DB instance %s exists: choose another instance_identifier: %w", in.target, refused)
	}
	return driver.Ref(in.target), nil
}

// inputs decides the inputs of the restore's calls; the second is nil when the first
// leaves nothing to do.
func (d *Driver) inputs(req driver.RestoreRequest) (creation, *rds.ModifyDBInstanceInput, *parameters.Values, error) {
	values, err := d.resolve(req)
	if err != nil {
		return creation{}, nil, nil, err
	}
	in := restoreInput(values)
	in.Tags = rdssnap.ToTags(marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags)))
	finish := finishInput(values)
	if err := values.Err(); err != nil {
		return creation{}, nil, nil, err
	}
	create, err := newCreation(req, in)
	return create, finish, values, err
}

func restoreInput(v *parameters.Values) *rds.RestoreDBInstanceFromDBSnapshotInput {
	return &rds.RestoreDBInstanceFromDBSnapshotInput{
		DBInstanceIdentifier: v.String("instance_identifier"), DBInstanceClass: v.String("instance_class"),
		DBSubnetGroupName: v.String("subnet_group"), VpcSecurityGroupIds: v.List("security_groups"),
		DBParameterGroupName: v.String("parameter_group"), OptionGroupName: v.String("option_group"),
		AvailabilityZone: v.String("availability_zone"), MultiAZ: v.Bool("multi_az"),
		PubliclyAccessible: v.Bool("publicly_accessible"), Port: v.Int32("port", 1),
		StorageType: v.String("storage_type"), AllocatedStorage: v.Int32("allocated_gib", 1),
		Iops: v.Int32("iops", 0), StorageThroughput: v.Int32("storage_throughput", 0),
		EnableIAMDatabaseAuthentication: v.Bool("iam_auth"), EnableCloudwatchLogsExports: v.List("log_exports"),
		DeletionProtection: v.Bool("deletion_protection"), CopyTagsToSnapshot: v.Bool("copy_tags_to_snapshot"),
		BackupRetentionPeriod:   v.Int32("backup_retention_days", 0),
		CACertificateIdentifier: v.String("ca_certificate"),
	}
}

// instance returns the DB instance called id, or an error of class not_found.
func instance(ctx context.Context, client api, id string) (*types.DBInstance, error) {
	var found *types.DBInstance
	err := eachInstance(ctx, client, func(in *types.DBInstance) error {
		found = in
		return nil
	}, rdssnap.Filter("db-instance-id", id))
	if err == nil && found == nil {
		err = failure.Errorf(failure.NotFound, "no DB instance %s", id)
	}
	return found, err
}
