package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func lookChecks() []Check {
	checks := perOperation("look", "An operation is pending, then succeeded, and stays so.", checkLookLife)
	checks = append(checks, perOperation("look-failed", "An operation that failed in AWS is seen failed, with AWS's words.", checkLookFailed)...)
	return append(checks,
		Check{Name: "look-unseen", Proves: "An artefact AWS does not show yet is not reported gone or failed.", run: checkLookUnseen},
		Check{Name: "look-gone", Proves: "An artefact removed by somebody else is neither pending, failed nor succeeded.", run: checkLookGone},
		Check{Name: "look-expire", Proves: "A deletion succeeded when the artefact is gone, not before.", run: checkLookExpire},
		Check{Name: "look-batch", Proves: "One Look observes a page of references with one call, and all of them.", run: checkLookBatch},
		Check{Name: "look-errors", Proves: "Could not observe is an error, never a state.", run: checkLookErrors},
		Check{Name: "look-partial", Proves: "A Look that could not read every page condemns nothing.", run: checkLookPartial},
	)
}

func checkLookLife(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	began := a.lab.Now()
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	if err := a.lab.Advance(ctx); err != nil {
		return err
	}
	if err := a.lab.settle(ctx); err != nil {
		return err
	}
	first, err := a.lab.succeeded(ctx, op, a.scope, ref)
	if err != nil {
		return err
	}
	if op != driver.Restore {
		if err := wantPoint(ctx, first.Point, a); err != nil {
			return err
		}
		if first.Point.CreatedAt.Before(began.Add(-clockSkew)) || first.Point.CreatedAt.After(a.lab.Now().Add(clockSkew)) {
			return fmt.Errorf("point made at %v, in an operation that began at %v", first.Point.CreatedAt, began)
		}
	}
	for range 3 {
		if err := a.lab.finish(ctx); err != nil {
			return err
		}
		again, err := a.lab.succeeded(ctx, op, a.scope, ref)
		if err != nil {
			return fmt.Errorf("after success: %w", err)
		}
		if again.Point != first.Point {
			return fmt.Errorf("the point changed from %+v to %+v", first.Point, again.Point)
		}
	}
	return nil
}

func wantPoint(ctx context.Context, p driver.Point, a *action) error {
	there, err := a.lab.exists(ctx, a.scope, p.Ref)
	if err != nil {
		return err
	}
	arn, err := resource.ParseARN(p.ARN)
	switch {
	case !there:
		return fmt.Errorf("the point's reference is %q, and there is no such point", p.Ref)
	case err != nil:
		return fmt.Errorf("the point's ARN: %w", err)
	case arn.Region != a.scope.Region:
		return fmt.Errorf("the point's ARN %s is not in %s", p.ARN, a.scope.Region)
	default:
		return nil
	}
}

func checkLookFailed(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	if err := a.lab.FailNext(ctx, op); err != nil {
		return fmt.Errorf("plan a failure: %w", err)
	}
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	for range 2 {
		if err := a.lab.finish(ctx); err != nil {
			return err
		}
		seen, err := a.lab.look(ctx, op, a.scope, ref)
		if err != nil {
			return err
		}
		if err := wantState(op, seen, ref, cmp.Or(e.FailedAs, driver.Failed)); err != nil {
			return err
		}
		if e.FailedAs != driver.Gone && seen[ref].Message == "" {
			return errors.New("the failure has no message")
		}
	}
	return nil
}

func checkLookUnseen(ctx context.Context, e *env) error {
	a, err := e.action(ctx, driver.Backup)
	if err != nil {
		return err
	}
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	seen, err := a.lab.look(ctx, driver.Backup, a.scope, ref)
	if err != nil {
		return err
	}
	const absent = driver.State("")
	return wantState(driver.Backup, seen, ref, driver.Pending, absent)
}

// pair makes two completed recovery points.
func (l *lab) pair(ctx context.Context) (first, second driver.Ref, err error) {
	_, p1, err1 := l.point(ctx, installation)
	_, p2, err2 := l.point(ctx, installation)
	return p1.Ref, p2.Ref, errors.Join(err1, err2)
}

func checkLookGone(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	removed, kept, err := l.pair(ctx)
	if err != nil {
		return err
	}
	if err := l.RemovePoint(ctx, l.Home(), removed); err != nil {
		return fmt.Errorf("remove a point: %w", err)
	}
	if err := l.settle(ctx); err != nil {
		return err
	}
	seen, err := l.look(ctx, driver.Backup, l.Home(), removed, kept)
	if err != nil {
		return err
	}
	const absent = driver.State("")
	return errors.Join(
		wantState(driver.Backup, seen, removed, driver.Gone, absent),
		wantState(driver.Backup, seen, kept, driver.Succeeded),
	)
}

