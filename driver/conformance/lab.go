package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// installation is the one the checks act for, stranger another one in the same account.
const (
	installation = "conformance"
	stranger     = "somebody-else"
)

// env is what a check gets: the facts and a source of worlds.
type env struct {
	Facts
	harness Harness
	seed    uint64
	marks   atomic.Uint64
}

// lab is a world with a driver in it and the errands checks have in common.
type lab struct {
	World
	env  *env
	d    driver.Driver
	born time.Time // when the world was made; nothing a check does is older
}

func (e *env) lab(ctx context.Context) (*lab, error) {
	w, err := e.harness.World(ctx)
	if err != nil {
		return nil, fmt.Errorf("make a world: %w", err)
	}
	return &lab{World: w, env: e, d: w.Driver(), born: w.Now()}, nil
}

// jobID returns a fresh id in the form Holdfast's have: 26 characters of base32.
func (e *env) jobID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d", e.seed, e.marks.Add(1)))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// mark returns the mark of a new job on the resource arn.
func (l *lab) mark(arn string) driver.Mark {
	now := l.Now().UTC().Truncate(time.Second)
	return driver.Mark{
		Installation: installation, JobID: l.env.jobID(), SourceARN: arn,
		Plan: "production", Rule: "nightly", CreatedAt: now, DeleteAfter: now.AddDate(0, 0, 35),
	}
}

// resource makes one resource.
func (l *lab) resource(ctx context.Context) (resource.Resource, error) {
	made, err := l.resources(ctx, 1)
	if err != nil {
		return resource.Resource{}, err
	}
	return made[0], nil
}

func (l *lab) resources(ctx context.Context, n int) ([]resource.Resource, error) {
	made, err := l.AddResources(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("make %d resources: %w", n, err)
	}
	if len(made) != n {
		return nil, fmt.Errorf("the harness made %d resources instead of %d", len(made), n)
	}
	return made, nil
}

// start begins a backup of r for a new job of installation inst.
func (l *lab) start(ctx context.Context, r resource.Resource, inst string) (driver.Mark, driver.Ref, error) {
	m := l.mark(r.ARN)
	m.Installation = inst
	ref, err := l.d.Start(ctx, driver.StartRequest{Scope: l.Home(), Mark: m, Resource: r, Vault: vault})
	if err != nil {
		return m, "", fmt.Errorf("start a backup: %w", err)
	}
	return m, ref, nil
}

// point makes a new resource and a completed recovery point of it.
func (l *lab) point(ctx context.Context, inst string) (resource.Resource, driver.Point, error) {
	r, err := l.discovered(ctx)
	if err != nil {
		return r, driver.Point{}, err
	}
	_, ref, err := l.start(ctx, r, inst)
	if err != nil {
		return r, driver.Point{}, err
	}
	if err := l.finish(ctx); err != nil {
		return r, driver.Point{}, err
	}
	status, err := l.succeeded(ctx, driver.Backup, l.Home(), ref)
	return r, status.Point, err
}

// discovered makes a resource and returns it as Discover reports it, settings included.
func (l *lab) discovered(ctx context.Context) (resource.Resource, error) {
	made, err := l.resource(ctx)
	if err != nil {
		return made, err
	}
	found := made
	err = l.d.Discover(ctx, l.Home(), func(r resource.Resource) error {
		if r.ARN == made.ARN {
			found = r
		}
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("discover: %w", err)
	}
	return found, nil
}

// finish lets operations end and their end become visible.
func (l *lab) finish(ctx context.Context) error {
	if err := l.Advance(ctx); err != nil {
		return fmt.Errorf("let operations end: %w", err)
	}
	return l.settle(ctx)
}

func (l *lab) settle(ctx context.Context) error {
	if err := l.Settle(ctx); err != nil {
		return fmt.Errorf("let the consistency lag pass: %w", err)
	}
	return nil
}

// look observes refs, and checks that nothing but them is in the answer.
func (l *lab) look(ctx context.Context, op driver.Operation, scope resource.Scope, refs ...driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen, err := l.d.Look(ctx, driver.LookRequest{Scope: scope, Operation: op, Refs: refs, Since: l.born})
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", op, err)
	}
	asked := map[driver.Ref]bool{}
	for _, ref := range refs {
		asked[ref] = true
	}
	for ref, status := range seen {
		if !asked[ref] {
			return nil, fmt.Errorf("look at %s answered for %q, which was not asked for", op, ref)
		}
		if status.Progress < -1 || status.Progress > 100 {
			return nil, fmt.Errorf("look at %s: progress %d is not a percentage", op, status.Progress)
		}
	}
	return seen, nil
}

// succeeded looks at one operation and wants it succeeded.
func (l *lab) succeeded(ctx context.Context, op driver.Operation, scope resource.Scope, ref driver.Ref) (driver.Status, error) {
	seen, err := l.look(ctx, op, scope, ref)
	if err != nil {
		return driver.Status{}, err
	}
	return seen[ref], wantState(op, seen, ref, driver.Succeeded)
}

// wantState returns an error unless ref was seen in one of the states.
func wantState(op driver.Operation, seen map[driver.Ref]driver.Status, ref driver.Ref, states ...driver.State) error {
	status, ok := seen[ref]
	for _, want := range states {
		if ok && status.State == want || !ok && want == "" {
			return nil
		}
	}
	if !ok {
		return fmt.Errorf("%s %q is absent from the answer, want %q", op, ref, states)
	}
	return fmt.Errorf("%s %q is %q (%s), want %q", op, ref, status.State, status.Message, states)
}

// wantClass returns an error unless err has class c.
func wantClass(what string, err error, c failure.Class) error {
	switch {
	case err == nil:
		return fmt.Errorf("%s succeeded, want an error of class %s", what, c)
	case failure.ClassOf(err) != c:
		return fmt.Errorf("%s has class %s, want %s: %w", what, failure.ClassOf(err), c, err)
	default:
		return nil
	}
}

// inject injects f; lift is never nil.
func (l *lab) inject(f Fault) (lift func(), err error) {
	lift, err = l.Inject(f)
	if err != nil {
		return func() {}, fmt.Errorf("inject %s %s into %s: %w", f.Effect, f.Class, f.Method, err)
	}
	return lift, nil
}
