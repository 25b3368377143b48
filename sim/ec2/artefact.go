package ec2

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Artefacts returns every snapshot, and every volume made from one.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, snap := range slices.Concat(s.snapshots.All(), s.deleted) {
		all = append(all, cloud.Artefact{
			Kind: resource.EBS, Operation: snap.operation, Place: snap.place, ID: snap.id, ARN: snap.arn(), Source: snap.source,
			Name: snap.tags["Name"], Tags: maps.Clone(snap.tags), CreatedAt: snap.progress.Start, DeletedAt: snap.deleted,
			Failed: snap.progress.Failed(now),
		})
	}
	for _, v := range slices.Concat(s.volumes.All(), s.removed) {
		if v.data.SnapshotId == nil {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.EBS, Operation: driver.Restore, Place: v.place, ID: *v.data.VolumeId, ARN: aws.ToString(v.data.VolumeArn),
			Source: *v.data.SnapshotId, Name: v.tags["Name"], Tags: maps.Clone(v.tags), CreatedAt: v.progress.Start,
			DeletedAt: v.deleted, Failed: v.progress.Failed(now),
		})
	}
	return all
}
