package rds

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

// restoreCluster makes a cluster without instances of a snapshot. What the caller leaves
// out takes the defaults AWS documents.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html
func (s *Service) restoreCluster(c *cloud.Call, in *rds.RestoreDBClusterFromSnapshotInput) (*rds.RestoreDBClusterFromSnapshotOutput, error) {
	id, err := parseID("DBClusterIdentifier", in.DBClusterIdentifier, 63)
	if err != nil {
		return nil, err
	}
	snap, err := sourceOf(c, &s.clusterSnapshots, "cluster-snapshot", aws.ToString(in.SnapshotIdentifier), noClusterSnapshot)
	if err != nil {
		return nil, err
	}
	switch {
	case snap.place != c.Place:
		return nil, noClusterSnapshot(aws.ToString(in.SnapshotIdentifier))
	case !snap.progress.Succeeded(c.Now):
		return nil, badClusterSnapshotState(snap.id, snap.status(c.Now))
	case aws.ToString(in.Engine) != *snap.of.Engine:
		return nil, cloud.Errorf("InvalidParameterValue", "The engine %s is not compatible with the snapshot's %s.", aws.ToString(in.Engine), *snap.of.Engine)
	}
	of, err := s.restoreFrom(c, id, snap, in)
	if err != nil {
		return nil, err
	}
	out := s.describeCluster(of, c.Now)
	return &rds.RestoreDBClusterFromSnapshotOutput{DBCluster: &out}, nil
}

// restoreFrom begins a cluster made of snap.
func (s *Service) restoreFrom(c *cloud.Call, id string, snap *clusterSnapshot, in *rds.RestoreDBClusterFromSnapshotInput) (*cluster, error) {
	if _, taken := s.clusters.Get(c.Place, id); taken {
		return nil, &types.DBClusterAlreadyExistsFault{Message: aws.String("DB cluster already exists: " + id)}
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		tags = maps.Clone(snap.ofTags)
	}
	of := &cluster{id: id, place: c.Place, data: restoredCluster(c, id, snap, in), tags: tags, restoredFrom: snap.arn}
	took := c.Between(5*time.Minute, 15*time.Minute, "cluster-restore", c.Place.Account, c.Place.Region, id)
	of.creating = c.Begin(string(kindOf(*snap.of.Engine)), string(driver.Restore), id, took, "")
	s.clusters.Put(c.Place, id, of)
	return of, nil
}

func restoredCluster(c *cloud.Call, id string, snap *clusterSnapshot, in *rds.RestoreDBClusterFromSnapshotInput) types.DBCluster {
	d := snap.of
	d.DBClusterIdentifier, d.DBClusterArn = &id, aws.String(c.ARN("rds", "cluster:"+id))
	d.DbClusterResourceId, d.ClusterCreateTime = aws.String("cluster-"+strings.ToUpper(c.NewID("", 26))), aws.Time(c.Now)
	d.Endpoint = aws.String(id + ".cluster." + c.Place.Region + ".rds.example.com")
	d.StorageEncrypted, d.KmsKeyId = aws.Bool(snap.encrypted), choose(in.KmsKeyId, nil)
	if snap.encrypted && d.KmsKeyId == nil {
		d.KmsKeyId = aws.String(snap.key)
	}
	if d.KmsKeyId != nil {
		d.StorageEncrypted = aws.Bool(true)
	}
	d.EngineVersion, d.Port = choose(in.EngineVersion, d.EngineVersion), choose(in.Port, d.Port)
	d.DBSubnetGroup = aws.String(cmp.Or(aws.ToString(in.DBSubnetGroupName), "default"))
	d.DBClusterParameterGroup = aws.String(cmp.Or(aws.ToString(in.DBClusterParameterGroupName), "default."+*d.Engine))
	d.VpcSecurityGroups = securityGroups([]string{"sg-default"})
	if len(in.VpcSecurityGroupIds) > 0 {
		d.VpcSecurityGroups = securityGroups(in.VpcSecurityGroupIds)
	}
	d.EnabledCloudwatchLogsExports = append([]string(nil), in.EnableCloudwatchLogsExports...)
	d.DeletionProtection = choose(in.DeletionProtection, aws.Bool(false))
	d.CopyTagsToSnapshot = choose(in.CopyTagsToSnapshot, aws.Bool(false))
	d.IAMDatabaseAuthenticationEnabled = choose(in.EnableIAMDatabaseAuthentication, aws.Bool(false))
	d.BackupRetentionPeriod = choose(in.BackupRetentionPeriod, aws.Int32(1))
	d.StorageType, d.BacktrackWindow = choose(in.StorageType, d.StorageType), choose(in.BacktrackWindow, nil)
	if v2 := in.ServerlessV2ScalingConfiguration; v2 != nil {
		d.ServerlessV2ScalingConfiguration = &types.ServerlessV2ScalingConfigurationInfo{MinCapacity: v2.MinCapacity, MaxCapacity: v2.MaxCapacity}
	}
	return d
}

