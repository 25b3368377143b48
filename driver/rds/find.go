package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the snapshot named by the mark's token, or, for Restore, through the
// tags of all instances, since the user may have chosen any identifier.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Find(ctx, req)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var ref driver.Ref
	err = eachInstance(ctx, client, func(in *types.DBInstance) error {
		if marktags.Same(rdssnap.FromTags(in.TagList), req.Mark) {
			ref = driver.Ref(aws.ToString(in.DBInstanceIdentifier))
		}
		return nil
	})
	if err == nil && ref == "" {
		err = failure.Errorf(failure.NotFound, "no DB instance of job %s in %s", req.Mark.JobID, req.Scope.Region)
	}
	return ref, err
}
