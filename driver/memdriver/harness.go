package memdriver

import (
	"context"
	"time"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// harness makes worlds of one cloud each.
type harness struct{ opts Options }

// NewHarness returns a conformance harness over clouds shaped by o, each with a clock of
// its own.
func NewHarness(o Options) conformance.Harness { return harness{o.withDefaults()} }

// Facts tells the page size and that points carry tags.
func (h harness) Facts() conformance.Facts {
	start := []failure.Class{failure.Busy, failure.Quota, failure.KMS, failure.Invalid, failure.NotFound}
	return conformance.Facts{
		DiscoverPage: h.opts.Page, ListPage: h.opts.Page, LookPage: h.opts.Page, Tagged: true,
		Refusals: map[conformance.Method][]failure.Class{
			conformance.Start: start, conformance.Copy: start, conformance.Restore: start,
		},
		CopyKey: "alias/copies",
	}
}

// World returns a world with an empty cloud.
func (h harness) World(context.Context) (conformance.World, error) {
	o := h.opts
	manual := clock.NewManual(time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC))
	o.Clock = manual
	return &world{cloud: NewCloud(o), clock: manual}, nil
}

// world is a cloud with a clock in the check's hand.
type world struct {
	cloud *Cloud
	clock *clock.Manual
}

func (w *world) Driver() driver.Driver { return New(w.cloud) }

func (w *world) Home() resource.Scope { return scope("eu-central-1") }
func (w *world) Away() resource.Scope { return scope("eu-west-1") }
func (w *world) Now() time.Time       { return w.clock.Now() }
func (w *world) Other() resource.Scope {
	s := w.Home()
	s.Account = "444455556666"
	return s
}

func scope(region string) resource.Scope {
	return resource.Scope{Partition: "aws", Account: "111122223333", Region: region}
}

func (w *world) AddResources(_ context.Context, n int) ([]resource.Resource, error) {
	return w.cloud.AddResources(w.Home(), n), nil
}

func (w *world) AddForeignPoint(_ context.Context, r resource.Resource) (driver.Ref, error) {
	return w.cloud.AddPoint(w.Home(), map[string]string{"made-by": "hand", "of": r.Name}), nil
}

func (w *world) RemovePoint(_ context.Context, s resource.Scope, ref driver.Ref) error {
	w.cloud.RemovePoint(s, ref)
	return nil
}

func (w *world) Points(_ context.Context, s resource.Scope) ([]conformance.Item, error) {
	return w.cloud.Points(s), nil
}

func (w *world) Resources(_ context.Context, s resource.Scope) ([]conformance.Item, error) {
	return w.cloud.Resources(s), nil
}

func (w *world) Advance(context.Context) error {
	w.clock.Advance(w.cloud.opts.Took)
	return nil
}

func (w *world) Age(_ context.Context, d time.Duration) error {
	w.clock.Advance(d)
	return nil
}

func (w *world) Settle(context.Context) error {
	w.clock.Advance(w.cloud.opts.Lag)
	return nil
}

func (w *world) FailNext(_ context.Context, op driver.Operation) error {
	w.cloud.FailNext(op)
	return nil
}

func (w *world) Inject(f conformance.Fault) (func(), error) { return w.cloud.Inject(f), nil }

func (w *world) Calls() conformance.Calls { return w.cloud.Calls() }
