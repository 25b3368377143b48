package ec2

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

var _ cloud.Keeper = (*Service)(nil)

// keptByBackup refuses to delete what AWS Backup made.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-snapshot.html
func keptByBackup(id string) error {
	return cloud.Errorf("InvalidParameterValue", "This resource (%s) is managed by AWS Backup and cannot be deleted by EC2.", id)
}

// Protect returns what AWS Backup sees of a volume or an instance.
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	if v, ok := s.volumes.Get(c.Place, id); ok {
		return v.protected(), true
	}
	if i, ok := s.instances.Get(c.Place, id); ok {
		return i.protected(), true
	}
	return cloud.Protected{}, false
}

// protected has the metadata AWS Backup records of a volume.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ebs.html
func (v *volume) protected() cloud.Protected {
	of := cloud.Protected{
		Kind: resource.EBS, Type: "EBS", ARN: *v.data.VolumeArn, Name: v.tags["Name"], SizeBytes: int64(*v.data.Size) << 30,
		Tags: maps.Clone(v.tags), Encrypted: *v.data.Encrypted, Key: aws.ToString(v.data.KmsKeyId),
		Metadata: map[string]string{
			"volumeId": *v.data.VolumeId, "encrypted": strconv.FormatBool(*v.data.Encrypted), "availabilityZone": *v.data.AvailabilityZone,
			"volumeType": string(v.data.VolumeType), "volumeSize": strconv.Itoa(int(*v.data.Size)),
		},
	}
	return of
}

// protected has the metadata AWS Backup records of an instance.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ec2.html
func (i *instance) protected() cloud.Protected {
	of := cloud.Protected{
		Kind: resource.EC2, Type: "EC2", ARN: i.arn, Name: i.tags["Name"], Tags: maps.Clone(i.tags),
		Metadata: map[string]string{
			"InstanceType": string(i.data.InstanceType), "SubnetId": aws.ToString(i.data.SubnetId), "VpcId": aws.ToString(i.data.VpcId),
			"EbsOptimized": strconv.FormatBool(aws.ToBool(i.data.EbsOptimized)), "NetworkInterfaces": "[]",
		},
	}
	if i.data.RootDeviceType == types.DeviceTypeInstanceStore {
		of.Refusal = "instance store-backed instances are not supported"
	}
	for _, v := range i.volumes {
		of.SizeBytes += int64(*v.data.Size) << 30
		if *v.data.Encrypted {
			of.Encrypted, of.Key = true, aws.ToString(v.data.KmsKeyId)
		}
	}
	return of
}

// Keep makes the snapshot or image that is a recovery point.
func (s *Service) Keep(c *cloud.Call, k cloud.Keep) (string, error) {
	if k.Of.Kind == resource.EC2 {
		return s.keepImage(c, k)
	}
	return s.keepSnapshot(c, k)
}

func (s *Service) keepSnapshot(c *cloud.Call, k cloud.Keep) (string, error) {
	snap := &snapshot{
		id: c.NewID("snap-0", 16), place: c.Place, partition: c.Partition, operation: k.Operation, source: k.Of.ARN,
		volumeID: k.Of.ARN[strings.LastIndexByte(k.Of.ARN, '/')+1:], size: int32(k.Of.SizeBytes >> 30),
		encrypted: k.Key != "", key: k.Key, description: "This snapshot is created by the AWS Backup service.",
		tags: k.Tags, progress: k.Progress, kept: cloud.Kept{Vault: k.Vault},
	}
	if k.Of.Kind != resource.EBS {
		snap.kind = k.Of.Kind
	}
	if k.From != "" {
		snap.source, snap.volumeID = k.From, copyVolumeID
	}
	s.snapshots.Put(c.Place, snap.id, snap)
	return snap.arn(), nil
}

func (s *Service) keepImage(c *cloud.Call, k cloud.Keep) (string, error) {
	made := &image{
		id: c.NewID("ami-0", 16), place: c.Place, partition: c.Partition, operation: k.Operation, source: k.Of.ARN,
		tags: k.Tags, progress: k.Progress, kept: cloud.Kept{Vault: k.Vault}, description: "This image is created by the AWS Backup service.",
	}
	made.name = "AwsBackup_" + made.id
	if k.From != "" {
		return s.keepImageCopy(c, made, k)
	}
	of, ok := s.instances.Get(c.Place, k.Of.ARN[strings.LastIndexByte(k.Of.ARN, '/')+1:])
	if !ok {
		return "", noInstance(k.Of.ARN)
	}
	made.of = of.data
	for _, v := range of.volumes {
		snap := &snapshot{
			operation: k.Operation, source: aws.ToString(v.data.VolumeArn), volumeID: *v.data.VolumeId, size: *v.data.Size,
			encrypted: *v.data.Encrypted, key: aws.ToString(v.data.KmsKeyId), kept: made.kept,
		}
		s.include(c, made, snap, v.device(), aws.ToBool(v.data.Attachments[0].DeleteOnTermination), v.data.VolumeType)
	}
	return s.putKept(c, made), nil
}

