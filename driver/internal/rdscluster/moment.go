package rdscluster

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver"
	"holdfast/driver/internal/fields"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// momentInput makes the input of a restore of req.At of that of a snapshot. Such a cluster
// has the engine and the version of its source.
func momentInput(req driver.RestoreRequest, of rds.RestoreDBClusterFromSnapshotInput) (*rds.RestoreDBClusterToPointInTimeInput, error) {
	source, err := clusterID(req.Resource)
	if err != nil {
		return nil, err
	}
	of.SnapshotIdentifier, of.Engine, of.EngineVersion = nil, nil, nil
	in := &rds.RestoreDBClusterToPointInTimeInput{}
	if lost := fields.Move(in, &of); lost != "" {
		return nil, failure.Errorf(failure.Internal, "%T has no %s", *in, lost)
	}
	in.SourceDBClusterIdentifier, in.RestoreToTime = aws.String(source), aws.Time(req.At)
	return in, nil
}

// creation returns the operation that makes the cluster, and its input.
func (in inputs) creation() (operation string, input any) {
	if in.moment != nil {
		return "rds:RestoreDBClusterToPointInTime", in.moment
	}
	return "rds:RestoreDBClusterFromSnapshot", in.cluster
}

func (in inputs) create(ctx context.Context, client API) error {
	if in.moment != nil {
		_, err := client.RestoreDBClusterToPointInTime(ctx, in.moment)
		return rdssnap.Wrap("RestoreDBClusterToPointInTime", err)
	}
	_, err := client.RestoreDBClusterFromSnapshot(ctx, in.cluster)
	return rdssnap.Wrap("RestoreDBClusterFromSnapshot", err)
}

// checkMoment asks AWS which moments of the source it can restore.
func (d *Driver) checkMoment(ctx context.Context, client API, req driver.RestoreRequest) error {
	if req.At.IsZero() {
		return nil
	}
	id, err := clusterID(req.Resource)
	if err != nil {
		return err
	}
	source, err := d.cluster(ctx, client, id)
	if err != nil {
		return err
	}
	return parameters.CheckMoment(req.At, source.EarliestRestorableTime, source.LatestRestorableTime)
}

// MomentDays implements driver.Rewinder.
func (d *Driver) MomentDays(r resource.Resource) int {
	settings, err := readSettings(r)
	if err != nil {
		return 0 // a restore says why
	}
	return int(settings.BackupRetentionDays)
}
