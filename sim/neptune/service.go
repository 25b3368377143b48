// Package neptune simulates Amazon Neptune: a view of the simulated Amazon RDS, whose state and
// endpoints the real one has too, through the types of its own SDK. Its lists show the
// clusters of other engines as well, and no tags.
//
// Source: https://docs.aws.amazon.com/neptune/latest/apiref/API_DescribeDBClusterSnapshots.html
package neptune

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/neptune"

	"holdfast/sim/internal/cloud"
	"holdfast/sim/rds"
)

// Service is the simulated Amazon Neptune of an organization.
type Service struct{ rds cloud.View }

// New returns a view of an RDS.
func New(of *rds.Service) *Service { return &Service{rds: cloud.ViewOf(of)} }

// Definition returns what the service is and can do here. Its errors have the codes of
// RDS's types, which are those of its own.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: neptune.ServiceID, Name: "rds", ThrottleCode: "Throttling", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{
			cloud.As[neptune.DescribeDBClustersInput, neptune.DescribeDBClustersOutput](s.rds, nil),
			cloud.As[neptune.DescribeDBInstancesInput, neptune.DescribeDBInstancesOutput](s.rds, nil),
			cloud.As[neptune.DescribeDBClusterSnapshotsInput, neptune.DescribeDBClusterSnapshotsOutput](s.rds, noFilters),
			cloud.As[neptune.CreateDBClusterSnapshotInput, neptune.CreateDBClusterSnapshotOutput](s.rds, nil),
			cloud.As[neptune.CopyDBClusterSnapshotInput, neptune.CopyDBClusterSnapshotOutput](s.rds, nil),
			cloud.As[neptune.ModifyDBClusterSnapshotAttributeInput, neptune.ModifyDBClusterSnapshotAttributeOutput](s.rds, nil),
			cloud.As[neptune.DeleteDBClusterSnapshotInput, neptune.DeleteDBClusterSnapshotOutput](s.rds, nil),
			cloud.As[neptune.ListTagsForResourceInput, neptune.ListTagsForResourceOutput](s.rds, nil),
			cloud.As[neptune.AddTagsToResourceInput, neptune.AddTagsToResourceOutput](s.rds, nil),
			cloud.As[neptune.RestoreDBClusterFromSnapshotInput, neptune.RestoreDBClusterFromSnapshotOutput](s.rds, nil),
			cloud.As[neptune.RestoreDBClusterToPointInTimeInput, neptune.RestoreDBClusterToPointInTimeOutput](s.rds, nil),
			cloud.As[neptune.ModifyDBClusterInput, neptune.ModifyDBClusterOutput](s.rds, nil),
			cloud.As[neptune.CreateDBInstanceInput, neptune.CreateDBInstanceOutput](s.rds, nil),
		},
	}
}

// noFilters refuses the filters that the API has and does not support.
func noFilters(in *neptune.DescribeDBClusterSnapshotsInput) error {
	if len(in.Filters) > 0 {
		return cloud.Errorf("InvalidParameterValue", "DescribeDBClusterSnapshots supports no filters")
	}
	return nil
}

// Artefacts returns nothing: what there is, RDS has.
func (*Service) Artefacts(time.Time) []cloud.Artefact { return nil }

// Create makes nothing: RDS makes clusters.
func (*Service) Create(*cloud.Call, cloud.Blueprint) (string, error) {
	return "", cloud.Errorf("UnsupportedOperation", "clusters are made by the simulated RDS")
}

// Remove removes nothing: what there is, RDS has.
func (*Service) Remove(*cloud.Call, string) bool { return false }
