package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

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
		// moto refuses tags for the snapshots of an image: its test looks away.
		Emulated: []conformance.Ability{conformance.CanDiscover, conformance.CanBackUp, conformance.CanRestore, conformance.CanExpire},
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
		Unsupported: map[conformance.Ability]string{
			conformance.CanCancel: "AWS cannot stop the making of an image",
			conformance.CanChill:  "snapshots of an image can be archived only while it is disabled",
		},
	}
}

// foreign makes an image as the console does.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateImage(ctx, &ec2.CreateImageInput{InstanceId: &r.Name, Name: aws.String("theirs-" + r.Name)})
	if err != nil {
		return "", wrap("CreateImage", err)
	}
	return driver.Ref(aws.ToString(out.ImageId)), nil
}
