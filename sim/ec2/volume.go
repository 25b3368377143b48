package ec2

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

type volume struct {
	place    cloud.Place
	data     types.Volume // without State, Tags and anything else that changes
	tags     map[string]string
	progress cloud.Progress
	deleted  time.Time
	// lastSnapshot is when the newest snapshot was started; snapshots are those that were
	// in progress when one was last asked for.
	lastSnapshot time.Time
	snapshots    []*snapshot
	instance     string        // id of the one it came with, "" for a volume on its own
	kind         resource.Kind // of what its snapshot was made from; "" is a volume
	job          string        // of AWS Backup that restored it, "" for others
}

func volumeARN(c *cloud.Call, id string) string { return c.ARN("ec2", "volume/"+id) }

// Create puts a volume, or an instance with its volumes, into the organization.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	if b.Kind == resource.EC2 {
		return s.createInstance(c, b), nil
	}
	v := standingVolume(c, b)
	maps.Copy(v.tags, b.Tags)
	if b.Name != "" {
		v.tags["Name"] = b.Name
	}
	s.volumes.Put(c.Place, *v.data.VolumeId, v)
	return *v.data.VolumeArn, nil
}

// standingVolume is a volume without tags that has been there for months.
func standingVolume(c *cloud.Call, b cloud.Blueprint) *volume {
	id := c.NewID("vol-0", 16)
	v := &volume{place: c.Place, tags: map[string]string{}, data: types.Volume{
		VolumeId: &id, AvailabilityZone: aws.String(c.Place.Region + "a"), Size: aws.Int32(int32(cmp.Or(b.SizeGiB, 8))),
		VolumeType: types.VolumeTypeGp3, Iops: aws.Int32(3000), Throughput: aws.Int32(125),
		Encrypted: &b.Encrypted, CreateTime: aws.Time(c.Now.AddDate(0, -3, 0)), MultiAttachEnabled: aws.Bool(false),
		VolumeArn: aws.String(volumeARN(c, id)),
	}}
	switch {
	case b.Encrypted && b.CustomerKey:
		v.data.KmsKeyId = aws.String(c.KeyARN("customer"))
	case b.Encrypted:
		v.data.KmsKeyId = aws.String(defaultKey(c))
	}
	return v
}

func defaultKey(c *cloud.Call) string { return c.KeyARN("alias/aws/ebs") }

func (v *volume) describe(now time.Time) types.Volume {
	out := v.data
	out.Tags, out.State = tagList(v.tags), v.state(now)
	return out
}

func (v *volume) state(now time.Time) types.VolumeState {
	switch {
	case v.progress.Running(now):
		return types.VolumeStateCreating
	case v.progress.Failed(now):
		return types.VolumeStateError
	case len(v.data.Attachments) > 0:
		return types.VolumeStateInUse
	default:
		return types.VolumeStateAvailable
	}
}

func (s *Service) describeVolumes(c *cloud.Call, in *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error) {
	limit, err := pageSize(in.MaxResults, len(in.VolumeIds))
	if err != nil {
		return nil, err
	}
	for _, id := range in.VolumeIds {
		if _, ok := s.volumes.Get(c.Place, id); !ok {
			return nil, noVolume(id)
		}
	}
	filter, err := newFilter(in.Filters)
	if err != nil {
		return nil, err
	}
	var found []*volume
	for _, v := range s.volumes.In(c.Place) {
		named := len(in.VolumeIds) == 0 || slices.Contains(in.VolumeIds, *v.data.VolumeId)
		if named && c.Visible(*v.data.CreateTime) && filter.matches(v.tags, v.attribute(c.Now)) {
			found = append(found, v)
		}
	}
	page, next, err := cloud.Page(found, func(v *volume) string { return *v.data.VolumeId }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVolumesOutput{NextToken: token(next)}
	for _, v := range page {
		out.Volumes = append(out.Volumes, v.describe(c.Now))
	}
	return out, nil
}

func (v *volume) attribute(now time.Time) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "volume-id":
			return *v.data.VolumeId, true
		case "status":
			return string(v.state(now)), true
		case "availability-zone":
			return aws.ToString(v.data.AvailabilityZone), true
		case "snapshot-id":
			return aws.ToString(v.data.SnapshotId), v.data.SnapshotId != nil
		case "volume-type":
			return string(v.data.VolumeType), true
		default:
			return "", false
		}
	}
}

