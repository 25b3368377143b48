package rds

import (
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

// The names of the limits on cluster snapshots, which all engines share.
// Sources: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html
const (
	manualClusterQuota = "rds:manual-cluster-snapshots"
	clusterCopiesQuota = "rds:cluster-snapshot-copies"
)

// clusterSnapshot is a manual snapshot of a DB cluster.
type clusterSnapshot struct {
	manual
	of types.DBCluster // the cluster as it was
}

func noClusterSnapshot(id string) error {
	return &types.DBClusterSnapshotNotFoundFault{Message: aws.String("DBClusterSnapshot " + id + " not found.")}
}

func badClusterSnapshotState(id, state string) error {
	return &types.InvalidDBClusterSnapshotStateFault{Message: aws.String("Cluster snapshot " + id + " is not in available state: it is " + state + ".")}
}

// createClusterSnapshot accepts a cluster that is available; it is backing up until the
// snapshot is there.
func (s *Service) createClusterSnapshot(c *cloud.Call, in *rds.CreateDBClusterSnapshotInput) (*rds.CreateDBClusterSnapshotOutput, error) {
	clusterID := strings.ToLower(aws.ToString(in.DBClusterIdentifier))
	of, ok := s.clusters.Get(c.Place, clusterID)
	if !ok {
		return nil, noCluster(clusterID)
	}
	id, tags, err := s.newClusterSnapshotID(c, "DBClusterSnapshotIdentifier", in.DBClusterSnapshotIdentifier, in.Tags)
	if err != nil {
		return nil, err
	}
	if state := of.status(c.Now); state != "available" {
		return nil, badClusterState(clusterID, state)
	}
	snap := &clusterSnapshot{of: of.data, manual: manual{
		id: id, place: c.Place, operation: driver.Backup, source: *of.data.DBClusterArn, ofTags: maps.Clone(of.tags),
		arn: c.ARN("rds", "cluster-snapshot:"+id), tags: tags, encrypted: *of.data.StorageEncrypted, key: aws.ToString(of.data.KmsKeyId), created: c.Now,
	}}
	took := snapshotTime(c, id, *of.data.AllocatedStorage)
	snap.progress = c.Begin(string(kindOf(*of.data.Engine)), string(driver.Backup), id, took, "")
	of.backingUp = snap.progress.End
	s.clusterSnapshots.Put(c.Place, id, snap)
	d := snap.describe(c.Now)
	return &rds.CreateDBClusterSnapshotOutput{DBClusterSnapshot: &d}, nil
}

func (s *Service) newClusterSnapshotID(c *cloud.Call, parameter string, given *string, list []types.Tag) (string, map[string]string, error) {
	id, err := parseID(parameter, given, 63)
	if err != nil {
		return "", nil, err
	}
	if _, taken := s.clusterSnapshots.Get(c.Place, id); taken {
		return "", nil, &types.DBClusterSnapshotAlreadyExistsFault{Message: aws.String("Cannot create the cluster snapshot because one with the identifier " + id + " already exists.")}
	}
	if manuals(&s.clusterSnapshots, c.Place) >= c.Quota(manualClusterQuota) {
		return "", nil, &types.SnapshotQuotaExceededFault{Message: aws.String("The quota of manual cluster snapshots is reached.")}
	}
	tags, err := newTags(list)
	return id, tags, err
}

// copyClusterSnapshot is called in the destination. A copy of an unencrypted snapshot
// cannot be encrypted, and a shared one of DocumentDB stays in its region.
// Sources: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html
// https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CopyDBClusterSnapshot.html
func (s *Service) copyClusterSnapshot(c *cloud.Call, in *rds.CopyDBClusterSnapshotInput) (*rds.CopyDBClusterSnapshotOutput, error) {
	src, err := sourceOf(c, &s.clusterSnapshots, "cluster-snapshot", aws.ToString(in.SourceDBClusterSnapshotIdentifier), noClusterSnapshot)
	if err != nil {
		return nil, err
	}
	switch {
	case !src.progress.Succeeded(c.Now):
		return nil, badClusterSnapshotState(src.id, src.status(c.Now))
	case !src.encrypted && in.KmsKeyId != nil:
		return nil, cloud.Errorf("InvalidParameterCombination", "An unencrypted DB cluster snapshot cannot be copied to an encrypted one.")
	case *src.of.Engine == "docdb" && src.place.Account != c.Place.Account && src.place.Region != c.Place.Region:
		return nil, cloud.Errorf("InvalidParameterValue", "A shared cluster snapshot can be copied within its region only.")
	}
	id, tags, err := s.newClusterSnapshotID(c, "TargetDBClusterSnapshotIdentifier", in.TargetDBClusterSnapshotIdentifier, in.Tags)
	if err != nil {
		return nil, err
	}
	key, err := src.keyOfCopy(c, aws.ToString(in.KmsKeyId))
	if err != nil {
		return nil, err
	}
	if s.clusterCopies(c) >= c.Quota(clusterCopiesQuota) {
		return nil, &types.SnapshotQuotaExceededFault{Message: aws.String("Too many cluster snapshot copies are in progress in this region.")}
	}
	made := &clusterSnapshot{of: src.of, manual: src.copied(c, "cluster-snapshot:", id, key, tags)}
	took := snapshotTime(c, id, *src.of.AllocatedStorage) * 3 / 2
	made.progress = c.Begin(string(kindOf(*src.of.Engine)), string(driver.Copy), id, took, "")
	s.clusterSnapshots.Put(c.Place, id, made)
	d := made.describe(c.Now)
	return &rds.CopyDBClusterSnapshotOutput{DBClusterSnapshot: &d}, nil
}

// clusterCopies returns how many copies are in progress in the place of the call.
func (s *Service) clusterCopies(c *cloud.Call) (running int) {
	for _, o := range s.clusterSnapshots.Unordered(c.Place) {
		if o.operation == driver.Copy && o.progress.Running(c.Now) {
			running++
		}
	}
	return running
}

func (s *Service) deleteClusterSnapshot(c *cloud.Call, in *rds.DeleteDBClusterSnapshotInput) (*rds.DeleteDBClusterSnapshotOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBClusterSnapshotIdentifier))
	snap, ok := s.clusterSnapshots.Get(c.Place, id)
	if !ok {
		return nil, noClusterSnapshot(id)
	}
	if snap.kept.By() {
		return nil, keptByBackup(id)
	}
	if snap.progress.Running(c.Now) && snap.operation == driver.Backup {
		return nil, badClusterSnapshotState(id, "creating")
	}
	s.dropClusterSnapshot(c, snap)
	d := snap.describe(c.Now)
	d.Status = aws.String("deleted")
	return &rds.DeleteDBClusterSnapshotOutput{DBClusterSnapshot: &d}, nil
}

