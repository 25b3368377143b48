package fsx

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

// Artefacts returns every backup, and every file system made from one.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, b := range slices.Concat(s.backups.All(), s.deleted) {
		all = append(all, cloud.Artefact{
			Kind: kindOf(b.of.FileSystemType), Operation: b.operation, Place: b.place, ID: b.kept.ID(b.id, b.arn), ARN: b.arn, Source: *b.of.ResourceARN,
			Name: b.tags["Name"], Tags: maps.Clone(b.tags), CreatedAt: b.progress.Start, DeletedAt: b.kept.End(b.deleted, now), Failed: b.progress.Failed(now),
		})
	}
	for _, f := range slices.Concat(s.systems.All(), s.removed) {
		if f.source == nil {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: kindOf(f.data.FileSystemType), Operation: driver.Restore, Place: f.place, ID: cmp.Or(f.job, f.id), ARN: f.arn, Source: f.source.arn,
			Name: f.tags["Name"], Tags: maps.Clone(f.tags), CreatedAt: f.creating.Start, DeletedAt: f.deleted, Failed: f.creating.Failed(now),
		})
	}
	return all
}
