package rds

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// restoreInstance makes an instance from a snapshot. What the caller leaves out takes the
// defaults AWS documents, which are often not the source's: single zone, the default
// parameter and security groups.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html
func (s *Service) restoreInstance(c *cloud.Call, in *rds.RestoreDBInstanceFromDBSnapshotInput) (*rds.RestoreDBInstanceFromDBSnapshotOutput, error) {
	id, err := parseID("DBInstanceIdentifier", in.DBInstanceIdentifier, 63)
	if err != nil {
		return nil, err
	}
	snap, err := sourceOf(c, &s.snapshots, "snapshot", aws.ToString(in.DBSnapshotIdentifier), noSnapshot)
	if err != nil {
		return nil, err
	}
	switch {
	case snap.place != c.Place:
		return nil, noSnapshot(aws.ToString(in.DBSnapshotIdentifier))
	case !snap.progress.Succeeded(c.Now):
		return nil, badSnapshotState(snap.id, snap.status(c.Now))
	}
	i, err := s.restore(c, id, snap, in)
	if err != nil {
		return nil, err
	}
	out := i.describe(c.Now)
	return &rds.RestoreDBInstanceFromDBSnapshotOutput{DBInstance: &out}, nil
}

// restore begins an instance made of snap.
func (s *Service) restore(c *cloud.Call, id string, snap *snapshot, in *rds.RestoreDBInstanceFromDBSnapshotInput) (*instance, error) {
	if _, taken := s.instances.Get(c.Place, id); taken {
		return nil, &types.DBInstanceAlreadyExistsFault{Message: aws.String("DB instance already exists: " + id)}
	}
	if aws.ToBool(in.MultiAZ) && in.AvailabilityZone != nil {
		return nil, cloud.Errorf("InvalidParameterCombination", "Requesting a specific availability zone is not valid for Multi-AZ instances.")
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		tags = maps.Clone(snap.ofTags)
	}
	i := &instance{id: id, place: c.Place, data: restored(c, id, snap, in), tags: tags, restoredFrom: snap.arn}
	took := c.Between(5*time.Minute, 15*time.Minute, "db-restore", c.Place.Account, c.Place.Region, id)
	i.creating = c.Begin(string(resource.RDS), string(driver.Restore), id, took, "")
	s.instances.Put(c.Place, id, i)
	return i, nil
}

func restored(c *cloud.Call, id string, snap *snapshot, in *rds.RestoreDBInstanceFromDBSnapshotInput) types.DBInstance {
	d := template(c, id, *snap.of.Engine, *snap.of.AllocatedStorage)
	d.InstanceCreateTime = aws.Time(c.Now)
	d.EngineVersion, d.MasterUsername, d.LicenseModel = snap.of.EngineVersion, snap.of.MasterUsername, snap.of.LicenseModel
	d.StorageEncrypted = aws.Bool(snap.encrypted)
	if snap.encrypted {
		d.KmsKeyId = aws.String(snap.key)
	}
	d.DBInstanceClass = choose(in.DBInstanceClass, snap.of.DBInstanceClass)
	d.AllocatedStorage = choose(in.AllocatedStorage, snap.of.AllocatedStorage)
	d.StorageType = choose(in.StorageType, snap.of.StorageType)
	d.Iops = choose(in.Iops, snap.of.Iops)
	d.StorageThroughput = choose(in.StorageThroughput, snap.of.StorageThroughput)
	d.MultiAZ = choose(in.MultiAZ, d.MultiAZ)
	d.AvailabilityZone = choose(in.AvailabilityZone, d.AvailabilityZone)
	d.PubliclyAccessible = choose(in.PubliclyAccessible, d.PubliclyAccessible)
	d.CopyTagsToSnapshot = choose(in.CopyTagsToSnapshot, d.CopyTagsToSnapshot)
	d.DeletionProtection = choose(in.DeletionProtection, d.DeletionProtection)
	d.BackupRetentionPeriod = choose(in.BackupRetentionPeriod, snap.of.BackupRetentionPeriod)
	d.CACertificateIdentifier = choose(in.CACertificateIdentifier, d.CACertificateIdentifier)
	d.IAMDatabaseAuthenticationEnabled = choose(in.EnableIAMDatabaseAuthentication, d.IAMDatabaseAuthenticationEnabled)
	d.Endpoint.Port = cmp.Or(choose(in.Port, nil), snap.of.Endpoint.Port)
	d.EnabledCloudwatchLogsExports = slices.Clone(in.EnableCloudwatchLogsExports)
	d.DBSubnetGroup = &types.DBSubnetGroup{DBSubnetGroupName: aws.String(cmp.Or(aws.ToString(in.DBSubnetGroupName), "default"))}
	d.VpcSecurityGroups = securityGroups([]string{"sg-default"})
	if len(in.VpcSecurityGroupIds) > 0 {
		d.VpcSecurityGroups = securityGroups(in.VpcSecurityGroupIds)
	}
	d.DBParameterGroups = parameterGroups(cmp.Or(aws.ToString(in.DBParameterGroupName), "default."+*d.Engine+strings.Split(*d.EngineVersion, ".")[0]))
	if in.OptionGroupName != nil {
		d.OptionGroupMemberships = optionGroups(*in.OptionGroupName)
	}
	return d
}
