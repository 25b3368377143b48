package dynamodb

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Artefacts returns every backup, and every table restored from one.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, b := range slices.Concat(s.backups.All(), s.deleted) {
		all = append(all, cloud.Artefact{
			Kind: resource.DynamoDB, Operation: driver.Backup, Place: b.place, ID: b.arn, ARN: b.arn, Source: *b.of.TableArn,
			Name: b.name, CreatedAt: b.progress.Start, DeletedAt: b.deleted, Failed: b.progress.Failed(now),
		})
	}
	for _, t := range slices.Concat(s.tables.All(), s.removed) {
		if t.source == nil {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.DynamoDB, Operation: driver.Restore, Place: t.place, ID: cmp.Or(t.job, t.name), ARN: *t.data.TableArn, Source: t.source.arn,
			Name: t.name, Tags: maps.Clone(t.tags), CreatedAt: t.creating.Start, DeletedAt: t.deleted, Failed: t.creating.Failed(now),
		})
	}
	return all
}
