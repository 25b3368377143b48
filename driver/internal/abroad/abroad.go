// Package abroad is what the kinds have in common whose recovery points the owner shares
// with another account, so that that account can copy them: share, copy, stop sharing.
// What is shared can be taken back by Finish alone, which the engine repeats until it worked.
package abroad

import (
	"context"

	"holdfast/driver"
	"holdfast/failure"
)

// Is reports whether the copy leaves the account.
func Is(req driver.CopyRequest) bool { return req.SourceScope.Account != req.Scope.Account }

// Change is one change of which accounts may copy a recovery point: some are added, or some
// removed.
type Change struct{ Add, Remove []string }

// Sharer carries out a change on the source of a copy, as its owner.
type Sharer func(ctx context.Context, req driver.CopyRequest, change Change) error

// Check refuses, before any call, a copy that path makes in two.
func Check(req driver.CopyRequest, path driver.CopyPath) error {
	via, ok := path.Via(req.SourceScope, req.Scope)
	if !ok {
		return nil
	}
	return failure.Errorf(failure.Unsupported,
		"copy %s into %s of account %s: a copy changes either the account or the region: copy it into %s of account %s first, and from there",
		req.Source.ARN, req.Scope.Region, req.Scope.Account, via.Region, via.Account)
}

// Share lets the destination's account have the source of a copy between accounts, and does
// nothing for other copies.
func Share(ctx context.Context, req driver.CopyRequest, share Sharer) error {
	if !Is(req) {
		return nil
	}
	return explainKey(req, share(ctx, req, Change{Add: []string{req.Scope.Account}}))
}

// Finish stops sharing the source with the destination's account. It does nothing for a
// copy inside one account, and is done when the source is gone.
func Finish(ctx context.Context, req driver.CopyRequest, share Sharer) error {
	if !Is(req) {
		return nil
	}
	err := share(ctx, req, Change{Remove: []string{req.Scope.Account}})
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	return err
}

// Explain says more of an error with which AWS refused to copy what Share had shared.
func Explain(req driver.CopyRequest, err error) error {
	if !Is(req) {
		return err
	}
	return explainKey(req, notVisibleYet(req, err))
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

// explainKey says what is usually wrong when AWS will not share an encrypted point, or not
// copy the shared one.
// Sources: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/share-encrypted-snapshot.html
// https://docs.aws.amazon.com/ebs/latest/userguide/share-kms-key.html
func explainKey(req driver.CopyRequest, err error) error {
	if !req.Source.Encrypted || !failure.Is(err, failure.KMS) && !failure.Is(err, failure.Invalid) {
		return err
	}
	return failure.Errorf(failure.KMS,
		"%s is encrypted with %s, which account %s cannot use: a key that AWS manages never leaves its account, so copy the point inside account %s with a customer managed key first and copy that one; a customer managed key must allow account %s: %w",
		req.Source.ARN, req.Source.KMSKeyID, req.Scope.Account, req.SourceScope.Account, req.Scope.Account, err)
}
