package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/rdssnap"
	"holdfast/driver/internal/refs"
	"holdfast/resource"
)

// Look observes snapshots, or for Restore instances, with one filtered listing.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Look(ctx, req)
	}
	if err := d.CheckLook(req); err != nil {
		return nil, err
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	if len(req.Refs) == 0 {
		return seen, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	err = eachInstance(ctx, client, func(in *types.DBInstance) error {
		seen[driver.Ref(aws.ToString(in.DBInstanceIdentifier))] = instanceStatus(in)
		return nil
	}, rdssnap.Filter("db-instance-id", refs.Strings(req.Refs)...))
	if err != nil {
		return nil, err
	}
	return seen, nil
}
