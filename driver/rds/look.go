package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// Look observes snapshots, or for Restore instances, with one filtered listing. What a
// complete listing does not show is Gone for Expire and left out for the others.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if len(req.Refs) > lookMax {
		return nil, failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), lookMax)
	}
	if len(req.Refs) == 0 {
		return map[driver.Ref]driver.Status{}, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Restore {
		return lookAtInstances(ctx, client, req.Refs)
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	err = eachSnapshot(ctx, client, func(s *types.DBSnapshot) error {
		seen[driver.Ref(aws.ToString(s.DBSnapshotIdentifier))] = statusOf(s)
		return nil
	}, filter("db-snapshot-id", refs.Strings(req.Refs)...))
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		refs.Deleted(req.Refs, seen)
	}
	return seen, nil
}

func lookAtInstances(ctx context.Context, client api, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(asked))
	err := eachInstance(ctx, client, func(in *types.DBInstance) error {
		seen[driver.Ref(aws.ToString(in.DBInstanceIdentifier))] = instanceStatus(in)
		return nil
	}, filter("db-instance-id", refs.Strings(asked)...))
	if err != nil {
		return nil, err
	}
	return seen, nil
}
