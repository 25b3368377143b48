package ebssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Copy begins a copy of a completed snapshot into req.Scope. An encrypted snapshot stays
// encrypted, with req.KMSKeyID or else the destination's default key; a key encrypts a
// copy of an unencrypted one.
func (s *Snapshots) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if req.SourceScope.Account != req.Scope.Account {
		return "", failure.Errorf(failure.Unsupported,
			"copy snapshot %s of account %s into account %s: copies between accounts are not supported",
			req.Source.Ref, req.SourceScope.Account, req.Scope.Account)
	}
	client, err := s.Client(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	in := &ec2.CopySnapshotInput{
		SourceRegion: aws.String(req.SourceScope.Region), SourceSnapshotId: aws.String(string(req.Source.Ref)),
		Description:       ec2calls.Description(req.Mark),
		TagSpecifications: []types.TagSpecification{ec2calls.Tagged(types.ResourceTypeSnapshot, marktags.For(req.Mark, req.Tags))},
	}
	if req.Source.Encrypted || req.KMSKeyID != "" {
		in.Encrypted = aws.Bool(true)
	}
	if req.KMSKeyID != "" {
		in.KmsKeyId = aws.String(req.KMSKeyID)
	}
	out, err := client.CopySnapshot(ctx, in, ec2calls.Once)
	if err != nil {
		return "", Wrap("CopySnapshot", err)
	}
	return driver.Ref(aws.ToString(out.SnapshotId)), nil
}
