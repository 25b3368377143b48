package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"holdfast/driver"
	"holdfast/resource"
)

func markChecks() []Check {
	return []Check{
		{Name: "backup-marks", Proves: "List reads back the mark a backup was made with.",
			run: func(ctx context.Context, e *env) error { return checkMarks(ctx, e, driver.Backup) }},
		{Name: "copy-marks", Proves: "List reads back the mark a copy was made with.", needs: copies,
			run: func(ctx context.Context, e *env) error { return checkMarks(ctx, e, driver.Copy) }},
		{Name: "list-unmarked", Proves: "List leaves out what Holdfast did not make.", run: checkListUnmarked},
		{Name: "list-failed", Proves: "List shows a failed backup as failed.", run: checkListFailed},
	}
}

func checkMarks(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	ref, err := a.start(ctx, m)
	if err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	if ref, err = a.complete(ctx, m, ref); err != nil {
		return err
	}
	listed, err := a.lab.listed(ctx, a.scope)
	if err != nil {
		return err
	}
	if s := listed[ref].State; s != driver.Succeeded {
		return fmt.Errorf("the completed %q is listed as %q", ref, s)
	}
	want := m
	if !e.Tagged {
		want = driver.Mark{Installation: m.Installation, JobID: m.JobID}
	}
	got := listed[ref].Mark
	if !e.Tagged {
		got = driver.Mark{Installation: got.Installation, JobID: got.JobID}
	}
	if got != want {
		return fmt.Errorf("the mark of %q is read back as %+v, want %+v", ref, got, want)
	}
	if e.Tagged {
		return a.wantTags(ctx, ref, m)
	}
	return nil
}

// listed returns what List shows in scope.
func (l *lab) listed(ctx context.Context, scope resource.Scope) (map[driver.Ref]driver.Artefact, error) {
	listed := map[driver.Ref]driver.Artefact{}
	err := l.d.List(ctx, scope, func(a driver.Artefact) error {
		listed[a.Point.Ref] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return listed, nil
}

// wantTags returns an error unless AWS shows the mark and the rule's tags on ref.
func (a *action) wantTags(ctx context.Context, ref driver.Ref, m driver.Mark) error {
	items, err := a.lab.Points(ctx, a.scope)
	if err != nil {
		return fmt.Errorf("see what is there: %w", err)
	}
	var problems []error
	for _, item := range items {
		if item.Ref != ref {
			continue
		}
		for key, want := range m.Tags(ruleTags()) {
			if got := item.Tags[key]; got != want {
				problems = append(problems, fmt.Errorf("tag %s of %q is %q, want %q", key, ref, got, want))
			}
		}
	}
	return errors.Join(problems...)
}

func checkListUnmarked(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	r, _, err := l.point(ctx, installation)
	if err != nil {
		return err
	}
	foreign, err := l.AddForeignPoint(ctx, r)
	if err != nil {
		return fmt.Errorf("make a foreign point: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	listed, err := l.listed(ctx, l.Home())
	if err != nil {
		return err
	}
	if _, ok := listed[foreign]; ok || len(listed) != 1 {
		return fmt.Errorf("%d artefacts are listed, want ours only (not %q)", len(listed), foreign)
	}
	return nil
}

func checkListFailed(ctx context.Context, e *env) error {
	a, err := e.action(ctx, driver.Backup)
	if err != nil {
		return err
	}
	if err := a.lab.FailNext(ctx, driver.Backup); err != nil {
		return fmt.Errorf("plan a failure: %w", err)
	}
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	listed, err := a.lab.listed(ctx, a.scope)
	if err != nil {
		return err
	}
	switch s, want := listed[ref].State, cmp.Or(e.FailedAs, driver.Failed); {
	case s == want, s == "" && want == driver.Gone:
		return nil
	default:
		return fmt.Errorf("the failed %q is listed as %q", ref, s)
	}
}
