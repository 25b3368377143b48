// Package simharness runs the conformance checks on a kind's real driver: real SDK
// clients on a simulated organization. What reaches AWS is counted, cut into small pages
// and made to fail between the SDK's retries and the organization, so that the checks do
// not depend on the simulator's own faults.
package simharness

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/iam"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account = "111122223333"
	other   = "444455556666"
	home    = "eu-central-1"
	away    = "eu-west-1"

	lag = time.Minute // within what the drivers' descriptors allow for
	// longest is longer than any operation of the simulated organization takes.
	longest = 24 * time.Hour
	// pageItems is how many items a listing call returns: the least RDS accepts.
	pageItems = 20
)

// Kind is what the harness must know about a kind.
type Kind struct {
	Kind resource.Kind
	New  func(awssession.Provider) driver.Driver
	// Tagged is whether recovery points carry tags.
	Tagged bool
	// Calls names the API operations behind each method; faults meet these.
	Calls map[conformance.Method][]string
	// Codes has the service's error code of each class AWS refuses creating calls with.
	Codes map[failure.Class]string
	// Foreign makes a recovery point of r without Holdfast, with a client of cfg, and
	// returns what the driver would call it.
	Foreign func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error)
	// FailedAs is how AWS shows an operation that failed, if not as failed.
	FailedAs driver.State
	// Exempt names checks that cannot apply to the kind, with the reasons.
	Exempt map[string]string

	build func(awssession.Provider) conformance.Tried // of a driver that makes foreign points itself
}

// New returns a harness for the kind. Its drivers get sessions that can do what their
// descriptor lists and no more.
func New(k Kind) conformance.Harness {
	return harness{k, &uses{by: map[resource.Purpose]map[string]bool{}}}
}

// Of returns a harness for the kind of the driver that build makes, wired as the driver says.
func Of[D conformance.Tried](build func(awssession.Provider) D) conformance.Harness {
	d := build(nil)
	w := d.Wiring()
	return New(Kind{
		Kind: d.Descriptor().Kind, New: func(p awssession.Provider) driver.Driver { return build(p) },
		Tagged: w.Tagged, Calls: w.Calls, Codes: w.Codes, FailedAs: w.FailedAs, Exempt: w.Exempt,
		build: func(p awssession.Provider) conformance.Tried { return build(p) },
	})
}

type harness struct {
	kind Kind
	uses *uses
}

// Used returns the IAM actions that the calls of the drivers needed so far, by the purpose
// of their session.
func (h harness) Used() map[resource.Purpose]map[string]bool { return h.uses.all() }

// Descriptor returns the driver's.
func (h harness) Descriptor() driver.Descriptor { return h.kind.New(nil).Descriptor() }

func (h harness) Facts() conformance.Facts {
	facts := conformance.Facts{
		DiscoverPage: pageItems, ListPage: pageItems, LookPage: pageItems,
		Tagged: h.kind.Tagged, FailedAs: h.kind.FailedAs, CopyKey: "alias/copies", Exempt: h.kind.Exempt,
		Refusals: map[conformance.Method][]failure.Class{},
	}
	for class := range h.kind.Codes {
		for _, method := range []conformance.Method{conformance.Start, conformance.Copy, conformance.Restore} {
			facts.Refusals[method] = append(facts.Refusals[method], class)
		}
	}
	return facts
}

func (h harness) World(context.Context) (conformance.World, error) {
	manual := clock.NewManual(time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{
		Clock: manual, Seed: 1, Accounts: []string{account, other}, Regions: []string{home, away},
		Lag: lag, Unthrottled: true, RetryBackoff: time.Millisecond,
		Quotas: map[string]int{"rds:manual-snapshots": 100_000, "rds:manual-cluster-snapshots": 100_000},
		Watch:  h.uses.note,
	})
	if err != nil {
		return nil, fmt.Errorf("simulate an organization: %w", err)
	}
	return &world{kind: h.kind, org: org, clock: manual, wire: newWire(h.kind, org.Provider())}, nil
}

// world is one simulated organization.
type world struct {
	kind  Kind
	org   *sim.Organization
	clock *clock.Manual
	wire  *wire
	made  []conformance.Item // by AddResources
}

func (w *world) Driver() driver.Driver {
	return w.kind.New(iam.Sessions(w.wire, w.kind.New(nil).Descriptor()))
}

