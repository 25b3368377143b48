package storagegateway

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

var _ cloud.Keeper = (*Service)(nil)

// Protect returns what AWS Backup sees of a volume. A stored volume of a gateway that is not
// connected is not backed up; a cached one is, as far as its data is in AWS.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/backing-up-volumes.html
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	v, ok := s.volumes.Get(c.Place, arn)
	if !ok {
		return cloud.Protected{}, false
	}
	of := cloud.Protected{
		Kind: resource.StorageGateway, Type: "Storage Gateway", ARN: v.arn, Name: v.tags["Name"], Tags: maps.Clone(v.tags),
		SizeBytes: v.bytes, Encrypted: v.key != "", Key: v.key, Metadata: v.metadata(),
	}
	switch {
	case v.gateway.offline && v.gateway.of == stored:
		of.Refusal = string(types.ErrorCodeGatewayNotConnected) + ": The specified gateway is not connected."
	case v.status(c.Now) == irrecoverable:
		of.Refusal = "The specified volume is " + irrecoverable
	}
	return of, true
}

// metadata are what AWS Backup records of a volume.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-storage-gateway.html
func (v *volume) metadata() map[string]string {
	return map[string]string{
		"gatewayArn": v.gateway.arn, "gatewayType": v.gateway.of, "targetName": v.target,
		"volumeSize": strconv.FormatInt(v.bytes>>30, 10), "volumeSizeInBytes": strconv.FormatInt(v.bytes, 10),
	}
}

// Keep makes the snapshot that is a recovery point; it is EC2's.
func (s *Service) Keep(c *cloud.Call, k cloud.Keep) (arn string, err error) {
	c.Locked("ec2", func() { arn, err = s.ec2.Keep(c, k) })
	return arn, err
}

// KeptTags returns the tags of a recovery point.
func (s *Service) KeptTags(c *cloud.Call, arn string) (tags map[string]string) {
	c.Locked("ec2", func() { tags = s.ec2.KeptTags(c, arn) })
	return tags
}

// Discard says when a recovery point ceases to exist.
func (s *Service) Discard(c *cloud.Call, arn string, at time.Time) {
	c.Locked("ec2", func() { s.ec2.Discard(c, arn, at) })
}

// Rebuild makes a volume of a gateway from a recovery point, or one of EC2 where the
// metadata are those of an EBS volume.
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (arn string, err error) {
	if r.Metadata["availabilityZone"] != "" {
		metadata := maps.Clone(r.Metadata)
		for _, of := range []string{"gatewayArn", "gatewayType", "targetName", "volumeSizeInBytes", "diskId", "kmsKey"} {
			delete(metadata, of)
		}
		r.Metadata = metadata
		c.Locked("ec2", func() { arn, err = s.ec2.Rebuild(c, r) })
		return arn, err
	}
	return s.rebuildVolume(c.Within(r.Progress), r)
}

// rebuildVolume fills in what a gateway needs that is not among the metadata: its address.
func (s *Service) rebuildVolume(c *cloud.Call, r cloud.Rebuild) (string, error) {
	g, err := s.gateway(c, r.Metadata["gatewayArn"])
	if err != nil {
		return "", err
	}
	snapshot := aws.String(r.Point[strings.LastIndexByte(r.Point, '/')+1:])
	v, err := s.wanted(c, want{g.of, &g.arn, aws.String(address), aws.String(r.Metadata["targetName"]), snapshot, aws.String(r.Metadata["kmsKey"]), nil})
	if err != nil {
		return "", err
	}
	v.job, v.disk = r.JobID, r.Metadata["diskId"]
	v.bytes, err = strconv.ParseInt(r.Metadata["volumeSizeInBytes"], 10, 64)
	switch {
	case err != nil:
		return "", refused(types.ErrorCodeInvalidParameters, "volumeSizeInBytes is no number")
	case g.of == stored && v.disk == "":
		return "", refused(types.ErrorCodeDiskDoesNotExist, "diskId is missing.")
	}
	return v.arn, s.start(c, v)
}
