package memdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
)

// sizeParameter is the one parameter a restore takes.
const sizeParameter = "size_gib"

// Copy begins a copy of a completed point, which is shared first with another account.
func (d *Driver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if req.Scope.Account != req.SourceScope.Account {
		if err := d.cloud.share(ctx, conformance.Share, req.SourceScope, req.Source.Ref, req.Scope.Account, true); err != nil {
			return "", err
		}
	}
	source, err := d.cloud.source(req.SourceScope, req.Source.Ref, req.Scope.Account, copyPoint)
	if err != nil {
		return "", err
	}
	return d.cloud.create(ctx, conformance.Copy, copyPoint, driver.Copy, item{
		family: points, scope: req.Scope, token: req.Mark.Token(), tags: req.Mark.Tags(req.Tags),
		sizeGiB: source.sizeGiB, key: req.KMSKeyID,
	})
}

// FinishCopy stops sharing the source.
func (d *Driver) FinishCopy(ctx context.Context, req driver.CopyRequest) error {
	if req.Scope.Account == req.SourceScope.Account {
		return nil
	}
	err := d.cloud.share(ctx, conformance.FinishCopy, req.SourceScope, req.Source.Ref, req.Scope.Account, false)
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	return err
}

// PlanRestore decides the size of the restored resource.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	size, problems := effectiveSize(req)
	for _, name := range slices.Sorted(maps.Keys(req.Overrides)) {
		if name != sizeParameter {
			problems = append(problems, fmt.Sprintf("unknown parameter %s: use %s", name, sizeParameter))
		}
	}
	if !req.At.IsZero() && (req.At.After(req.Mark.CreatedAt) || req.At.Before(req.Mark.CreatedAt.AddDate(0, 0, -momentDays))) {
		problems = append(problems, fmt.Sprintf("at is %s, which cannot be restored", req.At))
	}
	if len(problems) > 0 {
		err := &driver.ParameterError{Kind: d.cloud.opts.Kind, Problems: problems}
		return driver.RestorePlan{}, failure.Errorf(failure.Invalid, "plan: %w", err)
	}
	input, err := json.Marshal(map[string]any{"PointId": req.Point.Ref, "Size": size})
	if err != nil {
		return driver.RestorePlan{}, failure.Errorf(failure.Internal, "plan: %w", err)
	}
	return driver.RestorePlan{
		Parameters: map[string]string{sizeParameter: strconv.Itoa(size)},
		Calls:      []driver.Call{{Operation: createThing, Input: input}},
	}, nil
}

// momentDays is how many days back moments can be restored.
const momentDays = 35

// effectiveSize is the recorded size or the one that overrides it.
func effectiveSize(req driver.RestoreRequest) (size int, problems []string) {
	if text, ok := req.Overrides[sizeParameter]; ok {
		size, err := strconv.Atoi(text)
		if err != nil || size <= 0 {
			return 0, []string{fmt.Sprintf("%s: %q is not a number of GiB", sizeParameter, text)}
		}
		return size, nil
	}
	var s settings
	if err := json.Unmarshal(req.Resource.Settings, &s); err != nil || s.SizeGiB <= 0 {
		return 0, []string{sizeParameter + ": nothing is recorded, give a number of GiB"}
	}
	return s.SizeGiB, nil
}

// Restore begins to make a resource from a point, or of a moment.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	plan, err := d.PlanRestore(req)
	if err != nil {
		return "", err
	}
	size, err := strconv.Atoi(plan.Parameters[sizeParameter])
	if err != nil {
		return "", failure.Errorf(failure.Internal, "plan: %w", err)
	}
	if req.At.IsZero() {
		if _, err := d.cloud.source(req.Scope, req.Point.Ref, req.Scope.Account, createThing); err != nil {
			return "", err
		}
	}
	return d.cloud.create(ctx, conformance.Restore, createThing, driver.Restore, item{
		family: things, scope: req.Scope, token: req.Mark.Token(), tags: req.Mark.Tags(nil), sizeGiB: size,
	})
}

// FinishRestore gives the restored resource the tags of its source.
func (d *Driver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	return d.cloud.tag(ctx, req.Scope, ref, req.Mark.Tags(req.Resource.Tags))
}
