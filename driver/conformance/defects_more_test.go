package conformance_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/driver"
	"holdfast/failure"
)

// lingering counts the calls of a defect that go on after their check has given up.
var lingering sync.WaitGroup

func errorDefects() []defect {
	return []defect{
		{name: "loses the class", fails: "OP-refused error-classes context-ended look-errors", wrap: func(b *brokenDriver) driver.Driver {
			b.begin = func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				ref, err := next(ctx, m)
				return ref, classless(err)
			}
			b.look = func(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
				answer, err := next(ctx, req)
				return answer, classless(err)
			}
			return b
		}},
		{name: "does not name the operation", fails: "error-classes", wrap: func(b *brokenDriver) driver.Driver {
			b.begin = func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				ref, err := next(ctx, m)
				if err != nil {
					return "", failure.Errorf(failure.ClassOf(err), "something went wrong")
				}
				return ref, nil
			}
			return b
		}},
		{name: "stays broken after an error", fails: "error-after", wrap: func(b *brokenDriver) driver.Driver {
			var wedged atomic.Value
			b.look = func(ctx context.Context, req driver.LookRequest, next lookFunc) (seen, error) {
				if err, ok := wedged.Load().(*failure.Error); ok {
					return nil, err
				}
				answer, err := next(ctx, req)
				var f *failure.Error
				if errors.As(err, &f) && f.Class == failure.Transient {
					wedged.Store(f)
				}
				return answer, err
			}
			return b
		}},
		{name: "outlives its context", fails: "context-obeyed", wrap: func(b *brokenDriver) driver.Driver {
			b.find = func(ctx context.Context, req driver.FindRequest, next findFunc) (driver.Ref, error) {
				lingering.Add(1)
				defer lingering.Done()
				longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), 7*time.Second)
				defer cancel()
				return next(longer, req)
			}
			return b
		}},
	}
}

// classless returns err without its class.
func classless(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(err.Error())
}

func markDefects() []defect {
	begin := func(change func(m *driver.Mark)) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver {
			b.begin = func(ctx context.Context, _ driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				change(&m)
				return next(ctx, m)
			}
			return b
		}
	}
	list := func(f func(b *brokenDriver, ctx context.Context, yield func(driver.Artefact) error, next listFunc) error) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver {
			b.list = func(ctx context.Context, yield func(driver.Artefact) error, next listFunc) error {
				return f(b, ctx, yield, next)
			}
			return b
		}
	}
	return []defect{
		{name: "drops the rule from the mark", fails: "backup-marks copy-marks", wrap: begin(func(m *driver.Mark) { m.Rule = "" })},
		{name: "drops the end of life", fails: "backup-marks copy-marks", wrap: begin(func(m *driver.Mark) { m.DeleteAfter = time.Time{} })},
		{name: "loses the rule's tags", fails: "backup-marks copy-marks", wrap: func(b *brokenDriver) driver.Driver {
			b.tags = func(map[string]string) map[string]string { return nil }
			return b
		}},
		{name: "lists everything as unfinished", fails: "backup-marks copy-marks list-failed", wrap: list(
			func(_ *brokenDriver, ctx context.Context, yield func(driver.Artefact) error, next listFunc) error {
				return next(ctx, func(a driver.Artefact) error { a.State = driver.Pending; return yield(a) })
			})},
		{name: "lists failures as good", fails: "list-failed", wrap: list(
			func(_ *brokenDriver, ctx context.Context, yield func(driver.Artefact) error, next listFunc) error {
				return next(ctx, func(a driver.Artefact) error { a.State = driver.Succeeded; return yield(a) })
			})},
		{name: "lists what it did not make", fails: "list-unmarked", wrap: list(
			func(b *brokenDriver, ctx context.Context, yield func(driver.Artefact) error, _ listFunc) error {
				items, err := b.world.Points(ctx, b.world.Home())
				for _, item := range items {
					err = errors.Join(err, yield(driver.Artefact{Point: driver.Point{Ref: item.Ref}}))
				}
				return err
			})},
	}
}

