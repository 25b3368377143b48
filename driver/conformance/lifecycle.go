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
	if c, ok := l.d.(driver.Copier); ok {
		_, err := c.Copy(ctx, driver.CopyRequest{Scope: l.Away(), Mark: l.mark(r.ARN), Source: status.Point, SourceScope: l.Home(), Vault: vault})
		if err := wantClass("a copy from cold storage", err, failure.Invalid); err != nil {
			return err
		}
	}
	return l.restoreCold(ctx, driver.RestoreRequest{Scope: l.Home(), Mark: l.mark(r.ARN), Point: status.Point, Resource: r})
}

func (l *lab) restoreCold(ctx context.Context, req driver.RestoreRequest) error {
	restorer, ok := l.d.(driver.Restorer)
	if !ok {
		return nil
	}
	made, err := restorer.Restore(ctx, req)
	if err != nil {
		return fmt.Errorf("restore from cold storage: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	_, err = l.succeeded(ctx, driver.Restore, l.Home(), made)
	return err
}