func checkLookExpire(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	deleted, kept, err := l.pair(ctx)
	if err != nil {
		return err
	}
	seen, err := l.look(ctx, driver.Expire, l.Home(), deleted, kept)
	if err != nil {
		return err
	}
	if seen[deleted].State == driver.Gone || seen[kept].State == driver.Gone {
		return fmt.Errorf("points that are there are reported gone: %+v", seen)
	}
	if err := l.delete(ctx, deleted); err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	if seen, err = l.look(ctx, driver.Expire, l.Home(), deleted, kept); err != nil {
		return err
	}
	if seen[kept].State == driver.Gone {
		return errors.New("the point that was not deleted is reported gone")
	}
	return wantState(driver.Expire, seen, deleted, driver.Gone)
}

// pointsOf returns the reference of the point each completed backup left.
func (l *lab) pointsOf(ctx context.Context, refs []driver.Ref) (map[driver.Ref]driver.Ref, error) {
	points := map[driver.Ref]driver.Ref{}
	for chunk := range slices.Chunk(refs, l.d.Descriptor().LookMax) {
		seen, err := l.look(ctx, driver.Backup, l.Home(), chunk...)
		if err != nil {
			return nil, err
		}
		for _, ref := range chunk {
			if err := wantState(driver.Backup, seen, ref, driver.Succeeded); err != nil {
				return nil, err
			}
			points[ref] = seen[ref].Point.Ref
		}
	}
	return points, nil
}

// started makes n resources and begins a backup of each.
func (l *lab) started(ctx context.Context, n int) ([]driver.Ref, error) {
	made, err := l.resources(ctx, n)
	if err != nil {
		return nil, err
	}
	refs := make([]driver.Ref, n)
	for i, r := range made {
		if _, refs[i], err = l.start(ctx, r, installation); err != nil {
			return nil, err
		}
	}
	return refs, nil
}

func checkLookBatch(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	n := min(2*e.LookPage+1, l.d.Descriptor().LookMax)
	refs, err := l.started(ctx, n)
	if err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	before := l.Calls().All
	seen, err := l.look(ctx, driver.Backup, l.Home(), refs...)
	if err != nil {
		return err
	}
	// One more than the pages: some listings end with an empty one.
	if calls, limit := l.Calls().All-before, (n-1)/e.LookPage+2; calls > limit {
		return fmt.Errorf("%d references cost %d calls, want at most %d", n, calls, limit)
	}
	for _, ref := range refs {
		if err := wantState(driver.Backup, seen, ref, driver.Succeeded); err != nil {
			return err
		}
	}
	return nil
}

func checkLookErrors(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	refs, err := l.started(ctx, 2)
	if err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	points, err := l.pointsOf(ctx, refs)
	if err != nil {
		return err
	}
	of := map[driver.Operation][]driver.Ref{driver.Backup: refs, driver.Expire: slices.Collect(maps.Values(points))}
	for op, refs := range of {
		for _, class := range alwaysRefused() {
			if err := l.lookRefused(ctx, op, refs, Fault{Method: Look, Effect: Refuse, Class: class}); err != nil {
				return fmt.Errorf("%s, %s: %w", op, class, err)
			}
		}
	}
	for _, ref := range refs {
		if _, err := l.succeeded(ctx, driver.Backup, l.Home(), ref); err != nil {
			return fmt.Errorf("after the errors: %w", err)
		}
	}
	return nil
}

// lookRefused looks under a fault and wants its class and no verdict on any reference.
func (l *lab) lookRefused(ctx context.Context, op driver.Operation, refs []driver.Ref, f Fault) error {
	lift, err := l.inject(f)
	defer lift()
	if err != nil {
		return err
	}
	seen, err := l.d.Look(ctx, driver.LookRequest{Scope: l.Home(), Operation: op, Refs: refs, Since: l.born})
	for ref, status := range seen {
		if status.State == driver.Failed || status.State == driver.Gone {
			return fmt.Errorf("%q is reported %s (%s)", ref, status.State, status.Message)
		}
	}
	return wantClass("the look", err, f.Class)
}

func checkLookPartial(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	n := e.LookPage + 1
	if n > l.d.Descriptor().LookMax {
		return notApplicable("all references of one Look fit on a page")
	}
	refs, err := l.started(ctx, n)
	if err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	points, err := l.pointsOf(ctx, refs)
	if err != nil {
		return err
	}
	fault := Fault{Method: Look, Effect: Refuse, Class: failure.Throttled, Skip: 1}
	return errors.Join(l.lookRefused(ctx, driver.Backup, refs, fault),
		l.lookRefused(ctx, driver.Expire, slices.Collect(maps.Values(points)), fault))
}
