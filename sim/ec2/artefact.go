package ec2

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Artefacts returns every snapshot and image, and every volume and instance made from
// one. The snapshots of an image and the volumes of an instance are parts, not artefacts.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, snap := range slices.Concat(s.snapshots.All(), s.deleted) {
		if snap.image != "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: cmp.Or(snap.kind, resource.EBS), Operation: snap.operation, Place: snap.place, ID: snap.kept.ID(snap.id, snap.arn()), ARN: snap.arn(), Source: snap.source,
			Name: snap.tags["Name"], Tags: maps.Clone(snap.tags), CreatedAt: snap.progress.Start, DeletedAt: snap.kept.End(snap.deleted, now),
			Failed: snap.progress.Failed(now), SharedWith: snap.shared.list(),
		})
	}
	for _, v := range slices.Concat(s.volumes.All(), s.removed) {
		if v.data.SnapshotId == nil || v.instance != "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: cmp.Or(v.kind, resource.EBS), Operation: driver.Restore, Place: v.place, ID: cmp.Or(v.job, *v.data.VolumeId), ARN: aws.ToString(v.data.VolumeArn),
			Source: *v.data.SnapshotId, Name: v.tags["Name"], Tags: maps.Clone(v.tags), CreatedAt: v.progress.Start,
			DeletedAt: v.deleted, Failed: v.progress.Failed(now),
		})
	}
	return append(all, s.imageArtefacts(now)...)
}

func (s *Service) imageArtefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, i := range slices.Concat(s.images.All(), s.deregistered) {
		all = append(all, cloud.Artefact{
			Kind: resource.EC2, Operation: i.operation, Place: i.place, ID: i.kept.ID(i.id, i.arn()), ARN: i.arn(), Source: i.source,
			Name: i.name, Tags: maps.Clone(i.tags), CreatedAt: i.progress.Start, DeletedAt: i.kept.End(i.deleted, now), Failed: i.progress.Failed(now),
			SharedWith: i.sharedWith(),
		})
	}
	for _, i := range slices.Concat(s.instances.All(), s.ended) {
		if i.image == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.EC2, Operation: driver.Restore, Place: i.place, ID: cmp.Or(i.job, i.id), ARN: i.arn, Source: i.image,
			Name: i.tags["Name"], Tags: maps.Clone(i.tags), CreatedAt: i.progress.Start, DeletedAt: i.deleted, Failed: i.progress.Failed(now),
		})
	}
	return all
}