func noVolume(id string) error {
	return cloud.Errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
}

// createVolume answers a repeated client token with the volume of the first call.
func (s *Service) createVolume(c *cloud.Call, in *ec2.CreateVolumeInput) (*ec2.CreateVolumeOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
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
		v, ok := s.volumes.Get(c.Place, used)
		if !ok {
			return nil, noVolume(used)
		}
		return createdVolume(v.describe(c.Now)), nil
	}
	v, err := s.newVolume(c, in)
	if err != nil {
		return nil, err
	}
	s.volumes.Put(c.Place, *v.data.VolumeId, v)
	s.useToken(c, in.ClientToken, string(raw), *v.data.VolumeId)
	return createdVolume(v.describe(c.Now)), nil
}

func (s *Service) newVolume(c *cloud.Call, in *ec2.CreateVolumeInput) (*volume, error) {
	zone := aws.ToString(in.AvailabilityZone)
	if !slices.Contains(zones(c.Place.Region), zone) {
		return nil, cloud.Errorf("InvalidZone.NotFound", "The zone '%s' does not exist.", zone)
	}
	size, key := aws.ToInt32(in.Size), in.KmsKeyId
	encrypted := aws.ToBool(in.Encrypted)
	var of resource.Kind
	if in.SnapshotId != nil {
		snap, ok := s.snapshots.Get(c.Place, *in.SnapshotId)
		if !ok {
			return nil, noSnapshot(*in.SnapshotId)
		}
		if !snap.progress.Succeeded(c.Now) {
			return nil, cloud.Errorf("IncorrectState", "Snapshot '%s' is not 'completed'.", snap.id)
		}
		if err := snap.frozen(c.Now); err != nil {
			return nil, err
		}
		if size == 0 {
			size = snap.size
		}
		if size < snap.size {
			return nil, cloud.Errorf("InvalidParameterValue", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", size, snap.id, snap.size)
		}
		if snap.encrypted {
			encrypted = true
			key = cmp.Or(key, &snap.key)
		}
		of = snap.kind
	}
	if size <= 0 {
		return nil, cloud.Errorf("MissingParameter", "The request must contain the parameter size/snapshot")
	}
	id := c.NewID("vol-0", 16)
	if encrypted {
		key = cmp.Or(key, aws.String(defaultKey(c)))
	}
	tags, err := tagsFor(in.TagSpecifications, types.ResourceTypeVolume)
	if err != nil {
		return nil, err
	}
	v := &volume{place: c.Place, kind: of, tags: tags, data: types.Volume{
		VolumeId: &id, AvailabilityZone: &zone, Size: &size, VolumeType: cmp.Or(in.VolumeType, types.VolumeTypeGp2),
		Iops: in.Iops, Throughput: in.Throughput, Encrypted: &encrypted, KmsKeyId: key, CreateTime: &c.Now,
		MultiAttachEnabled: aws.Bool(aws.ToBool(in.MultiAttachEnabled)), VolumeArn: aws.String(volumeARN(c, id)),
	}}
	took := c.Between(2*time.Second, 10*time.Second, "volume", id)
	if in.SnapshotId != nil {
		v.data.SnapshotId = aws.String(*in.SnapshotId)
		took = c.Between(time.Minute, 5*time.Minute, "volume", id)
		v.progress = c.Begin(string(resource.EBS), string(driver.Restore), id, took, "")
	} else {
		v.progress = cloud.Progress{Start: c.Now, End: c.Now.Add(took)}
	}
	return v, nil
}

func createdVolume(v types.Volume) *ec2.CreateVolumeOutput {
	return &ec2.CreateVolumeOutput{
		VolumeId: v.VolumeId, AvailabilityZone: v.AvailabilityZone, Size: v.Size, VolumeType: v.VolumeType, State: v.State,
		Iops: v.Iops, Throughput: v.Throughput, Encrypted: v.Encrypted, KmsKeyId: v.KmsKeyId, CreateTime: v.CreateTime,
		MultiAttachEnabled: v.MultiAttachEnabled, VolumeArn: v.VolumeArn, SnapshotId: v.SnapshotId, Tags: v.Tags,
	}
}

// attachVolume attaches a volume to an instance in its zone.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
func (s *Service) attachVolume(c *cloud.Call, in *ec2.AttachVolumeInput) (*ec2.AttachVolumeOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	v, there := s.volumes.Get(c.Place, aws.ToString(in.VolumeId))
	i, running := s.instances.Get(c.Place, aws.ToString(in.InstanceId))
	switch {
	case !there:
		return nil, noVolume(aws.ToString(in.VolumeId))
	case !running:
		return nil, noInstance(aws.ToString(in.InstanceId))
	case v.state(c.Now) == types.VolumeStateInUse:
		return nil, cloud.Errorf("VolumeInUse", "%s is already attached to an instance", *v.data.VolumeId)
	case v.state(c.Now) != types.VolumeStateAvailable:
		return nil, cloud.Errorf("IncorrectState", "%s is not 'available'.", *v.data.VolumeId)
	case aws.ToString(v.data.AvailabilityZone) != aws.ToString(i.data.Placement.AvailabilityZone):
		return nil, cloud.Errorf("InvalidVolume.ZoneMismatch", "The volume '%s' is not in the same availability zone as instance '%s'", *v.data.VolumeId, i.id)
	}
	v.data.Attachments = []types.VolumeAttachment{{
		InstanceId: aws.String(i.id), Device: in.Device, VolumeId: v.data.VolumeId, State: types.VolumeAttachmentStateAttached,
		AttachTime: aws.Time(c.Now), DeleteOnTermination: aws.Bool(false),
	}}
	return &ec2.AttachVolumeOutput{InstanceId: aws.String(i.id), VolumeId: v.data.VolumeId, Device: in.Device, State: types.VolumeAttachmentStateAttached}, nil
}

func (s *Service) deleteVolume(c *cloud.Call, in *ec2.DeleteVolumeInput) (*ec2.DeleteVolumeOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	if !s.dropVolume(c, aws.ToString(in.VolumeId)) {
		return nil, noVolume(aws.ToString(in.VolumeId))
	}
	return &ec2.DeleteVolumeOutput{}, nil
}

func (s *Service) dropVolume(c *cloud.Call, id string) bool {
	v, ok := s.volumes.Get(c.Place, id)
	if !ok {
		return false
	}
	c.Cancel(&v.progress)
	v.deleted = c.Now
	s.volumes.Delete(c.Place, id)
	if v.data.SnapshotId != nil {
		s.removed = append(s.removed, v)
	}
	return true
}

// zones are the availability zones of a region.
func zones(region string) []string { return []string{region + "a", region + "b", region + "c"} }

func (s *Service) describeAvailabilityZones(c *cloud.Call, in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	if len(in.Filters)+len(in.ZoneIds) > 0 {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeAvailabilityZones takes zone names only")
	}
	out := &ec2.DescribeAvailabilityZonesOutput{}
	for _, z := range zones(c.Place.Region) {
		if len(in.ZoneNames) > 0 && !slices.Contains(in.ZoneNames, z) {
			continue
		}
		out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
			ZoneName: &z, ZoneId: aws.String(strings.ReplaceAll(z, "-", "") + "-az"), RegionName: aws.String(c.Place.Region),
			State: types.AvailabilityZoneStateAvailable, ZoneType: aws.String("availability-zone"),
		})
	}
	return out, nil
}
