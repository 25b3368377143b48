package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func restoreChecks() []Check {
	return []Check{
		{Name: "restore-plan", Proves: "A plan needs no input and no call, and names only allowed calls.", needs: restores, run: checkPlan},
		{Name: "restore-parameters", Proves: "All bad parameters of a restore are reported together.", needs: restores, run: checkParameters},
		{Name: "restore-finish", Proves: "A restored resource is complete, marked, and can be finished twice.", needs: restores, run: checkFinish},
	}
}

// restoreRequest makes a recovery point and the request to restore it, with the source as
// a catalog gives it back: through JSON.
func (l *lab) restoreRequest(ctx context.Context) (driver.RestoreRequest, error) {
	r, p, err := l.point(ctx, installation)
	if err != nil {
		return driver.RestoreRequest{}, err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return driver.RestoreRequest{}, fmt.Errorf("the resource as JSON: %w", err)
	}
	var recorded resource.Resource
	if err := json.Unmarshal(data, &recorded); err != nil {
		return driver.RestoreRequest{}, fmt.Errorf("the resource from JSON: %w", err)
	}
	return driver.RestoreRequest{Scope: l.Home(), Mark: l.mark(r.ARN), Point: p, Resource: recorded}, nil
}

func checkPlan(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	req, err := l.restoreRequest(ctx)
	if err != nil {
		return err
	}
	before := l.Calls().All
	plan, err := l.d.(driver.Restorer).PlanRestore(req)
	if err != nil {
		return fmt.Errorf("plan without input: %w", err)
	}
	if calls := l.Calls().All - before; calls > 0 {
		return fmt.Errorf("planning made %d calls", calls)
	}
	return planProblems(plan, l.d.Descriptor())
}

func planProblems(plan driver.RestorePlan, d driver.Descriptor) error {
	if len(plan.Calls) == 0 {
		return errors.New("the plan has no calls")
	}
	var problems []error
	for _, c := range plan.Calls {
		if !slices.Contains(d.Actions[resource.ForRestore], c.Operation) {
			problems = append(problems, fmt.Errorf("the plan calls %s, which is not among the actions for restores", c.Operation))
		}
		if !json.Valid(c.Input) {
			problems = append(problems, fmt.Errorf("the input of %s is not JSON", c.Operation))
		}
	}
	for name := range plan.Parameters {
		known := func(p driver.Parameter) bool { return p.Name == name }
		if !slices.ContainsFunc(d.Restore, known) {
			problems = append(problems, fmt.Errorf("the plan has parameter %q, which the descriptor does not name", name))
		}
	}
	return errors.Join(problems...)
}

func checkParameters(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	req, err := l.restoreRequest(ctx)
	if err != nil {
		return err
	}
	wrong := []string{"no_such_parameter", "nor_this_one"}
	req.Overrides = map[string]string{wrong[0]: "x", wrong[1]: "y"}
	restorer, before := l.d.(driver.Restorer), l.Calls().Mutating
	_, planErr := restorer.PlanRestore(req)
	_, err = restorer.Restore(ctx, req)
	for what, err := range map[string]error{"plan": planErr, "restore": err} {
		if err := wantClass(what+" with unknown parameters", err, failure.Invalid); err != nil {
			return err
		}
		var p *driver.ParameterError
		if !errors.As(err, &p) {
			return fmt.Errorf("%s: no ParameterError: %w", what, err)
		}
		for _, name := range wrong {
			if !strings.Contains(p.Error(), name) {
				return fmt.Errorf("%s: %w does not name %s", what, p, name)
			}
		}
	}
	if made := l.Calls().Mutating - before; made > 0 {
		return fmt.Errorf("a restore with unknown parameters made %d mutating calls", made)
	}
	return nil
}

func checkFinish(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	req, err := l.restoreRequest(ctx)
	if err != nil {
		return err
	}
	restorer := l.d.(driver.Restorer)
	ref, err := restorer.Restore(ctx, req)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	for range 2 {
		if err := l.finishRestore(ctx, restorer, req, ref); err != nil {
			return err
		}
	}
	if _, err := l.succeeded(ctx, driver.Restore, l.Home(), ref); err != nil {
		return err
	}
	return l.wantRestored(ctx, ref, req.Mark)
}

// finishRestore calls FinishRestore until it is no longer busy, a few times at most.
func (l *lab) finishRestore(ctx context.Context, r driver.Restorer, req driver.RestoreRequest, ref driver.Ref) error {
	const attempts = 5
	var err error
	for range attempts {
		if err = r.FinishRestore(ctx, req, ref); !failure.Is(err, failure.Busy) {
			break
		}
		if err := l.finish(ctx); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("finish the restore: %w", err)
	}
	return nil
}

// wantRestored returns an error unless the resource ref is there and carries the mark.
func (l *lab) wantRestored(ctx context.Context, ref driver.Ref, m driver.Mark) error {
	items, err := l.Resources(ctx, l.Home())
	if err != nil {
		return fmt.Errorf("see what is there: %w", err)
	}
	for _, item := range items {
		if item.Ref != ref {
			continue
		}
		if got, _ := driver.MarkFromTags(item.Tags); got != m {
			return fmt.Errorf("the restored %q carries the mark %+v, want %+v", ref, got, m)
		}
		return nil
	}
	return fmt.Errorf("the restored resource %q does not exist", ref)
}
