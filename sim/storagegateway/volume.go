package storagegateway

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/sim/internal/cloud"
)

const (
	available     = "AVAILABLE"
	restoring     = "RESTORING"
	irrecoverable = "IRRECOVERABLE"
)

type volume struct {
	id, arn  string
	place    cloud.Place
	gateway  *gateway
	target   string
	bytes    int64
	key      string // ARN, "" for S3's own
	disk     string // of a stored one
	broken   bool
	snapshot string // it was made from
	job      string // of AWS Backup, that made it
	made     time.Time
	creating cloud.Progress
	tags     map[string]string
	deleted  time.Time
}

// Create puts a cached volume into the organization. The odd one is beyond repair.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	v := newVolume(c, s.room(c))
	v.bytes, v.broken, v.made = int64(cmp.Or(b.SizeGiB, 100))<<30, b.Odd, c.Now.AddDate(0, -6, 0)
	v.target = "iscsi-" + v.id[len("vol-"):]
	switch {
	case b.CustomerKey:
		v.key = c.ARN("kms", "key/customer-ebs")
	case b.Encrypted:
		v.key = c.ARN("kms", "key/aws-ebs")
	}
	maps.Copy(v.tags, b.Tags)
	if b.Name != "" {
		v.tags["Name"] = b.Name
	}
	s.volumes.Put(c.Place, v.arn, v)
	return v.arn, nil
}

func newVolume(c *cloud.Call, g *gateway) *volume {
	id := c.NewID("vol-0", 16)
	return &volume{id: id, arn: g.arn + "/volume/" + id, place: c.Place, gateway: g, made: c.Now, tags: map[string]string{}}
}

func (s *Service) drop(c *cloud.Call, v *volume) {
	c.Cancel(&v.creating)
	v.deleted = c.Now
	s.volumes.Delete(v.place, v.arn)
	if v.snapshot != "" {
		s.removed = append(s.removed, v)
	}
}

func (v *volume) status(now time.Time) string {
	switch {
	case v.creating.Running(now):
		return restoring
	case v.broken || v.creating.Failed(now):
		return irrecoverable
	default:
		return available
	}
}

func (s *Service) listVolumes(c *cloud.Call, in *storagegateway.ListVolumesInput) (*storagegateway.ListVolumesOutput, error) {
	g, err := s.gateway(c, aws.ToString(in.GatewayARN))
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(s.of(g), func(v *volume) string { return v.arn }, in.Marker, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &storagegateway.ListVolumesOutput{GatewayARN: &g.arn, Marker: next}
	for _, v := range page {
		out.VolumeInfos = append(out.VolumeInfos, types.VolumeInfo{
			GatewayARN: &g.arn, GatewayId: &g.id, VolumeARN: &v.arn, VolumeId: &v.id, VolumeSizeInBytes: v.bytes,
			VolumeType: aws.String(g.of + " iSCSI"), VolumeAttachmentStatus: aws.String("ATTACHED"),
		})
	}
	return out, nil
}

// described returns the volumes of one connected gateway of a type.
func (s *Service) described(c *cloud.Call, arns []string, of string) ([]*volume, error) {
	if len(arns) == 0 {
		return nil, refused(types.ErrorCodeInvalidParameters, "VolumeARNs is missing")
	}
	var found []*volume
	for _, arn := range slices.Sorted(slices.Values(arns)) {
		v, ok := s.volumes.Get(c.Place, arn)
		switch {
		case !ok:
			return nil, refused(types.ErrorCodeVolumeNotFound, "The specified volume was not found.")
		case v.gateway.of != of:
			return nil, refused(types.ErrorCodeInvalidGateway, "The gateway is of another type.")
		case len(found) > 0 && v.gateway != found[0].gateway:
			return nil, refused(types.ErrorCodeInvalidParameters, "All volumes must be of one gateway.")
		}
		if _, err := s.connected(c, v.gateway.arn); err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, nil
}

func (v *volume) attributes() *types.VolumeiSCSIAttributes {
	return &types.VolumeiSCSIAttributes{
		NetworkInterfaceId: aws.String(address), NetworkInterfacePort: portOpen, LunNumber: aws.Int32(1),
		TargetARN: aws.String(v.gateway.arn + "/target/iqn.1997-05.com.amazon:" + v.target),
	}
}

func (s *Service) describeCached(c *cloud.Call, in *storagegateway.DescribeCachediSCSIVolumesInput) (*storagegateway.DescribeCachediSCSIVolumesOutput, error) {
	found, err := s.described(c, in.VolumeARNs, cached)
	if err != nil {
		return nil, err
	}
	out := &storagegateway.DescribeCachediSCSIVolumesOutput{}
	for _, v := range found {
		out.CachediSCSIVolumes = append(out.CachediSCSIVolumes, types.CachediSCSIVolume{
			VolumeARN: &v.arn, VolumeId: &v.id, VolumeSizeInBytes: v.bytes, VolumeStatus: aws.String(v.status(c.Now)), VolumeType: aws.String("CACHED iSCSI"),
			VolumeiSCSIAttributes: v.attributes(), TargetName: &v.target, KMSKey: optional(v.key), CreatedDate: &v.made,
			SourceSnapshotId: optional(v.snapshot), VolumeProgress: v.percent(c.Now),
		})
	}
	return out, nil
}

func (s *Service) describeStored(c *cloud.Call, in *storagegateway.DescribeStorediSCSIVolumesInput) (*storagegateway.DescribeStorediSCSIVolumesOutput, error) {
	found, err := s.described(c, in.VolumeARNs, stored)
	if err != nil {
		return nil, err
	}
	out := &storagegateway.DescribeStorediSCSIVolumesOutput{}
	for _, v := range found {
		out.StorediSCSIVolumes = append(out.StorediSCSIVolumes, types.StorediSCSIVolume{
			VolumeARN: &v.arn, VolumeId: &v.id, VolumeSizeInBytes: v.bytes, VolumeStatus: aws.String(v.status(c.Now)), VolumeType: aws.String("STORED iSCSI"),
			VolumeiSCSIAttributes: v.attributes(), TargetName: &v.target, KMSKey: optional(v.key), CreatedDate: &v.made,
			SourceSnapshotId: optional(v.snapshot), VolumeProgress: v.percent(c.Now), VolumeDiskId: &v.disk,
		})
	}
	return out, nil
}

// percent is there only while a volume is restoring.
func (v *volume) percent(now time.Time) *float64 {
	if !v.creating.Running(now) {
		return nil
	}
	return aws.Float64(float64(v.creating.Percent(now)))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (s *Service) deleteVolume(c *cloud.Call, in *storagegateway.DeleteVolumeInput) (*storagegateway.DeleteVolumeOutput, error) {
	v, ok := s.volumes.Get(c.Place, aws.ToString(in.VolumeARN))
	if !ok {
		return nil, refused(types.ErrorCodeVolumeNotFound, "The specified volume was not found.")
	}
	s.drop(c, v)
	return &storagegateway.DeleteVolumeOutput{VolumeARN: &v.arn}, nil
}
