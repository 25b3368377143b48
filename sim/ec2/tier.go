package ec2

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// archivesQuota is how many snapshots may be on their way into the archive, thawsQuota how
// many out of it, per account and region; archivedPerVolume is how many snapshots of one
// volume may lie there.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html
const (
	archivesQuota     = "ec2:snapshot-archives"
	thawsQuota        = "ec2:snapshot-thaws"
	archivedPerVolume = 25
)

// tier is where a snapshot is kept. The zero value is the standard tier. A snapshot that is
// restored for a time goes back into the archive by itself.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/restore-archived-snapshot.html
type tier struct {
	archive   cloud.Progress // the move into the archive; no Start: there was none
	thaw      cloud.Progress // the last way out of it
	thawed    time.Time      // when a temporary restore ends; zero: it is for good
	permanent bool
}

// archived reports whether the snapshot cannot be used now. While it is on its way into the
// archive it can.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/archive-snapshot.html
func (t tier) archived(now time.Time) bool {
	if t.archive.Start.IsZero() || !t.archive.Succeeded(now) {
		return false
	}
	warm := !t.thaw.Start.IsZero() && t.thaw.Succeeded(now) && (t.permanent || now.Before(t.thawed))
	return !warm
}

// moving reports whether the snapshot is on its way into the archive, thawing whether out of it.
func (t tier) moving(now time.Time) bool  { return !t.archive.Start.IsZero() && t.archive.Running(now) }
func (t tier) thawing(now time.Time) bool { return !t.thaw.Start.IsZero() && t.thaw.Running(now) }

// frozen is the refusal of whatever needs a snapshot that lies in the archive; AWS documents
// that it refuses, and no code.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive-considerations.html
func (s *snapshot) frozen(now time.Time) error {
	if !s.tier.archived(now) {
		return nil
	}
	return cloud.Errorf("IncorrectState", "The snapshot '%s' is archived. Restore it from the archive first.", s.id)
}

// modifySnapshotTier begins the move of an own, completed snapshot into the archive. One of
// an image moves only while the image is disabled, which nothing here does. Sharing ends.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/archive-snapshot.html
func (s *Service) modifySnapshotTier(c *cloud.Call, in *ec2.ModifySnapshotTierInput) (*ec2.ModifySnapshotTierOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	snap, ok := s.snapshots.Get(c.Place, aws.ToString(in.SnapshotId))
	if !ok {
		return nil, noSnapshot(aws.ToString(in.SnapshotId))
	}
	_, used := s.images.Get(snap.place, snap.image)
	switch {
	case in.StorageTier != types.TargetStorageTierArchive:
		return nil, cloud.Errorf("InvalidParameterValue", "Value (%s) for parameter storageTier is invalid.", in.StorageTier)
	case snap.kept.By():
		return nil, keptByBackup(snap.id)
	case used:
		return nil, cloud.Errorf("InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", snap.id, snap.image)
	case !snap.progress.Succeeded(c.Now), snap.tier.moving(c.Now), snap.tier.thawing(c.Now):
		return nil, cloud.Errorf("IncorrectState", "The snapshot '%s' is not 'completed', or changes its tier already.", snap.id)
	case snap.tier.archived(c.Now):
		return nil, cloud.Errorf("InvalidParameterValue", "The snapshot '%s' is archived already.", snap.id)
	}
	if err := s.roomInArchive(c, snap); err != nil {
		return nil, err
	}
	took := c.Between(time.Hour, 24*time.Hour, "archive", snap.id)
	snap.tier = tier{archive: c.Begin(string(resource.EBS), string(driver.Archive), snap.id, took, "")}
	snap.shared = nil
	return &ec2.ModifySnapshotTierOutput{SnapshotId: in.SnapshotId, TieringStartTime: aws.Time(c.Now)}, nil
}

// roomInArchive holds a move against the quotas.
func (s *Service) roomInArchive(c *cloud.Call, snap *snapshot) error {
	moving, ofVolume := 0, 0
	for _, other := range s.snapshots.Unordered(c.Place) {
		if other.tier.moving(c.Now) {
			moving++
		}
		if other.volumeID == snap.volumeID && !other.tier.archive.Start.IsZero() {
			ofVolume++
		}
	}
	if limit := c.Quota(archivesQuota); moving >= limit {
		return cloud.Errorf("ResourceLimitExceeded", "The limit of %d snapshot archives in progress is reached.", limit)
	}
	if ofVolume >= archivedPerVolume {
		return cloud.Errorf("SnapshotLimitExceeded", "The limit of %d archived snapshots of volume %s is reached.", archivedPerVolume, snap.volumeID)
	}
	return nil
}

