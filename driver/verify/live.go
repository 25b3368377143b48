package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// Live is a place that cannot be hurried, made to fail, or seen but through the driver: an
// emulator of AWS.
type Live struct {
	Driver       conformance.Tried
	Home, Away   resource.Scope // where the resource is, and where a copy goes
	Installation string
	JobID        func(n int) string // of the nth job, 26 characters of base32
	Clock        clock.Clock
	Every, Limit time.Duration // between looks, and for one operation
}

// live is a run of the checks on one resource.
type live struct {
	Live
	jobs    int
	res     resource.Resource
	mark    driver.Mark
	ref     driver.Ref
	point   driver.Point
	copied  *driver.Point
	results []Result
}

// Run makes a resource and takes it through its life, as far as the emulator goes. A step
// that fails ends it; what was made is deleted in any case, but for restored resources,
// which end with the emulator.
func (l Live) Run(ctx context.Context) []Result {
	run := &live{Live: l}
	defer run.cleanUp(ctx)
	for _, step := range []struct {
		ability conformance.Ability
		name    string
		do      func(context.Context) error
	}{
		{conformance.CanDiscover, "live-discover", run.discover},
		{conformance.CanBackUp, "live-backup", run.backUp},
		{conformance.SurvivesCrash, "live-found", run.found},
		{conformance.Looks, "live-look", run.lookAround},
		{conformance.CanDiscover, "live-list", run.list},
		{conformance.TellsErrors, "live-errors", run.refusals},
		{conformance.CanCopyRegion, "live-copy", run.copyAway},
		{conformance.CanRestore, "live-restore", run.restore},
		{conformance.CanExpire, "live-expire", run.expire},
	} {
		if !run.possible(step.ability) {
			continue
		}
		err := step.do(ctx)
		run.note(step.ability, step.name, err)
		if err != nil {
			break
		}
	}
	return run.results
}

// possible reports whether the emulator has what a step is about.
func (l *live) possible(ability conformance.Ability) bool {
	return slices.Contains(l.Driver.Wiring().Emulated, ability)
}

func (l *live) note(ability conformance.Ability, name string, err error) {
	d := l.Driver.Descriptor()
	r := Result{Kind: d.Kind, Engine: driver.EngineOf(l.Driver), Ability: ability, Check: name, Outcome: Pass, Detail: "on " + l.res.ARN}
	if err != nil {
		r.Outcome, r.Detail = Fail, err.Error()
	}
	l.results = append(l.results, r)
}

func (l *live) newMark() driver.Mark {
	l.jobs++
	now := l.Clock.Now().Truncate(time.Second)
	return driver.Mark{
		Installation: l.Installation, JobID: l.JobID(l.jobs), SourceARN: l.res.ARN, Plan: "verify", Rule: "live", CreatedAt: now, DeleteAfter: now.AddDate(0, 0, 1),
	}
}

func (l *live) discover(ctx context.Context) error {
	name, err := l.Driver.Wiring().Make(ctx, l.Home)
	if err != nil {
		return fmt.Errorf("make a resource: %w", err)
	}
	seen := 0
	err = l.Driver.Discover(ctx, l.Home, func(r resource.Resource) error {
		if r.Name == name {
			l.res = r
			seen++
		}
		return nil
	})
	if err == nil && seen != 1 {
		return fmt.Errorf("resource %s was listed %d times, want once", name, seen)
	}
	return err
}

func (l *live) backUp(ctx context.Context) (err error) {
	l.mark = l.newMark()
	l.ref, err = l.Driver.Start(ctx, driver.StartRequest{Scope: l.Home, Mark: l.mark, Resource: l.res})
	if err != nil {
		return err
	}
	l.point, err = l.ended(ctx, driver.Backup, l.Home, l.ref)
	return err
}

// ended looks at an operation until it has succeeded.
func (l *live) ended(ctx context.Context, op driver.Operation, scope resource.Scope, ref driver.Ref) (driver.Point, error) {
	until := l.Clock.Now().Add(l.Limit)
	want := driver.Succeeded
	if op == driver.Expire {
		want = driver.Gone
	}
	for {
		seen, err := l.Driver.Look(ctx, driver.LookRequest{Scope: scope, Operation: op, Refs: []driver.Ref{ref}, Since: l.mark.CreatedAt})
		status, ok := seen[ref]
		switch {
		case err != nil:
			return driver.Point{}, fmt.Errorf("look at %s %s: %w", op, ref, err)
		case ok && status.State == want:
			return status.Point, nil
		case ok && status.State == driver.Failed, l.Clock.Now().After(until):
			return driver.Point{}, fmt.Errorf("%s %s is %q (%s)", op, ref, status.State, status.Message)
		}
		if err := l.Clock.Sleep(ctx, l.Every); err != nil {
			return driver.Point{}, err
		}
	}
}

