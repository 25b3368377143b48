package rdscluster

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// FinishRestore makes the instances of a restored cluster that are not there yet, and
// then sets what a restore cannot. It is busy until every instance is available.
func (d *Driver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	want, _, err := d.inputs(req)
	if err != nil {
		return err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	cluster, err := d.cluster(ctx, client, string(ref))
	if err != nil {
		return err
	}
	if status := aws.ToString(cluster.Status); status != "available" {
		return failure.Errorf(failure.Busy, "DB cluster %s is in status %s", ref, status)
	}
	have, err := instancesOf(ctx, client, string(ref))
	if err != nil {
		return err
	}
	missing, wait := nextInstances(want.instances, have[string(ref)])
	for _, in := range missing {
		if err := createInstance(ctx, client, in); err != nil {
			return err
		}
	}
	if wait != nil {
		return wait
	}
	if want.modify == nil || modified(cluster, want.modify) {
		return nil
	}
	_, err = client.ModifyDBCluster(ctx, want.modify)
	return rdssnap.Wrap("ModifyDBCluster", err)
}

// modified reports whether the cluster has what want asks for.
func modified(is *types.DBCluster, want *rds.ModifyDBClusterInput) bool {
	days, tags := want.BackupRetentionPeriod, want.CopyTagsToSnapshot
	return (days == nil || *days == aws.ToInt32(is.BackupRetentionPeriod)) &&
		(tags == nil || *tags == aws.ToBool(is.CopyTagsToSnapshot))
}

// nextInstances decides which of the wanted instances to make now: the writer alone at
// first, so that it is the one recorded, and the readers once it is available. wait is
// nil when all are available.
func nextInstances(want []*rds.CreateDBInstanceInput, have []types.DBInstance) (missing []*rds.CreateDBInstanceInput, wait error) {
	ready := 0
	for i, in := range want {
		id := aws.ToString(in.DBInstanceIdentifier)
		at := slices.IndexFunc(have, func(is types.DBInstance) bool { return aws.ToString(is.DBInstanceIdentifier) == id })
		if at < 0 {
			missing = append(missing, in)
		} else if status := aws.ToString(have[at].DBInstanceStatus); failedInstance(status) {
			return nil, failure.Errorf(failure.Invalid, "DB instance %s is in status %s", id, status)
		} else if status == "available" || status == "storage-optimization" {
			ready++
		}
		if i == 0 && ready == 0 {
			break // the readers wait for the writer
		}
	}
	if ready < len(want) {
		wait = failure.Errorf(failure.Busy, "%d of %d DB instances are available", ready, len(want))
	}
	return missing, wait
}

// failedInstance reports whether an instance in status will not become available.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
func failedInstance(status string) bool {
	switch status {
	case "failed", "restore-error", "incompatible-create", "incompatible-network", "incompatible-option-group",
		"incompatible-parameters", "incompatible-restore", "inaccessible-encryption-credentials":
		return true
	}
	return false
}

// createInstance makes one instance. A name that is taken is the one an earlier call made
// and the listing does not show yet, unless it is of another cluster.
func createInstance(ctx context.Context, api API, in *rds.CreateDBInstanceInput) error {
	_, err := api.CreateDBInstance(ctx, in)
	refused := rdssnap.Wrap("CreateDBInstance", err)
	if rdssnap.Code(refused) != "DBInstanceAlreadyExists" {
		return refused
	}
	id := aws.ToString(in.DBInstanceIdentifier)
	out, err := api.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{
		Filters: []types.Filter{rdssnap.Filter("db-instance-id", id)},
	})
	if err != nil {
		return rdssnap.Wrap("DescribeDBInstances", err)
	}
	for _, taken := range out.DBInstances {
		if aws.ToString(taken.DBInstanceIdentifier) == id && aws.ToString(taken.DBClusterIdentifier) != aws.ToString(in.DBClusterIdentifier) {
			return failure.Errorf(failure.Conflict, "DB instance %s exists and is of another cluster: %w", id, refused)
		}
	}
	return nil
}
