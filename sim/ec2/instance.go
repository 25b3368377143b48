package ec2

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

const (
	rootDevice = "/dev/xvda"
	dataDevice = "/dev/sdf"
	// rootGiB is the size of the root volume of a generated instance.
	rootGiB = 8
)

type instance struct {
	id       string
	place    cloud.Place
	arn      string
	image    string         // ARN it was launched from; "" for one that was always there
	job      string         // of AWS Backup that restored it, "" for others
	data     types.Instance // without State, Tags and BlockDeviceMappings
	volumes  []*volume
	tags     map[string]string
	progress cloud.Progress
	deleted  time.Time
}

func noInstance(id string) error {
	return cloud.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
}

// newInstance makes an instance of the place of the call, without volumes.
func newInstance(c *cloud.Call) *instance {
	id := c.NewID("i-0", 16)
	zone := c.Place.Region + "a"
	return &instance{id: id, place: c.Place, arn: c.ARN("ec2", "instance/"+id), data: types.Instance{
		InstanceId: &id, InstanceType: types.InstanceTypeM5Large, Placement: &types.Placement{AvailabilityZone: &zone, Tenancy: types.TenancyDefault},
		SubnetId: aws.String("subnet-0" + id[3:]), VpcId: aws.String("vpc-0" + c.Place.Account), EbsOptimized: aws.Bool(true),
		PrivateIpAddress: aws.String("10.0.0.10"), SecurityGroups: groups([]string{"sg-default"}), Architecture: types.ArchitectureValuesX8664,
		RootDeviceName: aws.String(rootDevice), RootDeviceType: types.DeviceTypeEbs, VirtualizationType: types.VirtualizationTypeHvm,
		Monitoring:      &types.Monitoring{State: types.MonitoringStateDisabled},
		MetadataOptions: &types.InstanceMetadataOptionsResponse{HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(2), HttpEndpoint: types.InstanceMetadataEndpointStateEnabled},
	}}
}

func groups(ids []string) []types.GroupIdentifier {
	list := make([]types.GroupIdentifier, 0, len(ids))
	for _, id := range ids {
		list = append(list, types.GroupIdentifier{GroupId: aws.String(id), GroupName: aws.String(id)})
	}
	return list
}

// createInstance puts a running instance with a root and a data volume into the
// organization. An odd one has an instance store for root, which no image can hold.
func (s *Service) createInstance(c *cloud.Call, b cloud.Blueprint) string {
	i := newInstance(c)
	i.tags = map[string]string{}
	maps.Copy(i.tags, b.Tags)
	if b.Name != "" {
		i.tags["Name"] = b.Name
	}
	i.data.LaunchTime = aws.Time(c.Now.AddDate(0, -3, 0))
	i.data.KeyName, i.data.IamInstanceProfile = aws.String("operations"), &types.IamInstanceProfile{Arn: aws.String("arn:" + c.Partition + ":iam::" + c.Place.Account + ":instance-profile/app")}
	if b.Odd {
		i.data.RootDeviceType = types.DeviceTypeInstanceStore
	}
	if !b.Odd {
		s.attach(i, standingVolume(c, cloud.Blueprint{SizeGiB: rootGiB, Encrypted: b.Encrypted, CustomerKey: b.CustomerKey}), rootDevice, true)
	}
	s.attach(i, standingVolume(c, cloud.Blueprint{
		SizeGiB: cmp.Or(b.SizeGiB, rootGiB), Encrypted: b.Encrypted, CustomerKey: b.CustomerKey,
	}), dataDevice, false)
	s.instances.Put(c.Place, i.id, i)
	return i.arn
}

// attach makes v a volume of i. What belongs to an instance is listed in device order.
func (s *Service) attach(i *instance, v *volume, device string, deleteWith bool) {
	v.instance = i.id
	v.data.Attachments = []types.VolumeAttachment{{
		InstanceId: aws.String(i.id), Device: aws.String(device), VolumeId: v.data.VolumeId,
		State: types.VolumeAttachmentStateAttached, DeleteOnTermination: aws.Bool(deleteWith),
	}}
	i.volumes = append(i.volumes, v)
	slices.SortFunc(i.volumes, func(a, b *volume) int { return cmp.Compare(a.device(), b.device()) })
	s.volumes.Put(i.place, *v.data.VolumeId, v)
}

