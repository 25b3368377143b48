package ebssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/abroad"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Copy begins a copy of a completed snapshot into req.Scope. An encrypted snapshot stays
// encrypted, with req.KMSKeyID or else the destination's default key; a key encrypts a
// copy of an unencrypted one. A snapshot of another account is shared with req.Scope's
// first; FinishCopy ends that.
func (s *Snapshots) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if err := abroad.Check(req, CopyPath); err != nil {
		return "", err
	}
	if req.Source.Cold {
		return "", failure.Errorf(failure.Invalid, "snapshot %s lies in the archive, from which AWS copies nothing: copy a point that is not in cold storage", req.Source.Ref)
	}
	client, err := s.Client(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	if err := abroad.Share(ctx, req, s.share); err != nil {
		return "", err
	}
	out, err := client.CopySnapshot(ctx, copyInput(req), ec2calls.Once)
	if err != nil {
		return "", abroad.Explain(req, Wrap("CopySnapshot", err))
	}
	return driver.Ref(aws.ToString(out.SnapshotId)), nil
}

func copyInput(req driver.CopyRequest) *ec2.CopySnapshotInput {
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
	return in
}

// FinishCopy stops sharing the source with the destination's account.
func (s *Snapshots) FinishCopy(ctx context.Context, req driver.CopyRequest) error {
	return abroad.Finish(ctx, req, s.share)
}

// share changes, as the owner, who may copy the source.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
func (s *Snapshots) share(ctx context.Context, req driver.CopyRequest, change abroad.Change) error {
	owner, err := s.Client(ctx, req.SourceScope, resource.ForCopy)
	if err != nil {
		return err
	}
	_, err = owner.ModifySnapshotAttribute(ctx, ec2calls.SnapshotPermission(string(req.Source.Ref), change))
	return ec2calls.WrapShare(err, codes)
}
