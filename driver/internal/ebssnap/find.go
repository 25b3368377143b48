package ebssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// Find looks for the snapshot that carries the mark. Should two carry it, the older one
// is the artefact.
func (s *Snapshots) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	client, err := s.Client(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var oldest ec2calls.Oldest
	err = eachSnapshot(ctx, client, func(found *types.Snapshot) error {
		oldest.Offer(aws.ToString(found.SnapshotId), aws.ToTime(found.StartTime))
		return nil
	}, ec2calls.ByMark(req.Mark)...)
	if err != nil {
		return "", err
	}
	return oldest.Ref(req)
}
