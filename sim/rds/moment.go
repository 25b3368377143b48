package rds

import (
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/sim/internal/cloud"
)

// badMoment refuses a moment that automated backups cannot restore.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
func badMoment(c *cloud.Call, at *time.Time, made time.Time, days *int32) error {
	if aws.ToInt32(days) == 0 {
		return &types.PointInTimeRestoreNotEnabledFault{Message: aws.String("Automated backups are not enabled.")}
	}
	first, last := cloud.Moments(c.Now, made, int(*days))
	if at == nil || at.Before(first) || at.After(last) {
		return cloud.Errorf("InvalidParameterValue", "The restore time must be between %s and %s.", first, last)
	}
	return nil
}

// restoreInstanceMoment makes an instance as another was at a moment.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
func (s *Service) restoreInstanceMoment(c *cloud.Call, in *rds.RestoreDBInstanceToPointInTimeInput) (*rds.RestoreDBInstanceToPointInTimeOutput, error) {
	id, err := parseID("TargetDBInstanceIdentifier", in.TargetDBInstanceIdentifier, 63)
	if err != nil {
		return nil, err
	}
	source := strings.ToLower(aws.ToString(in.SourceDBInstanceIdentifier))
	of, ok := s.instances.Get(c.Place, source)
	if !ok {
		return nil, noInstance(source)
	}
	if err := badMoment(c, in.RestoreTime, *of.data.InstanceCreateTime, of.data.BackupRetentionPeriod); err != nil {
		return nil, err
	}
	like := &rds.RestoreDBInstanceFromDBSnapshotInput{}
	if err := cloud.Retype(like, in); err != nil {
		return nil, err
	}
	i, err := s.restore(c, id, &snapshot{of: of.data, manual: asItIs(*of.data.DBInstanceArn, of.tags, of.data.StorageEncrypted, of.data.KmsKeyId)}, like)
	if err != nil {
		return nil, err
	}
	out := i.describe(c.Now)
	return &rds.RestoreDBInstanceToPointInTimeOutput{DBInstance: &out}, nil
}

// restoreClusterMoment makes a cluster, without instances, as another was at a moment.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterToPointInTime.html
func (s *Service) restoreClusterMoment(c *cloud.Call, in *rds.RestoreDBClusterToPointInTimeInput) (*rds.RestoreDBClusterToPointInTimeOutput, error) {
	id, err := parseID("DBClusterIdentifier", in.DBClusterIdentifier, 63)
	if err != nil {
		return nil, err
	}
	source := strings.ToLower(aws.ToString(in.SourceDBClusterIdentifier))
	of, ok := s.clusters.Get(c.Place, source)
	if !ok {
		return nil, noCluster(source)
	}
	if err := badMoment(c, in.RestoreToTime, *of.data.ClusterCreateTime, of.data.BackupRetentionPeriod); err != nil {
		return nil, err
	}
	like := &rds.RestoreDBClusterFromSnapshotInput{}
	if err := cloud.Retype(like, in); err != nil {
		return nil, err
	}
	made, err := s.restoreFrom(c, id, &clusterSnapshot{of: of.data, manual: asItIs(*of.data.DBClusterArn, of.tags, of.data.StorageEncrypted, of.data.KmsKeyId)}, like)
	if err != nil {
		return nil, err
	}
	out := s.describeCluster(made, c.Now)
	return &rds.RestoreDBClusterToPointInTimeOutput{DBCluster: &out}, nil
}

// asItIs is a snapshot of a source as it is: what is in a database has no history here.
func asItIs(arn string, tags map[string]string, encrypted *bool, key *string) manual {
	return manual{arn: arn, ofTags: maps.Clone(tags), encrypted: aws.ToBool(encrypted), key: aws.ToString(key)}
}