func (s *Service) keepImageCopy(c *cloud.Call, made *image, k cloud.Keep) (string, error) {
	src, ok := s.keptImage(k.From)
	if !ok {
		return "", noImage(k.From)
	}
	made.of, made.source = src.of, k.From
	for n, from := range src.snapshots {
		snap := &snapshot{
			operation: k.Operation, source: from.arn(), volumeID: copyVolumeID, size: from.size, encrypted: true, key: k.Key, kept: made.kept,
		}
		m := src.mappings[n]
		s.include(c, made, snap, *m.DeviceName, aws.ToBool(m.Ebs.DeleteOnTermination), m.Ebs.VolumeType)
	}
	return s.putKept(c, made), nil
}

// putKept stores an image and its snapshots, which go along with it.
func (s *Service) putKept(c *cloud.Call, made *image) string {
	for _, snap := range made.snapshots {
		snap.progress = made.progress
		s.snapshots.Put(c.Place, snap.id, snap)
	}
	s.images.Put(c.Place, made.id, made)
	return made.arn()
}

// keptImage and keptSnapshot find an artefact AWS Backup made: its ARN has no account.
func (s *Service) keptImage(arn string) (*image, bool) {
	for _, i := range s.images.All() {
		if i.kept.By() && i.arn() == arn {
			return i, true
		}
	}
	return nil, false
}

func (s *Service) keptSnapshot(c *cloud.Call, arn string) (*snapshot, bool) {
	snap, ok := s.snapshots.Get(c.Place, arn[strings.LastIndexByte(arn, '/')+1:])
	return snap, ok && snap.kept.By()
}

// KeptTags returns the tags of a recovery point.
func (s *Service) KeptTags(c *cloud.Call, arn string) map[string]string {
	if i, ok := s.keptImage(arn); ok {
		return maps.Clone(i.tags)
	}
	if snap, ok := s.keptSnapshot(c, arn); ok {
		return maps.Clone(snap.tags)
	}
	return nil
}

// Discard says when a recovery point ceases to exist, its snapshots with it.
func (s *Service) Discard(c *cloud.Call, arn string, at time.Time) {
	if i, ok := s.keptImage(arn); ok {
		i.kept.Gone = at
		for _, snap := range i.snapshots {
			snap.kept.Gone = at
		}
	}
	if snap, ok := s.keptSnapshot(c, arn); ok {
		snap.kept.Gone = at
	}
}

// Rebuild makes a volume or an instance from a recovery point.
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	if r.Of.Kind == resource.EC2 {
		return s.rebuildInstance(c.Within(r.Progress), r)
	}
	in := &ec2.CreateVolumeInput{SnapshotId: aws.String(r.Point[strings.LastIndexByte(r.Point, '/')+1:])}
	if err := cloud.FillIn(in, renamed(r.Metadata, "volumeSize", "size"), "volumeId"); err != nil {
		return "", err
	}
	v, err := s.newVolume(c.Within(r.Progress), in)
	if err != nil {
		return "", err
	}
	v.job = r.JobID
	s.volumes.Put(c.Place, *v.data.VolumeId, v)
	return *v.data.VolumeArn, nil
}

// renamed returns metadata with one name changed.
func renamed(metadata map[string]string, from, to string) map[string]string {
	out := maps.Clone(metadata)
	if value, ok := out[from]; ok {
		out[to] = value
		delete(out, from)
	}
	return out
}

// rebuildInstance refuses network interfaces beside a subnet or groups, as RunInstances does.
func (s *Service) rebuildInstance(c *cloud.Call, r cloud.Rebuild) (string, error) {
	in := &ec2.RunInstancesInput{ImageId: aws.String(r.Point[strings.LastIndexByte(r.Point, '/')+1:])}
	if interfaces := r.Metadata["NetworkInterfaces"]; interfaces != "" && (r.Metadata["SubnetId"] != "" || r.Metadata["SecurityGroupIds"] != "") {
		return "", cloud.Errorf("InvalidParameterCombination", "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request")
	}
	if err := cloud.FillIn(in, r.Metadata, "VpcId", "IamInstanceProfileName", "RequireIMDSv2"); err != nil {
		return "", err
	}
	if name := r.Metadata["IamInstanceProfileName"]; name != "" {
		in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Arn: aws.String("arn:" + c.Partition + ":iam::" + c.Place.Account + ":instance-profile/" + name)}
	}
	i, err := s.launch(c, in)
	if err != nil {
		return "", err
	}
	i.job = r.JobID
	return i.arn, nil
}
