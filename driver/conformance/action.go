package conformance

import (
	"context"
	"errors"
	"fmt"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// action is a backup, copy or restore that can begin at any time: its source is ready.
// What must hold for one way to make an artefact must hold for all three.
type action struct {
	lab    *lab
	op     driver.Operation
	method Method
	scope  resource.Scope // where the artefact comes to be
	source string         // ARN
	begin  func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error)
	// finish gives a copy the last touch the engine gives it; nil when there is none.
	finish func(ctx context.Context, m driver.Mark, made driver.Point) error
	before int // artefacts of the type that were there at first
}

// action prepares a source for op in a new world.
func (e *env) action(ctx context.Context, op driver.Operation) (*action, error) {
	l, err := e.lab(ctx)
	if err != nil {
		return nil, err
	}
	a := &action{lab: l, op: op, scope: l.Home()}
	switch op {
	case driver.Copy:
		err = a.prepareCopy(ctx)
	case driver.Restore:
		err = a.prepareRestore(ctx)
	default:
		err = a.prepareBackup(ctx)
	}
	if err != nil {
		return nil, err
	}
	a.before, err = a.count(ctx)
	return a, err
}

func (a *action) prepareBackup(ctx context.Context) error {
	r, err := a.lab.discovered(ctx)
	if err != nil {
		return err
	}
	a.method, a.source = Start, r.ARN
	a.begin = func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error) {
		return d.Start(ctx, driver.StartRequest{Scope: a.scope, Mark: m, Resource: r, Tags: ruleTags(), Vault: vault})
	}
	return nil
}

func (a *action) prepareCopy(ctx context.Context) error {
	r, p, err := a.lab.point(ctx, installation)
	if err != nil {
		return err
	}
	a.method, a.source, a.scope = Copy, r.ARN, a.lab.Away()
	request := func(m driver.Mark) driver.CopyRequest {
		return driver.CopyRequest{
			Scope: a.scope, Mark: m, Source: p, SourceScope: a.lab.Home(), Tags: ruleTags(), Vault: vault,
		}
	}
	a.begin = func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error) {
		c, ok := d.(driver.Copier)
		if !ok {
			return "", errors.New("the driver is no Copier")
		}
		return c.Copy(ctx, request(m))
	}
	if f, ok := a.lab.d.(driver.CopyMarker); ok {
		a.finish = func(ctx context.Context, m driver.Mark, made driver.Point) error {
			return f.MarkCopy(ctx, request(m), made)
		}
	}
	return nil
}

// vault is where points are kept by engines that have vaults.
const vault = "conformance"

// complete does what the engine does when an operation ended well, twice, since it may be
// interrupted, and returns the reference of the point: not always the operation's own.
func (a *action) complete(ctx context.Context, m driver.Mark, ref driver.Ref) (driver.Ref, error) {
	status, err := a.lab.succeeded(ctx, a.op, a.scope, ref)
	if err != nil || a.finish == nil {
		return status.Point.Ref, err
	}
	for range 2 {
		if err := a.finish(ctx, m, status.Point); err != nil {
			return "", fmt.Errorf("finish the copy: %w", err)
		}
	}
	return status.Point.Ref, nil
}

func (a *action) prepareRestore(ctx context.Context) error {
	r, p, err := a.lab.point(ctx, installation)
	if err != nil {
		return err
	}
	a.method, a.source = Restore, r.ARN
	a.begin = func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error) {
		restorer, ok := d.(driver.Restorer)
		if !ok {
			return "", errors.New("the driver is no Restorer")
		}
		return restorer.Restore(ctx, driver.RestoreRequest{Scope: a.scope, Mark: m, Point: p, Resource: r})
	}
	return nil
}

// ruleTags are the recovery-point tags of a rule. One tries to forge the mark.
func ruleTags() map[string]string {
	return map[string]string{"cost-centre": "backup", driver.TagInstallation: "forged"}
}

// start begins the action for m with the lab's driver.
func (a *action) start(ctx context.Context, m driver.Mark) (driver.Ref, error) {
	ref, err := a.begin(ctx, a.lab.d, m)
	switch {
	case err != nil && ref != "":
		return "", fmt.Errorf("%s returned both %q and an error: %w", a.method, ref, err)
	case err == nil && ref == "":
		return "", fmt.Errorf("%s returned neither a reference nor an error", a.method)
	default:
		return ref, err
	}
}

func (a *action) find(ctx context.Context, m driver.Mark) (driver.Ref, error) {
	return a.lab.d.Find(ctx, driver.FindRequest{Scope: a.scope, Operation: a.op, Mark: m, Since: a.lab.born})
}

// repeats is whether an interrupted start is made again without looking for it.
func (a *action) repeats() bool {
	d := a.lab.d.Descriptor()
	return d.Unmarked && d.Repeatable[a.op] > 0
}

// settles is whether an empty answer of Find may be wrong for a while.
func (a *action) settles() bool { return a.lab.d.Descriptor().Settle[a.op] > 0 }

// recover does what the engine does when it does not know whether the action began: it
// looks for the artefact, waits out the lag where the kind has one, and only then begins.
func (a *action) recover(ctx context.Context, m driver.Mark) (driver.Ref, error) {
	if a.repeats() {
		return a.repeat(ctx, m)
	}
	ref, err := a.find(ctx, m)
	if a.settles() && failure.Is(err, failure.NotFound) {
		if err := a.lab.settle(ctx); err != nil {
			return "", err
		}
		ref, err = a.find(ctx, m)
	}
	switch {
	case failure.Is(err, failure.NotFound) && !a.settles():
		return a.repeat(ctx, m)
	case failure.Is(err, failure.NotFound):
		return a.start(ctx, m)
	case err != nil:
		return "", fmt.Errorf("find: %w", err)
	default:
		return ref, nil
	}
}

// repeat begins again with a mark that was used, where that is safe at any time. What has
// the mark's name may take a while to show itself: an error that is tried again is then
// right, and after the lag it must not be there.
func (a *action) repeat(ctx context.Context, m driver.Mark) (driver.Ref, error) {
	ref, err := a.start(ctx, m)
	if !passes(err) {
		return ref, err
	}
	if err := a.lab.settle(ctx); err != nil {
		return "", err
	}
	return a.start(ctx, m)
}

// passes reports whether err is one that goes away by itself.
func passes(err error) bool {
	return failure.Is(err, failure.Busy) || failure.Is(err, failure.Transient)
}

// count returns how many recovery points, or resources for a restore, are in the scope.
func (a *action) count(ctx context.Context) (int, error) {
	list := a.lab.Points
	if a.op == driver.Restore {
		list = a.lab.Resources
	}
	items, err := list(ctx, a.scope)
	if err != nil {
		return 0, fmt.Errorf("see what is there: %w", err)
	}
	return len(items), nil
}

// wantMade returns an error unless exactly n artefacts were made.
func (a *action) wantMade(ctx context.Context, n int) error {
	now, err := a.count(ctx)
	if err != nil {
		return err
	}
	if made := now - a.before; made != n {
		return fmt.Errorf("%d artefacts were made, want %d", made, n)
	}
	return nil
}