// createInstance adds an instance to a cluster; the first one becomes the writer. An
// instance of its own is nothing a backup needs to make.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
func (s *Service) createInstance(c *cloud.Call, in *rds.CreateDBInstanceInput) (*rds.CreateDBInstanceOutput, error) {
	id, err := parseID("DBInstanceIdentifier", in.DBInstanceIdentifier, 63)
	if err != nil {
		return nil, err
	}
	if _, taken := s.instances.Get(c.Place, id); taken {
		return nil, &types.DBInstanceAlreadyExistsFault{Message: aws.String("DB instance already exists: " + id)}
	}
	if in.DBClusterIdentifier == nil {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated CreateDBInstance makes members of clusters only")
	}
	of, ok := s.clusters.Get(c.Place, strings.ToLower(*in.DBClusterIdentifier))
	switch {
	case !ok:
		return nil, noCluster(*in.DBClusterIdentifier)
	case of.status(c.Now) != "available":
		return nil, badClusterState(of.id, of.status(c.Now))
	case aws.ToString(in.Engine) != *of.data.Engine:
		return nil, cloud.Errorf("InvalidParameterValue", "The engine %s is not that of the DB cluster, %s.", aws.ToString(in.Engine), *of.data.Engine)
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	i := s.addMember(c, of, in)
	i.tags, i.data.InstanceCreateTime = tags, aws.Time(c.Now)
	took := c.Between(5*time.Minute, 10*time.Minute, "member", c.Place.Account, c.Place.Region, id)
	i.creating = cloud.Progress{Start: c.Now, End: c.Now.Add(took)}
	out := i.describe(c.Now)
	return &rds.CreateDBInstanceOutput{DBInstance: &out}, nil
}

// modifyCluster applies what a restore sets afterwards. Settings it does not know are
// refused, not ignored.
func (s *Service) modifyCluster(c *cloud.Call, in *rds.ModifyDBClusterInput) (*rds.ModifyDBClusterOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBClusterIdentifier))
	of, ok := s.clusters.Get(c.Place, id)
	switch {
	case !ok:
		return nil, noCluster(id)
	case of.status(c.Now) != "available":
		return nil, badClusterState(id, of.status(c.Now))
	case in.NewDBClusterIdentifier != nil || in.EngineVersion != nil || in.MasterUserPassword != nil:
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated ModifyDBCluster changes no name, engine or password")
	}
	of.data.BackupRetentionPeriod = choose(in.BackupRetentionPeriod, of.data.BackupRetentionPeriod)
	of.data.DeletionProtection = choose(in.DeletionProtection, of.data.DeletionProtection)
	of.data.CopyTagsToSnapshot = choose(in.CopyTagsToSnapshot, of.data.CopyTagsToSnapshot)
	of.modifying = c.Now.Add(c.Between(30*time.Second, 2*time.Minute, "modify-cluster", id))
	out := s.describeCluster(of, c.Now)
	return &rds.ModifyDBClusterOutput{DBCluster: &out}, nil
}

func badClusterState(id, state string) error {
	return &types.InvalidDBClusterStateFault{Message: aws.String("DB cluster " + id + " is not in available state: it is " + state + ".")}
}
