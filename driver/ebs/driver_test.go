package ebs_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/ebs"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.EBS, Tagged: true,
		New: func(p awssession.Provider) driver.Driver { return ebs.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeVolumes"},
			conformance.Start:    {"CreateSnapshot"},
			conformance.Find:     {"DescribeSnapshots"},
			conformance.Look:     {"DescribeSnapshots"},
			conformance.List:     {"DescribeSnapshots"},
			conformance.Delete:   {"DescribeSnapshots", "DeleteSnapshot"},
			conformance.Copy:     {"CopySnapshot"},
			conformance.Share:    {"ModifySnapshotAttribute"},
			conformance.Restore:  {"CreateVolume"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "RequestLimitExceeded", failure.Denied: "UnauthorizedOperation", failure.Credentials: "RequestExpired",
			failure.Busy: "IncorrectState", failure.Quota: "SnapshotLimitExceeded", failure.Invalid: "InvalidParameterValue",
		},
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := ec2.NewFromConfig(cfg).CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &r.Name})
			if err != nil {
				return "", err
			}
			return *out.SnapshotId, nil
		},
	}))
}
