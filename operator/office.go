// Package operator is what somebody can do by hand: back up now, copy, restore, expire,
// put and remove holds, cancel, retry and release jobs, set limits. Commands, pages and the
// API are three ways to the same Desk, so that all of them check the same things in the
// same words. An action only writes the catalog; the leader carries it out within a second.
package operator

import (
	"context"
	"io"
	"time"

	"holdfast/access"
	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
	"holdfast/producer"
)

// Store is the part of catalog.Store that actions use.
type Store interface {
	catalog.Points
	Guards
	Breaker(ctx context.Context, account string) (catalog.Breaker, error)
	Breakers(ctx context.Context) ([]catalog.Breaker, error)
	InventoryScopes(ctx context.Context) ([]catalog.InventoryScope, error)
	Lease(ctx context.Context, name string) (catalog.Lease, error)
	Waiting(ctx context.Context) ([]catalog.WaitingGroup, error)
	Events(ctx context.Context, f catalog.EventFilter) ([]catalog.Event, error)
	InsertJobs(ctx context.Context, jobs []catalog.Job) (int, error)
	Job(ctx context.Context, id string) (catalog.Job, error)
	JobsByID(ctx context.Context, ids []string) (map[string]catalog.Job, error)
	ListJobs(ctx context.Context, f catalog.JobFilter) ([]catalog.Job, error)
	Commit(ctx context.Context, m catalog.Mutation) (catalog.Job, error)
	Holders(ctx context.Context, afterID string, limit int) ([]catalog.Job, error)
	Resource(ctx context.Context, arn string) (catalog.InventoryItem, error)
	Resources(ctx context.Context, f catalog.ResourceFilter, yield func(catalog.InventoryItem) error) error
	Caps(ctx context.Context) ([]catalog.Cap, int64, error)
	SetCap(ctx context.Context, key string, limit int, by string, ifVersion int64) (catalog.Cap, error)
}

// Office is an installation as actions need it; all fields up to DefaultCaps are
// required. It is safe for concurrent use.
type Office struct {
	Installation string
	Partition    string
	Store        Store
	Clock        clock.Clock
	Drivers      *driver.Registry // describe and plan; they are never asked to call AWS
	Entropy      io.Reader        // of ids; crypto/rand.Reader outside tests

	// Policies returns the policies in force.
	Policies func(context.Context) (*policy.Set, error)

	// UndoWindow is how long a deletion waits before it begins.
	UndoWindow  time.Duration
	DefaultCaps admission.Caps
	UnitNames   []string // the organizational units that are known
	Units       producer.Units

	// Capabilities are what the enabled kinds can do.
	Capabilities []policy.Capabilities
	// Withheld returns what of the policies is not in force although it was written; nil: nothing.
	Withheld func(context.Context) ([]string, error)
	// Organization returns the root of the organization whose policies are in force; nil
	// when there is none.
	Organization func(context.Context) (*orgpolicy.Target, error)

	// Excludes reports whether the configuration leaves an account out.
	Excludes func(account string) bool
	// Queue is asked whose turn it is; nil: only the catalog is.
	Queue Queue
}

// For returns the desk of one person or program.
func (o *Office) For(who access.Actor) *Desk { return &Desk{Office: o, Who: who} }

// Desk is where one actor works. Every action returns a *Refusal, of class invalid, with
// all that is wrong with a request, and an *access.DeniedError, of class denied, when the
// actor's role does not suffice; neither has changed anything.
type Desk struct {
	*Office
	Who access.Actor
}

// allow checks the actor's role; looking at what would happen is for everybody.
func (d *Desk) allow(action access.Action, dryRun bool) error {
	if dryRun {
		action = access.View
	}
	return d.Who.Check(action)
}

// Order is what all requests that make jobs have in common.
type Order struct {
	// IdempotencyKey: the same key makes the same job, however often it is asked for.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// DryRun says what would be done and changes nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// Outcome is what became of a request that makes jobs.
type Outcome struct {
	DryRun bool `json:"dry_run"`
	// Created counts the jobs that are new; the others existed under the same key.
	Created int `json:"created"`
	// Jobs are the jobs as stored. In a dry run without a key their ids are empty.
	Jobs []catalog.Job `json:"jobs"`
	// Point is the recovery point copied, restored or expired.
	Point *catalog.RecoveryPoint `json:"point,omitempty"`
	// Plan is what a restore will do on AWS.
	Plan *driver.RestorePlan `json:"plan,omitempty"`
	// Guards are what keeps a point from being expired, in a dry run.
	Guards []Guard `json:"guards,omitempty"`
	// Fate is what the policy wants of a point to be expired, in a dry run.
	Fate *Fate `json:"fate,omitempty"`
}
