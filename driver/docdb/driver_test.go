package docdb_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/docdb"

	"holdfast/driver"
	"holdfast/driver/conformance"
	holdfast "holdfast/driver/docdb"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.DocDB, Tagged: true,
		New: func(p awssession.Provider) driver.Driver { return holdfast.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeDBClusters"},
			conformance.Start:    {"CreateDBClusterSnapshot"},
			conformance.Find:     {"DescribeDBClusterSnapshots"},
			conformance.Look:     {"DescribeDBClusterSnapshots"},
			conformance.List:     {"DescribeDBClusterSnapshots"},
			conformance.Delete:   {"DescribeDBClusterSnapshots", "DeleteDBClusterSnapshot"},
			conformance.Copy:     {"CopyDBClusterSnapshot"},
			conformance.Share:    {"ModifyDBClusterSnapshotAttribute"},
			conformance.Restore:  {"RestoreDBClusterFromSnapshot"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDenied", failure.Credentials: "ExpiredToken",
			failure.Busy: "InvalidDBClusterStateFault", failure.Quota: "SnapshotQuotaExceeded", failure.Invalid: "InvalidParameterValue",
			failure.KMS: "KMSKeyNotAccessibleFault",
		},
		Exempt: map[string]string{"copy-encrypted": "AWS cannot encrypt the copy of an unencrypted cluster snapshot"},
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := docdb.NewFromConfig(cfg).CreateDBClusterSnapshot(ctx, &docdb.CreateDBClusterSnapshotInput{
				DBClusterIdentifier: &r.Name, DBClusterSnapshotIdentifier: aws.String("by-hand-" + r.Name),
			})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.DBClusterSnapshot.DBClusterSnapshotIdentifier), nil
		},
	}))
}
