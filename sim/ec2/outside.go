package ec2

import (
	"maps"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Outside is a volume of another service that is backed up with EBS snapshots.
type Outside struct {
	Kind          resource.Kind
	ARN, VolumeID string
	SizeGiB       int32
	Key           string // ARN of the key it is encrypted with, "" for none
	Description   string
	Tags          map[string]string
}

// SnapshotOf begins a snapshot of a volume that is not EC2's own and returns its id.
func (s *Service) SnapshotOf(c *cloud.Call, v Outside) string {
	snap := &snapshot{
		id: c.NewID("snap-0", 16), place: c.Place, partition: c.Partition, operation: driver.Backup, kind: v.Kind, source: v.ARN,
		volumeID: v.VolumeID, size: v.SizeGiB, tags: maps.Clone(v.Tags), encrypted: v.Key != "", key: v.Key, description: v.Description,
	}
	snap.progress = c.Begin(string(v.Kind), string(driver.Backup), snap.id, snapshotTime(c, snap), "")
	s.snapshots.Put(c.Place, snap.id, snap)
	return snap.id
}

// Completed returns the size of a completed snapshot of the caller's that is not archived.
func (s *Service) Completed(c *cloud.Call, id string) (sizeGiB int32, ok bool) {
	snap, ok := s.snapshots.Get(c.Place, id)
	if !ok || !snap.progress.Succeeded(c.Now) || snap.tier.archived(c.Now) {
		return 0, false
	}
	return snap.size, true
}
