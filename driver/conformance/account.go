package conformance

import (
	"context"
	"errors"
	"fmt"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func accountChecks() []Check {
	return []Check{
		{Name: "account-copy", Proves: "A copy into another account lies there, is marked, and outlives its source.", needs: copiesAbroad, run: checkAccountCopy},
		{Name: "account-taken-back", Proves: "After a copy into another account nobody but the owner has the source.", needs: copiesAbroad, run: checkTakenBack},
		{Name: "account-refused", Proves: "A copy into another account that never began leaves nothing behind.", needs: copiesAbroad, run: checkAccountRefused},
		{Name: "account-unclaimed", Proves: "A driver that copies to no other account says so before any call.", needs: copies, run: checkAccountUnclaimed},
	}
}

// abroad is a copy of a new point into the other account.
type abroad struct {
	*action
	point driver.Point
}

func (e *env) abroad(ctx context.Context) (*abroad, error) {
	l, err := e.lab(ctx)
	if err != nil {
		return nil, err
	}
	r, p, err := l.point(ctx, installation)
	if err != nil {
		return nil, err
	}
	if p, err = l.rekeyed(ctx, r, p); err != nil {
		return nil, err
	}
	a := &abroad{point: p, action: &action{lab: l, op: driver.Copy, method: Copy, source: r.ARN, scope: l.Other()}}
	a.begin = func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error) {
		return d.(driver.Copier).Copy(ctx, driver.CopyRequest{
			Scope: a.scope, Mark: m, Source: p, SourceScope: l.Home(), Resource: r, Tags: ruleTags(),
		})
	}
	a.before, err = a.count(ctx)
	return a, err
}

// rekeyed returns the point that can leave the account: p, or a copy of it with
// driver.TransitKey where it is encrypted with a key that AWS manages, as the engine makes.
func (l *lab) rekeyed(ctx context.Context, r resource.Resource, p driver.Point) (driver.Point, error) {
	if !l.d.Descriptor().CustomerKeyAbroad || !driver.IsAWSManagedKey(p.KMSKeyID) {
		return p, nil
	}
	ref, err := l.d.(driver.Copier).Copy(ctx, driver.CopyRequest{
		Scope: l.Home(), Mark: l.mark(r.ARN), Source: p, SourceScope: l.Home(), Resource: r, KMSKeyID: driver.TransitKey,
	})
	if err != nil {
		return p, fmt.Errorf("copy with %s: %w", driver.TransitKey, err)
	}
	if err := l.finish(ctx); err != nil {
		return p, err
	}
	status, err := l.succeeded(ctx, driver.Copy, l.Home(), ref)
	if err == nil && driver.IsAWSManagedKey(status.Point.KMSKeyID) {
		err = fmt.Errorf("the copy with %s has key %s", driver.TransitKey, status.Point.KMSKeyID)
	}
	return status.Point, err
}

// finish takes back what the copy for m left, as the engine does.
func (a *abroad) finish(ctx context.Context, m driver.Mark) error {
	finisher, ok := a.lab.d.(driver.CopyFinisher)
	if !ok {
		return nil // such as AWS Backup, whose vaults let each other in for good
	}
	err := finisher.FinishCopy(ctx, driver.CopyRequest{
		Scope: a.scope, Mark: m, Source: a.point, SourceScope: a.lab.Home(),
	})
	if err != nil {
		return fmt.Errorf("finish the copy: %w", err)
	}
	return nil
}

// wantUnshared returns an error unless the source belongs to its owner alone.
func (a *abroad) wantUnshared(ctx context.Context, when string) error {
	items, err := a.lab.Points(ctx, a.lab.Home())
	if err != nil {
		return fmt.Errorf("see what is there: %w", err)
	}
	for _, item := range items {
		if item.Ref == a.point.Ref && len(item.SharedWith) > 0 {
			return fmt.Errorf("%s the source is shared with %v", when, item.SharedWith)
		}
	}
	return nil
}

func checkAccountCopy(ctx context.Context, e *env) error {
	a, err := e.abroad(ctx)
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	ref, err := a.start(ctx, m)
	if err != nil {
		return err
	}
	if again, err := a.recover(ctx, m); err != nil || again != ref {
		return fmt.Errorf("again gave %q, the first time %q: %w", again, ref, errors.Join(err, errors.New("want the same")))
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	if err := a.finish(ctx, m); err != nil {
		return err
	}
	if err := a.lab.delete(ctx, a.point.Ref); err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	if _, err := a.lab.succeeded(ctx, driver.Copy, a.scope, ref); err != nil {
		return err
	}
	if e.Tagged {
		err = a.wantTags(ctx, ref, m)
	}
	return errors.Join(err, a.wantMade(ctx, 1), a.finish(ctx, m)) // the source is gone: nothing to take back
}

func checkTakenBack(ctx context.Context, e *env) error {
	a, err := e.abroad(ctx)
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	if err := a.finish(ctx, m); err != nil {
		return fmt.Errorf("before anything began: %w", err)
	}
	if _, err := a.start(ctx, m); err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	for range 2 {
		if err := a.finish(ctx, m); err != nil {
			return err
		}
		if err := a.wantUnshared(ctx, "after the copy"); err != nil {
			return err
		}
	}
	return nil
}

func checkAccountRefused(ctx context.Context, e *env) error {
	a, err := e.abroad(ctx)
	if err != nil {
		return err
	}
	lift, err := a.lab.inject(Fault{Method: Copy, Effect: Refuse, Class: failure.Denied})
	defer lift()
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	_, err = a.start(ctx, m)
	if err := wantClass("the refused copy", err, failure.Denied); err != nil {
		return err
	}
	lift()
	if err := a.finish(ctx, m); err != nil {
		return err
	}
	return errors.Join(a.wantUnshared(ctx, "after a refused copy"), a.wantMade(ctx, 0))
}

func checkAccountUnclaimed(ctx context.Context, e *env) error {
	a, err := e.abroad(ctx)
	if err != nil {
		return err
	}
	if a.lab.d.Descriptor().CopyAccount {
		// Then the driver must be able to do what it claims, which the other checks see.
		_, err := a.start(ctx, a.lab.mark(a.source))
		return err
	}
	before := a.lab.Calls().Mutating
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err := wantClass(fmt.Sprintf("the copy (%q)", ref), err, failure.Unsupported); err != nil {
		return err
	}
	if made := a.lab.Calls().Mutating - before; made > 0 {
		return fmt.Errorf("it made %d mutating calls", made)
	}
	return nil
}
