package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/driver"
	"holdfast/failure"
)

func lifecycleChecks() []Check {
	return []Check{
		{Name: "cancel-backup", Proves: "A cancelled backup is seen to have ended, and leaves no point.", needs: cancels, run: checkCancel},
		{Name: "cancel-ended", Proves: "Cancelling what has ended is no error and changes nothing.", needs: cancels, run: checkCancelEnded},
		{Name: "cold-move", Proves: "A point moves to cold storage when asked to, cannot be copied from there, and can be restored.", needs: chills, run: checkCold},
	}
}

func (l *lab) cancel(ctx context.Context, ref driver.Ref) error {
	canceler, ok := l.d.(driver.Canceler)
	if !ok {
		return errors.New("the driver is no Canceler")
	}
	return canceler.Cancel(ctx, driver.CancelRequest{Scope: l.Home(), Operation: driver.Backup, Ref: ref})
}

func checkCancel(ctx context.Context, e *env) error {
	a, err := e.action(ctx, driver.Backup)
	if err != nil {
		return err
	}
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	if err := a.lab.cancel(ctx, ref); err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	seen, err := a.lab.look(ctx, driver.Backup, a.scope, ref)
	if err != nil {
		return err
	}
	return errors.Join(wantState(driver.Backup, seen, ref, driver.Failed, driver.Gone), a.wantMade(ctx, 0))
}

func checkCancelEnded(ctx context.Context, e *env) error {
	a, err := e.action(ctx, driver.Backup)
	if err != nil {
		return err
	}
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	if err := a.lab.cancel(ctx, ref); err != nil {
		return fmt.Errorf("cancel what has ended: %w", err)
	}
	_, err = a.lab.succeeded(ctx, driver.Backup, a.scope, ref)
	return errors.Join(err, a.wantMade(ctx, 1))
}

// chilled is longer than the day after which the check wants a point cold.
const chilled = 3 * 24 * time.Hour

func checkCold(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	r, err := l.discovered(ctx)
	if err != nil {
		return err
	}
	ref, err := l.d.Start(ctx, driver.StartRequest{
		Scope: l.Home(), Mark: l.mark(r.ARN), Resource: r, Vault: vault, Lifecycle: driver.Lifecycle{ColdAfterDays: 1},
	})
	if err != nil {
		return fmt.Errorf("start a backup: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	if err := l.Age(ctx, chilled); err != nil {
		return err
	}
	status, err := l.succeeded(ctx, driver.Backup, l.Home(), ref)
	if err != nil {
		return err
	}
	if !l.d.Descriptor().ColdByAWS {
		if err := l.chill(ctx, status.Point.Ref); err != nil {
			return err
		}
		if status, err = l.succeeded(ctx, driver.Backup, l.Home(), ref); err != nil {
			return err
		}
		if !status.Point.Cold {
			return errors.New("the point moved to cold storage, and Look does not show it as cold")
		}
	}
	if c, ok := l.d.(driver.Copier); ok {
		_, err := c.Copy(ctx, driver.CopyRequest{Scope: l.Away(), Mark: l.mark(r.ARN), Source: status.Point, SourceScope: l.Home(), Vault: vault})
		if err := wantClass("a copy from cold storage", err, failure.Invalid); err != nil {
			return err
		}
	}
	return l.restoreCold(ctx, driver.RestoreRequest{Scope: l.Home(), Mark: l.mark(r.ARN), Point: status.Point, Resource: r})
}

// chill moves a point: a stranger's request is refused, and asking twice moves it once.
func (l *lab) chill(ctx context.Context, ref driver.Ref) error {
	mover, ok := l.d.(driver.ColdMover)
	if !ok {
		return errors.New("the driver has cold storage, AWS moves nothing there by itself, and it is no ColdMover")
	}
	req := driver.ColdRequest{Scope: l.Home(), Installation: stranger, Ref: ref, Lifecycle: driver.Lifecycle{ColdAfterDays: 1}}
	if err := wantClass("a move for a strange installation", mover.MoveToCold(ctx, req), failure.Held); err != nil {
		return err
	}
	seen, err := l.look(ctx, driver.Archive, l.Home(), ref)
	if err != nil {
		return err
	}
	if len(seen) > 0 {
		return fmt.Errorf("a point nobody moved is seen on its way: %v", seen)
	}
	req.Installation = installation
	for range 2 {
		if err := mover.MoveToCold(ctx, req); err != nil {
			return fmt.Errorf("move to cold storage: %w", err)
		}
	}
	seen, err = l.look(ctx, driver.Archive, l.Home(), ref)
	if err := errors.Join(err, wantState(driver.Archive, seen, ref, driver.Pending)); err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	_, err = l.succeeded(ctx, driver.Archive, l.Home(), ref)
	return errors.Join(err, mover.MoveToCold(ctx, req))
}

// thaws is how often a restore from cold storage may say that it is not there yet.
const thaws = 3

func (l *lab) restoreCold(ctx context.Context, req driver.RestoreRequest) error {
	restorer, ok := l.d.(driver.Restorer)
	if !ok {
		return nil
	}
	made, err := restorer.Restore(ctx, req)
	for range thaws {
		if !failure.Is(err, failure.Busy) {
			break
		}
		if err := l.Age(ctx, chilled); err != nil {
			return err
		}
		made, err = restorer.Restore(ctx, req)
	}
	if err != nil {
		return fmt.Errorf("restore from cold storage: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	_, err = l.succeeded(ctx, driver.Restore, l.Home(), made)
	return err
}
