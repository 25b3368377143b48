// Package docdb simulates Amazon DocumentDB: a view of the simulated Amazon RDS, whose state and
// endpoints the real one has too, through the types of its own SDK. Its lists show the
// clusters of other engines as well, and no tags.
//
// Source: https://docs.aws.amazon.com/documentdb/latest/developerguide/API_DescribeDBClusterSnapshots.html
package docdb

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/docdb"

	"holdfast/sim/internal/cloud"
	"holdfast/sim/rds"
)

// Service is the simulated Amazon DocumentDB of an organization.
type Service struct{ rds cloud.View }

// New returns a view of an RDS.
func New(of *rds.Service) *Service { return &Service{rds: cloud.ViewOf(of)} }

// Definition returns what the service is and can do here. Its errors have the codes of
// RDS's types, which are those of its own.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: docdb.ServiceID, Name: "rds", ThrottleCode: "Throttling", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{
			cloud.As[docdb.DescribeDBClustersInput, docdb.DescribeDBClustersOutput](s.rds, nil),
			cloud.As[docdb.DescribeDBInstancesInput, docdb.DescribeDBInstancesOutput](s.rds, nil),
			cloud.As[docdb.DescribeDBClusterSnapshotsInput, docdb.DescribeDBClusterSnapshotsOutput](s.rds, noFilters),
			cloud.As[docdb.CreateDBClusterSnapshotInput, docdb.CreateDBClusterSnapshotOutput](s.rds, nil),
			cloud.As[docdb.CopyDBClusterSnapshotInput, docdb.CopyDBClusterSnapshotOutput](s.rds, nil),
			cloud.As[docdb.ModifyDBClusterSnapshotAttributeInput, docdb.ModifyDBClusterSnapshotAttributeOutput](s.rds, nil),
			cloud.As[docdb.DeleteDBClusterSnapshotInput, docdb.DeleteDBClusterSnapshotOutput](s.rds, nil),
			cloud.As[docdb.ListTagsForResourceInput, docdb.ListTagsForResourceOutput](s.rds, nil),
			cloud.As[docdb.AddTagsToResourceInput, docdb.AddTagsToResourceOutput](s.rds, nil),
			cloud.As[docdb.RestoreDBClusterFromSnapshotInput, docdb.RestoreDBClusterFromSnapshotOutput](s.rds, nil),
			cloud.As[docdb.RestoreDBClusterToPointInTimeInput, docdb.RestoreDBClusterToPointInTimeOutput](s.rds, nil),
			cloud.As[docdb.ModifyDBClusterInput, docdb.ModifyDBClusterOutput](s.rds, nil),
			cloud.As[docdb.CreateDBInstanceInput, docdb.CreateDBInstanceOutput](s.rds, nil),
		},
	}
}

// noFilters refuses the filters that the API has and does not support.
func noFilters(in *docdb.DescribeDBClusterSnapshotsInput) error {
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
