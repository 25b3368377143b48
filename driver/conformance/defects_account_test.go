package conformance_test

import (
	"context"
	"sync/atomic"

	"holdfast/driver"
	"holdfast/failure"
)

func accountDefects() []defect {
	finish := func(f func(ctx context.Context, req driver.CopyRequest, next finishCopyFunc) error) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.finishCopy = f; return b }
	}
	var finished atomic.Bool
	return []defect{
		{name: "never takes back what it shared", fails: "account-taken-back account-refused", wrap: finish(
			func(context.Context, driver.CopyRequest, finishCopyFunc) error { return nil })},
		{name: "takes back from the wrong account", fails: "account-taken-back account-refused", wrap: finish(
			func(ctx context.Context, req driver.CopyRequest, next finishCopyFunc) error {
				req.Scope.Account = "777788889999"
				return next(ctx, req)
			})},
		{name: "takes back once only", fails: "account-taken-back", wrap: finish(
			func(ctx context.Context, req driver.CopyRequest, next finishCopyFunc) error {
				if finished.Swap(true) {
					return failure.Errorf(failure.Conflict, "taken back already")
				}
				return next(ctx, req)
			})},
		{name: "cannot take back from what is gone", fails: "account-copy", wrap: func(b *brokenDriver) driver.Driver {
			b.finishCopy = func(ctx context.Context, req driver.CopyRequest, next finishCopyFunc) error {
				items, err := b.world.Points(ctx, req.SourceScope)
				if err != nil || len(items) == 0 {
					return failure.Errorf(failure.NotFound, "the source is gone")
				}
				return next(ctx, req)
			}
			return b
		}},
		{name: "copies into the source's account", fails: "account-copy", wrap: func(b *brokenDriver) driver.Driver {
			b.copyWith = func(req driver.CopyRequest) driver.CopyRequest { req.Scope = req.SourceScope; return req }
			return b
		}},
		{name: "claims no copies to accounts and makes them", fails: "account-unclaimed", wrap: func(b *brokenDriver) driver.Driver {
			b.descriptor = func(d driver.Descriptor) driver.Descriptor { d.CopyAccount = false; return d }
			return b
		}},
	}
}
