package rds_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	holdfast "holdfast/driver/rds"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.RDS, Tagged: true,
		New: func(p awssession.Provider) driver.Driver { return holdfast.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeDBInstances"},
			conformance.Start:    {"CreateDBSnapshot"},
			conformance.Find:     {"DescribeDBSnapshots"},
			conformance.Look:     {"DescribeDBSnapshots"},
			conformance.List:     {"DescribeDBSnapshots"},
			conformance.Delete:   {"DescribeDBSnapshots", "DeleteDBSnapshot"},
			conformance.Copy:     {"CopyDBSnapshot"},
			conformance.Share:    {"ModifyDBSnapshotAttribute"},
			conformance.Restore:  {"RestoreDBInstanceFromDBSnapshot"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDenied", failure.Credentials: "ExpiredToken",
			failure.Busy: "InvalidDBInstanceState", failure.Quota: "SnapshotQuotaExceeded", failure.Invalid: "InvalidParameterValue",
			failure.KMS: "KMSKeyNotAccessibleFault",
		},
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := rds.NewFromConfig(cfg).CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{
				DBInstanceIdentifier: &r.Name, DBSnapshotIdentifier: aws.String("by-hand-" + r.Name),
			})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.DBSnapshot.DBSnapshotIdentifier), nil
		},
	}))
}
