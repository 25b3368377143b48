package conformance_test

import (
	"context"
	"maps"
	"sync/atomic"

	"holdfast/driver"
	"holdfast/failure"
)

type (
	seen = map[driver.Ref]driver.Status
	look = func(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error)
)

func withLook(f look) func(b *brokenDriver) driver.Driver {
	return func(b *brokenDriver) driver.Driver { b.look = f; return b }
}

// missing replaces the answer for references that are not in it.
func missing(only driver.Operation, s driver.State) func(b *brokenDriver) driver.Driver {
	return withLook(func(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
		answer, err := next(ctx, req)
		for _, ref := range req.Refs {
			if _, ok := answer[ref]; err == nil && !ok && req.Operation == only {
				answer[ref] = driver.Status{State: s}
			}
		}
		return answer, err
	})
}

// instead replaces one state by another.
func instead(of, s driver.State) func(b *brokenDriver) driver.Driver {
	return withLook(func(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
		answer, err := next(ctx, req)
		for ref, status := range answer {
			if status.State == of {
				status.State = s
				answer[ref] = status
			}
		}
		return answer, err
	})
}

func lookDefects() []defect {
	return []defect{
		{name: "pending for ever", fails: "OP-look random-walk", wrap: instead(driver.Succeeded, driver.Pending)},
		{name: "failure taken for success", fails: "OP-look-failed", wrap: instead(driver.Failed, driver.Succeeded)},
		{name: "failure taken for unfinished", fails: "OP-look-failed", wrap: instead(driver.Failed, driver.Pending)},
		{name: "failure without words", fails: "OP-look-failed", wrap: withLook(silent)},
		{name: "missing means gone", fails: "look-unseen", wrap: missing(driver.Backup, driver.Gone)},
		{name: "missing means failed", fails: "look-unseen look-gone random-walk", wrap: missing(driver.Backup, driver.Failed)},
		{name: "missing means pending", fails: "look-gone", wrap: missing(driver.Backup, driver.Pending)},
		{name: "a deletion is never seen", fails: "look-expire", wrap: instead(driver.Gone, driver.Pending)},
		{name: "a deletion is seen at once", fails: "look-expire", wrap: withLook(goneAtOnce)},
		{name: "a poll error is a failure", fails: "look-errors look-partial error-classes", wrap: withLook(condemn)},
		{name: "a poll error is no news", fails: "look-errors look-partial error-classes", wrap: withLook(ignoreErrors)},
		{name: "errors say failed beside the error", fails: "look-errors look-partial", wrap: withLook(condemnWithError)},
		{name: "a call for each reference", fails: "look-batch", wrap: withLook(oneByOne)},
		{name: "sees the first page only", fails: "look-batch", wrap: withLook(firstPage)},
		{name: "point without reference", fails: "backup-look copy-look", wrap: withLook(noPoint)},
		{name: "success that does not last", fails: "OP-look", wrap: forgetful},
	}
}

func silent(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer, err := next(ctx, req)
	for ref, status := range answer {
		status.Message = ""
		answer[ref] = status
	}
	return answer, err
}

func goneAtOnce(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer, err := next(ctx, req)
	for ref := range answer {
		if req.Operation == driver.Expire {
			answer[ref] = driver.Status{State: driver.Gone}
		}
	}
	return answer, err
}

func allFailed(refs []driver.Ref, err error) seen {
	answer := seen{}
	for _, ref := range refs {
		answer[ref] = driver.Status{State: driver.Failed, Message: err.Error()}
	}
	return answer
}

func condemn(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer, err := next(ctx, req)
	if err != nil {
		return allFailed(req.Refs, err), nil
	}
	return answer, nil
}

func condemnWithError(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer, err := next(ctx, req)
	if err != nil {
		return allFailed(req.Refs, err), err
	}
	return answer, nil
}

func ignoreErrors(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer, err := next(ctx, req)
	if err != nil {
		return seen{}, nil //nolint:nilerr // swallowing it is the defect
	}
	return answer, nil
}

func oneByOne(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer := seen{}
	for _, ref := range req.Refs {
		one := req
		one.Refs = []driver.Ref{ref}
		part, err := next(ctx, one)
		if err != nil {
			return nil, err
		}
		maps.Copy(answer, part)
	}
	return answer, nil
}

func firstPage(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	req.Refs = req.Refs[:min(4, len(req.Refs))]
	return next(ctx, req)
}

func noPoint(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
	answer, err := next(ctx, req)
	for ref, status := range answer {
		status.Point.Ref = ""
		answer[ref] = status
	}
	return answer, err
}

// forgetful reports every second success as still pending.
func forgetful(b *brokenDriver) driver.Driver {
	var looks atomic.Int64
	b.look = func(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
		answer, err := next(ctx, req)
		again := looks.Add(1)%2 == 0
		for ref, status := range answer {
			if again && status.State == driver.Succeeded {
				answer[ref] = driver.Status{State: driver.Pending}
			}
		}
		return answer, err
	}
	return b
}

func deleteDefects() []defect {
	type remove = func(ctx context.Context, req driver.DeleteRequest, next deleteFunc) error
	with := func(f func(b *brokenDriver) remove) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver { b.remove = f(b); return b }
	}
	return []defect{
		{name: "deletes nothing", fails: "delete delete-twice look-expire delete-lost-answer", wrap: with(func(*brokenDriver) remove {
			return func(context.Context, driver.DeleteRequest, deleteFunc) error { return nil }
		})},
		{name: "deletes too much", fails: "delete", wrap: with(func(b *brokenDriver) remove {
			return func(ctx context.Context, req driver.DeleteRequest, _ deleteFunc) error {
				items, err := b.world.Points(ctx, req.Scope)
				for _, item := range items {
					err = b.world.RemovePoint(ctx, req.Scope, item.Ref)
				}
				return err
			}
		})},
		{name: "absent is an error", fails: "delete-twice", wrap: with(func(b *brokenDriver) remove {
			return func(ctx context.Context, req driver.DeleteRequest, next deleteFunc) error {
				items, err := b.world.Points(ctx, req.Scope)
				for _, item := range items {
					if item.Ref == req.Ref {
						return next(ctx, req)
					}
				}
				if err == nil {
					err = failure.Errorf(failure.NotFound, "no such point")
				}
				return err
			}
		})},
		{name: "deletes without looking at the mark", fails: "delete-stranger delete-unmarked", wrap: with(func(b *brokenDriver) remove {
			return func(ctx context.Context, req driver.DeleteRequest, _ deleteFunc) error {
				return b.world.RemovePoint(ctx, req.Scope, req.Ref)
			}
		})},
		{name: "refuses with the wrong class", fails: "delete-stranger delete-unmarked", wrap: with(func(*brokenDriver) remove {
			return func(ctx context.Context, req driver.DeleteRequest, next deleteFunc) error {
				err := next(ctx, req)
				if failure.Is(err, failure.Held) {
					return failure.Errorf(failure.Denied, "not ours")
				}
				return err
			}
		})},
		{name: "takes a lost answer for a refusal", fails: "delete-lost-answer", wrap: with(func(*brokenDriver) remove {
			return func(ctx context.Context, req driver.DeleteRequest, next deleteFunc) error {
				err := next(ctx, req)
				if failure.Is(err, failure.Transient) {
					return failure.Errorf(failure.Held, "in use")
				}
				return err
			}
		})},
	}
}
