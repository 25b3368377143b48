package conformance_test

import (
	"context"
	"maps"

	"holdfast/driver"
	"holdfast/failure"
)

func lifecycleDefects() []defect {
	cancel := func(f func(ctx context.Context, req driver.CancelRequest, next cancelFunc) error) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.cancel = f; return b }
	}
	return []defect{
		{name: "cancels nothing", fails: "cancel-backup", wrap: cancel(
			func(context.Context, driver.CancelRequest, cancelFunc) error { return nil })},
		{name: "cannot cancel", fails: "cancel-backup cancel-ended", wrap: cancel(
			func(context.Context, driver.CancelRequest, cancelFunc) error {
				return failure.Errorf(failure.Invalid, "it cannot be stopped")
			})},
		{name: "never shows that it cancelled", fails: "cancel-backup", wrap: func(b *brokenDriver) driver.Driver {
			cancelled := map[driver.Ref]bool{}
			b.cancel = func(ctx context.Context, req driver.CancelRequest, next cancelFunc) error {
				cancelled[req.Ref] = true
				return next(ctx, req)
			}
			b.look = func(ctx context.Context, req driver.LookRequest, next lookFunc) (map[driver.Ref]driver.Status, error) {
				seen, err := next(ctx, req)
				maps.DeleteFunc(seen, func(ref driver.Ref, s driver.Status) bool { return cancelled[ref] && s.State == driver.Failed })
				return seen, err
			}
			return b
		}},
		{name: "deletes what it cancels", fails: "cancel-ended", wrap: func(b *brokenDriver) driver.Driver {
			b.cancel = func(ctx context.Context, req driver.CancelRequest, _ cancelFunc) error {
				return b.world.RemovePoint(ctx, req.Scope, req.Ref)
			}
			return b
		}},
		{name: "keeps everything warm", fails: "cold-move", wrap: func(b *brokenDriver) driver.Driver {
			b.lifecycle = func(driver.Lifecycle) driver.Lifecycle { return driver.Lifecycle{} }
			return b
		}},
	}
}
