package ec2_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/ec2"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.EC2, Tagged: true,
		New: func(p awssession.Provider) driver.Driver { return ec2.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeInstances", "DescribeVolumes"},
			conformance.Start:    {"CreateImage"},
			conformance.Find:     {"DescribeImages", "DescribeInstances"},
			conformance.Look:     {"DescribeImages", "DescribeInstances"},
			conformance.List:     {"DescribeImages"},
			conformance.Delete:   {"DescribeImages", "DeregisterImage"},
			conformance.Copy:     {"CopyImage"},
			conformance.Share:    {"ModifySnapshotAttribute", "ModifyImageAttribute"},
			conformance.Restore:  {"RunInstances"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "RequestLimitExceeded", failure.Denied: "UnauthorizedOperation", failure.Credentials: "RequestExpired",
			failure.Busy: "IncorrectInstanceState", failure.Quota: "SnapshotLimitExceeded", failure.Invalid: "InvalidParameterValue",
		},
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := sdk.NewFromConfig(cfg).CreateImage(ctx, &sdk.CreateImageInput{InstanceId: &r.Name, Name: aws.String("theirs-" + r.Name)})
			if err != nil {
				return "", err
			}
			return *out.ImageId, nil
		},
	}))
}
