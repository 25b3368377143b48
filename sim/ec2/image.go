package ec2

import (
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

type image struct {
	id          string
	place       cloud.Place
	partition   string
	operation   driver.Operation
	source      string // ARN of the instance or image it was made from
	name        string
	description string
	of          types.Instance // whose platform and root device it has
	mappings    []types.BlockDeviceMapping
	snapshots   []*snapshot // of mappings, in the same order
	tags        map[string]string
	progress    cloud.Progress
	deleted     time.Time
	shared      accounts
	kept        cloud.Kept
}

func (i *image) arn() string {
	return "arn:" + i.partition + ":ec2:" + i.place.Region + "::image/" + i.id
}

func noImage(id string) error {
	return cloud.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
}

// createImage snapshots every EBS volume of an instance. Names are unique among the
// images of an account in a region.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
func (s *Service) createImage(c *cloud.Call, in *ec2.CreateImageInput) (*ec2.CreateImageOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	of, ok := s.instances.Get(c.Place, aws.ToString(in.InstanceId))
	if !ok {
		return nil, noInstance(aws.ToString(in.InstanceId))
	}
	if state := of.state(c.Now); state != types.InstanceStateNameRunning {
		return nil, cloud.Errorf("IncorrectInstanceState", "The instance '%s' is not in a valid state for this operation: %s.", of.id, state)
	}
	if of.data.RootDeviceType == types.DeviceTypeInstanceStore {
		return nil, cloud.Errorf("InvalidParameterValue", "Instance does not have a volume attached at root (%s)", rootDevice)
	}
	tags, err := s.imageTags(c, aws.ToString(in.Name), in.TagSpecifications)
	if err != nil {
		return nil, err
	}
	made := &image{
		id: c.NewID("ami-0", 16), place: c.Place, partition: c.Partition, operation: driver.Backup, source: of.arn,
		name: *in.Name, description: aws.ToString(in.Description), of: of.data, tags: tags[types.ResourceTypeImage],
	}
	took := time.Minute
	for _, v := range of.volumes {
		snap := &snapshot{
			operation: driver.Backup, source: aws.ToString(v.data.VolumeArn), volumeID: *v.data.VolumeId, size: *v.data.Size,
			encrypted: *v.data.Encrypted, key: aws.ToString(v.data.KmsKeyId), tags: tags[types.ResourceTypeSnapshot],
			description: "Created by CreateImage(" + of.id + ") for " + made.id,
		}
		took = max(took, s.include(c, made, snap, v.device(), aws.ToBool(v.data.Attachments[0].DeleteOnTermination), v.data.VolumeType))
	}
	s.begin(c, made, took, "")
	return &ec2.CreateImageOutput{ImageId: aws.String(made.id)}, nil
}

// include makes snap one of the snapshots of an image and returns how long it takes.
func (s *Service) include(c *cloud.Call, in *image, snap *snapshot, device string, deleteWith bool, kind types.VolumeType) time.Duration {
	snap.id, snap.place, snap.partition, snap.image = c.NewID("snap-0", 16), c.Place, c.Partition, in.id
	snap.tags = maps.Clone(snap.tags)
	in.snapshots = append(in.snapshots, snap)
	in.mappings = append(in.mappings, types.BlockDeviceMapping{DeviceName: aws.String(device), Ebs: &types.EbsBlockDevice{
		SnapshotId: aws.String(snap.id), VolumeSize: aws.Int32(snap.size), VolumeType: kind, Encrypted: aws.Bool(snap.encrypted),
		DeleteOnTermination: aws.Bool(deleteWith),
	}})
	return snapshotTime(c, snap)
}

// begin starts the making of an image; its snapshots go along with it.
func (s *Service) begin(c *cloud.Call, made *image, took time.Duration, failure string) {
	made.progress = c.Begin(string(resource.EC2), string(made.operation), made.id, took, failure)
	for _, snap := range made.snapshots {
		snap.progress = cloud.Progress{Start: made.progress.Start, End: made.progress.End, Failure: made.progress.Failure}
		s.snapshots.Put(c.Place, snap.id, snap)
	}
	s.images.Put(c.Place, made.id, made)
}

// imageTags checks the name and the tags of an image to be made.
func (s *Service) imageTags(c *cloud.Call, name string, specs []types.TagSpecification) (map[types.ResourceType]map[string]string, error) {
	if len(name) < 3 || len(name) > 128 {
		return nil, cloud.Errorf("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long")
	}
	for _, other := range s.images.In(c.Place) {
		if other.name == name {
			return nil, cloud.Errorf("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, other.id)
		}
	}
	return tagsByType(specs, types.ResourceTypeImage, types.ResourceTypeSnapshot)
}

// usableImage returns an image that instances can be launched from.
func (s *Service) usableImage(c *cloud.Call, id string) (*image, error) {
	img, ok := s.images.Get(c.Place, id)
	switch {
	case !ok:
		return nil, noImage(id)
	case !img.progress.Succeeded(c.Now):
		return nil, cloud.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is in state '%s' and cannot be used.", id, img.state(c.Now))
	}
	return img, nil
}

// deregisterImage takes an image away and, when asked, its snapshots.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html
func (s *Service) deregisterImage(c *cloud.Call, in *ec2.DeregisterImageInput) (*ec2.DeregisterImageOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	id := aws.ToString(in.ImageId)
	img, ok := s.images.Get(c.Place, id)
	if !ok {
		if slices.ContainsFunc(s.deregistered, func(gone *image) bool { return gone.id == id }) {
			return nil, cloud.Errorf("InvalidAMIID.Unavailable", "The image id '[%s]' is no longer available", id)
		}
		return nil, noImage(id)
	}
	if img.kept.By() {
		return nil, keptByBackup(id)
	}
	s.dropImage(c, img)
	out := &ec2.DeregisterImageOutput{Return: aws.Bool(true)}
	if !aws.ToBool(in.DeleteAssociatedSnapshots) {
		return out, nil
	}
	for _, snap := range img.snapshots {
		if _, there := s.snapshots.Get(c.Place, snap.id); there {
			s.dropSnapshot(c, snap)
		}
		out.DeleteSnapshotResults = append(out.DeleteSnapshotResults, types.DeleteSnapshotReturnCode{
			SnapshotId: aws.String(snap.id), ReturnCode: types.SnapshotReturnCodesSuccess,
		})
	}
	return out, nil
}

func (s *Service) dropImage(c *cloud.Call, img *image) {
	c.Cancel(&img.progress)
	img.deleted = c.Now
	s.deregistered = append(s.deregistered, img)
	s.images.Delete(img.place, img.id)
}

func (i *image) state(now time.Time) types.ImageState {
	switch {
	case i.progress.Failed(now):
		return types.ImageStateFailed
	case i.progress.Succeeded(now):
		return types.ImageStateAvailable
	default:
		return types.ImageStatePending
	}
}

// describe shows the snapshots of an image only once it is available: before, EC2 shows
// them as it gets to them.
func (i *image) describe(now time.Time) types.Image {
	out := types.Image{
		ImageId: aws.String(i.id), Name: aws.String(i.name), Description: aws.String(i.description), State: i.state(now),
		OwnerId: aws.String(i.place.Account), CreationDate: aws.String(i.progress.Start.UTC().Format("2006-01-02T15:04:05.000Z")),
		Architecture: i.of.Architecture, RootDeviceName: i.of.RootDeviceName, RootDeviceType: types.DeviceTypeEbs,
		VirtualizationType: i.of.VirtualizationType, Tags: tagList(i.tags),
	}
	switch out.State {
	case types.ImageStateFailed:
		out.StateReason = &types.StateReason{Code: aws.String("Client.InternalError"), Message: aws.String(i.progress.Failure)}
	case types.ImageStateAvailable:
		out.BlockDeviceMappings = slices.Clone(i.mappings)
	}
	return out
}

func (s *Service) describeImages(c *cloud.Call, in *ec2.DescribeImagesInput) (*ec2.DescribeImagesOutput, error) {
	limit, err := pageSize(in.MaxResults, len(in.ImageIds))
	if err != nil {
		return nil, err
	}
	if !slices.Equal(in.Owners, []string{"self"}) {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeImages lists the caller's own images only")
	}
	filter, err := newFilter(in.Filters)
	if err != nil {
		return nil, err
	}
	var found []*image
	for _, i := range s.images.In(c.Place) {
		named := len(in.ImageIds) == 0 || slices.Contains(in.ImageIds, i.id)
		if named && i.kept.Is(c.Now) && c.Visible(i.progress.Start) && filter.matches(i.tags, i.attribute(c.Now)) {
			found = append(found, i)
		}
	}
	page, next, err := cloud.Page(found, func(i *image) string { return i.id }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeImagesOutput{NextToken: token(next)}
	for _, i := range page {
		out.Images = append(out.Images, i.describe(c.Now))
	}
	return out, nil
}

func (i *image) attribute(now time.Time) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "image-id":
			return i.id, true
		case "name":
			return i.name, true
		case "state":
			return string(i.state(now)), true
		case "description":
			return i.description, true
		default:
			return "", false
		}
	}
}

// removeUnplaced removes an image or snapshot: their ARNs carry no account.
func (s *Service) removeUnplaced(c *cloud.Call, id string) bool {
	if strings.HasPrefix(id, "ami-") {
		for _, img := range s.images.All() {
			if img.id == id && !img.kept.By() {
				s.dropImage(c, img)
				return true
			}
		}
		return false
	}
	for _, snap := range s.snapshots.All() {
		if snap.id == id && !snap.kept.By() {
			s.dropSnapshot(c, snap)
			return true
		}
	}
	return false
}
