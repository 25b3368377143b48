package rdssnap

import (
	"context"

	"holdfast/driver"
	"holdfast/driver/internal/abroad"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Copy begins a copy of an available snapshot into req.Scope, named by the mark's token.
// A snapshot of another account is shared with req.Scope's first; FinishCopy ends that.
func (s *Snapshots) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	in, err := s.copyInput(req)
	if err != nil {
		return "", err
	}
	api, err := s.Client(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	if err := abroad.Share(ctx, req, s.share); err != nil {
		return "", err
	}
	err = abroad.Explain(req, api.Copy(ctx, in))
	return s.adopt(ctx, api, req.Mark, err, func(taken *Snapshot) bool {
		return taken.CopiedFrom == req.Source.ARN || taken.CopiedFrom == string(req.Source.Ref)
	})
}

// FinishCopy stops sharing the source with the destination's account.
func (s *Snapshots) FinishCopy(ctx context.Context, req driver.CopyRequest) error {
	return abroad.Finish(ctx, req, s.share)
}

// share changes, as the owner, who may copy the source.
func (s *Snapshots) share(ctx context.Context, req driver.CopyRequest, change abroad.Change) error {
	owner, err := s.Client(ctx, req.SourceScope, resource.ForCopy)
	if err != nil {
		return err
	}
	return owner.Share(ctx, string(req.Source.Ref), change)
}

func (s *Snapshots) copyInput(req driver.CopyRequest) (CopyInput, error) {
	in := CopyInput{
		SourceARN: req.Source.ARN, SourceRegion: req.SourceScope.Region, ID: req.Mark.Token(),
		KMSKeyID: req.KMSKeyID, Tags: marktags.For(req.Mark, req.Tags),
	}
	if err := s.refuse(req); err != nil {
		return in, err
	}
	if !elsewhere(req) {
		return in, nil
	}
	if req.Source.Encrypted && in.KMSKeyID == "" {
		in.KMSKeyID = defaultKey
	}
	if s.OptionGroup == nil {
		return in, nil
	}
	var err error
	in.OptionGroup, err = s.OptionGroup(req.Resource)
	return in, err
}

// defaultKey is the key AWS manages for RDS in every account and region that has encrypted
// something with it; a copy elsewhere cannot keep the source's. It never leaves its
// account, so what is encrypted with it can be copied inside the account only.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
const defaultKey = "alias/aws/rds"

func elsewhere(req driver.CopyRequest) bool {
	return abroad.Is(req) || req.SourceScope.Region != req.Scope.Region
}

// refuse says what AWS would refuse, before anything is shared.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
func (s *Snapshots) refuse(req driver.CopyRequest) error {
	if !req.Source.Encrypted && req.KMSKeyID != "" && s.NoEncryption {
		return failure.Errorf(failure.KMS,
			"copy %s %s into %s of account %s: a copy of an unencrypted cluster snapshot cannot be encrypted: leave the key out, or encrypt the restored cluster",
			s.Noun, req.Source.Ref, req.Scope.Region, req.Scope.Account)
	}
	return abroad.Check(req, s.Path)
}
