package storagegateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// inputs has the input of the one call of a restore.
type inputs struct {
	cached *storagegateway.CreateCachediSCSIVolumeInput
	stored *storagegateway.CreateStorediSCSIVolumeInput
	ebs    *ec2.CreateVolumeInput
}

// PlanRestore plans the one call of a restore, and before it the way out of the archive.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	in, values, err := d.inputs(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	operation, input := "storagegateway:CreateCachediSCSIVolume", any(in.cached)
	switch {
	case in.stored != nil:
		operation, input = "storagegateway:CreateStorediSCSIVolume", in.stored
	case in.ebs != nil:
		operation, input = "ec2:CreateVolume", in.ebs
	}
	calls, err := ebssnap.ThawCalls(req, ebssnap.ThawDays(values))
	if err != nil {
		return driver.RestorePlan{}, err
	}
	call, err := parameters.Call(operation, input)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	return values.Plan(append(calls, call)...)
}

// inputs decides the input, or reports everything wrong with it.
func (d *Driver) inputs(req driver.RestoreRequest) (in inputs, values *parameters.Values, err error) {
	values, err = d.resolve(req)
	if err != nil {
		return in, nil, err
	}
	ebssnap.ThawDays(values)
	tags := restoredTags(req)
	snapshot, key := aws.String(string(req.Point.Ref)), values.String("kms_key_id")
	switch size := values.Int32("size_gib", 1); values.Text("restore_as") {
	case asStored:
		in.stored = &storagegateway.CreateStorediSCSIVolumeInput{
			SnapshotId: snapshot, GatewayARN: values.String("gateway_arn"), NetworkInterfaceId: values.String("network_interface"),
			TargetName: values.String("target_name"), DiskId: values.String("disk_id"), KMSKey: key, KMSEncrypted: encrypted(key), Tags: toTags(tags),
		}
	case asEBS:
		in.ebs = &ec2.CreateVolumeInput{
			SnapshotId: snapshot, ClientToken: aws.String(req.Mark.Token()), AvailabilityZone: values.String("availability_zone"),
			VolumeType: ec2types.VolumeType(values.Text("volume_type")), Size: size, KmsKeyId: key, Encrypted: encrypted(key),
			TagSpecifications: []ec2types.TagSpecification{ec2calls.Tagged(ec2types.ResourceTypeVolume, tags)},
		}
	default:
		in.cached = &storagegateway.CreateCachediSCSIVolumeInput{
			SnapshotId: snapshot, ClientToken: aws.String(req.Mark.Token()), GatewayARN: values.String("gateway_arn"),
			NetworkInterfaceId: values.String("network_interface"), TargetName: values.String("target_name"),
			VolumeSizeInBytes: int64(aws.ToInt32(size)) << 30, KMSKey: key, KMSEncrypted: encrypted(key), Tags: toTags(tags),
		}
	}
	return in, values, values.Err()
}

// encrypted follows from the key.
func encrypted(key *string) *bool {
	if key == nil {
		return nil
	}
	return aws.Bool(true)
}

// Restore creates a volume from the snapshot. Where the call takes a token it is the mark's;
// a target's name that the volume of an earlier call has is that volume.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	in, values, err := d.inputs(req)
	if err != nil {
		return "", err
	}
	if err := d.Thaw(ctx, req, ebssnap.ThawDays(values)); err != nil {
		return "", err
	}
	if in.ebs != nil {
		return d.restoreOnEC2(ctx, req.Scope, in.ebs)
	}
	client, err := d.gateways.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	arn, gateway, err := create(ctx, client, in)
	if err == nil {
		return driver.Ref(arn), nil
	}
	if codeOf(err) != string(types.ErrorCodeTargetAlreadyExists) {
		return "", err
	}
	made, lookErr := marked(ctx, client, gateway, req.Mark)
	switch {
	case lookErr != nil:
		return "", lookErr
	case made == "":
		return "", failure.Errorf(failure.Conflict, "choose another target_name: %w", err)
	}
	return driver.Ref(made), nil
}

// create makes the one call to the gateway and returns the volume's ARN.
func create(ctx context.Context, client api, in inputs) (arn, gateway string, err error) {
	if in.stored != nil {
		out, err := client.CreateStorediSCSIVolume(ctx, in.stored, once)
		if err != nil {
			return "", aws.ToString(in.stored.GatewayARN), wrap("CreateStorediSCSIVolume", err)
		}
		return aws.ToString(out.VolumeARN), "", nil
	}
	out, err := client.CreateCachediSCSIVolume(ctx, in.cached)
	if err != nil {
		return "", aws.ToString(in.cached.GatewayARN), wrap("CreateCachediSCSIVolume", err)
	}
	return aws.ToString(out.VolumeARN), "", nil
}

func (d *Driver) restoreOnEC2(ctx context.Context, scope resource.Scope, in *ec2.CreateVolumeInput) (driver.Ref, error) {
	client, err := d.computing.Get(ctx, scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	out, err := client.CreateVolume(ctx, in)
	if err != nil {
		return "", ebssnap.Wrap("CreateVolume", err)
	}
	return driver.Ref(aws.ToString(out.VolumeId)), nil
}

// FinishRestore has nothing to do: the one call sets everything, tags included.
func (*Driver) FinishRestore(context.Context, driver.RestoreRequest, driver.Ref) error { return nil }