func (s *Service) dropClusterSnapshot(c *cloud.Call, snap *clusterSnapshot) {
	c.Cancel(&snap.progress)
	snap.deleted = c.Now
	s.deletedClusterSnapshots = append(s.deletedClusterSnapshots, snap)
	s.clusterSnapshots.Delete(snap.place, snap.id)
}

func (s *clusterSnapshot) describe(now time.Time) types.DBClusterSnapshot {
	out := types.DBClusterSnapshot{
		DBClusterSnapshotIdentifier: aws.String(s.id), DBClusterSnapshotArn: aws.String(s.arn), DBClusterIdentifier: s.of.DBClusterIdentifier,
		Engine: s.of.Engine, EngineVersion: s.of.EngineVersion, EngineMode: s.of.EngineMode, AllocatedStorage: s.of.AllocatedStorage,
		Port: s.of.Port, MasterUsername: s.of.MasterUsername, ClusterCreateTime: s.of.ClusterCreateTime,
		StorageEncrypted: aws.Bool(s.encrypted), SnapshotType: aws.String(s.typeOf()), Status: aws.String(s.status(now)),
		PercentProgress: aws.Int32(int32(s.percent(now))), TagList: tagList(s.tags), SourceDBClusterSnapshotArn: s.copyOf(),
		SnapshotCreateTime: aws.Time(s.created),
	}
	if s.encrypted {
		out.KmsKeyId = aws.String(s.key)
	}
	return out
}

func (s *Service) describeClusterSnapshots(c *cloud.Call, in *rds.DescribeDBClusterSnapshotsInput) (*rds.DescribeDBClusterSnapshotsOutput, error) {
	limit, err := pageSize(in.MaxRecords)
	if err != nil {
		return nil, err
	}
	if t := aws.ToString(in.SnapshotType); t == "shared" || t == "public" {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeDBClusterSnapshots has no shared or public snapshots")
	}
	found, err := s.findClusterSnapshots(c, in)
	if err != nil {
		return nil, err
	}
	page, next, err := cloud.Page(found, func(s *clusterSnapshot) string { return s.id }, aws.ToString(in.Marker), limit)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBClusterSnapshotsOutput{Marker: marker(next)}
	for _, snap := range page {
		out.DBClusterSnapshots = append(out.DBClusterSnapshots, snap.describe(c.Now))
	}
	return out, nil
}

func (s *Service) findClusterSnapshots(c *cloud.Call, in *rds.DescribeDBClusterSnapshotsInput) ([]*clusterSnapshot, error) {
	var found []*clusterSnapshot
	for _, snap := range s.clusterSnapshots.In(c.Place) {
		ok, err := matches(in.Filters, map[string]string{
			"db-cluster-snapshot-id": snap.id, "db-cluster-id": *snap.of.DBClusterIdentifier,
			"snapshot-type": snap.typeOf(), "engine": *snap.of.Engine,
		})
		if err != nil {
			return nil, err
		}
		ok = ok && c.Visible(snap.created) && snap.kept.Is(c.Now) && (in.SnapshotType == nil || *in.SnapshotType == snap.typeOf()) &&
			(in.DBClusterSnapshotIdentifier == nil || strings.EqualFold(*in.DBClusterSnapshotIdentifier, snap.id)) &&
			(in.DBClusterIdentifier == nil || strings.EqualFold(*in.DBClusterIdentifier, *snap.of.DBClusterIdentifier))
		if ok {
			found = append(found, snap)
		}
	}
	if in.DBClusterSnapshotIdentifier != nil && len(found) == 0 {
		return nil, noClusterSnapshot(*in.DBClusterSnapshotIdentifier)
	}
	return found, nil
}
