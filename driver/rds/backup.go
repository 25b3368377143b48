package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Start begins a snapshot of the instance, named by the mark's token.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	id, err := instanceID(req.Resource)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	token := req.Mark.Token()
	_, err = client.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{
		DBInstanceIdentifier: aws.String(id), DBSnapshotIdentifier: aws.String(token),
		Tags: toTags(marktags.For(req.Mark, req.Tags)),
	})
	if err == nil {
		return driver.Ref(token), nil
	}
	return adopt(ctx, client, wrap("CreateDBSnapshot", err), req.Mark, func(s *types.DBSnapshot) bool {
		return aws.ToString(s.DBInstanceIdentifier) == id
	})
}

// adopt turns "the name is taken" into the snapshot that took it, if that is the one this
// mark stands for; any other error, and a stranger's snapshot, are returned as refused.
// A taken name that the listing does not show yet is the mark's own: the name is a hash
// of installation and job that nobody else comes by.
func adopt(ctx context.Context, client api, refused error, mark driver.Mark, fromSource func(*types.DBSnapshot) bool) (driver.Ref, error) {
	if awsCode(refused) != "DBSnapshotAlreadyExists" {
		return "", refused
	}
	taken, err := snapshot(ctx, client, mark.Token())
	switch {
	case failure.Is(err, failure.NotFound):
		return driver.Ref(mark.Token()), nil
	case err != nil:
		return "", err
	case !marktags.Same(fromTags(taken.TagList), mark) || !fromSource(taken):
		return "", failure.Errorf(failure.Conflict,
			"DB snapshot %s exists but is not of job %s: %w", mark.Token(), mark.JobID, refused)
	}
	return driver.Ref(mark.Token()), nil
}
