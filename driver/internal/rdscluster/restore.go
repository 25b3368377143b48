package rdscluster

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// inputs are the inputs of a restore's calls, in order. modify is nil when the cluster
// needs no change.
type inputs struct {
	cluster   *rds.RestoreDBClusterFromSnapshotInput
	moment    *rds.RestoreDBClusterToPointInTimeInput // instead of cluster
	instances []*rds.CreateDBInstanceInput
	modify    *rds.ModifyDBClusterInput
}

// inputs decides what a restore does, or reports everything wrong with its parameters.
func (d *Driver) inputs(req driver.RestoreRequest) (inputs, *parameters.Values, error) {
	values, err := d.resolve(req)
	if err != nil {
		return inputs{}, nil, err
	}
	in := d.inputsOf(req, values)
	if err := values.Err(); err != nil {
		return inputs{}, nil, err
	}
	if !req.At.IsZero() {
		in.moment, err = momentInput(req, *in.cluster)
	}
	return in, values, err
}

// inputsOf turns values into the inputs of the calls, noting what is wrong with them.
func (d *Driver) inputsOf(req driver.RestoreRequest, values *parameters.Values) inputs {
	in := inputs{cluster: restoreInput(values)}
	in.cluster.SnapshotIdentifier = aws.String(string(req.Point.Ref))
	in.cluster.Tags = rdssnap.ToTags(marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags)))
	if in.cluster.Engine == nil {
		in.cluster.Engine = aws.String(d.kind.Engines[0])
	}
	in.instances = d.memberInputs(in.cluster, values)
	in.modify = d.modifyInput(req, in.cluster, values)
	return in
}

// modifyInput is what is left to be changed once the cluster is there, nil for nothing.
func (d *Driver) modifyInput(req driver.RestoreRequest, cluster *rds.RestoreDBClusterFromSnapshotInput, v *parameters.Values) *rds.ModifyDBClusterInput {
	in := &rds.ModifyDBClusterInput{
		DBClusterIdentifier: cluster.DBClusterIdentifier, BackupRetentionPeriod: v.Int32("backup_retention_days", 1), ApplyImmediately: aws.Bool(true),
	}
	if d.kind.TagCopyLater && !req.At.IsZero() {
		in.CopyTagsToSnapshot, cluster.CopyTagsToSnapshot = cluster.CopyTagsToSnapshot, nil
	}
	if in.BackupRetentionPeriod == nil && in.CopyTagsToSnapshot == nil {
		return nil
	}
	return in
}

func restoreInput(v *parameters.Values) *rds.RestoreDBClusterFromSnapshotInput {
	in := &rds.RestoreDBClusterFromSnapshotInput{
		DBClusterIdentifier: v.String("cluster_identifier"), Engine: v.String("engine"), EngineVersion: v.String("engine_version"),
		DBSubnetGroupName: v.String("subnet_group"), VpcSecurityGroupIds: v.List("security_groups"),
		DBClusterParameterGroupName: v.String("parameter_group"), Port: v.Int32("port", 1),
		NetworkType: v.String("network_type"), KmsKeyId: v.String("kms_key_id"), StorageType: v.String("storage_type"),
		EnableIAMDatabaseAuthentication: v.Bool("iam_auth"), EnableCloudwatchLogsExports: v.List("log_exports"),
		DeletionProtection: v.Bool("deletion_protection"), CopyTagsToSnapshot: v.Bool("copy_tags_to_snapshot"),
	}
	if window := v.Int32("backtrack_seconds", 0); window != nil {
		in.BacktrackWindow = aws.Int64(int64(*window))
	}
	low, high := v.Float64("serverless_min_acu", 0), v.Float64("serverless_max_acu", 0)
	if low != nil || high != nil {
		in.ServerlessV2ScalingConfiguration = &types.ServerlessV2ScalingConfiguration{MinCapacity: low, MaxCapacity: high}
	}
	return in
}

// PlanRestore plans the call that makes the cluster and those that finish it.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	in, values, err := d.inputs(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	create, err := parameters.Call(in.creation())
	if err != nil {
		return driver.RestorePlan{}, err
	}
	finish, err := in.finishCalls()
	if err != nil {
		return driver.RestorePlan{}, err
	}
	return values.Plan(append([]driver.Call{create}, finish...)...)
}

// finishCalls are the calls of FinishRestore, for plans.
func (in inputs) finishCalls() (calls []driver.Call, err error) {
	add := func(operation string, input any) {
		if err != nil {
			return
		}
		var call driver.Call
		call, err = parameters.Call("rds:"+operation, input)
		calls = append(calls, call)
	}
	for _, instance := range in.instances {
		add("CreateDBInstance", instance)
	}
	if in.modify != nil {
		add("ModifyDBCluster", in.modify)
	}
	return calls, err
}

// Restore creates a cluster, without instances, from the snapshot, or of the moment. An
// identifier that is taken by the cluster an earlier call with the same mark made is that
// cluster; otherwise it is an error of class conflict.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	in, _, err := d.inputs(req)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	if err := d.checkMoment(ctx, client, req); err != nil {
		return "", err
	}
	id := aws.ToString(in.cluster.DBClusterIdentifier)
	refused := in.create(ctx, client)
	if refused == nil {
		return driver.Ref(id), nil
	}
	if rdssnap.Code(refused) != "DBClusterAlreadyExistsFault" {
		return "", refused
	}
	taken, err := d.cluster(ctx, client, id)
	if failure.Is(err, failure.NotFound) {
		// Unlike a snapshot's, this name may be anybody's, so its tags must be seen first.
		return "", failure.Errorf(failure.Busy, "DB cluster %s exists but is not visible yet, or is of another engine: %w", id, refused)
	}
	if err != nil {
		return "", err
	}
	tags, err := d.tags(ctx, client, taken)
	if err != nil {
		return "", err
	}
	if !marktags.Same(tags, req.Mark) {
		return "", failure.Errorf(failure.Conflict, "DB cluster %s exists: choose another cluster_identifier: %w", id, refused)
	}
	return driver.Ref(id), nil
}
