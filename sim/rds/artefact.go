package rds

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Artefacts returns every manual snapshot, and every instance and cluster made from one.
// The instances of a restored cluster are part of it.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, snap := range slices.Concat(s.snapshots.All(), s.deleted) {
		all = append(all, snap.artefact(resource.RDS, now))
	}
	for _, snap := range slices.Concat(s.clusterSnapshots.All(), s.deletedClusterSnapshots) {
		all = append(all, snap.artefact(kindOf(*snap.of.Engine), now))
	}
	for _, i := range slices.Concat(s.instances.All(), s.removed) {
		if i.restoredFrom == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.RDS, Operation: driver.Restore, Place: i.place, ID: cmp.Or(i.job, i.id), ARN: *i.data.DBInstanceArn, Source: i.restoredFrom,
			Name: i.id, Tags: maps.Clone(i.tags), CreatedAt: i.creating.Start, DeletedAt: i.deleted, Failed: i.creating.Failed(now),
		})
	}
	for _, of := range slices.Concat(s.clusters.All(), s.removedClusters) {
		if of.restoredFrom == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: kindOf(*of.data.Engine), Operation: driver.Restore, Place: of.place, ID: cmp.Or(of.job, of.id), ARN: *of.data.DBClusterArn, Source: of.restoredFrom,
			Name: of.id, Tags: maps.Clone(of.tags), CreatedAt: of.creating.Start, DeletedAt: of.deleted, Failed: of.creating.Failed(now),
		})
	}
	return all
}

func (m *manual) artefact(kind resource.Kind, now time.Time) cloud.Artefact {
	return cloud.Artefact{
		Kind: kind, Operation: m.operation, Place: m.place, ID: m.kept.ID(m.id, m.arn), ARN: m.arn, Source: m.source, Name: m.id,
		Tags: maps.Clone(m.tags), CreatedAt: m.created, DeletedAt: m.kept.End(m.deleted, now), Failed: m.progress.Failed(now), SharedWith: m.sharedWith(),
	}
}
