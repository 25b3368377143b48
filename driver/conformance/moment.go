package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/driver"
	"holdfast/failure"
)

func momentChecks() []Check {
	return []Check{
		{Name: "moment-restore", Proves: "A resource is restored as it was at a moment, once per mark, complete and marked.", needs: moments, run: checkMoment},
		{Name: "moment-window", Proves: "A moment that continuous backups cannot reach is refused before any call.", needs: moments, run: checkMomentWindow},
	}
}

// momentRequest makes a resource and the request to restore it as it was some time ago.
func (l *lab) momentRequest(ctx context.Context, ago time.Duration) (driver.RestoreRequest, error) {
	r, err := l.discovered(ctx)
	if err != nil {
		return driver.RestoreRequest{}, err
	}
	return driver.RestoreRequest{Scope: l.Home(), Mark: l.mark(r.ARN), Resource: r, At: l.Now().Add(-ago)}, nil
}

func checkMoment(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	req, err := l.momentRequest(ctx, time.Hour)
	if err != nil {
		return err
	}
	restorer, before := l.d.(driver.Restorer), l.Calls().All
	plan, err := restorer.PlanRestore(req)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if calls := l.Calls().All - before; calls > 0 {
		return fmt.Errorf("planning made %d calls", calls)
	}
	a := &action{lab: l, op: driver.Restore, method: Restore, scope: l.Home(), source: req.Resource.ARN}
	a.begin = func(ctx context.Context, d driver.Driver, m driver.Mark) (driver.Ref, error) {
		req.Mark = m
		return d.(driver.Restorer).Restore(ctx, req)
	}
	if a.before, err = a.count(ctx); err != nil {
		return err
	}
	m := req.Mark
	ref, err := a.start(ctx, m)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if again, err := a.recover(ctx, m); err != nil || again != ref {
		return fmt.Errorf("again gave %q, the first time %q: %w", again, ref, errors.Join(err, errors.New("want the same")))
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	if err := l.finishRestore(ctx, restorer, req, ref); err != nil {
		return err
	}
	if err := l.finish(ctx); err != nil { // what finishing changed
		return err
	}
	_, err = l.succeeded(ctx, driver.Restore, l.Home(), ref)
	return errors.Join(planProblems(plan, l.d.Descriptor()), err, a.wantMade(ctx, 1), l.wantRestored(ctx, ref, m))
}

func checkMomentWindow(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	req, err := l.momentRequest(ctx, time.Hour)
	if err != nil {
		return err
	}
	restorer, before, now := l.d.(driver.Restorer), l.Calls().All, l.Now()
	for _, at := range []time.Time{now.Add(time.Hour), now.AddDate(-1, 0, 0)} {
		req.At = at
		_, planErr := restorer.PlanRestore(req)
		_, err := restorer.Restore(ctx, req)
		for what, err := range map[string]error{"plan": planErr, "restore": err} {
			if err := wantClass(fmt.Sprintf("the %s of %s", what, at), err, failure.Invalid); err != nil {
				return err
			}
		}
	}
	if made := l.Calls().All - before; made > 0 {
		return fmt.Errorf("moments out of reach cost %d calls", made)
	}
	return nil
}