// device is where v is attached, "" when it is not.
func (v *volume) device() string {
	if len(v.data.Attachments) == 0 {
		return ""
	}
	return *v.data.Attachments[0].Device
}

func (i *instance) describe(now time.Time) types.Instance {
	out := i.data
	out.Tags, out.State = tagList(i.tags), &types.InstanceState{Name: i.state(now)}
	if i.progress.Failed(now) {
		out.StateReason = &types.StateReason{Code: aws.String("Server.InternalError"), Message: aws.String(i.progress.Failure)}
	}
	for _, v := range i.volumes {
		out.BlockDeviceMappings = append(out.BlockDeviceMappings, types.InstanceBlockDeviceMapping{
			DeviceName: aws.String(v.device()),
			Ebs:        &types.EbsInstanceBlockDevice{VolumeId: v.data.VolumeId, DeleteOnTermination: v.data.Attachments[0].DeleteOnTermination},
		})
	}
	return out
}

func (i *instance) state(now time.Time) types.InstanceStateName {
	switch {
	case i.progress.Running(now):
		return types.InstanceStateNamePending
	case i.progress.Failed(now):
		return types.InstanceStateNameTerminated
	default:
		return types.InstanceStateNameRunning
	}
}

func (s *Service) describeInstances(c *cloud.Call, in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	limit, err := pageSize(in.MaxResults, len(in.InstanceIds))
	if err != nil {
		return nil, err
	}
	for _, id := range in.InstanceIds {
		if _, ok := s.instances.Get(c.Place, id); !ok {
			return nil, noInstance(id)
		}
	}
	filter, err := newFilter(in.Filters)
	if err != nil {
		return nil, err
	}
	var found []*instance
	for _, i := range s.instances.In(c.Place) {
		named := len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, i.id)
		if named && c.Visible(*i.data.LaunchTime) && filter.matches(i.tags, i.attribute(c.Now)) {
			found = append(found, i)
		}
	}
	page, next, err := cloud.Page(found, func(i *instance) string { return i.id }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeInstancesOutput{NextToken: token(next)}
	for _, i := range page {
		out.Reservations = append(out.Reservations, types.Reservation{OwnerId: aws.String(c.Place.Account), Instances: []types.Instance{i.describe(c.Now)}})
	}
	return out, nil
}

func (i *instance) attribute(now time.Time) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "instance-id":
			return i.id, true
		case "instance-state-name":
			return string(i.state(now)), true
		case "image-id":
			return aws.ToString(i.data.ImageId), i.data.ImageId != nil
		default:
			return "", false
		}
	}
}

// runInstances launches one instance from an image of the same region. EC2 keeps the
// client token as CreateVolume does.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
func (s *Service) runInstances(c *cloud.Call, in *ec2.RunInstancesInput) (*ec2.RunInstancesOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	if aws.ToInt32(in.MinCount) != 1 || aws.ToInt32(in.MaxCount) != 1 {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated RunInstances launches one instance at a time")
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, cloud.Errorf("InternalError", "encode the parameters: %v", err)
	}
	used, again, err := s.usedToken(c, in.ClientToken, string(raw))
	if err != nil {
		return nil, err
	}
	if again {
		i, ok := s.instances.Get(c.Place, used)
		if !ok {
			return nil, noInstance(used)
		}
		return &ec2.RunInstancesOutput{Instances: []types.Instance{i.describe(c.Now)}}, nil
	}
	i, err := s.launch(c, in)
	if err != nil {
		return nil, err
	}
	s.useToken(c, in.ClientToken, string(raw), i.id)
	return &ec2.RunInstancesOutput{OwnerId: aws.String(c.Place.Account), Instances: []types.Instance{i.describe(c.Now)}}, nil
}

func (s *Service) launch(c *cloud.Call, in *ec2.RunInstancesInput) (*instance, error) {
	img, err := s.usableImage(c, aws.ToString(in.ImageId))
	if err != nil {
		return nil, err
	}
	tags, err := tagsByType(in.TagSpecifications, types.ResourceTypeInstance, types.ResourceTypeVolume)
	if err != nil {
		return nil, err
	}
	i := newInstance(c)
	i.image, i.tags = img.arn(), tags[types.ResourceTypeInstance]
	i.apply(c, in)
	i.progress = c.Begin(string(resource.EC2), string(driver.Restore), i.id, c.Between(30*time.Second, 2*time.Minute, "instance", i.id), "")
	for n, mapping := range img.mappings {
		v := launched(c, img.snapshots[n], overriding(mapping, in.BlockDeviceMappings))
		v.tags = maps.Clone(tags[types.ResourceTypeVolume])
		s.attach(i, v, *mapping.DeviceName, aws.ToBool(mapping.Ebs.DeleteOnTermination))
	}
	s.instances.Put(c.Place, i.id, i)
	return i, nil
}

