package storagegateway_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	holdfast "holdfast/driver/storagegateway"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// TestConformance leaves out the codes of busy and quota: the calls of a backup and of a
// copy are of two services, which spell them differently; errors_test.go has each.
func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.StorageGateway, Tagged: true,
		New: func(p awssession.Provider) driver.Driver { return holdfast.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"ListGateways", "ListVolumes", "DescribeCachediSCSIVolumes", "ListTagsForResource"},
			conformance.Start:    {"CreateSnapshot", "CreateSnapshotFromVolumeRecoveryPoint"},
			conformance.Find:     {"DescribeSnapshots", "DescribeVolumes", "ListGateways"},
			conformance.Look:     {"DescribeSnapshots", "ListVolumes", "DescribeCachediSCSIVolumes"},
			conformance.List:     {"DescribeSnapshots"},
			conformance.Delete:   {"DescribeSnapshots", "DeleteSnapshot"},
			conformance.Copy:     {"CopySnapshot"},
			conformance.Share:    {"ModifySnapshotAttribute"},
			conformance.Restore:  {"CreateCachediSCSIVolume"},
		},
		Codes: map[failure.Class]string{
			failure.Denied: "UnauthorizedOperation", failure.Credentials: "RequestExpired", failure.Invalid: "InvalidParameterValue",
		},
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := storagegateway.NewFromConfig(cfg).CreateSnapshot(ctx, &storagegateway.CreateSnapshotInput{
				VolumeARN: &r.ARN, SnapshotDescription: aws.String("by hand"),
			})
			if err != nil {
				return "", err
			}
			return *out.SnapshotId, nil
		},
	}))
}
