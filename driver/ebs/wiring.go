package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver/internal/ebssnap"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

var _ conformance.Tried = (*Driver)(nil)

// Wiring tells how to try the driver.
func (d *Driver) Wiring() conformance.Wiring {
	return conformance.Wiring{
		Tagged:  true,
		Foreign: d.foreign,
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
		Unsupported: map[conformance.Ability]string{
			conformance.CanCancel: "AWS cannot stop a snapshot",
		},
	}
}

// foreign makes a snapshot as the console does.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &r.Name})
	if err != nil {
		return "", ebssnap.Wrap("CreateSnapshot", err)
	}
	return driver.Ref(aws.ToString(out.SnapshotId)), nil
}