// found does what the engine does after a crash.
func (l *live) found(ctx context.Context) error {
	d := l.Driver.Descriptor()
	if d.Unmarked && d.Repeatable[driver.Backup] > 0 {
		again, err := l.Driver.Start(ctx, driver.StartRequest{Scope: l.Home, Mark: l.mark, Resource: l.res})
		return same(again, l.ref, err)
	}
	ref, err := l.Driver.Find(ctx, driver.FindRequest{Scope: l.Home, Operation: driver.Backup, Mark: l.mark, Since: l.mark.CreatedAt})
	if err := same(ref, l.ref, err); err != nil {
		return err
	}
	other := l.newMark()
	ref, err = l.Driver.Find(ctx, driver.FindRequest{Scope: l.Home, Operation: driver.Backup, Mark: other, Since: l.mark.CreatedAt})
	if !failure.Is(err, failure.NotFound) {
		return fmt.Errorf("find for another job gave %q, %w: want class not_found", ref, errors.Join(err))
	}
	return nil
}

func same(got, want driver.Ref, err error) error {
	if err == nil && got != want {
		return fmt.Errorf("%q was found, want %q", got, want)
	}
	return err
}

// lookAround asks for an operation that is there beside one that is not.
func (l *live) lookAround(ctx context.Context) error {
	unknown := l.ref + "0"
	seen, err := l.Driver.Look(ctx, driver.LookRequest{Scope: l.Home, Operation: driver.Backup, Refs: []driver.Ref{l.ref, unknown}, Since: l.mark.CreatedAt})
	if err != nil {
		return err
	}
	if s, ok := seen[unknown]; seen[l.ref].State != driver.Succeeded || ok && s.State != driver.Gone {
		return fmt.Errorf("%q is %q and %q, which is not there, is %q", l.ref, seen[l.ref].State, unknown, s.State)
	}
	return nil
}

func (l *live) list(ctx context.Context) error {
	listed := 0
	err := l.Driver.List(ctx, l.Home, func(a driver.Artefact) error {
		if a.Point.Ref == l.point.Ref && a.Mark.JobID == l.mark.JobID && a.Mark.Installation == l.mark.Installation {
			listed++
		}
		return nil
	})
	if err == nil && listed != 1 {
		return fmt.Errorf("the point was listed %d times with its mark, want once", listed)
	}
	return err
}

func (l *live) refusals(ctx context.Context) error {
	err := l.Driver.Delete(ctx, driver.DeleteRequest{Scope: l.Home, Installation: "stranger", Ref: l.point.Ref})
	if !failure.Is(err, failure.Held) {
		return fmt.Errorf("a deletion for another installation: %w, want class held", errors.Join(err))
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = l.Driver.Start(cancelled, driver.StartRequest{Scope: l.Home, Mark: l.newMark(), Resource: l.res})
	if !failure.Is(err, failure.Transient) {
		return fmt.Errorf("a start with an ended context: %w, want class transient", errors.Join(err))
	}
	return nil
}

func (l *live) copyAway(ctx context.Context) error {
	copier, ok := l.Driver.(driver.Copier)
	if !ok {
		return errors.New("the driver makes no copies")
	}
	ref, err := copier.Copy(ctx, driver.CopyRequest{Scope: l.Away, Mark: l.newMark(), Source: l.point, SourceScope: l.Home, Resource: l.res})
	if err != nil {
		return err
	}
	p, err := l.ended(ctx, driver.Copy, l.Away, ref)
	l.copied = &p
	return err
}

// maxFinishes bounds how often a restore is finished until it is not busy any more.
const maxFinishes = 100

func (l *live) restore(ctx context.Context) error {
	restorer, ok := l.Driver.(driver.Restorer)
	if !ok {
		return errors.New("the driver restores nothing")
	}
	req := driver.RestoreRequest{Scope: l.Home, Mark: l.newMark(), Point: l.point, Resource: l.res}
	if plan, err := restorer.PlanRestore(req); err != nil || len(plan.Calls) == 0 {
		return fmt.Errorf("plan of %d calls: %w", len(plan.Calls), errors.Join(err))
	}
	ref, err := restorer.Restore(ctx, req)
	if err != nil {
		return err
	}
	if _, err := l.ended(ctx, driver.Restore, l.Home, ref); err != nil {
		return err
	}
	for range maxFinishes {
		if err = restorer.FinishRestore(ctx, req, ref); !failure.Is(err, failure.Busy) {
			return err
		}
		if err := l.Clock.Sleep(ctx, l.Every); err != nil {
			return err
		}
	}
	return err
}

func (l *live) expire(ctx context.Context) error {
	for range 2 { // absent is success
		if err := l.Driver.Delete(ctx, driver.DeleteRequest{Scope: l.Home, Installation: l.Installation, Ref: l.point.Ref}); err != nil {
			return err
		}
		if _, err := l.ended(ctx, driver.Expire, l.Home, l.point.Ref); err != nil {
			return err
		}
	}
	return nil
}

// cleanUp deletes the points that may be left, whatever happened to the context.
func (l *live) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Limit)
	defer cancel()
	if l.point.Ref != "" {
		_ = l.Driver.Delete(ctx, driver.DeleteRequest{Scope: l.Home, Installation: l.Installation, Ref: l.point.Ref})
	}
	if l.copied != nil && l.copied.Ref != "" {
		_ = l.Driver.Delete(ctx, driver.DeleteRequest{Scope: l.Away, Installation: l.Installation, Ref: l.copied.Ref})
	}
}
