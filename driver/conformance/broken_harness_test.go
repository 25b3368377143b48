package conformance_test

import (
	"context"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/memdriver"
	"holdfast/resource"
)

// brokenDriver is the reference driver with some methods replaced. A nil field means that
// the reference driver's own method is used.
type brokenDriver struct {
	*memdriver.Driver
	world conformance.World

	descriptor func(d driver.Descriptor) driver.Descriptor
	discover   func(ctx context.Context, yield func(resource.Resource) error, next discoverFunc) error
	list       func(ctx context.Context, yield func(driver.Artefact) error, next listFunc) error
	begin      func(ctx context.Context, op driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error)
	find       func(ctx context.Context, req driver.FindRequest, next findFunc) (driver.Ref, error)
	look       func(ctx context.Context, req driver.LookRequest, next lookFunc) (map[driver.Ref]driver.Status, error)
	remove     func(ctx context.Context, req driver.DeleteRequest, next deleteFunc) error
	copyWith   func(req driver.CopyRequest) driver.CopyRequest
	finishCopy func(ctx context.Context, req driver.CopyRequest, next finishCopyFunc) error
	tags       func(tags map[string]string) map[string]string
	plan       func(req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error)
	finish     func(ctx context.Context, req driver.RestoreRequest, ref driver.Ref, next finishFunc) error
	cancel     func(ctx context.Context, req driver.CancelRequest, next cancelFunc) error
	lifecycle  func(l driver.Lifecycle) driver.Lifecycle
}

type (
	discoverFunc   func(ctx context.Context, yield func(resource.Resource) error) error
	listFunc       func(ctx context.Context, yield func(driver.Artefact) error) error
	beginFunc      func(ctx context.Context, m driver.Mark) (driver.Ref, error)
	findFunc       func(ctx context.Context, req driver.FindRequest) (driver.Ref, error)
	lookFunc       func(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error)
	deleteFunc     func(ctx context.Context, req driver.DeleteRequest) error
	finishCopyFunc func(ctx context.Context, req driver.CopyRequest) error
	planFunc       func(req driver.RestoreRequest) (driver.RestorePlan, error)
	cancelFunc     func(ctx context.Context, req driver.CancelRequest) error
	finishFunc     func(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error
)

func (b *brokenDriver) Descriptor() driver.Descriptor {
	if b.descriptor == nil {
		return b.Driver.Descriptor()
	}
	return b.descriptor(b.Driver.Descriptor())
}

func (b *brokenDriver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	if b.discover == nil {
		return b.Driver.Discover(ctx, scope, yield)
	}
	return b.discover(ctx, yield, func(ctx context.Context, yield func(resource.Resource) error) error {
		return b.Driver.Discover(ctx, scope, yield)
	})
}

func (b *brokenDriver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	if b.list == nil {
		return b.Driver.List(ctx, scope, yield)
	}
	return b.list(ctx, yield, func(ctx context.Context, yield func(driver.Artefact) error) error {
		return b.Driver.List(ctx, scope, yield)
	})
}

func (b *brokenDriver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	if b.tags != nil {
		req.Tags = b.tags(req.Tags)
	}
	if b.lifecycle != nil {
		req.Lifecycle = b.lifecycle(req.Lifecycle)
	}
	return b.beginWith(ctx, driver.Backup, req.Mark, func(ctx context.Context, m driver.Mark) (driver.Ref, error) {
		req.Mark = m
		return b.Driver.Start(ctx, req)
	})
}

func (b *brokenDriver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if b.tags != nil {
		req.Tags = b.tags(req.Tags)
	}
	if b.copyWith != nil {
		req = b.copyWith(req)
	}
	return b.beginWith(ctx, driver.Copy, req.Mark, func(ctx context.Context, m driver.Mark) (driver.Ref, error) {
		req.Mark = m
		return b.Driver.Copy(ctx, req)
	})
}

func (b *brokenDriver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	if _, err := b.PlanRestore(req); err != nil {
		return "", err
	}
	if b.plan != nil {
		req.Overrides = nil // what a broken plan lets through must not stop the restore
	}
	return b.beginWith(ctx, driver.Restore, req.Mark, func(ctx context.Context, m driver.Mark) (driver.Ref, error) {
		req.Mark = m
		return b.Driver.Restore(ctx, req)
	})
}

func (b *brokenDriver) beginWith(ctx context.Context, op driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
	if b.begin == nil {
		return next(ctx, m)
	}
	return b.begin(ctx, op, m, next)
}

func (b *brokenDriver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	if b.find == nil {
		return b.Driver.Find(ctx, req)
	}
	return b.find(ctx, req, b.Driver.Find)
}

func (b *brokenDriver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if b.look == nil {
		return b.Driver.Look(ctx, req)
	}
	return b.look(ctx, req, b.Driver.Look)
}

func (b *brokenDriver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	if b.remove == nil {
		return b.Driver.Delete(ctx, req)
	}
	return b.remove(ctx, req, b.Driver.Delete)
}

func (b *brokenDriver) FinishCopy(ctx context.Context, req driver.CopyRequest) error {
	if b.finishCopy == nil {
		return b.Driver.FinishCopy(ctx, req)
	}
	return b.finishCopy(ctx, req, b.Driver.FinishCopy)
}

func (b *brokenDriver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	if b.plan == nil {
		return b.Driver.PlanRestore(req)
	}
	return b.plan(req, b.Driver.PlanRestore)
}

func (b *brokenDriver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	if b.finish == nil {
		return b.Driver.FinishRestore(ctx, req, ref)
	}
	return b.finish(ctx, req, ref, b.Driver.FinishRestore)
}

// brokenHarness makes worlds whose drivers went through wrap.
type brokenHarness struct {
	conformance.Harness
	wrap func(b *brokenDriver) driver.Driver
}

func (h brokenHarness) World(ctx context.Context) (conformance.World, error) {
	w, err := h.Harness.World(ctx)
	return brokenWorld{w, h.wrap}, err
}

type brokenWorld struct {
	conformance.World
	wrap func(b *brokenDriver) driver.Driver
}

func (w brokenWorld) Driver() driver.Driver {
	return w.wrap(&brokenDriver{Driver: w.World.Driver().(*memdriver.Driver), world: w.World})
}

func (b *brokenDriver) Cancel(ctx context.Context, req driver.CancelRequest) error {
	if b.cancel == nil {
		return b.Driver.Cancel(ctx, req)
	}
	return b.cancel(ctx, req, b.Driver.Cancel)
}
