package rds

import (
	"cmp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/sim/internal/cloud"
)

// modifyInstance applies what a restore sets afterwards; the instance is "modifying" for
// a while. Settings it does not know are refused, not ignored.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
func (s *Service) modifyInstance(c *cloud.Call, in *rds.ModifyDBInstanceInput) (*rds.ModifyDBInstanceOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBInstanceIdentifier))
	i, ok := s.instances.Get(c.Place, id)
	if !ok {
		return nil, noInstance(id)
	}
	if state := i.status(c.Now); state != "available" {
		return nil, badInstanceState(id, state)
	}
	if in.NewDBInstanceIdentifier != nil || in.EngineVersion != nil || in.DBSubnetGroupName != nil || in.OptionGroupName != nil {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated ModifyDBInstance changes no name, engine, network or option group")
	}
	d := &i.data
	d.DBInstanceClass = choose(in.DBInstanceClass, d.DBInstanceClass)
	d.AllocatedStorage = choose(in.AllocatedStorage, d.AllocatedStorage)
	d.MaxAllocatedStorage = choose(in.MaxAllocatedStorage, d.MaxAllocatedStorage)
	d.StorageType = choose(in.StorageType, d.StorageType)
	d.Iops = choose(in.Iops, d.Iops)
	d.StorageThroughput = choose(in.StorageThroughput, d.StorageThroughput)
	d.MultiAZ = choose(in.MultiAZ, d.MultiAZ)
	d.PubliclyAccessible = choose(in.PubliclyAccessible, d.PubliclyAccessible)
	d.MonitoringInterval = choose(in.MonitoringInterval, d.MonitoringInterval)
	d.MonitoringRoleArn = choose(in.MonitoringRoleArn, d.MonitoringRoleArn)
	d.PerformanceInsightsEnabled = choose(in.EnablePerformanceInsights, d.PerformanceInsightsEnabled)
	d.PerformanceInsightsKMSKeyId = choose(in.PerformanceInsightsKMSKeyId, d.PerformanceInsightsKMSKeyId)
	d.PerformanceInsightsRetentionPeriod = choose(in.PerformanceInsightsRetentionPeriod, d.PerformanceInsightsRetentionPeriod)
	d.DeletionProtection = choose(in.DeletionProtection, d.DeletionProtection)
	d.BackupRetentionPeriod = choose(in.BackupRetentionPeriod, d.BackupRetentionPeriod)
	d.CopyTagsToSnapshot = choose(in.CopyTagsToSnapshot, d.CopyTagsToSnapshot)
	d.CACertificateIdentifier = choose(in.CACertificateIdentifier, d.CACertificateIdentifier)
	d.IAMDatabaseAuthenticationEnabled = choose(in.EnableIAMDatabaseAuthentication, d.IAMDatabaseAuthenticationEnabled)
	d.PreferredBackupWindow = choose(in.PreferredBackupWindow, d.PreferredBackupWindow)
	d.PreferredMaintenanceWindow = choose(in.PreferredMaintenanceWindow, d.PreferredMaintenanceWindow)
	if in.DBParameterGroupName != nil {
		d.DBParameterGroups = parameterGroups(*in.DBParameterGroupName)
	}
	if len(in.VpcSecurityGroupIds) > 0 {
		d.VpcSecurityGroups = securityGroups(in.VpcSecurityGroupIds)
	}
	if in.CloudwatchLogsExportConfiguration != nil {
		d.EnabledCloudwatchLogsExports = append([]string(nil), in.CloudwatchLogsExportConfiguration.EnableLogTypes...)
	}
	i.modifying = c.Now.Add(c.Between(30*time.Second, 2*time.Minute, "modify", id))
	out := i.describe(c.Now)
	return &rds.ModifyDBInstanceOutput{DBInstance: &out}, nil
}

// choose returns a copy of the asked value, or the present one.
func choose[T any](asked, present *T) *T {
	if asked == nil {
		return present
	}
	value := *asked
	return &value
}

func parameterGroups(name string) []types.DBParameterGroupStatus {
	return []types.DBParameterGroupStatus{{DBParameterGroupName: &name, ParameterApplyStatus: aws.String("in-sync")}}
}

func securityGroups(ids []string) []types.VpcSecurityGroupMembership {
	var groups []types.VpcSecurityGroupMembership
	for _, id := range ids {
		groups = append(groups, types.VpcSecurityGroupMembership{VpcSecurityGroupId: &id, Status: aws.String("active")})
	}
	return groups
}

func badInstanceState(id, state string) error {
	return &types.InvalidDBInstanceStateFault{Message: aws.String("Instance " + id + " is not in available state: it is " + cmp.Or(state, "unknown") + ".")}
}
