package rdssnap

import (
	"context"
	"fmt"

	"holdfast/driver"
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
	if abroad(req) {
		if err := s.share(ctx, req, Sharing{Add: []string{req.Scope.Account}}); err != nil {
			return "", explainKey(req, err)
		}
	}
	err = api.Copy(ctx, in)
	if abroad(req) {
		err = explainKey(req, notVisibleYet(req, err))
	}
	return s.adopt(ctx, api, req.Mark, err, func(taken *Snapshot) bool {
		return taken.CopiedFrom == req.Source.ARN || taken.CopiedFrom == string(req.Source.Ref)
	})
}

// FinishCopy stops sharing the source with the destination's account. It does nothing for
// a copy inside one account, and is done when the source is gone.
func (s *Snapshots) FinishCopy(ctx context.Context, req driver.CopyRequest) error {
	if !abroad(req) {
		return nil
	}
	err := s.share(ctx, req, Sharing{Remove: []string{req.Scope.Account}})
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	return err
}

// share changes, as the owner, who may copy the source.
func (s *Snapshots) share(ctx context.Context, req driver.CopyRequest, change Sharing) error {
	owner, err := s.Client(ctx, req.SourceScope, resource.ForCopy)
	if err != nil {
		return err
	}
	return owner.Share(ctx, string(req.Source.Ref), change)
}

// abroad reports whether the copy leaves the account.
func abroad(req driver.CopyRequest) bool { return req.SourceScope.Account != req.Scope.Account }

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
	return abroad(req) || req.SourceScope.Region != req.Scope.Region
}

// refuse says what AWS would refuse, before anything is shared.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
func (s *Snapshots) refuse(req driver.CopyRequest) error {
	what := fmt.Sprintf("copy %s %s into %s of account %s", s.Noun, req.Source.Ref, req.Scope.Region, req.Scope.Account)
	switch {
	case abroad(req) && !s.OneStep && req.SourceScope.Region != req.Scope.Region:
		return failure.Errorf(failure.Unsupported,
			"%s: AWS changes either the account or the region: copy it into %s of that account first, and from there",
			what, req.SourceScope.Region)
	case !req.Source.Encrypted && req.KMSKeyID != "" && s.NoEncryption:
		return failure.Errorf(failure.KMS, "%s: a copy of an unencrypted cluster snapshot cannot be encrypted: leave the key out, or encrypt the restored cluster", what)
	default:
		return nil
	}
}

// notVisibleYet makes a source that was shared a moment ago, and that the destination
// does not see, one to be tried again.
func notVisibleYet(req driver.CopyRequest, err error) error {
	if failure.Is(err, failure.NotFound) {
		return failure.Errorf(failure.Busy, "%s is shared with account %s, which does not see it yet: %w",
			req.Source.ARN, req.Scope.Account, err)
	}
	return err
}

// explainKey says what is usually wrong when AWS will not share an encrypted snapshot, or
// not copy the shared one. It cannot be seen from a key's ARN who manages it.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/share-encrypted-snapshot.html
func explainKey(req driver.CopyRequest, err error) error {
	if !req.Source.Encrypted || !failure.Is(err, failure.KMS) && !failure.Is(err, failure.Invalid) {
		return err
	}
	return failure.Errorf(failure.KMS,
		"%s is encrypted with %s, which account %s cannot use: a key that AWS manages (aws/rds) never leaves its account, so copy the point inside account %s with a customer managed key first and copy that one; a customer managed key must allow account %s: %w",
		req.Source.ARN, req.Source.KMSKeyID, req.Scope.Account, req.SourceScope.Account, req.Scope.Account, err)
}
