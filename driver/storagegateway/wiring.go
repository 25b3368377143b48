package storagegateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

var _ conformance.Tried = (*Driver)(nil)

// Wiring tells how to try the driver. It leaves out the codes of busy and quota: the calls of
// a backup and of a copy are of two services, which spell them differently.
func (d *Driver) Wiring() conformance.Wiring {
	return conformance.Wiring{
		Tagged:  true,
		Foreign: d.foreign,
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
		Unsupported: map[conformance.Ability]string{conformance.CanCancel: "AWS cannot stop a snapshot"},
	}
}

// foreign makes a snapshot as the console does.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.gateways.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateSnapshot(ctx, &storagegateway.CreateSnapshotInput{VolumeARN: &r.ARN, SnapshotDescription: aws.String("by hand")})
	if err != nil {
		return "", wrap("CreateSnapshot", err)
	}
	return driver.Ref(aws.ToString(out.SnapshotId)), nil
}
