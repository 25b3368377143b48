package ec2

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

const (
	copiesQuota = "ec2:snapshot-copies"
	// imageCopiesQuota is how many copies of images may be in progress into one region.
	// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html
	imageCopiesQuota = "ec2:image-copies"
	// copyVolumeID is the volume AWS shows for copies, which have none.
	copyVolumeID = "vol-ffffffffffffffff"
)

// copySnapshot is called in the destination region, on a snapshot of the account or one
// that is shared with it. A key that cannot be used is no error of the call: the copy
// fails later.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
func (s *Service) copySnapshot(c *cloud.Call, in *ec2.CopySnapshotInput) (*ec2.CopySnapshotOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	src, err := s.snapshotToCopy(c, aws.ToString(in.SourceRegion), aws.ToString(in.SourceSnapshotId))
	if err != nil {
		return nil, err
	}
	tags, err := tagsFor(in.TagSpecifications, types.ResourceTypeSnapshot)
	if err != nil {
		return nil, err
	}
	limit := c.Quota(copiesQuota)
	if c.InProgress(string(resource.EBS), string(driver.Copy)) >= limit {
		return nil, cloud.Errorf("ResourceLimitExceeded", "The limit of %d snapshot copies in progress in this region is reached.", limit)
	}
	made := src.copied(c, tags, aws.ToBool(in.Encrypted), in.KmsKeyId)
	made.id, made.description = c.NewID("snap-0", 16), aws.ToString(in.Description)
	took := 2 * snapshotTime(c, made)
	made.progress = c.Begin(string(resource.EBS), string(driver.Copy), made.id, took, made.unusable(c, src))
	s.snapshots.Put(c.Place, made.id, made)
	return &ec2.CopySnapshotOutput{SnapshotId: aws.String(made.id), Tags: tagList(tags)}, nil
}

func (s *Service) snapshotToCopy(c *cloud.Call, region, id string) (*snapshot, error) {
	if !c.HasRegion(region) {
		return nil, cloud.Errorf("InvalidParameterValue", "Value (%s) for parameter sourceRegion is invalid.", region)
	}
	src := withID(c, &s.snapshots, region, id, func(s *snapshot) accounts { return s.shared })
	switch {
	case src == nil:
		return nil, noSnapshot(id)
	case !(*src).progress.Succeeded(c.Now):
		return nil, cloud.Errorf("IncorrectState", "The snapshot '%s' is not 'completed'.", id)
	}
	return *src, (*src).frozen(c.Now)
}

// withID returns what the caller's account has in a region under an id, or what is shared
// with it there; nil when there is neither.
func withID[T any](c *cloud.Call, in *cloud.Store[T], region, id string, shared func(T) accounts) *T {
	if own, ok := in.Get(cloud.Place{Account: c.Place.Account, Region: region}, id); ok {
		return &own
	}
	all, _ := c.Accounts()
	for _, owner := range all {
		theirs, ok := in.Get(cloud.Place{Account: owner.ID, Region: region}, id)
		if ok && shared(theirs)[c.Place.Account] {
			return &theirs
		}
	}
	return nil
}

// copied is a copy of s in the place of the call, not begun yet. Who may have the source
// may not have the copy.
func (s *snapshot) copied(c *cloud.Call, tags map[string]string, encrypt bool, key *string) *snapshot {
	made := &snapshot{
		place: c.Place, partition: c.Partition, operation: driver.Copy, kind: s.kind, source: s.arn(), volumeID: copyVolumeID,
		size: s.size, tags: tags, encrypted: s.encrypted || encrypt || key != nil,
	}
	switch {
	case !made.encrypted:
	case key == nil:
		made.key = defaultKey(c)
	default:
		made.key = c.KeyARN(*key)
	}
	return made
}

// unusable returns why the copy s of src must fail, "" when it need not: its own key is
// somewhere else, or the source's never leaves its account.
func (s *snapshot) unusable(c *cloud.Call, src *snapshot) string {
	if s.encrypted && !c.ReachableKey(s.key) || src.place.Account != c.Place.Account && cloud.AWSManaged(src.key) {
		return "Given key ID is not accessible"
	}
	return ""
}

// copyImage is called in the destination region; a key that cannot be used fails the copy
// later, as with snapshots.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html
func (s *Service) copyImage(c *cloud.Call, in *ec2.CopyImageInput) (*ec2.CopyImageOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, cloud.Errorf("InternalError", "encode the parameters: %v", err)
	}
	if used, again, err := s.usedToken(c, in.ClientToken, string(raw)); again || err != nil {
		return &ec2.CopyImageOutput{ImageId: aws.String(used)}, err
	}
	src, err := s.imageToCopy(c, in)
	if err != nil {
		return nil, err
	}
	tags, err := s.imageTags(c, aws.ToString(in.Name), in.TagSpecifications)
	if err != nil {
		return nil, err
	}
	made := &image{
		id: c.NewID("ami-0", 16), place: c.Place, partition: c.Partition, operation: driver.Copy, source: src.arn(),
		name: *in.Name, description: aws.ToString(in.Description), of: src.of, tags: tags[types.ResourceTypeImage],
	}
	took, failure := s.copyParts(c, made, src, in, tags[types.ResourceTypeSnapshot])
	s.begin(c, made, took, failure)
	s.useToken(c, in.ClientToken, string(raw), made.id)
	return &ec2.CopyImageOutput{ImageId: aws.String(made.id)}, nil
}

// copyParts gives made copies of the snapshots of src, and returns how long they take and
// why they must fail, "" when they need not.
func (s *Service) copyParts(c *cloud.Call, made, src *image, in *ec2.CopyImageInput, tags map[string]string) (took time.Duration, failure string) {
	took = time.Minute
	for n, from := range src.snapshots {
		snap := from.copied(c, tags, aws.ToBool(in.Encrypted), in.KmsKeyId)
		snap.description = "Copied for DestinationAmi " + made.id + " from SourceAmi " + src.id + " for SourceSnapshot " + from.id
		if why := snap.unusable(c, from); why != "" {
			failure = why
		}
		m := src.mappings[n]
		took = max(took, 2*s.include(c, made, snap, *m.DeviceName, aws.ToBool(m.Ebs.DeleteOnTermination), m.Ebs.VolumeType))
	}
	return took, failure
}

// imageToCopy returns the image a copy is made from: one of the account, or one that is
// shared with it together with every snapshot it has.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html
func (s *Service) imageToCopy(c *cloud.Call, in *ec2.CopyImageInput) (*image, error) {
	region, id := aws.ToString(in.SourceRegion), aws.ToString(in.SourceImageId)
	if !c.HasRegion(region) {
		return nil, cloud.Errorf("InvalidParameterValue", "Value (%s) for parameter sourceRegion is invalid.", region)
	}
	found := withID(c, &s.images, region, id, func(i *image) accounts { return i.shared })
	if found == nil {
		return nil, noImage(id)
	}
	src, limit := *found, c.Quota(imageCopiesQuota)
	switch {
	case !src.progress.Succeeded(c.Now):
		return nil, cloud.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is not available.", src.id)
	case src.place.Account != c.Place.Account && !src.partsShared(c.Place.Account):
		return nil, cloud.Errorf("InvalidRequest", "You do not have permission to access the storage of this ami")
	case c.InProgress(string(resource.EC2), string(driver.Copy)) >= limit:
		return nil, cloud.Errorf("ResourceLimitExceeded", "The limit of %d image copies in progress in this region is reached.", limit)
	}
	return src, nil
}
