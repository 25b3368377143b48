package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/resource"
)

// PlanRestore plans the call that makes the volume and, where it is to be attached, that.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	in, values, err := d.createVolume(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	calls, err := ebssnap.ThawCalls(req, ebssnap.ThawDays(values))
	if err != nil {
		return driver.RestorePlan{}, err
	}
	call, err := parameters.Call("ec2:CreateVolume", in)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	calls = append(calls, call)
	attach := attachment(values)
	if attach == nil {
		return values.Plan(calls...)
	}
	attach.VolumeId = aws.String("the new volume")
	second, err := parameters.Call("ec2:AttachVolume", attach)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	return values.Plan(append(calls, second)...)
}

// Restore creates a volume from the snapshot. CreateVolume takes the mark's token, so a
// repeated call returns the volume of the first.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	in, values, err := d.createVolume(req)
	if err != nil {
		return "", err
	}
	if err := d.Thaw(ctx, req, ebssnap.ThawDays(values)); err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	out, err := client.CreateVolume(ctx, in)
	if err != nil {
		return "", ebssnap.Wrap("CreateVolume", err)
	}
	return driver.Ref(aws.ToString(out.VolumeId)), nil
}

// createVolume decides the input of CreateVolume, or reports everything wrong with it.
func (d *Driver) createVolume(req driver.RestoreRequest) (*ec2.CreateVolumeInput, *parameters.Values, error) {
	values, err := d.resolve(req)
	if err != nil {
		return nil, nil, err
	}
	in := &ec2.CreateVolumeInput{
		SnapshotId: aws.String(string(req.Point.Ref)), ClientToken: aws.String(req.Mark.Token()),
		AvailabilityZone: values.String("availability_zone"),
		VolumeType:       types.VolumeType(values.Text("volume_type")),
		Size:             values.Int32("size_gib", 1),
		Iops:             values.Int32("iops", 1), Throughput: values.Int32("throughput", 1),
		Encrypted: values.Bool("encrypted"), KmsKeyId: values.String("kms_key_id"),
		MultiAttachEnabled: values.Bool("multi_attach"),
		TagSpecifications: []types.TagSpecification{ec2calls.Tagged(types.ResourceTypeVolume,
			marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags)))},
	}
	attachment(values) // a mistake in what comes last is better known first
	ebssnap.ThawDays(values)
	return in, values, values.Err()
}
