package ec2

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Limits on snapshots of one volume.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html
const (
	perVolume       = 5 // in progress; 1 for st1 and sc1
	betweenOfVolume = 15 * time.Second
)

type snapshot struct {
	id          string
	place       cloud.Place
	partition   string
	operation   driver.Operation
	kind        resource.Kind // of what it was made from; "" is a volume of EC2's own
	source      string        // ARN it was made from
	volumeID    string
	size        int32
	encrypted   bool
	key         string
	description string
	tags        map[string]string
	progress    cloud.Progress
	deleted     time.Time
	image       string // id of the image it is part of
	shared      accounts
	kept        cloud.Kept
	tier        tier
}

func (s *snapshot) arn() string {
	return "arn:" + s.partition + ":ec2:" + s.place.Region + "::snapshot/" + s.id
}

func noSnapshot(id string) error {
	return cloud.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
}

func (s *Service) createSnapshot(c *cloud.Call, in *ec2.CreateSnapshotInput) (*ec2.CreateSnapshotOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	v, ok := s.volumes.Get(c.Place, aws.ToString(in.VolumeId))
	if !ok {
		return nil, noVolume(aws.ToString(in.VolumeId))
	}
	if v.progress.Running(c.Now) {
		return nil, cloud.Errorf("IncorrectState", "Volume '%s' is not 'available'.", *in.VolumeId)
	}
	tags, err := tagsFor(in.TagSpecifications, types.ResourceTypeSnapshot)
	if err != nil {
		return nil, err
	}
	if err := v.mayStart(c); err != nil {
		return nil, err
	}
	v.lastSnapshot = c.Now
	snap := &snapshot{
		id: c.NewID("snap-0", 16), place: c.Place, partition: c.Partition, operation: driver.Backup,
		source: volumeARN(c, *v.data.VolumeId), volumeID: *v.data.VolumeId, size: *v.data.Size, tags: tags,
		encrypted: *v.data.Encrypted, key: aws.ToString(v.data.KmsKeyId), description: aws.ToString(in.Description),
	}
	snap.progress = c.Begin(string(resource.EBS), string(driver.Backup), snap.id, snapshotTime(c, snap), "")
	s.snapshots.Put(c.Place, snap.id, snap)
	v.snapshots = append(v.snapshots, snap)
	d := snap.describe(c.Now)
	return &ec2.CreateSnapshotOutput{
		SnapshotId: d.SnapshotId, VolumeId: d.VolumeId, VolumeSize: d.VolumeSize, State: d.State, Progress: d.Progress,
		StartTime: d.StartTime, Encrypted: d.Encrypted, KmsKeyId: d.KmsKeyId, OwnerId: d.OwnerId,
		Description: d.Description, Tags: d.Tags, StorageTier: d.StorageTier,
	}, nil
}

// mayStart enforces the two limits on snapshots of one volume.
func (v *volume) mayStart(c *cloud.Call) error {
	if !v.lastSnapshot.IsZero() && c.Now.Sub(v.lastSnapshot) < betweenOfVolume {
		return cloud.Errorf("SnapshotCreationPerVolumeRateExceeded", "The maximum per volume CreateSnapshot request rate has been exceeded.")
	}
	limit := perVolume
	if t := v.data.VolumeType; t == types.VolumeTypeSt1 || t == types.VolumeTypeSc1 {
		limit = 1
	}
	v.snapshots = slices.DeleteFunc(v.snapshots, func(s *snapshot) bool { return !s.progress.Running(c.Now) })
	if len(v.snapshots) >= limit {
		return cloud.Errorf("ConcurrentSnapshotLimitExceeded", "Maximum allowed in-progress snapshots for a single volume exceeded.")
	}
	return nil
}

// snapshotTime is 1 to 15 minutes, more for larger volumes.
func snapshotTime(c *cloud.Call, s *snapshot) time.Duration {
	full := min(float64(s.size)/1000, 1)
	most := 2*time.Minute + time.Duration(full*float64(13*time.Minute))
	return c.Between(time.Minute, most, "snapshot", s.id)
}

func (s *Service) deleteSnapshot(c *cloud.Call, in *ec2.DeleteSnapshotInput) (*ec2.DeleteSnapshotOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	snap, ok := s.snapshots.Get(c.Place, aws.ToString(in.SnapshotId))
	if !ok {
		return nil, noSnapshot(aws.ToString(in.SnapshotId))
	}
	if snap.kept.By() {
		return nil, keptByBackup(snap.id)
	}
	if _, used := s.images.Get(snap.place, snap.image); used {
		return nil, cloud.Errorf("InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", snap.id, snap.image)
	}
	s.dropSnapshot(c, snap)
	return &ec2.DeleteSnapshotOutput{}, nil
}

