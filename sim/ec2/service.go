// Package ec2 simulates the part of Amazon EC2 that backups use: volumes and snapshots,
// instances and images, copies, archives and tags. Its quotas by name are
// "ec2:snapshot-copies" (20 in progress per destination region), "ec2:image-copies" (300),
// "ec2:snapshot-archives" (25) and "ec2:snapshot-thaws" (5).
package ec2

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// The token buckets of EC2, per account, region and API.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
var (
	reading    = cloud.Bucket{Capacity: 100, Refill: 20}
	unfiltered = cloud.Bucket{Name: "/unfiltered", Capacity: 50, Refill: 10}
	changing   = cloud.Bucket{Capacity: 50, Refill: 5}
	snapshots  = cloud.Bucket{Capacity: 100, Refill: 5}
	tagging    = cloud.Bucket{Capacity: 100, Refill: 10}
	imageCopy  = cloud.Bucket{Capacity: 100, Refill: 1}
	launches   = cloud.Bucket{Capacity: 5, Refill: 2}
)

// Service is the simulated Amazon EC2 of an organization.
type Service struct {
	volumes   cloud.Store[*volume]
	snapshots cloud.Store[*snapshot]
	// deleted keeps the snapshots that are gone, for the judge.
	deleted []*snapshot
	// removed keeps restored volumes that are gone, for the judge.
	removed   []*volume
	instances cloud.Store[*instance]
	images    cloud.Store[*image]
	// ended and deregistered keep the launched instances and the images that are gone.
	ended        []*instance
	deregistered []*image
	tokens       cloud.Store[tokenUse] // by ClientToken
	replacements cloud.Store[*replacement]
}

// New returns an EC2 without volumes and instances.
func New() *Service { return &Service{} }

// Definition returns what EC2 is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: ec2.ServiceID, Name: "ec2", Kinds: []resource.Kind{resource.EBS, resource.EC2},
		ThrottleCode: "RequestLimitExceeded", ThrottleStatus: http.StatusServiceUnavailable,
		Quotas: map[string]int{copiesQuota: 20, imageCopiesQuota: 300, archivesQuota: 25, thawsQuota: 5},
		Operations: []cloud.Operation{
			cloud.BucketBy(cloud.Op(reading, s.describeVolumes), func(in *ec2.DescribeVolumesInput) cloud.Bucket {
				return readingBucket(len(in.Filters)+len(in.VolumeIds), in.MaxResults)
			}),
			cloud.BucketBy(cloud.Op(reading, s.describeSnapshots), func(in *ec2.DescribeSnapshotsInput) cloud.Bucket {
				return readingBucket(len(in.Filters)+len(in.SnapshotIds), in.MaxResults)
			}),
			cloud.BucketBy(cloud.Op(reading, s.describeInstances), func(in *ec2.DescribeInstancesInput) cloud.Bucket {
				return readingBucket(len(in.Filters)+len(in.InstanceIds), in.MaxResults)
			}),
			cloud.BucketBy(cloud.Op(reading, s.describeImages), func(in *ec2.DescribeImagesInput) cloud.Bucket {
				return readingBucket(len(in.Filters)+len(in.ImageIds), in.MaxResults)
			}),
			cloud.Op(reading, s.describeAvailabilityZones),
			cloud.Op(reading, s.describeNetworkInterfaces),
			cloud.Op(changing, s.createImage),
			cloud.Op(imageCopy, s.copyImage),
			cloud.Op(snapshots, s.deregisterImage),
			cloud.Op(launches, s.runInstances),
			cloud.Op(snapshots, s.createSnapshot),
			cloud.Op(changing, s.copySnapshot),
			cloud.Op(snapshots, s.deleteSnapshot),
			cloud.Op(snapshots, s.createVolume),
			cloud.Op(snapshots, s.deleteVolume),
			cloud.Op(changing, s.attachVolume),
			cloud.Op(snapshots, s.modifySnapshotAttribute),
			cloud.Op(snapshots, s.modifyImageAttribute),
			cloud.Op(changing, s.createReplaceRootVolumeTask),
			cloud.Op(reading, s.describeReplaceRootVolumeTasks),
			cloud.Op(changing, s.modifySnapshotTier),
			cloud.Op(changing, s.restoreSnapshotTier),
			cloud.Op(reading, s.describeSnapshotTierStatus),
			cloud.Op(tagging, s.createTags),
			cloud.Op(reading, s.describeTags),
		},
	}
}

// readingBucket is the smaller bucket for listings that are neither filtered nor paged.
func readingBucket(filters int, maxResults *int32) cloud.Bucket {
	if filters == 0 && maxResults == nil {
		return unfiltered
	}
	return reading
}

// Remove makes a volume, an instance, an image or a snapshot vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	switch id := arn[strings.LastIndexByte(arn, '/')+1:]; {
	case strings.HasPrefix(id, "vol-"):
		return s.dropVolume(c, id)
	case strings.HasPrefix(id, "i-"):
		return s.dropInstance(c, id)
	default:
		return s.removeUnplaced(c, id)
	}
}
