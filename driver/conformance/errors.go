package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

const (
	clockSkew = time.Minute // between AWS and us
	hangAfter = 50 * time.Millisecond
	hangGrace = 5 * time.Second // a method still running then ignores its context
)

// alwaysRefused are the classes every AWS call can be refused with.
func alwaysRefused() []failure.Class {
	return []failure.Class{failure.Throttled, failure.Denied, failure.Credentials, failure.Transient}
}

// call is one method with arguments for which it succeeds.
type call struct {
	method   Method
	mutating bool
	run      func(ctx context.Context) error
}

// calls prepares every method the driver has. Delete is the last: the other calls need
// the point it deletes.
func (e *env) calls(ctx context.Context) (*lab, []call, error) {
	l, err := e.lab(ctx)
	if err != nil {
		return nil, nil, err
	}
	r, err := l.discovered(ctx)
	if err != nil {
		return nil, nil, err
	}
	m, ref, err := l.start(ctx, r, installation)
	if err != nil {
		return nil, nil, err
	}
	if err := l.finish(ctx); err != nil {
		return nil, nil, err
	}
	status, err := l.succeeded(ctx, driver.Backup, l.Home(), ref)
	if err != nil {
		return nil, nil, err
	}
	calls := append(l.readCalls(m, ref), l.makeCalls(r, status.Point)...)
	return l, append(calls, call{Delete, true, func(ctx context.Context) error { return l.tryDelete(ctx, status.Point.Ref) }}), nil
}

func (l *lab) readCalls(m driver.Mark, ref driver.Ref) []call {
	calls := []call{
		{Discover, false, func(ctx context.Context) error {
			return l.d.Discover(ctx, l.Home(), func(resource.Resource) error { return nil })
		}},
		{Look, false, func(ctx context.Context) error {
			_, err := l.look(ctx, driver.Backup, l.Home(), ref)
			return err
		}},
		{List, false, func(ctx context.Context) error {
			return l.d.List(ctx, l.Home(), func(driver.Artefact) error { return nil })
		}},
	}
	if l.d.Descriptor().Unmarked {
		return calls
	}
	return append(calls, call{Find, false, func(ctx context.Context) error {
		_, err := l.d.Find(ctx, driver.FindRequest{Scope: l.Home(), Operation: driver.Backup, Mark: m, Since: l.born})
		return err
	}})
}

func (l *lab) makeCalls(r resource.Resource, p driver.Point) []call {
	calls := []call{{Start, true, func(ctx context.Context) error {
		_, err := l.d.Start(ctx, driver.StartRequest{Scope: l.Home(), Mark: l.mark(r.ARN), Resource: r, Vault: vault})
		return err
	}}}
	if c, ok := l.d.(driver.Copier); ok {
		calls = append(calls, call{Copy, true, func(ctx context.Context) error {
			_, err := c.Copy(ctx, driver.CopyRequest{Scope: l.Away(), Mark: l.mark(r.ARN), Source: p, SourceScope: l.Home(), Vault: vault})
			return err
		}})
	}
	if restorer, ok := l.d.(driver.Restorer); ok {
		calls = append(calls, call{Restore, true, func(ctx context.Context) error {
			_, err := restorer.Restore(ctx, driver.RestoreRequest{Scope: l.Home(), Mark: l.mark(r.ARN), Point: p, Resource: r})
			return err
		}})
	}
	return calls
}

func errorChecks() []Check {
	return []Check{
		{Name: "error-classes", Proves: "Every refusal of every call comes out with its class.", run: checkErrorClasses},
		{Name: "error-after", Proves: "A driver works again as soon as AWS does.", run: checkErrorAfter},
	}
}

func checkErrorClasses(ctx context.Context, e *env) error {
	l, calls, err := e.calls(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, c := range calls {
		for _, class := range append(alwaysRefused(), e.Refusals[c.method]...) {
			problems = append(problems, l.refused(ctx, c, class))
		}
	}
	return errors.Join(problems...)
}

// refused runs c under a refusal of a class.
func (l *lab) refused(ctx context.Context, c call, class failure.Class) error {
	lift, err := l.inject(Fault{Method: c.method, Effect: Refuse, Class: class})
	defer lift()
	if err != nil {
		return err
	}
	err = c.run(ctx)
	if err := wantClass(string(c.method), err, class); err != nil {
		return err
	}
	var f *failure.Error
	if !errors.As(err, &f) || f.Op == "" {
		return fmt.Errorf("%s: the error does not name the AWS operation: %w", c.method, err)
	}
	return nil
}

// checkErrorAfter also proves that the calls of the other checks fail for no reason of
// their own.
func checkErrorAfter(ctx context.Context, e *env) error {
	l, calls, err := e.calls(ctx)
	if err != nil {
		return err
	}
	for _, c := range calls {
		for _, class := range alwaysRefused() {
			if err := l.refused(ctx, c, class); err != nil {
				return err
			}
		}
		// AWS limits how often one resource may be backed up.
		if err := l.finish(ctx); err != nil {
			return err
		}
		if err := c.run(ctx); err != nil {
			return fmt.Errorf("%s after the refusals: %w", c.method, err)
		}
	}
	return nil
}

func contextChecks() []Check {
	return []Check{
		{Name: "context-ended", Proves: "With an ended context nothing is called that changes anything.", run: checkContextEnded},
		{Name: "context-obeyed", Proves: "A call AWS never answers ends with its context, as transient.", run: checkContextObeyed},
	}
}

func checkContextEnded(ctx context.Context, e *env) error {
	l, calls, err := e.calls(ctx)
	if err != nil {
		return err
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	expired, cancel := context.WithTimeout(ctx, -time.Second)
	defer cancel()
	before := l.Calls().Mutating
	var problems []error
	for _, c := range calls {
		for _, ended := range []context.Context{cancelled, expired} {
			what := fmt.Sprintf("%s with an ended context", c.method)
			problems = append(problems, wantClass(what, c.run(ended), failure.Transient))
		}
		if made := l.Calls().Mutating - before; made > 0 {
			return fmt.Errorf("%s with an ended context made %d mutating calls", c.method, made)
		}
	}
	return errors.Join(problems...)
}

func checkContextObeyed(ctx context.Context, e *env) error {
	l, calls, err := e.calls(ctx)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if err := l.hangs(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// hangs runs c while AWS does not answer.
func (l *lab) hangs(ctx context.Context, c call) error {
	lift, err := l.inject(Fault{Method: c.method, Effect: Hang})
	defer lift()
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, hangAfter)
	defer cancel()
	grace, cancel := context.WithTimeout(ctx, hangGrace)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.run(short) }()
	select {
	case err := <-done:
		return wantClass(string(c.method)+" that was never answered", err, failure.Transient)
	case <-grace.Done():
		return fmt.Errorf("%s still runs %v after its context ended", c.method, hangGrace)
	}
}
