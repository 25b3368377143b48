package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// FinishRestore sets monitoring, Performance Insights and storage autoscaling where they
// were recorded or given and are not as wanted yet. The instance is busy while AWS
// applies them.
func (d *Driver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	_, want, _, err := d.inputs(req)
	if err != nil || want == nil {
		return err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	is, err := instance(ctx, client, string(ref))
	if err != nil {
		return err
	}
	if applied(is, want) {
		return nil
	}
	if status := aws.ToString(is.DBInstanceStatus); status != "available" {
		return failure.Errorf(failure.Busy, "DB instance %s is in status %s", ref, status)
	}
	want.DBInstanceIdentifier = aws.String(string(ref))
	_, err = client.ModifyDBInstance(ctx, want)
	return rdssnap.Wrap("ModifyDBInstance", err)
}

// finishInput returns what the restore call cannot set, nil when there is nothing.
func finishInput(v *parameters.Values) *rds.ModifyDBInstanceInput {
	in := &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: v.String("instance_identifier"),
		MonitoringInterval:   v.Int32("monitoring_seconds", 0), MonitoringRoleArn: v.String("monitoring_role_arn"),
		EnablePerformanceInsights:          v.Bool("performance_insights"),
		PerformanceInsightsRetentionPeriod: v.Int32("performance_insights_days", 1),
		PerformanceInsightsKMSKeyId:        v.String("performance_insights_kms_key_id"),
		MaxAllocatedStorage:                v.Int32("max_allocated_gib", 1),
		ApplyImmediately:                   aws.Bool(true),
	}
	if in.MonitoringInterval == nil && in.EnablePerformanceInsights == nil && in.MaxAllocatedStorage == nil {
		return nil
	}
	return in
}

// applied reports whether the instance already has everything want asks for.
func applied(is *types.DBInstance, want *rds.ModifyDBInstanceInput) bool {
	return equal(want.MonitoringInterval, is.MonitoringInterval) &&
		equal(want.MonitoringRoleArn, is.MonitoringRoleArn) &&
		equal(want.EnablePerformanceInsights, is.PerformanceInsightsEnabled) &&
		equal(want.MaxAllocatedStorage, is.MaxAllocatedStorage)
}

// equal treats a value that is not wanted as met and an absent one as the zero value.
func equal[T comparable](want, is *T) bool {
	if want == nil {
		return true
	}
	var value T
	if is != nil {
		value = *is
	}
	return value == *want
}