func copyDefects() []defect {
	return []defect{
		{name: "ignores the key of a copy", fails: "copy-encrypted", wrap: func(b *brokenDriver) driver.Driver {
			b.copyWith = func(req driver.CopyRequest) driver.CopyRequest { req.KMSKeyID = ""; return req }
			return b
		}},
		{name: "copies into the source's region", fails: "copy-marks copy-look copy-once", wrap: func(b *brokenDriver) driver.Driver {
			b.copyWith = func(req driver.CopyRequest) driver.CopyRequest { req.Scope = req.SourceScope; return req }
			return b
		}},
		{name: "deletes copies with their source", fails: "copy-independent", wrap: func(b *brokenDriver) driver.Driver {
			b.remove = func(ctx context.Context, req driver.DeleteRequest, next deleteFunc) error {
				items, err := b.world.Points(ctx, b.world.Away())
				for _, item := range items {
					err = errors.Join(err, b.world.RemovePoint(ctx, b.world.Away(), item.Ref))
				}
				return errors.Join(err, next(ctx, req))
			}
			return b
		}},
	}
}

func restoreDefects() []defect {
	plan := func(f func(b *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error)) func(b *brokenDriver) driver.Driver {
		return func(b *brokenDriver) driver.Driver {
			b.plan = func(req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) { return f(b, req, next) }
			return b
		}
	}
	return []defect{
		{name: "plans with calls", fails: "restore-plan", wrap: plan(
			func(b *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) {
				if err := b.Driver.List(context.Background(), req.Scope, func(driver.Artefact) error { return nil }); err != nil {
					return driver.RestorePlan{}, err
				}
				return next(req)
			})},
		{name: "plans calls nobody allowed", fails: "restore-plan", wrap: plan(
			func(_ *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) {
				p, err := next(req)
				p.Calls = append(p.Calls, driver.Call{Operation: "mem:FormatDisk", Input: []byte("{}")})
				return p, err
			})},
		{name: "restores nothing without input", fails: "restore-plan", wrap: plan(
			func(_ *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) {
				req.Resource.Settings = nil
				return next(req)
			})},
		{name: "ignores unknown parameters", fails: "restore-parameters", wrap: plan(
			func(_ *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) {
				req.Overrides = nil
				return next(req)
			})},
		{name: "reports one bad parameter at a time", fails: "restore-parameters", wrap: plan(
			func(_ *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) {
				p, err := next(req)
				if bad, ok := errors.AsType[*driver.ParameterError](err); ok {
					bad.Problems = bad.Problems[:1]
				}
				return p, err
			})},
		{name: "finishes once only", fails: "restore-finish", wrap: func(b *brokenDriver) driver.Driver {
			var finished atomic.Bool
			b.finish = func(ctx context.Context, req driver.RestoreRequest, ref driver.Ref, next finishFunc) error {
				if finished.Swap(true) {
					return failure.Errorf(failure.Conflict, "finished already")
				}
				return next(ctx, req, ref)
			}
			return b
		}},
		{name: "restores any moment", fails: "moment-window", wrap: plan(
			func(_ *brokenDriver, req driver.RestoreRequest, next planFunc) (driver.RestorePlan, error) {
				req.At = time.Time{}
				return next(req)
			})},
		{name: "restores without the mark", fails: "restore-finish moment-restore", wrap: func(b *brokenDriver) driver.Driver {
			b.begin = func(ctx context.Context, op driver.Operation, m driver.Mark, next beginFunc) (driver.Ref, error) {
				if op == driver.Restore {
					m.Installation = "forged"
				}
				return next(ctx, m)
			}
			b.finish = func(context.Context, driver.RestoreRequest, driver.Ref, finishFunc) error { return nil }
			return b
		}},
	}
}