func (w *world) Home() resource.Scope { return scope(home) }
func (w *world) Away() resource.Scope { return scope(away) }
func (w *world) Now() time.Time       { return w.clock.Now() }

func (w *world) Other() resource.Scope {
	s := scope(home)
	s.Account = other
	return s
}

func scope(region string) resource.Scope {
	return resource.Scope{Partition: "aws", Account: account, Region: region}
}

func (w *world) AddResources(_ context.Context, n int) ([]resource.Resource, error) {
	var made []resource.Resource
	for range n {
		tags := map[string]string{"team": "orders", "backup": "daily"}
		arn, err := w.org.Create(sim.Blueprint{Kind: w.kind.Kind, Account: account, Region: home, Tags: tags, Continuous: true})
		if err != nil {
			return nil, err
		}
		r := resource.Resource{
			ARN: arn, Kind: w.kind.Kind, Account: account, Region: home, Name: lastPart(arn), Tags: tags,
		}
		w.made = append(w.made, conformance.Item{Ref: driver.Ref(r.Name), Tags: tags})
		made = append(made, r)
	}
	return made, nil
}

func (w *world) AddForeignPoint(ctx context.Context, r resource.Resource) (driver.Ref, error) {
	defer w.clock.Advance(longest)
	if w.kind.build != nil {
		return w.kind.build(w.org.Provider()).Wiring().Foreign(ctx, w.Home(), r)
	}
	cfg, err := w.org.Provider().Config(ctx, awssession.Request{Scope: w.Home(), Purpose: resource.ForBackup})
	if err != nil {
		return "", err
	}
	ref, err := w.kind.Foreign(ctx, cfg, r)
	return driver.Ref(ref), err
}

func (w *world) RemovePoint(_ context.Context, s resource.Scope, ref driver.Ref) error {
	for _, a := range w.points(s) {
		if a.ID == string(ref) && w.org.Remove(a.ARN) {
			return nil
		}
	}
	return fmt.Errorf("there is no point %q", ref)
}

func (w *world) points(s resource.Scope) []sim.Artefact {
	return w.artefacts(s, func(op driver.Operation) bool { return op != driver.Restore })
}

// artefacts returns what is in scope and was made by the wanted operations.
func (w *world) artefacts(s resource.Scope, wanted func(driver.Operation) bool) []sim.Artefact {
	var there []sim.Artefact
	for _, a := range w.org.Artefacts() {
		if a.Place.Account == s.Account && a.Place.Region == s.Region && a.Kind == w.kind.Kind && wanted(a.Operation) {
			there = append(there, a)
		}
	}
	return there
}

func (w *world) Points(_ context.Context, s resource.Scope) ([]conformance.Item, error) {
	return items(w.points(s)), nil
}

func (w *world) Resources(_ context.Context, s resource.Scope) ([]conformance.Item, error) {
	restored := items(w.artefacts(s, func(op driver.Operation) bool { return op == driver.Restore }))
	if s == w.Home() {
		restored = append(restored, w.made...)
	}
	return restored, nil
}

func items(artefacts []sim.Artefact) []conformance.Item {
	var there []conformance.Item
	for _, a := range artefacts {
		there = append(there, conformance.Item{Ref: driver.Ref(a.ID), Name: a.Name, Tags: a.Tags, SharedWith: a.SharedWith})
	}
	return there
}

func (w *world) Advance(context.Context) error {
	w.clock.Advance(longest)
	return nil
}

func (w *world) Age(_ context.Context, d time.Duration) error {
	w.clock.Advance(d)
	return nil
}

func (w *world) Settle(context.Context) error {
	w.clock.Advance(lag)
	return nil
}

// FailNext plans a failure for the next call that begins an operation: the first of the
// calls named for its method.
func (w *world) FailNext(_ context.Context, op driver.Operation) error {
	methods := map[driver.Operation]conformance.Method{
		driver.Backup: conformance.Start, driver.Copy: conformance.Copy, driver.Restore: conformance.Restore,
	}
	calls := w.kind.Calls[methods[op]]
	if len(calls) == 0 {
		return fmt.Errorf("no call begins a %s", op)
	}
	w.org.Inject(sim.Fault{Operation: calls[0], Times: 1, Effect: sim.FailLater})
	return nil
}

func (w *world) Inject(f conformance.Fault) (func(), error) { return w.wire.inject(f) }

func (w *world) Calls() conformance.Calls { return w.wire.calls() }
