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
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// The names of RDS's limits on snapshots.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
const (
	manualQuota = "rds:manual-snapshots"
	copiesQuota = "rds:snapshot-copies"
)

// snapshot is a manual snapshot of a DB instance.
type snapshot struct {
	manual
	of types.DBInstance // the instance as it was
}

func noSnapshot(id string) error {
	return &types.DBSnapshotNotFoundFault{Message: aws.String("DBSnapshot " + id + " not found.")}
}

// createSnapshot accepts an instance that is available or optimizing its storage. The
// instance is backing up until the snapshot is there.
func (s *Service) createSnapshot(c *cloud.Call, in *rds.CreateDBSnapshotInput) (*rds.CreateDBSnapshotOutput, error) {
	instanceID := strings.ToLower(aws.ToString(in.DBInstanceIdentifier))
	i, ok := s.instances.Get(c.Place, instanceID)
	if !ok {
		return nil, noInstance(instanceID)
	}
	id, tags, err := s.newSnapshotID(c, "DBSnapshotIdentifier", in.DBSnapshotIdentifier, in.Tags)
	if err != nil {
		return nil, err
	}
	if i.data.DBClusterIdentifier != nil {
		return nil, badInstanceState(instanceID, "a member of a cluster")
	}
	if state := i.status(c.Now); state != "available" {
		return nil, badInstanceState(instanceID, state)
	}
	if aws.ToBool(i.data.CopyTagsToSnapshot) {
		own := tags
		tags = maps.Clone(i.tags)
		maps.Copy(tags, own)
	}
	snap := &snapshot{of: i.data, manual: manual{
		id: id, place: c.Place, operation: driver.Backup, source: *i.data.DBInstanceArn, ofTags: maps.Clone(i.tags),
		arn: c.ARN("rds", "snapshot:"+id), tags: tags, encrypted: *i.data.StorageEncrypted, key: aws.ToString(i.data.KmsKeyId), created: c.Now,
	}}
	snap.progress = c.Begin(string(resource.RDS), string(driver.Backup), id, snapshotTime(c, id, aws.ToInt32(snap.of.AllocatedStorage)), "")
	i.backingUp = snap.progress.End
	s.snapshots.Put(c.Place, id, snap)
	d := snap.describe(c.Now)
	return &rds.CreateDBSnapshotOutput{DBSnapshot: &d}, nil
}

// newSnapshotID checks what creating and copying have in common: a free, valid name,
// room in the quota, valid tags.
func (s *Service) newSnapshotID(c *cloud.Call, parameter string, given *string, list []types.Tag) (string, map[string]string, error) {
	id, err := parseID(parameter, given, 255)
	if err != nil {
		return "", nil, err
	}
	if _, taken := s.snapshots.Get(c.Place, id); taken {
		return "", nil, &types.DBSnapshotAlreadyExistsFault{Message: aws.String("Cannot create the snapshot because a snapshot with the identifier " + id + " already exists.")}
	}
	if manuals(&s.snapshots, c.Place) >= c.Quota(manualQuota) {
		return "", nil, &types.SnapshotQuotaExceededFault{Message: aws.String("The quota of manual snapshots is reached.")}
	}
	tags, err := newTags(list)
	return id, tags, err
}

// snapshotTime is 3 to 20 minutes, more for larger instances.
func snapshotTime(c *cloud.Call, id string, sizeGiB int32) time.Duration {
	full := min(float64(sizeGiB)/500, 1)
	most := 5*time.Minute + time.Duration(full*float64(15*time.Minute))
	return c.Between(3*time.Minute, most, "db-snapshot", c.Place.Account, c.Place.Region, id)
}

func (s *Service) deleteSnapshot(c *cloud.Call, in *rds.DeleteDBSnapshotInput) (*rds.DeleteDBSnapshotOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBSnapshotIdentifier))
	snap, ok := s.snapshots.Get(c.Place, id)
	if !ok {
		return nil, noSnapshot(id)
	}
	if snap.kept.By() {
		return nil, keptByBackup(id)
	}
	// Deleting a copy in progress cancels it; a snapshot in the making must be waited for.
	if snap.progress.Running(c.Now) && snap.operation == driver.Backup {
		return nil, badSnapshotState(id, "creating")
	}
	s.dropSnapshot(c, snap)
	d := snap.describe(c.Now)
	d.Status = aws.String("deleted")
	return &rds.DeleteDBSnapshotOutput{DBSnapshot: &d}, nil
}

func badSnapshotState(id, state string) error {
	return &types.InvalidDBSnapshotStateFault{Message: aws.String("Snapshot " + id + " is not in available state: it is " + state + ".")}
}

