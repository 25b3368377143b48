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

// Copy begins a copy of an available snapshot into req.Scope, named by the mark's token.
func (d *Driver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	in, err := copyInput(req)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	_, err = client.CopyDBSnapshot(ctx, in)
	if err == nil {
		return driver.Ref(req.Mark.Token()), nil
	}
	return adopt(ctx, client, wrap("CopyDBSnapshot", err), req.Mark, func(s *types.DBSnapshot) bool {
		source := aws.ToString(s.SourceDBSnapshotIdentifier)
		return source == req.Source.ARN || source == string(req.Source.Ref)
	})
}

func copyInput(req driver.CopyRequest) (*rds.CopyDBSnapshotInput, error) {
	if req.SourceScope.Account != req.Scope.Account {
		return nil, failure.Errorf(failure.Unsupported,
			"copy DB snapshot %s of account %s into account %s: copies between accounts are not supported",
			req.Source.Ref, req.SourceScope.Account, req.Scope.Account)
	}
	if req.Source.Encrypted && req.KMSKeyID == "" && req.SourceScope.Region != req.Scope.Region {
		return nil, failure.Errorf(failure.KMS,
			"copy encrypted DB snapshot %s into %s: a KMS key of that region is needed, and none is given",
			req.Source.Ref, req.Scope.Region)
	}
	in := &rds.CopyDBSnapshotInput{
		SourceDBSnapshotIdentifier: aws.String(req.Source.ARN),
		TargetDBSnapshotIdentifier: aws.String(req.Mark.Token()),
		SourceRegion:               aws.String(req.SourceScope.Region),
		Tags:                       toTags(marktags.For(req.Mark, req.Tags)),
	}
	if req.KMSKeyID != "" {
		in.KmsKeyId = aws.String(req.KMSKeyID)
	}
	return in, nil
}