// restoreSnapshotTier begins the way out of the archive, which takes up to 72 hours.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreSnapshotTier.html
func (s *Service) restoreSnapshotTier(c *cloud.Call, in *ec2.RestoreSnapshotTierInput) (*ec2.RestoreSnapshotTierOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	snap, ok := s.snapshots.Get(c.Place, aws.ToString(in.SnapshotId))
	if !ok {
		return nil, noSnapshot(aws.ToString(in.SnapshotId))
	}
	permanent, days := aws.ToBool(in.PermanentRestore), aws.ToInt32(in.TemporaryRestoreDays)
	switch {
	case permanent == (days > 0):
		return nil, cloud.Errorf("InvalidParameterCombination", "The request must contain one of temporaryRestoreDays and permanentRestore.")
	case !snap.tier.archived(c.Now) || snap.tier.thawing(c.Now):
		return nil, cloud.Errorf("IncorrectState", "The snapshot '%s' is not archived, or being restored already.", snap.id)
	}
	thawing := 0
	for _, other := range s.snapshots.Unordered(c.Place) {
		if other.tier.thawing(c.Now) {
			thawing++
		}
	}
	if limit := c.Quota(thawsQuota); thawing >= limit {
		return nil, cloud.Errorf("ResourceLimitExceeded", "The limit of %d restores from the archive in progress is reached.", limit)
	}
	end := c.Now.Add(c.Between(24*time.Hour, 72*time.Hour, "thaw", snap.id))
	snap.tier.thaw, snap.tier.permanent = cloud.Progress{Start: c.Now, End: end}, permanent
	snap.tier.thawed = end.AddDate(0, 0, int(days))
	return &ec2.RestoreSnapshotTierOutput{
		SnapshotId: in.SnapshotId, IsPermanentRestore: &permanent, RestoreDuration: in.TemporaryRestoreDays, RestoreStartTime: aws.Time(c.Now),
	}, nil
}

// describeSnapshotTierStatus lists own snapshots with what last became of their tier.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshotTierStatus.html
func (s *Service) describeSnapshotTierStatus(c *cloud.Call, in *ec2.DescribeSnapshotTierStatusInput) (*ec2.DescribeSnapshotTierStatusOutput, error) {
	limit, err := pageSize(in.MaxResults, 0)
	if err != nil {
		return nil, err
	}
	filter, err := newFilter(in.Filters)
	if err != nil {
		return nil, err
	}
	found, err := s.findSnapshots(c, nil, filter)
	if err != nil {
		return nil, err
	}
	page, next, err := cloud.Page(found, func(s *snapshot) string { return s.id }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeSnapshotTierStatusOutput{NextToken: token(next)}
	for _, snap := range page {
		out.SnapshotTierStatuses = append(out.SnapshotTierStatuses, snap.tierStatus(c.Now))
	}
	return out, nil
}

func (s *snapshot) tierStatus(now time.Time) types.SnapshotTierStatus {
	status := types.SnapshotTierStatus{
		SnapshotId: aws.String(s.id), VolumeId: aws.String(s.volumeID), OwnerId: aws.String(s.place.Account),
		Status: s.state(now), Tags: tagList(s.tags), StorageTier: s.storageTier(now), RestoreExpiryTime: s.restoreExpiry(now),
	}
	last, words := s.tier.archive, [3]types.TieringOperationStatus{
		types.TieringOperationStatusArchivalInProgress, types.TieringOperationStatusArchivalCompleted, types.TieringOperationStatusArchivalFailed,
	}
	if !s.tier.thaw.Start.IsZero() {
		last, words = s.tier.thaw, [3]types.TieringOperationStatus{
			types.TieringOperationStatusTemporaryRestoreInProgress, types.TieringOperationStatusTemporaryRestoreCompleted, types.TieringOperationStatusTemporaryRestoreFailed,
		}
	}
	if last.Start.IsZero() {
		return status
	}
	status.LastTieringStartTime, status.LastTieringProgress = aws.Time(last.Start), aws.Int32(int32(last.Percent(now)))
	switch {
	case last.Running(now):
		status.LastTieringOperationStatus = words[0]
	case last.Failed(now):
		status.LastTieringOperationStatus, status.LastTieringOperationStatusDetail = words[2], aws.String(last.Failure)
	default:
		status.LastTieringOperationStatus = words[1]
	}
	return status
}

func (s *snapshot) storageTier(now time.Time) types.StorageTier {
	if s.tier.archived(now) {
		return types.StorageTierArchive
	}
	return types.StorageTierStandard
}

// restoreExpiry is when a snapshot that is restored for a time goes back; nil for any other.
func (s *snapshot) restoreExpiry(now time.Time) *time.Time {
	if s.tier.thawed.IsZero() || s.tier.permanent || !s.tier.thaw.Succeeded(now) || !now.Before(s.tier.thawed) {
		return nil
	}
	return aws.Time(s.tier.thawed)
}
