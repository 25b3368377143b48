package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the snapshot named by the mark's token, or, for Restore, through the
// tags of all instances, since the user may have chosen any identifier.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	if req.Operation == driver.Restore {
		return findInstance(ctx, client, req)
	}
	found, err := snapshot(ctx, client, req.Mark.Token())
	if err != nil {
		return "", err
	}
	if !marktags.Same(fromTags(found.TagList), req.Mark) {
		return "", failure.Errorf(failure.Conflict, "DB snapshot %s exists but is not of job %s",
			req.Mark.Token(), req.Mark.JobID)
	}
	return driver.Ref(req.Mark.Token()), nil
}

func findInstance(ctx context.Context, client api, req driver.FindRequest) (driver.Ref, error) {
	var ref driver.Ref
	err := eachInstance(ctx, client, func(in *types.DBInstance) error {
		if marktags.Same(fromTags(in.TagList), req.Mark) {
			ref = driver.Ref(aws.ToString(in.DBInstanceIdentifier))
		}
		return nil
	})
	if err == nil && ref == "" {
		err = failure.Errorf(failure.NotFound, "no DB instance of job %s in %s", req.Mark.JobID, req.Scope.Region)
	}
	return ref, err
}
