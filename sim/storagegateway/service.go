// Package storagegateway simulates the volume gateways of AWS Storage Gateway: cached and
// stored volumes, their snapshots, which are EC2's, and new volumes from these.
//
// What it keeps to, from https://docs.aws.amazon.com/storagegateway/latest/:
//   - a gateway that is not connected makes no snapshot and shows no volume; what a cached
//     volume has sent to AWS can still be made a snapshot of
//     (vgw/recover-data-from-gateway, APIReference/API_CreateSnapshotFromVolumeRecoveryPoint);
//   - a volume that is not AVAILABLE makes none either (vgw/StorageVolumeStatuses);
//   - all volumes of one Describe call are of one gateway
//     (APIReference/API_DescribeCachediSCSIVolumes);
//   - a target's name is in use once a gateway, a cached volume's client token makes one
//     volume, and a stored volume takes a free local disk
//     (APIReference/API_CreateCachediSCSIVolume, API_CreateStorediSCSIVolume);
//   - a gateway has at most 32 volumes (vgw/resource-gateway-limits).
//
// Its quota by name is "storagegateway:volumes" (32 a gateway).
package storagegateway

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/aws/smithy-go"

	"holdfast/resource"
	"holdfast/sim/ec2"
	"holdfast/sim/internal/cloud"
)

// Storage Gateway documents no rates; these are cautious guesses.
var (
	changes = cloud.Bucket{Capacity: 20, Refill: 5}
	reads   = cloud.Bucket{Capacity: 50, Refill: 10}
)

const volumesQuota = "storagegateway:volumes"

// The types of gateways, and of their volumes.
const (
	cached = "CACHED"
	stored = "STORED"
)

// Service is the simulated Storage Gateway of an organization.
type Service struct {
	ec2      *ec2.Service
	gateways cloud.Store[*gateway] // by ARN
	volumes  cloud.Store[*volume]  // by ARN
	tokens   cloud.Store[tokenUse]
	removed  []*volume // restored ones that are gone, for the judge
}

// New returns a Storage Gateway without gateways, whose snapshots are of an EC2.
func New(of *ec2.Service) *Service { return &Service{ec2: of} }

// Definition returns what Storage Gateway is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: storagegateway.ServiceID, Name: "storagegateway", Kinds: []resource.Kind{resource.StorageGateway},
		ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusBadRequest,
		Quotas: map[string]int{volumesQuota: 32},
		Operations: []cloud.Operation{
			cloud.Op(changes, s.activateGateway), cloud.Op(changes, s.shutdownGateway), cloud.Op(changes, s.startGateway),
			cloud.Op(reads, s.listGateways), cloud.Op(reads, s.listVolumes), cloud.Op(reads, s.listLocalDisks),
			cloud.Op(reads, s.describeCached), cloud.Op(reads, s.describeStored),
			cloud.Op(changes, s.createSnapshot), cloud.Op(changes, s.createSnapshotFromPoint),
			cloud.Op(changes, s.createCached), cloud.Op(changes, s.createStored), cloud.Op(changes, s.deleteVolume),
			cloud.Op(reads, s.listTags), cloud.Op(changes, s.addTags),
		},
		Errors: []smithy.APIError{&types.InvalidGatewayRequestException{}, &types.InternalServerError{}},
	}
}

// Remove makes a volume vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	v, ok := s.volumes.Get(c.Place, arn)
	if ok {
		s.drop(c, v)
	}
	return ok
}

// refused is how Storage Gateway says no: the code that matters is inside.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/AWSStorageGatewayAPI.html#APIErrorResponses
func refused(code types.ErrorCode, message string) error {
	return &types.InvalidGatewayRequestException{Message: &message, Error_: &types.StorageGatewayError{ErrorCode: code}}
}

// pageOf cuts a page of at most 100.
func pageOf[T any](items []T, key func(T) string, marker *string, limit *int32) (page []T, next *string, err error) {
	const most = 100
	n := most
	if limit != nil {
		n = min(max(int(*limit), 1), most)
	}
	page, after, err := cloud.Page(items, key, aws.ToString(marker), n)
	if after != "" {
		next = &after
	}
	return page, next, err
}
