// Package rds simulates the part of Amazon RDS that backups of DB instances use:
// instances (members of clusters among them), manual snapshots, copies and restores.
// Its quotas by name are "rds:manual-snapshots" (100 per region) and "rds:snapshot-copies"
// (20 in progress per destination region).
package rds

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// RDS does not publish its rates. These are rates it is known to bear.
var (
	reading  = cloud.Bucket{Capacity: 20, Refill: 10}
	changing = cloud.Bucket{Capacity: 10, Refill: 5}
)

// Service is the simulated Amazon RDS of an organization.
type Service struct {
	instances cloud.Store[*instance]
	snapshots cloud.Store[*snapshot]
	// deleted and removed keep what is gone, for the judge.
	deleted []*snapshot
	removed []*instance
}

// New returns an RDS without instances.
func New() *Service { return &Service{} }

// Definition returns what RDS is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: rds.ServiceID, Name: "rds", Kinds: []resource.Kind{resource.RDS},
		ThrottleCode: "Throttling", ThrottleStatus: http.StatusBadRequest,
		Quotas: map[string]int{manualQuota: 100, copiesQuota: 20},
		Operations: []cloud.Operation{
			cloud.Op(reading, s.describeInstances),
			cloud.Op(reading, s.describeSnapshots),
			cloud.Op(reading, s.listTags),
			cloud.Op(changing, s.createSnapshot),
			cloud.Op(changing, s.copySnapshot),
			cloud.Op(changing, s.deleteSnapshot),
			cloud.Op(changing, s.restoreInstance),
			cloud.Op(changing, s.modifyInstance),
			cloud.Op(changing, s.deleteInstance),
			cloud.Op(changing, s.addTags),
		},
		Errors: []smithy.APIError{
			&types.DBInstanceNotFoundFault{}, &types.DBInstanceAlreadyExistsFault{}, &types.InvalidDBInstanceStateFault{},
			&types.DBSnapshotNotFoundFault{}, &types.DBSnapshotAlreadyExistsFault{}, &types.InvalidDBSnapshotStateFault{},
			&types.SnapshotQuotaExceededFault{}, &types.KMSKeyNotAccessibleFault{},
		},
	}
}

// Remove makes an instance or snapshot vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	kind, id := splitARN(arn)
	if kind == "snapshot" {
		snap, ok := s.snapshots.Get(c.Place, id)
		if ok {
			s.dropSnapshot(c, snap)
		}
		return ok
	}
	i, ok := s.instances.Get(c.Place, id)
	if ok {
		s.dropInstance(c, i)
	}
	return ok
}
