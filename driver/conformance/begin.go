package conformance

import (
	"context"
	"fmt"
	"sync"

	"holdfast/driver"
	"holdfast/failure"
)

// perOperation makes a check of every way to make an artefact.
func perOperation(name, proves string, run func(ctx context.Context, e *env, op driver.Operation) error) []Check {
	needs := map[driver.Operation]capability{driver.Backup: anything, driver.Copy: copies, driver.Restore: restores}
	var checks []Check
	for _, op := range []driver.Operation{driver.Backup, driver.Copy, driver.Restore} {
		checks = append(checks, Check{
			Name: string(op) + "-" + name, Proves: proves, needs: needs[op],
			run: func(ctx context.Context, e *env) error { return run(ctx, e, op) },
		})
	}
	return checks
}

func beginChecks() []Check {
	var checks []Check
	add := func(name, proves string, run func(ctx context.Context, e *env, op driver.Operation) error) {
		checks = append(checks, perOperation(name, proves, run)...)
	}
	add("once", "Beginning again with a mark gives the artefact made then.", checkOnce)
	add("lost-answer", "An artefact whose creation was never answered is found, not made again.", checkLostAnswer)
	add("concurrent", "Processes that begin with one mark at once make one artefact.", checkConcurrent)
	add("marks-differ", "Two marks make two artefacts.", checkMarksDiffer)
	add("refused", "A refused call makes nothing and leaves nothing to find.", checkRefused)
	add("find-own", "Find never answers with the artefact of another job or installation.", checkFindOwn)
	return checks
}

func checkOnce(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	first, err := a.start(ctx, m)
	if err != nil {
		return fmt.Errorf("first: %w", err)
	}
	again := a.recover
	if !a.settles() {
		// The descriptor says that beginning again is safe at any time.
		again = a.repeat
	}
	for range 2 {
		ref, err := again(ctx, m)
		if err != nil {
			return fmt.Errorf("again: %w", err)
		}
		if ref != first {
			return fmt.Errorf("again gave %q, the first time %q", ref, first)
		}
		if err := a.lab.finish(ctx); err != nil { // once while it runs, once when it has ended
			return err
		}
	}
	return a.wantMade(ctx, 1)
}

// checkLostAnswer loses the first answer only, then all of them: what tries again by
// itself may be lucky the second time.
func checkLostAnswer(ctx context.Context, e *env, op driver.Operation) error {
	for _, times := range []int{1, 0} {
		if err := loseAnswers(ctx, e, op, times); err != nil {
			return fmt.Errorf("%d answers lost (0: all): %w", times, err)
		}
	}
	return nil
}

func loseAnswers(ctx context.Context, e *env, op driver.Operation, times int) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	lift, err := a.lab.inject(Fault{Method: a.method, Effect: Lose, Times: times})
	defer lift()
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	// A driver may recover by itself; one that does not must say that it is unsure. Busy
	// says that nothing began, which is harmless where beginning again is.
	_, err = a.start(ctx, m)
	if err != nil && (a.settles() || !failure.Is(err, failure.Busy)) {
		if err := wantClass("the unanswered call", err, failure.Transient); err != nil {
			return err
		}
	}
	lift()
	ref, err := a.recover(ctx, m)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := a.wantMade(ctx, 1); err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	_, err = a.lab.succeeded(ctx, op, a.scope, ref)
	return err
}

func checkConcurrent(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	if a.settles() {
		return notApplicable("AWS has no token for it: the engine lets only one process begin")
	}
	const processes = 6
	m := a.lab.mark(a.source)
	refs, errs := make([]driver.Ref, processes), make([]error, processes)
	var wg sync.WaitGroup
	for i := range processes {
		d := a.lab.Driver()
		wg.Go(func() { refs[i], errs[i] = a.begin(ctx, d, m) })
	}
	wg.Wait()
	winner, err := a.repeat(ctx, m)
	if err != nil {
		return fmt.Errorf("after %d at once: %w", processes, err)
	}
	for i := range processes {
		switch {
		case errs[i] != nil && !passes(errs[i]):
			return fmt.Errorf("one of %d at once: %w", processes, errs[i])
		case errs[i] == nil && refs[i] != winner:
			return fmt.Errorf("at once gave %q, later %q", refs[i], winner)
		}
	}
	return a.wantMade(ctx, 1)
}

func checkMarksDiffer(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	var refs [2]driver.Ref
	for i := range refs {
		if refs[i], err = a.start(ctx, a.lab.mark(a.source)); err != nil {
			return fmt.Errorf("mark %d: %w", i+1, err)
		}
		// AWS limits how often one resource may be backed up.
		if err := a.lab.finish(ctx); err != nil {
			return err
		}
	}
	if refs[0] == refs[1] {
		return fmt.Errorf("two marks gave the same artefact %q", refs[0])
	}
	return a.wantMade(ctx, 2)
}

func checkRefused(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	lift, err := a.lab.inject(Fault{Method: a.method, Effect: Refuse, Class: failure.Denied})
	defer lift()
	if err != nil {
		return err
	}
	m := a.lab.mark(a.source)
	_, err = a.start(ctx, m)
	if err := wantClass("the refused call", err, failure.Denied); err != nil {
		return err
	}
	lift()
	if err := a.wantMade(ctx, 0); err != nil {
		return err
	}
	if a.repeats() {
		return nil
	}
	ref, err := a.find(ctx, m)
	return wantClass(fmt.Sprintf("find (%q)", ref), err, failure.NotFound)
}

func checkFindOwn(ctx context.Context, e *env, op driver.Operation) error {
	a, err := e.action(ctx, op)
	if err != nil {
		return err
	}
	if a.repeats() {
		return notApplicable("AWS answers a repeated token with what was begun: nothing is looked for")
	}
	m := a.lab.mark(a.source)
	made, err := a.start(ctx, m)
	if err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	ref, err := a.find(ctx, m)
	switch {
	case err != nil:
		return fmt.Errorf("find: %w", err)
	case ref != made:
		return fmt.Errorf("find gave %q, want %q", ref, made)
	}
	otherJob, otherInstallation := a.lab.mark(a.source), m
	otherInstallation.Installation = stranger
	for _, other := range []driver.Mark{otherJob, otherInstallation} {
		ref, err := a.find(ctx, other)
		what := fmt.Sprintf("find for job %s of %s (%q)", other.JobID, other.Installation, ref)
		if err := wantClass(what, err, failure.NotFound); err != nil {
			return err
		}
	}
	return nil
}
