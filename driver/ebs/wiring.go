package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

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
		Foreign: d.foreign, Make: d.make,
		Emulated: []conformance.Ability{
			conformance.CanDiscover, conformance.CanBackUp, conformance.CanCopyRegion, conformance.CanRestore, conformance.CanExpire,
			conformance.SurvivesCrash, conformance.TellsErrors, conformance.Looks,
		},
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

// make makes a volume of a GiB.
func (d *Driver) make(ctx context.Context, scope resource.Scope) (string, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	out, err := client.CreateVolume(ctx, &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(scope.Region + "a"), Size: aws.Int32(1), VolumeType: types.VolumeTypeGp3,
	})
	if err != nil {
		return "", ebssnap.Wrap("CreateVolume", err)
	}
	return aws.ToString(out.VolumeId), nil
}