func (s *Service) dropSnapshot(c *cloud.Call, snap *snapshot) {
	c.Cancel(&snap.progress)
	snap.deleted = c.Now
	s.deleted = append(s.deleted, snap)
	s.snapshots.Delete(snap.place, snap.id)
}

func (s *snapshot) describe(now time.Time) types.Snapshot {
	out := types.Snapshot{
		SnapshotId: aws.String(s.id), VolumeId: aws.String(s.volumeID), VolumeSize: aws.Int32(s.size),
		Description: aws.String(s.description), Encrypted: aws.Bool(s.encrypted), OwnerId: aws.String(s.place.Account),
		StartTime: aws.Time(s.progress.Start), Tags: tagList(s.tags), StorageTier: s.storageTier(now),
		RestoreExpiryTime: s.restoreExpiry(now),
		Progress:          aws.String(strconv.Itoa(s.progress.Percent(now)) + "%"), State: s.state(now),
	}
	if s.encrypted {
		out.KmsKeyId = aws.String(s.key)
	}
	switch out.State {
	case types.SnapshotStateError:
		out.StateMessage = aws.String(s.progress.Failure)
	case types.SnapshotStateCompleted:
		out.CompletionTime = aws.Time(s.progress.End)
		out.FullSnapshotSizeInBytes = aws.Int64(int64(s.size) << 30)
	}
	return out
}

func (s *snapshot) state(now time.Time) types.SnapshotState {
	switch {
	case s.progress.Failed(now):
		return types.SnapshotStateError
	case s.progress.Succeeded(now):
		return types.SnapshotStateCompleted
	default:
		return types.SnapshotStatePending
	}
}

func (s *Service) describeSnapshots(c *cloud.Call, in *ec2.DescribeSnapshotsInput) (*ec2.DescribeSnapshotsOutput, error) {
	limit, err := pageSize(in.MaxResults, len(in.SnapshotIds))
	if err != nil {
		return nil, err
	}
	for _, o := range in.OwnerIds {
		if o != "self" && o != c.Place.Account {
			return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeSnapshots lists the caller's own snapshots only")
		}
	}
	filter, err := newFilter(in.Filters)
	if err != nil {
		return nil, err
	}
	found, err := s.findSnapshots(c, in.SnapshotIds, filter)
	if err != nil {
		return nil, err
	}
	page, next, err := cloud.Page(found, func(s *snapshot) string { return s.id }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeSnapshotsOutput{NextToken: token(next)}
	for _, snap := range page {
		out.Snapshots = append(out.Snapshots, snap.describe(c.Now))
	}
	return out, nil
}

// findSnapshots returns the visible snapshots that match, ordered by id. One unknown id
// in ids fails the whole call.
func (s *Service) findSnapshots(c *cloud.Call, ids []string, filter filter) ([]*snapshot, error) {
	for _, id := range ids {
		if snap, ok := s.snapshots.Get(c.Place, id); !ok || !c.Visible(snap.progress.Start) {
			return nil, noSnapshot(id)
		}
	}
	var found []*snapshot
	for _, snap := range s.candidates(c, filter) {
		named := len(ids) == 0 || slices.Contains(ids, snap.id)
		if named && snap.kept.Is(c.Now) && c.Visible(snap.progress.Start) && filter.matches(snap.tags, snap.attribute(c.Now)) {
			found = append(found, snap)
		}
	}
	slices.SortFunc(found, func(a, b *snapshot) int { return strings.Compare(a.id, b.id) })
	return found, nil
}

// candidates, in no order, avoids looking at every snapshot of a region when the filter names ids.
func (s *Service) candidates(c *cloud.Call, f filter) []*snapshot {
	ids, exact := f.exact("snapshot-id")
	if !exact {
		return slices.Collect(maps.Values(s.snapshots.Unordered(c.Place)))
	}
	var found []*snapshot
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if snap, ok := s.snapshots.Get(c.Place, id); ok {
			found = append(found, snap)
		}
	}
	return found
}

func (s *snapshot) attribute(now time.Time) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "snapshot-id":
			return s.id, true
		case "volume-id":
			return s.volumeID, true
		case "status":
			return string(s.state(now)), true
		case "owner-id":
			return s.place.Account, true
		case "description":
			return s.description, true
		case "encrypted":
			return strconv.FormatBool(s.encrypted), true
		case "volume-size":
			return strconv.Itoa(int(s.size)), true
		default:
			return "", false
		}
	}
}
