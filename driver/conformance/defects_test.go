package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/driver"
	"holdfast/driver/memdriver"
	"holdfast/failure"
	"holdfast/resource"
)

// tokens is a cloud whose creating calls take a token.
var tokens = memdriver.Options{Tokens: true}

func descriptorDefects() []defect {
	with := func(change func(d *driver.Descriptor)) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver {
			b.descriptor = func(d driver.Descriptor) driver.Descriptor {
				change(&d)
				return d
			}
			return b
		}
	}
	var versions atomic.Int64
	return []defect{
		{name: "no title", fails: "descriptor", wrap: with(func(d *driver.Descriptor) { d.Title = "" })},
		{name: "unknown kind", fails: "descriptor", wrap: with(func(d *driver.Descriptor) { d.Kind = "floppy" })},
		{name: "pattern of another service", fails: "descriptor", wrap: with(func(d *driver.Descriptor) { d.ARNPattern = "arn:*:rds:*:*:db:*" })},
		{name: "no limit of references", fails: "descriptor", wrap: with(func(d *driver.Descriptor) { d.LookMax = 0 })},
		{name: "quota without source", fails: "descriptor", wrap: with(func(d *driver.Descriptor) {
			d.Quotas = []driver.Quota{{Operation: driver.Copy, Limit: 20}}
		})},
		{name: "descriptor that changes", fails: "descriptor", wrap: with(func(d *driver.Descriptor) {
			d.Title = fmt.Sprint("version ", versions.Add(1))
		})},
		{name: "claims no copies and makes them", fails: "capabilities", wrap: with(func(d *driver.Descriptor) { d.CopyRegion, d.CopyAccount = false, false })},
		{name: "claims copies it cannot make", fails: "capabilities", wrap: func(b *brokenDriver) driver.Driver { return noCopier{b} }},
		{name: "listing role that creates", fails: "actions", wrap: with(func(d *driver.Descriptor) {
			d.Actions[resource.ForDiscover] = []string{"mem:CreatePoint"}
		})},
		{name: "backup role that deletes", fails: "actions", wrap: with(func(d *driver.Descriptor) {
			d.Actions[resource.ForBackup] = []string{"mem:DeletePoint"}
		})},
		{name: "wildcard action", fails: "actions", wrap: with(func(d *driver.Descriptor) {
			d.Actions[resource.ForExpire] = []string{"mem:*"}
		})},
		{name: "no actions for expiry", fails: "actions", wrap: with(func(d *driver.Descriptor) {
			d.Actions[resource.ForExpire] = nil
		})},
	}
}

var errStop = errors.New("stop")

func listingDefects() []defect {
	type (
		resources = func(resource.Resource) error
		artefacts = func(driver.Artefact) error
	)
	discover := func(f func(ctx context.Context, yield resources, next discoverFunc) error) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.discover = f; return b }
	}
	list := func(f func(ctx context.Context, yield artefacts, next listFunc) error) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.list = f; return b }
	}
	return []defect{
		{name: "reads the first page only", fails: "discover-pages", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error { return first(ctx, 4, yield, next) })},
		{name: "lists the first page only", fails: "list-pages", wrap: list(
			func(ctx context.Context, yield artefacts, next listFunc) error { return first(ctx, 4, yield, next) })},
		{name: "yields twice", fails: "discover-pages", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error {
				return next(ctx, func(r resource.Resource) error { return errors.Join(yield(r), yield(r)) })
			})},
		{name: "loses the tags of resources", fails: "discover-pages", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error {
				return next(ctx, func(r resource.Resource) error { r.Tags = nil; return yield(r) })
			})},
		{name: "lists only its own installation", fails: "list-pages", wrap: list(
			func(ctx context.Context, yield artefacts, next listFunc) error {
				return next(ctx, func(a driver.Artefact) error {
					if a.Mark.Installation != "conformance" {
						return nil
					}
					return yield(a)
				})
			})},
		{name: "swallows the callback's error", fails: "discover-stop", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error { return swallow(ctx, yield, next) })},
		{name: "swallows the callback's error in List", fails: "list-stop", wrap: list(
			func(ctx context.Context, yield artefacts, next listFunc) error { return swallow(ctx, yield, next) })},
		{name: "wraps the callback's error", fails: "discover-stop", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error {
				if err := next(ctx, yield); err != nil {
					return fmt.Errorf("listing: %w", err)
				}
				return nil
			})},
		{name: "calls back after the callback's error", fails: "list-stop", wrap: list(
			func(ctx context.Context, yield artefacts, next listFunc) error {
				var failed error
				err := next(ctx, func(a driver.Artefact) error { failed = errors.Join(failed, yield(a)); return nil })
				return errors.Join(failed, err)
			})},
		{name: "reads on without a context", fails: "discover-cancel context-ended", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error {
				return next(context.WithoutCancel(ctx), yield)
			})},
		{name: "lists on without a context", fails: "list-cancel context-ended", wrap: list(
			func(ctx context.Context, yield artefacts, next listFunc) error {
				return next(context.WithoutCancel(ctx), yield)
			})},
		{name: "takes a part for the whole", fails: "discover-partial error-classes", wrap: discover(
			func(ctx context.Context, yield resources, next discoverFunc) error { return partial(ctx, yield, next) })},
		{name: "takes a part of the list for the whole", fails: "list-partial error-classes", wrap: list(
			func(ctx context.Context, yield artefacts, next listFunc) error { return partial(ctx, yield, next) })},
	}
}

