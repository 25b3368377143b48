package storagegateway

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/resource"
	"holdfast/sim/ec2"
	"holdfast/sim/internal/cloud"
)

const (
	maxTags        = 50
	maxDescription = 255
)

// createSnapshot begins a snapshot of an available volume on a gateway that answers.
// Source: https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_CreateSnapshot.html
func (s *Service) createSnapshot(c *cloud.Call, in *storagegateway.CreateSnapshotInput) (*storagegateway.CreateSnapshotOutput, error) {
	v, err := s.available(c, in.VolumeARN)
	if err != nil {
		return nil, err
	}
	if _, err := s.connected(c, v.gateway.arn); err != nil {
		return nil, err
	}
	id, err := s.begin(c, v, in.SnapshotDescription, in.Tags)
	if err != nil {
		return nil, err
	}
	return &storagegateway.CreateSnapshotOutput{SnapshotId: &id, VolumeARN: &v.arn}, nil
}

// createSnapshotFromPoint makes a snapshot of what a cached volume has sent to AWS so far,
// whether its gateway answers or not.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/recover-data-from-gateway.html
func (s *Service) createSnapshotFromPoint(c *cloud.Call, in *storagegateway.CreateSnapshotFromVolumeRecoveryPointInput) (*storagegateway.CreateSnapshotFromVolumeRecoveryPointOutput, error) {
	v, err := s.available(c, in.VolumeARN)
	if err != nil {
		return nil, err
	}
	if v.gateway.of != cached {
		return nil, refused(types.ErrorCodeNotSupported, "Only cached volumes have recovery points.")
	}
	id, err := s.begin(c, v, in.SnapshotDescription, in.Tags)
	if err != nil {
		return nil, err
	}
	return &storagegateway.CreateSnapshotFromVolumeRecoveryPointOutput{
		SnapshotId: &id, VolumeARN: &v.arn, VolumeRecoveryPointTime: aws.String(c.Now.Format(time.RFC3339)),
	}, nil
}

func (s *Service) available(c *cloud.Call, arn *string) (*volume, error) {
	v, ok := s.volumes.Get(c.Place, aws.ToString(arn))
	switch {
	case !ok:
		return nil, refused(types.ErrorCodeVolumeNotFound, "The specified volume was not found.")
	case v.status(c.Now) != available:
		return nil, refused(types.ErrorCodeVolumeNotReady, "The specified volume is "+v.status(c.Now))
	}
	return v, nil
}

func (s *Service) begin(c *cloud.Call, v *volume, description *string, list []types.Tag) (id string, err error) {
	tags, err := tagsOf(list)
	switch {
	case err != nil:
		return "", err
	case aws.ToString(description) == "" || len(*description) > maxDescription:
		return "", refused(types.ErrorCodeInvalidParameters, "SnapshotDescription has 1 to 255 characters.")
	}
	c.Locked("ec2", func() {
		id = s.ec2.SnapshotOf(c, ec2.Outside{
			Kind: resource.StorageGateway, ARN: v.arn, VolumeID: v.id, SizeGiB: int32(v.bytes >> 30), Key: v.key,
			Description: *description, Tags: tags,
		})
	})
	return id, nil
}

// tagsOf checks tags against the service's limits.
// Source: https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_Tag.html
func tagsOf(list []types.Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256 || strings.HasPrefix(key, "aws:") {
			return nil, refused(types.ErrorCodeInvalidParameters, "invalid tag "+key)
		}
		tags[key] = value
	}
	if len(tags) > maxTags {
		return nil, refused(types.ErrorCodeInvalidParameters, "a resource has at most 50 tags")
	}
	return tags, nil
}

func (s *Service) listTags(c *cloud.Call, in *storagegateway.ListTagsForResourceInput) (*storagegateway.ListTagsForResourceOutput, error) {
	v, ok := s.volumes.Get(c.Place, aws.ToString(in.ResourceARN))
	if !ok {
		return nil, refused(types.ErrorCodeVolumeNotFound, "The specified volume was not found.")
	}
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(v.tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(v.tags[key])})
	}
	page, next, err := pageOf(list, func(t types.Tag) string { return *t.Key }, in.Marker, in.Limit)
	return &storagegateway.ListTagsForResourceOutput{ResourceARN: &v.arn, Tags: page, Marker: next}, err
}

func (s *Service) addTags(c *cloud.Call, in *storagegateway.AddTagsToResourceInput) (*storagegateway.AddTagsToResourceOutput, error) {
	v, ok := s.volumes.Get(c.Place, aws.ToString(in.ResourceARN))
	if !ok {
		return nil, refused(types.ErrorCodeVolumeNotFound, "The specified volume was not found.")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	maps.Copy(v.tags, tags)
	return &storagegateway.AddTagsToResourceOutput{ResourceARN: &v.arn}, nil
}
