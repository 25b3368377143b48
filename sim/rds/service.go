// Package rds simulates the part of Amazon RDS that backups use: DB instances, DB
// clusters of every engine with their instances, manual snapshots of both, sharing,
// copies and restores. Neptune and DocumentDB are views of the same state.
//
// Its quotas by name, per region: "rds:manual-snapshots" and
// "rds:manual-cluster-snapshots" (100 each), "rds:snapshot-copies" (20 in progress per
// destination region), "rds:cluster-snapshot-copies" (5), and "rds:snapshot-shares" (20
// accounts per snapshot).
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

	clusters                cloud.Store[*cluster]
	clusterSnapshots        cloud.Store[*clusterSnapshot]
	deletedClusterSnapshots []*clusterSnapshot
	removedClusters         []*cluster
}

// New returns an RDS without instances.
func New() *Service { return &Service{} }

// Definition returns what RDS is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: rds.ServiceID, Name: "rds", Kinds: []resource.Kind{resource.RDS, resource.Aurora, resource.Neptune, resource.DocDB},
		ThrottleCode: "Throttling", ThrottleStatus: http.StatusBadRequest,
		Quotas: map[string]int{manualQuota: 100, copiesQuota: 20, manualClusterQuota: 100, clusterCopiesQuota: 5, sharesQuota: 20},
		Operations: []cloud.Operation{
			cloud.Op(reading, s.describeInstances),
			cloud.Op(reading, s.describeSnapshots),
			cloud.Op(reading, s.listTags),
			cloud.Op(changing, s.createSnapshot),
			cloud.Op(changing, s.copySnapshot),
			cloud.Op(changing, s.deleteSnapshot),
			cloud.Op(changing, s.restoreInstance),
			cloud.Op(changing, s.restoreInstanceMoment),
			cloud.Op(changing, s.modifyInstance),
			cloud.Op(changing, s.deleteInstance),
			cloud.Op(changing, s.addTags),
			cloud.Op(changing, s.shareSnapshot),
			cloud.Op(reading, s.describeClusters),
			cloud.Op(reading, s.describeClusterSnapshots),
			cloud.Op(changing, s.createClusterSnapshot),
			cloud.Op(changing, s.copyClusterSnapshot),
			cloud.Op(changing, s.shareClusterSnapshot),
			cloud.Op(changing, s.deleteClusterSnapshot),
			cloud.Op(changing, s.restoreCluster),
			cloud.Op(changing, s.restoreClusterMoment),
			cloud.Op(changing, s.modifyCluster),
			cloud.Op(changing, s.createInstance),
		},
		Errors: []smithy.APIError{
			&types.DBInstanceNotFoundFault{}, &types.DBInstanceAlreadyExistsFault{}, &types.InvalidDBInstanceStateFault{},
			&types.DBSnapshotNotFoundFault{}, &types.DBSnapshotAlreadyExistsFault{}, &types.InvalidDBSnapshotStateFault{},
			&types.DBClusterNotFoundFault{}, &types.DBClusterAlreadyExistsFault{}, &types.InvalidDBClusterStateFault{},
			&types.DBClusterSnapshotNotFoundFault{}, &types.DBClusterSnapshotAlreadyExistsFault{}, &types.InvalidDBClusterSnapshotStateFault{},
			&types.SnapshotQuotaExceededFault{}, &types.SharedSnapshotQuotaExceededFault{}, &types.KMSKeyNotAccessibleFault{},
			&types.PointInTimeRestoreNotEnabledFault{},
		},
	}
}

// Remove makes an instance, cluster or snapshot vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	kind, id := splitARN(arn)
	switch kind {
	case "snapshot":
		return remove(c, &s.snapshots, id, s.dropSnapshot)
	case "cluster-snapshot":
		return remove(c, &s.clusterSnapshots, id, s.dropClusterSnapshot)
	case "cluster":
		return remove(c, &s.clusters, id, s.dropCluster)
	default:
		return remove(c, &s.instances, id, s.dropInstance)
	}
}

func remove[T any](c *cloud.Call, from *cloud.Store[T], id string, drop func(*cloud.Call, T)) bool {
	thing, ok := from.Get(c.Place, id)
	if kept, is := any(thing).(anySnapshot); ok && is && kept.base().kept.By() {
		return false // AWS Backup's to remove
	}
	if ok {
		drop(c, thing)
	}
	return ok
}
