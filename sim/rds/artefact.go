package rds

import (
	"maps"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Artefacts returns every manual snapshot, and every instance made from one.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, snap := range slices.Concat(s.snapshots.All(), s.deleted) {
		all = append(all, cloud.Artefact{
			Kind: resource.RDS, Operation: snap.operation, Place: snap.place, ID: snap.id, ARN: snap.arn, Source: snap.source,
			Name: snap.id, Tags: maps.Clone(snap.tags), CreatedAt: snap.created, DeletedAt: snap.deleted, Failed: snap.progress.Failed(now),
		})
	}
	for _, i := range slices.Concat(s.instances.All(), s.removed) {
		if i.restoredFrom == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.RDS, Operation: driver.Restore, Place: i.place, ID: i.id, ARN: *i.data.DBInstanceArn, Source: i.restoredFrom,
			Name: i.id, Tags: maps.Clone(i.tags), CreatedAt: i.creating.Start, DeletedAt: i.deleted, Failed: i.creating.Failed(now),
		})
	}
	return all
}