func (s *Service) dropSnapshot(c *cloud.Call, snap *snapshot) {
	c.Cancel(&snap.progress)
	snap.deleted = c.Now
	s.deleted = append(s.deleted, snap)
	s.snapshots.Delete(snap.place, snap.id)
}

func (s *snapshot) describe(now time.Time) types.DBSnapshot {
	out := types.DBSnapshot{
		DBSnapshotIdentifier: aws.String(s.id), DBSnapshotArn: aws.String(s.arn), DBInstanceIdentifier: s.of.DBInstanceIdentifier,
		DbiResourceId: s.of.DbiResourceId, Engine: s.of.Engine, EngineVersion: s.of.EngineVersion, AllocatedStorage: s.of.AllocatedStorage,
		StorageType: s.of.StorageType, Iops: s.of.Iops, StorageThroughput: s.of.StorageThroughput, MasterUsername: s.of.MasterUsername,
		LicenseModel: s.of.LicenseModel, InstanceCreateTime: s.of.InstanceCreateTime, AvailabilityZone: s.of.AvailabilityZone,
		Encrypted: aws.Bool(s.encrypted), SnapshotType: aws.String(s.typeOf()), Status: aws.String(s.status(now)),
		PercentProgress: aws.Int32(int32(s.percent(now))), TagList: tagList(s.tags), SourceRegion: s.from,
		SourceDBSnapshotIdentifier: s.copyOf(), IAMDatabaseAuthenticationEnabled: s.of.IAMDatabaseAuthenticationEnabled,
		OriginalSnapshotCreateTime: aws.Time(s.created),
	}
	if s.of.Endpoint != nil {
		out.Port = s.of.Endpoint.Port
	}
	if len(s.of.OptionGroupMemberships) > 0 {
		out.OptionGroupName = s.of.OptionGroupMemberships[0].OptionGroupName
	}
	if s.encrypted {
		out.KmsKeyId = aws.String(s.key)
	}
	// AWS gives the creation time once the snapshot exists.
	if !s.progress.Running(now) {
		out.SnapshotCreateTime = aws.Time(s.progress.End)
	}
	return out
}

func (s *Service) describeSnapshots(c *cloud.Call, in *rds.DescribeDBSnapshotsInput) (*rds.DescribeDBSnapshotsOutput, error) {
	limit, err := pageSize(in.MaxRecords)
	if err != nil {
		return nil, err
	}
	if t := aws.ToString(in.SnapshotType); t == "shared" || t == "public" {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeDBSnapshots has no shared or public snapshots")
	}
	found, err := s.findSnapshots(c, in)
	if err != nil {
		return nil, err
	}
	page, next, err := cloud.Page(found, func(s *snapshot) string { return s.id }, aws.ToString(in.Marker), limit)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBSnapshotsOutput{Marker: marker(next)}
	for _, snap := range page {
		out.DBSnapshots = append(out.DBSnapshots, snap.describe(c.Now))
	}
	return out, nil
}

func (s *Service) findSnapshots(c *cloud.Call, in *rds.DescribeDBSnapshotsInput) ([]*snapshot, error) {
	wanted := ""
	if in.DBSnapshotIdentifier != nil {
		_, id := splitARN(*in.DBSnapshotIdentifier)
		wanted = cmp.Or(id, strings.ToLower(*in.DBSnapshotIdentifier))
		if snap, ok := s.snapshots.Get(c.Place, wanted); !ok || !c.Visible(snap.created) {
			return nil, noSnapshot(wanted)
		}
	}
	var found []*snapshot
	for _, snap := range s.snapshots.In(c.Place) {
		ok, err := matches(in.Filters, map[string]string{
			"db-snapshot-id": snap.id, "db-instance-id": aws.ToString(snap.of.DBInstanceIdentifier),
			"dbi-resource-id": aws.ToString(snap.of.DbiResourceId), "snapshot-type": snap.typeOf(), "engine": aws.ToString(snap.of.Engine),
		})
		if err != nil {
			return nil, err
		}
		ok = ok && (wanted == "" || snap.id == wanted) && c.Visible(snap.created) &&
			(in.DBInstanceIdentifier == nil || strings.EqualFold(*in.DBInstanceIdentifier, aws.ToString(snap.of.DBInstanceIdentifier))) &&
			snap.kept.Is(c.Now) && (in.SnapshotType == nil || *in.SnapshotType == snap.typeOf())
		if ok {
			found = append(found, snap)
		}
	}
	return found, nil
}
