package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// attachment is the call that attaches a restored volume, nil when it stays on its own. An
// instance needs a device and the other way round.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
func attachment(v *parameters.Values) *ec2.AttachVolumeInput {
	instance, device := v.String("attach_instance_id"), v.String("attach_device")
	switch {
	case instance == nil && device == nil:
		return nil
	case instance == nil:
		v.Problem("attach_instance_id is missing: attach_device alone attaches nothing")
	case device == nil:
		v.Problem("attach_device is missing: the instance %s needs it, for example /dev/sdf", *instance)
	}
	return &ec2.AttachVolumeInput{InstanceId: instance, Device: device}
}

// FinishRestore attaches the volume where that was asked for; everything else CreateVolume
// has set, tags included.
func (d *Driver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	_, values, err := d.createVolume(req)
	if err != nil {
		return err
	}
	in := attachment(values)
	if in == nil {
		return nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	attached, err := attachedTo(ctx, client, string(ref), aws.ToString(in.InstanceId))
	if err != nil || attached {
		return err
	}
	in.VolumeId = aws.String(string(ref))
	_, err = client.AttachVolume(ctx, in)
	return ebssnap.Wrap("AttachVolume", err)
}

// attachedTo reports whether a volume is attached to an instance, or being so. One that is
// not visible is class busy.
func attachedTo(ctx context.Context, client api, volume, instance string) (attached bool, err error) {
	there := false
	err = eachVolume(ctx, client, func(v *types.Volume) error {
		there = true
		for _, a := range v.Attachments {
			attached = attached || aws.ToString(a.InstanceId) == instance
		}
		return nil
	}, ec2calls.Filter("volume-id", volume))
	if err == nil && !there {
		err = failure.Errorf(failure.Busy, "volume %s is not visible", volume)
	}
	return attached, err
}
