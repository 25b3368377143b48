package ebssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// CheckLook refuses more references than one request may have.
func CheckLook(req driver.LookRequest) error {
	if len(req.Refs) > LookMax {
		return failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), LookMax)
	}
	return nil
}

// Look observes snapshots with one filtered listing. A snapshot that a complete listing
// does not show is Gone for Expire; for the other operations it may only be too young to
// be seen, so it is left out.
func (s *Snapshots) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if err := CheckLook(req); err != nil {
		return nil, err
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	if len(req.Refs) == 0 {
		return seen, nil
	}
	client, err := s.Client(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Archive {
		return seen, lookAtTiers(ctx, client, req, seen)
	}
	err = eachSnapshot(ctx, client, func(found *types.Snapshot) error {
		seen[driver.Ref(aws.ToString(found.SnapshotId))] = statusOf(req.Scope, found)
		return nil
	}, ec2calls.Filter("snapshot-id", refs.Strings(req.Refs)...))
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		refs.Deleted(req.Refs, seen)
		return seen, nil
	}
	return seen, s.Keys.Statuses(ctx, req.Scope, seen)
}
