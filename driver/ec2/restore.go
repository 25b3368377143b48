package ec2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// inputs has the input of the one call of a restore that changes something.
type inputs struct {
	instance *ec2.RunInstancesInput
	root     *ec2.CreateReplaceRootVolumeTaskInput
	volume   *ec2.CreateVolumeInput
}

// inputs decides the input, or reports everything wrong with it.
func (d *Driver) inputs(req driver.RestoreRequest) (in inputs, values *parameters.Values, err error) {
	settings, values, err := d.resolve(req)
	if err != nil {
		return in, nil, err
	}
	switch values.Text("restore_as") {
	case asRoot:
		in.root = replaceRoot(req, values)
	case asVolume:
		in.volume = createVolume(req, settings.Volumes, values)
	default:
		in.instance = runInstances(req, settings, values)
	}
	return in, values, values.Err()
}

// PlanRestore plans the one call of a restore.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	in, values, err := d.inputs(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	operation, input := "ec2:RunInstances", any(in.instance)
	switch {
	case in.root != nil:
		operation, input = "ec2:CreateReplaceRootVolumeTask", in.root
	case in.volume != nil:
		operation, input = "ec2:CreateVolume", in.volume
	}
	call, err := parameters.Call(operation, input)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	return values.Plan(call)
}

// Restore launches an instance from the image, replaces the root volume of one, or makes one
// volume. Each call takes the mark's token, so a repeated one returns what the first made.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	in, values, err := d.inputs(req)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	image, err := imageByID(ctx, client, string(req.Point.Ref))
	switch {
	case err != nil:
		return "", err
	case image == nil:
		return "", failure.Errorf(failure.NotFound, "image %s is not there", req.Point.Ref)
	case in.root != nil:
		return restoreRoot(ctx, client, in.root)
	case in.volume != nil:
		return restoreVolume(ctx, client, in.volume, image, values.Text("device"))
	}
	keepDevices(in.instance, image)
	out, err := client.RunInstances(ctx, in.instance)
	if err != nil {
		return "", wrap("RunInstances", err)
	}
	if len(out.Instances) == 0 {
		return "", failure.Errorf(failure.Internal, "ec2:RunInstances answered without an instance")
	}
	return driver.Ref(aws.ToString(out.Instances[0].InstanceId)), nil
}

// FinishRestore has nothing to do: the one call sets everything, tags included.
func (*Driver) FinishRestore(context.Context, driver.RestoreRequest, driver.Ref) error { return nil }

// keepDevices drops the recorded devices the image does not have.
func keepDevices(in *ec2.RunInstancesInput, image *types.Image) {
	in.BlockDeviceMappings = slices.DeleteFunc(in.BlockDeviceMappings, func(wanted types.BlockDeviceMapping) bool {
		return !slices.ContainsFunc(image.BlockDeviceMappings, func(there types.BlockDeviceMapping) bool {
			return aws.ToString(there.DeviceName) == aws.ToString(wanted.DeviceName) && there.Ebs != nil
		})
	})
}

// runInstances is the call that launches an instance like the old one.
func runInstances(req driver.RestoreRequest, settings Settings, values *parameters.Values) *ec2.RunInstancesInput {
	inherited := marktags.Inherited(req.Resource.Tags)
	in := &ec2.RunInstancesInput{
		ImageId: aws.String(string(req.Point.Ref)), ClientToken: aws.String(req.Mark.Token()),
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		InstanceType: types.InstanceType(values.Text("instance_type")),
		SubnetId:     values.String("subnet_id"), SecurityGroupIds: values.List("security_group_ids"),
		PrivateIpAddress: values.String("private_ip_address"), KeyName: values.String("key_name"),
		EbsOptimized: values.Bool("ebs_optimized"), MetadataOptions: metadataOptions(values),
		BlockDeviceMappings: mappings(settings.Volumes, values.String("kms_key_id")),
		TagSpecifications: []types.TagSpecification{
			ec2calls.Tagged(types.ResourceTypeInstance, marktags.For(req.Mark, inherited)),
			ec2calls.Tagged(types.ResourceTypeVolume, partOf(req.Mark, inherited)),
		},
	}
	if profile := values.String("instance_profile_arn"); profile != nil {
		in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Arn: profile}
	}
	if tenancy := values.Text("tenancy"); tenancy != "" {
		in.Placement = &types.Placement{Tenancy: types.Tenancy(tenancy)}
	}
	if monitoring := values.Bool("monitoring"); monitoring != nil {
		in.Monitoring = &types.RunInstancesMonitoringEnabled{Enabled: monitoring}
	}
	return in
}

func metadataOptions(values *parameters.Values) *types.InstanceMetadataOptionsRequest {
	options := types.InstanceMetadataOptionsRequest{
		HttpTokens: types.HttpTokensState(values.Text("metadata_tokens")), HttpPutResponseHopLimit: values.Int32("metadata_hops", 1),
		HttpEndpoint: types.InstanceMetadataEndpointState(values.Text("metadata_endpoint")),
	}
	if options.HttpTokens == "" && options.HttpPutResponseHopLimit == nil && options.HttpEndpoint == "" {
		return nil
	}
	return &options
}

// mappings gives each volume the type and speed it had, which an image does not keep.
// IOPS and throughput go with the types that can be told.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
func mappings(volumes []Volume, key *string) []types.BlockDeviceMapping {
	var out []types.BlockDeviceMapping
	for _, v := range volumes {
		ebs := &types.EbsBlockDevice{
			VolumeType: types.VolumeType(v.VolumeType), DeleteOnTermination: aws.Bool(v.DeleteOnTermination),
		}
		switch ebs.VolumeType {
		case types.VolumeTypeGp3:
			ebs.Iops, ebs.Throughput = set(v.IOPS), set(v.Throughput)
		case types.VolumeTypeIo1, types.VolumeTypeIo2:
			ebs.Iops = set(v.IOPS)
		}
		if key != nil {
			ebs.KmsKeyId, ebs.Encrypted = key, aws.Bool(true)
		}
		out = append(out, types.BlockDeviceMapping{DeviceName: aws.String(v.Device), Ebs: ebs})
	}
	return out
}

// set returns nil for zero, which is no value.
func set(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}