// apply gives i what the caller asked for; what is left out takes EC2's defaults, which
// are not those of the instance the image was made of.
func (i *instance) apply(c *cloud.Call, in *ec2.RunInstancesInput) {
	i.data.ImageId, i.data.LaunchTime = in.ImageId, aws.Time(c.Now)
	i.data.InstanceType = cmp.Or(in.InstanceType, types.InstanceTypeM1Small)
	i.data.KeyName, i.data.EbsOptimized = in.KeyName, aws.Bool(aws.ToBool(in.EbsOptimized))
	if in.SubnetId != nil {
		i.data.SubnetId = in.SubnetId
	}
	if in.PrivateIpAddress != nil {
		i.data.PrivateIpAddress = in.PrivateIpAddress
	}
	if len(in.SecurityGroupIds) > 0 {
		i.data.SecurityGroups = groups(in.SecurityGroupIds)
	}
	if in.IamInstanceProfile != nil {
		i.data.IamInstanceProfile = &types.IamInstanceProfile{Arn: in.IamInstanceProfile.Arn}
	}
	if p := in.Placement; p != nil {
		i.data.Placement = &types.Placement{AvailabilityZone: cmp.Or(p.AvailabilityZone, i.data.Placement.AvailabilityZone), Tenancy: cmp.Or(p.Tenancy, types.TenancyDefault)}
	}
	if m := in.MetadataOptions; m != nil {
		i.data.MetadataOptions = &types.InstanceMetadataOptionsResponse{
			HttpTokens: types.HttpTokensState(m.HttpTokens), HttpPutResponseHopLimit: m.HttpPutResponseHopLimit, HttpEndpoint: types.InstanceMetadataEndpointState(m.HttpEndpoint),
		}
	}
	if in.Monitoring != nil && aws.ToBool(in.Monitoring.Enabled) {
		i.data.Monitoring = &types.Monitoring{State: types.MonitoringStateEnabled}
	}
}

// overriding returns the mapping of the image with what the caller says of its device.
func overriding(mapping types.BlockDeviceMapping, wanted []types.BlockDeviceMapping) types.EbsBlockDevice {
	ebs := *mapping.Ebs
	for _, w := range wanted {
		if aws.ToString(w.DeviceName) == *mapping.DeviceName && w.Ebs != nil {
			ebs.VolumeType = cmp.Or(w.Ebs.VolumeType, ebs.VolumeType)
			ebs.VolumeSize, ebs.Iops = cmp.Or(w.Ebs.VolumeSize, ebs.VolumeSize), w.Ebs.Iops
			ebs.Throughput, ebs.KmsKeyId = w.Ebs.Throughput, w.Ebs.KmsKeyId
		}
	}
	return ebs
}

// launched is the volume of a new instance made from a snapshot of its image.
func launched(c *cloud.Call, snap *snapshot, ebs types.EbsBlockDevice) *volume {
	v := standingVolume(c, cloud.Blueprint{SizeGiB: int(aws.ToInt32(ebs.VolumeSize)), Encrypted: snap.encrypted})
	v.data.CreateTime, v.data.SnapshotId = aws.Time(c.Now), aws.String(snap.id)
	v.data.VolumeType, v.data.Iops, v.data.Throughput = cmp.Or(ebs.VolumeType, types.VolumeTypeGp2), ebs.Iops, ebs.Throughput
	if snap.encrypted {
		v.data.KmsKeyId = cmp.Or(ebs.KmsKeyId, &snap.key)
	}
	return v
}

// dropInstance takes an instance and its volumes away.
func (s *Service) dropInstance(c *cloud.Call, id string) bool {
	i, ok := s.instances.Get(c.Place, id)
	if !ok {
		return false
	}
	c.Cancel(&i.progress)
	i.deleted = c.Now
	for _, v := range i.volumes {
		s.dropVolume(c, *v.data.VolumeId)
	}
	s.instances.Delete(c.Place, id)
	if i.image != "" {
		s.ended = append(s.ended, i)
	}
	return true
}
