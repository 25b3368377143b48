package conformance

import (
	"context"
	"errors"
	"fmt"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func deleteChecks() []Check {
	return []Check{
		{Name: "delete", Proves: "Delete removes the one point it is asked for.", run: checkDelete},
		{Name: "delete-twice", Proves: "Deleting what is not there any more is success.", run: checkDeleteTwice},
		{Name: "delete-stranger", Proves: "A point of another installation is refused with class held and stays.", run: checkDeleteStranger},
		{Name: "delete-unmarked", Proves: "A point nobody's mark is on is refused with class held and stays.", run: checkDeleteUnmarked},
		{Name: "delete-lost-answer", Proves: "A deletion that was never answered can be asked for again.", run: checkDeleteLostAnswer},
	}
}

// delete deletes a point in Home as the checks' installation.
func (l *lab) delete(ctx context.Context, ref driver.Ref) error {
	if err := l.tryDelete(ctx, ref); err != nil {
		return fmt.Errorf("delete %q: %w", ref, err)
	}
	return nil
}

func (l *lab) tryDelete(ctx context.Context, ref driver.Ref) error {
	return l.d.Delete(ctx, driver.DeleteRequest{Scope: l.Home(), Installation: installation, Ref: ref})
}

// exists reports whether the world has a point in scope.
func (l *lab) exists(ctx context.Context, scope resource.Scope, ref driver.Ref) (bool, error) {
	items, err := l.Points(ctx, scope)
	if err != nil {
		return false, fmt.Errorf("see what is there: %w", err)
	}
	for _, item := range items {
		if item.Ref == ref {
			return true, nil
		}
	}
	return false, nil
}

// wantThere returns an error unless the point in Home exists, or does not.
func (l *lab) wantThere(ctx context.Context, ref driver.Ref, want bool) error {
	there, err := l.exists(ctx, l.Home(), ref)
	if err == nil && there != want {
		return fmt.Errorf("point %q exists: %v, want %v", ref, there, want)
	}
	return err
}

func checkDelete(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	deleted, kept, err := l.pair(ctx)
	if err != nil {
		return err
	}
	if err := l.delete(ctx, deleted); err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	return errors.Join(l.wantThere(ctx, deleted, false), l.wantThere(ctx, kept, true))
}

func checkDeleteTwice(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	deleted, removed, err := l.pair(ctx)
	if err != nil {
		return err
	}
	if err := l.RemovePoint(ctx, l.Home(), removed); err != nil {
		return fmt.Errorf("remove a point: %w", err)
	}
	for range 2 {
		if err := errors.Join(l.delete(ctx, deleted), l.delete(ctx, removed)); err != nil {
			return err
		}
		if err := l.finish(ctx); err != nil {
			return err
		}
	}
	return l.wantThere(ctx, deleted, false)
}

func checkDeleteStranger(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	_, p, err := l.point(ctx, stranger)
	if err != nil {
		return err
	}
	return l.wantHeld(ctx, p.Ref)
}

func checkDeleteUnmarked(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	r, err := l.resource(ctx)
	if err != nil {
		return err
	}
	ref, err := l.AddForeignPoint(ctx, r)
	if err != nil {
		return fmt.Errorf("make a foreign point: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	return l.wantHeld(ctx, ref)
}

// wantHeld tries to delete a point that is not ours.
func (l *lab) wantHeld(ctx context.Context, ref driver.Ref) error {
	refused := wantClass("the deletion", l.tryDelete(ctx, ref), failure.Held)
	if err := l.finish(ctx); err != nil {
		return err
	}
	return errors.Join(refused, l.wantThere(ctx, ref, true))
}

func checkDeleteLostAnswer(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	_, p, err := l.point(ctx, installation)
	if err != nil {
		return err
	}
	lift, err := l.inject(Fault{Method: Delete, Effect: Lose})
	defer lift()
	if err != nil {
		return err
	}
	// A retry inside the SDK may find the point gone already, which is success.
	if err := l.tryDelete(ctx, p.Ref); err != nil {
		if err := wantClass("the unanswered deletion", err, failure.Transient); err != nil {
			return err
		}
	}
	lift()
	if err := l.finish(ctx); err != nil {
		return err
	}
	if err := l.delete(ctx, p.Ref); err != nil {
		return err
	}
	return l.wantThere(ctx, p.Ref, false)
}