// first stops a listing after n items and says that it was complete.
func first[T any, F ~func(context.Context, func(T) error) error](ctx context.Context, n int, yield func(T) error, next F) error {
	err := next(ctx, func(item T) error {
		if n--; n < 0 {
			return errStop
		}
		return yield(item)
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// swallow stops at the callback's error and does not return it.
func swallow[T any, F ~func(context.Context, func(T) error) error](ctx context.Context, yield func(T) error, next F) error {
	stopped := false
	err := next(ctx, func(item T) error {
		err := yield(item)
		stopped = err != nil
		return err
	})
	if stopped {
		return nil
	}
	return err
}

// partial swallows every error of AWS.
func partial[T any, F ~func(context.Context, func(T) error) error](ctx context.Context, yield func(T) error, next F) error {
	err := next(ctx, yield)
	if _, ok := errors.AsType[*failure.Error](err); ok {
		return nil
	}
	return err
}

func beginDefects() []defect {
	type begin = func(ctx context.Context, op driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error)
	with := func(f begin) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.begin = f; return b }
	}
	var marks atomic.Int64 // of all drivers of all worlds
	var used sync.Map
	return []defect{
		{name: "claims tokens it does not use", fails: "OP-once OP-lost-answer OP-concurrent random-walk", opts: tokens,
			wrap: with(func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				m.JobID = fmt.Sprintf("%s%06d", m.JobID[:20], marks.Add(1))
				return next(ctx, m)
			})},
		{name: "claims that its look-ups are current", fails: "OP-once OP-lost-answer random-walk",
			wrap: func(b *brokenDriver) driver.Driver {
				b.descriptor = func(d driver.Descriptor) driver.Descriptor { d.Settle = nil; return d }
				return b
			}, opts: memdriver.Options{Lag: time.Minute}},
		{name: "tries unanswered calls again", fails: "OP-lost-answer random-walk", wrap: with(
			func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				ref, err := next(ctx, m)
				if failure.Is(err, failure.Transient) {
					return next(ctx, m)
				}
				return ref, err
			})},
		{name: "takes a name in use for a missing source", fails: "OP-once OP-concurrent", opts: tokens,
			wrap: func(b *brokenDriver) driver.Driver {
				b.begin = func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
					if _, again := used.LoadOrStore([2]any{b.world, m}, true); again {
						return "", failure.Errorf(failure.NotFound, "the name is taken and nothing has it")
					}
					return next(ctx, m)
				}
				return b
			}},
		{name: "one token for everything", fails: "OP-marks-differ", opts: tokens, wrap: with(
			func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				m.JobID = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
				return next(ctx, m)
			})},
		{name: "takes a refusal for a start", fails: "OP-refused", wrap: with(
			func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				ref, err := next(ctx, m)
				if failure.Is(err, failure.Denied) {
					return "point-999999", nil
				}
				return ref, err
			})},
		{name: "mutates with an ended context", fails: "context-ended", wrap: with(
			func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				return next(context.WithoutCancel(ctx), m)
			})},
	}
}

func findDefects() []defect {
	type find = func(ctx context.Context, req driver.FindRequest, next findFunc) (driver.Ref, error)
	with := func(f find) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.find = f; return b }
	}
	return []defect{
		{name: "finds what another installation made", fails: "OP-find-own", wrap: with(
			func(ctx context.Context, req driver.FindRequest, next findFunc) (driver.Ref, error) {
				req.Mark.Installation = "conformance"
				return next(ctx, req)
			})},
		{name: "finds nothing without saying so", fails: "OP-refused OP-find-own", wrap: with(
			func(ctx context.Context, req driver.FindRequest, next findFunc) (driver.Ref, error) {
				ref, err := next(ctx, req)
				if failure.Is(err, failure.NotFound) {
					return ref, nil
				}
				return ref, err
			})},
		{name: "takes an error for an empty answer", fails: "error-classes random-walk", wrap: with(
			func(ctx context.Context, req driver.FindRequest, next findFunc) (driver.Ref, error) {
				ref, err := next(ctx, req)
				if err != nil {
					return "", failure.Errorf(failure.NotFound, "nothing: %w", errors.New(err.Error()))
				}
				return ref, nil
			})},
		{name: "never finds anything", fails: "OP-find-own OP-lost-answer", wrap: with(
			func(context.Context, driver.FindRequest, findFunc) (driver.Ref, error) {
				return "", failure.Errorf(failure.NotFound, "nothing")
			})},
	}
}
