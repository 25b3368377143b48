package storagegateway

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// tokenUse is what a client token was used for.
type tokenUse struct {
	parameters string
	made       string // ARN
}

// createCached makes a cached volume, from a snapshot or empty.
// Source: https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_CreateCachediSCSIVolume.html
func (s *Service) createCached(c *cloud.Call, in *storagegateway.CreateCachediSCSIVolumeInput) (*storagegateway.CreateCachediSCSIVolumeOutput, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, refused(types.ErrorCodeInvalidParameters, err.Error())
	}
	token := aws.ToString(in.ClientToken)
	use, again := s.tokens.Get(c.Place, token)
	if made, ok := s.volumes.Get(c.Place, use.made); again && ok && use.parameters == string(raw) {
		return &storagegateway.CreateCachediSCSIVolumeOutput{VolumeARN: &made.arn, TargetARN: made.attributes().TargetARN}, nil
	}
	if again {
		return nil, refused(types.ErrorCodeInvalidParameters, "The client token was used with other parameters.")
	}
	v, err := s.wanted(c, want{cached, in.GatewayARN, in.NetworkInterfaceId, in.TargetName, in.SnapshotId, in.KMSKey, in.Tags})
	if err != nil {
		return nil, err
	}
	v.bytes = in.VolumeSizeInBytes
	if err := s.start(c, v); err != nil {
		return nil, err
	}
	s.tokens.Put(c.Place, token, tokenUse{string(raw), v.arn})
	return &storagegateway.CreateCachediSCSIVolumeOutput{VolumeARN: &v.arn, TargetARN: v.attributes().TargetARN}, nil
}

// createStored makes a stored volume on a free local disk, whose size it has.
// Source: https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_CreateStorediSCSIVolume.html
func (s *Service) createStored(c *cloud.Call, in *storagegateway.CreateStorediSCSIVolumeInput) (*storagegateway.CreateStorediSCSIVolumeOutput, error) {
	v, err := s.wanted(c, want{stored, in.GatewayARN, in.NetworkInterfaceId, in.TargetName, in.SnapshotId, in.KMSKey, in.Tags})
	if err != nil {
		return nil, err
	}
	v.bytes, v.disk = diskGiB<<30, aws.ToString(in.DiskId)
	switch {
	case v.disk < diskID(0) || v.disk > diskID(disks-1):
		return nil, refused(types.ErrorCodeDiskDoesNotExist, "The specified disk does not exist.")
	case s.uses(v.gateway, v.disk):
		return nil, refused(types.ErrorCodeDiskAlreadyAllocated, "The specified disk is already allocated.")
	case in.PreserveExistingData && v.snapshot != "":
		return nil, refused(types.ErrorCodeInvalidParameters, "A volume from a snapshot preserves no data.")
	}
	if err := s.start(c, v); err != nil {
		return nil, err
	}
	return &storagegateway.CreateStorediSCSIVolumeOutput{VolumeARN: &v.arn, TargetARN: v.attributes().TargetARN, VolumeSizeInBytes: v.bytes}, nil
}

// want is what both kinds of volumes are asked for with.
type want struct {
	of                                         string
	gateway, network, target, snapshot, kmsKey *string
	tags                                       []types.Tag
}

func (s *Service) wanted(c *cloud.Call, w want) (*volume, error) {
	g, err := s.connected(c, aws.ToString(w.gateway))
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(w.tags)
	if err != nil {
		return nil, err
	}
	taken := func(v *volume) bool { return v.target == aws.ToString(w.target) }
	switch {
	case g.of != w.of:
		return nil, refused(types.ErrorCodeInvalidGateway, "The gateway is of another type.")
	case aws.ToString(w.network) != address:
		return nil, refused(types.ErrorCodeInvalidParameters, "The gateway has no such network interface.")
	case aws.ToString(w.target) == "":
		return nil, refused(types.ErrorCodeTargetInvalid, "The specified target is invalid.")
	case slices.ContainsFunc(s.of(g), taken):
		return nil, refused(types.ErrorCodeTargetAlreadyExists, "The specified target already exists.")
	case len(s.of(g)) >= c.Quota(volumesQuota):
		return nil, refused(types.ErrorCodeMaximumVolumeCountExceeded, "The maximum volume count has been exceeded.")
	}
	v := newVolume(c, g)
	v.target, v.snapshot, v.key, v.tags = *w.target, aws.ToString(w.snapshot), aws.ToString(w.kmsKey), tags
	return v, nil
}

// start begins to fill the volume from its snapshot, which must fit into it.
func (s *Service) start(c *cloud.Call, v *volume) error {
	if v.snapshot != "" {
		var size int32
		var ok bool
		c.Locked("ec2", func() { size, ok = s.ec2.Completed(c, v.snapshot) })
		switch {
		case !ok:
			return refused(types.ErrorCodeSnapshotIdInvalid, "The specified snapshot is invalid.")
		case v.bytes < int64(size)<<30 && v.disk != "":
			return refused(types.ErrorCodeDiskSizeLessThanVolumeSize, "The specified disk is smaller than the snapshot's volume.")
		case v.bytes < int64(size)<<30:
			return refused(types.ErrorCodeInvalidParameters, "VolumeSizeInBytes is less than the snapshot's.")
		}
		took := c.Between(2*time.Minute, 20*time.Minute, "gateway-volume", v.id)
		v.creating = c.Begin(string(resource.StorageGateway), string(driver.Restore), v.id, took, "")
	}
	s.volumes.Put(c.Place, v.arn, v)
	return nil
}

// Artefacts returns the volumes made from snapshots; the snapshots are EC2's.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, v := range slices.Concat(s.volumes.All(), s.removed) {
		if v.snapshot == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.StorageGateway, Operation: driver.Restore, Place: v.place, ID: cmp.Or(v.job, v.arn), ARN: v.arn, Source: v.snapshot,
			Name: v.tags["Name"], Tags: maps.Clone(v.tags), CreatedAt: v.made, DeletedAt: v.deleted, Failed: v.creating.Failed(now),
		})
	}
	return all
}
