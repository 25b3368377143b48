package ec2

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/resource"
)

// Pages of the listings: the most DescribeInstances and DescribeVolumes return at once.
const (
	instancePage = 1000
	volumePage   = 500
)

// Settings is what an instance's Resource.Settings holds.
type Settings struct {
	InstanceType     string   `json:"instance_type"`
	AvailabilityZone string   `json:"availability_zone"`
	SubnetID         string   `json:"subnet_id,omitempty"`
	SecurityGroupIDs []string `json:"security_group_ids,omitempty"`
	PrivateIP        string   `json:"private_ip,omitempty"`
	KeyName          string   `json:"key_name,omitempty"`
	ProfileARN       string   `json:"instance_profile_arn,omitempty"`
	Tenancy          string   `json:"tenancy,omitempty"`
	EBSOptimized     bool     `json:"ebs_optimized,omitempty"`
	Monitoring       bool     `json:"monitoring,omitempty"` // detailed monitoring
	MetadataTokens   string   `json:"metadata_tokens,omitempty"`
	MetadataHops     int32    `json:"metadata_hops,omitempty"`
	MetadataEndpoint string   `json:"metadata_endpoint,omitempty"`
	Volumes          []Volume `json:"volumes,omitempty"` // by device
}

// Volume is one EBS volume of an instance.
type Volume struct {
	Device              string `json:"device"`
	VolumeID            string `json:"volume_id"`
	VolumeType          string `json:"volume_type,omitempty"`
	SizeGiB             int32  `json:"size_gib,omitempty"`
	IOPS                int32  `json:"iops,omitempty"`       // per second
	Throughput          int32  `json:"throughput,omitempty"` // MiB per second
	DeleteOnTermination bool   `json:"delete_on_termination,omitempty"`
}

// Discover lists the instances that are running or stopped, with their volumes.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	living := ec2calls.Filter("instance-state-name", "pending", "running", "stopping", "stopped")
	return eachInstancePage(ctx, client, func(instances []types.Instance) error {
		volumes, err := volumesOf(ctx, client, instances)
		if err != nil {
			return err
		}
		for i := range instances {
			found, err := toResource(scope, &instances[i], volumes)
			if err != nil {
				return err
			}
			if err := yield(found); err != nil {
				return err
			}
		}
		return nil
	}, living)
}

// eachInstancePage calls visit for every page of instances that match filters.
func eachInstancePage(ctx context.Context, client api, visit func([]types.Instance) error, filters ...types.Filter) error {
	pages := ec2.NewDescribeInstancesPaginator(client, &ec2.DescribeInstancesInput{
		Filters: filters, MaxResults: aws.Int32(instancePage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeInstances", err)
		}
		var instances []types.Instance
		for _, reservation := range page.Reservations {
			instances = append(instances, reservation.Instances...)
		}
		if err := visit(instances); err != nil {
			return err
		}
	}
	return nil
}

// volumesOf returns the volumes of instances by id. One that vanished meanwhile is absent.
func volumesOf(ctx context.Context, client api, instances []types.Instance) (map[string]types.Volume, error) {
	var ids []string
	for _, instance := range instances {
		for _, m := range instance.BlockDeviceMappings {
			if m.Ebs != nil {
				ids = append(ids, aws.ToString(m.Ebs.VolumeId))
			}
		}
	}
	volumes := make(map[string]types.Volume, len(ids))
	for chunk := range slices.Chunk(ids, ec2calls.MaxFilterValues) {
		pages := ec2.NewDescribeVolumesPaginator(client, &ec2.DescribeVolumesInput{
			Filters: []types.Filter{ec2calls.Filter("volume-id", chunk...)}, MaxResults: aws.Int32(volumePage),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, wrap("DescribeVolumes", err)
			}
			for _, v := range page.Volumes {
				volumes[aws.ToString(v.VolumeId)] = v
			}
		}
	}
	return volumes, nil
}

func toResource(scope resource.Scope, instance *types.Instance, volumes map[string]types.Volume) (resource.Resource, error) {
	raw, err := json.Marshal(settingsOf(instance, volumes))
	if err != nil {
		return resource.Resource{}, failure.Errorf(failure.Internal, "record settings of an instance: %w", err)
	}
	id := aws.ToString(instance.InstanceId)
	found := resource.Resource{
		ARN:  fmt.Sprintf("arn:%s:ec2:%s:%s:instance/%s", scope.Partition, scope.Region, scope.Account, id),
		Kind: resource.EC2, Account: scope.Account, Region: scope.Region, Name: id,
		Tags: ec2calls.FromTags(instance.Tags), Settings: raw,
	}
	if instance.RootDeviceType == types.DeviceTypeInstanceStore {
		found.Unsupported = "its root device is an instance store, which no image can hold: back up what is on its EBS volumes"
	}
	return found, nil
}

func settingsOf(instance *types.Instance, volumes map[string]types.Volume) Settings {
	s := Settings{
		InstanceType: string(instance.InstanceType), SubnetID: aws.ToString(instance.SubnetId),
		PrivateIP: aws.ToString(instance.PrivateIpAddress), KeyName: aws.ToString(instance.KeyName),
		EBSOptimized: aws.ToBool(instance.EbsOptimized),
	}
	for _, group := range instance.SecurityGroups {
		s.SecurityGroupIDs = append(s.SecurityGroupIDs, aws.ToString(group.GroupId))
	}
	if p := instance.IamInstanceProfile; p != nil {
		s.ProfileARN = aws.ToString(p.Arn)
	}
	if p := instance.Placement; p != nil {
		s.AvailabilityZone, s.Tenancy = aws.ToString(p.AvailabilityZone), string(p.Tenancy)
	}
	if m := instance.Monitoring; m != nil {
		s.Monitoring = m.State == types.MonitoringStateEnabled
	}
	if m := instance.MetadataOptions; m != nil {
		s.MetadataTokens, s.MetadataHops = string(m.HttpTokens), aws.ToInt32(m.HttpPutResponseHopLimit)
		s.MetadataEndpoint = string(m.HttpEndpoint)
	}
	for _, m := range instance.BlockDeviceMappings {
		if m.Ebs != nil {
			s.Volumes = append(s.Volumes, volumeOf(m, volumes[aws.ToString(m.Ebs.VolumeId)]))
		}
	}
	slices.SortFunc(s.Volumes, func(a, b Volume) int { return strings.Compare(a.Device, b.Device) })
	return s
}

func volumeOf(m types.InstanceBlockDeviceMapping, v types.Volume) Volume {
	return Volume{
		Device: aws.ToString(m.DeviceName), VolumeID: aws.ToString(m.Ebs.VolumeId), DeleteOnTermination: aws.ToBool(m.Ebs.DeleteOnTermination),
		VolumeType: string(v.VolumeType), SizeGiB: aws.ToInt32(v.Size), IOPS: aws.ToInt32(v.Iops), Throughput: aws.ToInt32(v.Throughput),
	}
}

// instanceID returns the id AWS's calls take for r.
func instanceID(r resource.Resource) (string, error) {
	if r.Name != "" {
		return r.Name, nil
	}
	if _, id, ok := strings.Cut(r.ARN, ":instance/"); ok && id != "" {
		return id, nil
	}
	return "", failure.Errorf(failure.Invalid, "%q is not the ARN of an instance", r.ARN)
}
