// Package preflight finds out before any backup begins what would stop the rules: it walks
// every hop of every rule for the resources it selects, and tries roles, permissions to
// look, and vaults on the way. It changes nothing.
package preflight

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/policy"
	"holdfast/resource"
)

// The outcomes of a check.
const (
	OK   = "ok"
	Warn = "warn" // it works, and somebody should look at it
	Fail = "fail" // jobs of the rules would fail
)

// The checks.
const (
	CheckAccount = "account"
	CheckRegion  = "region"
	CheckKey     = "key"
	CheckRole    = "role"
	CheckLook    = "look"
	CheckVault   = "vault"
)

// Options say what is walked and with what.
type Options struct {
	Policies *policy.Set
	Drivers  *driver.Registry
	// Accounts and Regions are those of the installation.
	Accounts, Regions []string
	Partition         string
	Plan              string // only this plan; "" for all
	// Assume finds out whether a session for the purpose can be had in the scope.
	Assume func(ctx context.Context, scope resource.Scope, purpose resource.Purpose) error
	// Now is when it is done, Parallel how many checks run at once, Timeout bounds one.
	Now      time.Time
	Parallel int
	Timeout  time.Duration
	// Done, if set, is told how many of how many checks are done.
	Done func(done, all int)
}

// Finding is the outcome of one check, with the rules it is about.
type Finding struct {
	Check   string           `json:"check"`
	Status  string           `json:"status"` // ok, warn or fail
	Account string           `json:"account"`
	Region  string           `json:"region"`
	Purpose resource.Purpose `json:"purpose,omitempty"`
	Kind    resource.Kind    `json:"kind,omitempty"`
	Engine  driver.Engine    `json:"engine,omitempty"`
	Vault   string           `json:"vault,omitempty"`
	Message string           `json:"message"`
	Remedy  string           `json:"remedy,omitempty"`
	Rules   []string         `json:"rules"` // plan/rule, sorted
}

// Walk collects the checks that the rules need for the resources they select.
type Walk struct {
	options Options
	order   []*task
	known   map[key]*task
}

// key tells checks apart: what several rules need is checked once.
type key struct {
	check   string
	scope   resource.Scope
	purpose resource.Purpose
	kind    resource.Kind
	engine  driver.Engine
	vault   string
	days    int
	extra   string
}

type task struct {
	key
	run   func(ctx context.Context) (status, message, remedy string)
	rules map[string]bool
}

// New returns a walk without resources.
func New(o Options) *Walk { return &Walk{options: o, known: map[key]*task{}} }

// Add notes what r needs: the hops of every rule that selects it.
func (w *Walk) Add(r resource.Resource) {
	for i := range w.options.Policies.Plans {
		plan := &w.options.Policies.Plans[i]
		if w.options.Plan != "" && plan.Name != w.options.Plan {
			continue
		}
		for j := range plan.Rules {
			if _, selected := plan.SelectsFor(&plan.Rules[j], r); selected {
				w.hops(plan.Name+"/"+plan.Rules[j].Name, &plan.Rules[j], r)
			}
		}
	}
}

// hops notes the checks of the backup and of each copy.
func (w *Walk) hops(name string, rule *policy.Rule, r resource.Resource) {
	d, ok := w.options.Drivers.For(r.Kind, driver.Engine(rule.Engine))
	if !ok {
		return // refused where policies are validated
	}
	home := resource.Scope{Partition: w.options.Partition, Account: r.Account, Region: r.Region}
	w.place(name, home, d, rule.Vault, rule.Lifecycle, resource.ForDiscover, resource.ForBackup, resource.ForExpire)
	for _, c := range rule.CopyActions {
		c = c.For(r.Account)
		to := resource.Scope{Partition: w.options.Partition, Account: c.Account, Region: c.Region}
		w.copyKey(name, to, c.KMSKeyARN)
		w.place(name, to, d, c.Vault, c.Lifecycle, resource.ForDiscover, resource.ForCopy, resource.ForExpire)
		if to.Account != home.Account {
			w.role(name, home, resource.ForCopy) // lets the other account have the point
		}
	}
}

// place notes what work in a scope takes. The purpose before the last is the one that asks
// about vaults.
func (w *Walk) place(rule string, scope resource.Scope, d driver.Driver, vault string, l policy.Lifecycle, purposes ...resource.Purpose) {
	w.add(rule, key{check: CheckAccount, scope: resource.Scope{Account: scope.Account}}, func(context.Context) (string, string, string) {
		if slices.Contains(w.options.Accounts, scope.Account) {
			return OK, "belongs to the installation", ""
		}
		return Fail, "account " + scope.Account + " does not belong to the installation", "add it to the organization or to aws.accounts, or name another account in the copy action"
	})
	w.add(rule, key{check: CheckRegion, scope: resource.Scope{Region: scope.Region}}, func(context.Context) (string, string, string) {
		if slices.Contains(w.options.Regions, scope.Region) {
			return OK, "is one of aws.regions", ""
		}
		return Warn, "region " + scope.Region + " is not in aws.regions: points there are made, and not found again by `catalog rebuild`", "add it to aws.regions"
	})
	for _, purpose := range purposes {
		w.role(rule, scope, purpose)
	}
	facts := d.Descriptor()
	w.add(rule, key{check: CheckLook, scope: scope, kind: facts.Kind, engine: driver.EngineOf(d)}, func(ctx context.Context) (string, string, string) {
		return w.look(ctx, scope, d)
	})
	if prober, ok := d.(driver.Prober); ok {
		asks := purposes[len(purposes)-2]
		w.add(rule, key{check: CheckVault, scope: scope, purpose: asks, engine: driver.EngineOf(d), vault: vault, days: l.DeleteAfterDays}, func(ctx context.Context) (string, string, string) {
			return probed(prober.Probe(ctx, driver.ProbeRequest{Scope: scope, Purpose: asks, Vault: vault, DeleteAfterDays: l.DeleteAfterDays}))
		})
	}
}

func (w *Walk) role(rule string, scope resource.Scope, purpose resource.Purpose) {
	place := scope
	w.add(rule, key{check: CheckRole, scope: place, purpose: purpose}, func(ctx context.Context) (string, string, string) {
		if err := w.options.Assume(ctx, place, purpose); err != nil {
			return Fail, fmt.Sprintf("the role for %s cannot be assumed: %v", purpose, err),
				"make the role, or mend its trust policy: `holdfast driver iam --role trust` prints it"
		}
		return OK, "can be assumed", ""
	})
}

// copyKey notes whether the key of a copy is where the copy goes.
func (w *Walk) copyKey(rule string, to resource.Scope, arn string) {
	if arn == "" {
		return
	}
	w.add(rule, key{check: CheckKey, scope: to, extra: arn}, func(context.Context) (string, string, string) {
		const remedy = "name a customer managed key of the destination in the copy action"
		k, err := resource.ParseARN(arn)
		switch {
		case err != nil:
			return Fail, err.Error(), remedy
		case k.Account != to.Account || k.Region != to.Region:
			return Fail, fmt.Sprintf("key %s is not in %s/%s, where the copy goes", arn, to.Account, to.Region), remedy
		default:
			return OK, "is where the copy goes", ""
		}
	})
}

// look asks for the artefact of a job that never was, as the engine looks for one.
func (w *Walk) look(ctx context.Context, scope resource.Scope, d driver.Driver) (status, message, remedy string) {
	_, err := d.Find(ctx, driver.FindRequest{Scope: scope, Operation: driver.Backup, Since: w.options.Now, Mark: driver.Mark{
		Installation: "preflight", JobID: "preflightpreflightprefligh", SourceARN: sampleARN(scope, d), CreatedAt: w.options.Now,
	}})
	switch {
	case err == nil, failure.Is(err, failure.NotFound), failure.Is(err, failure.Invalid), failure.Is(err, failure.Unsupported):
		return OK, "points can be looked for", ""
	case failure.Is(err, failure.Denied):
		return Fail, err.Error(), "give the role for discover what is missing (`holdfast driver iam --role discover`); where the role has it, see service control policies, and whether the region is enabled"
	default:
		return Warn, err.Error(), "try again: it could not be observed"
	}
}

// sampleARN is of no resource.
func sampleARN(scope resource.Scope, d driver.Driver) string {
	return "arn:" + scope.Partition + ":" + string(d.Descriptor().Kind) + ":" + scope.Region + ":" + scope.Account + ":preflight/none"
}

func probed(err error) (status, message, remedy string) {
	switch {
	case err == nil:
		return OK, "takes the points", ""
	case failure.Is(err, failure.NotFound):
		return Warn, err.Error(), "make it with the key and lock you want, or let the first job make it"
	case failure.Is(err, failure.Denied):
		return Fail, err.Error(), "give the role what is missing: `holdfast driver iam` prints what it needs"
	case failure.Is(err, failure.Invalid), failure.Is(err, failure.Unsupported):
		return Fail, err.Error(), "change the rule's lifecycle, or name another vault"
	default:
		return Warn, err.Error(), "try again: it could not be observed"
	}
}

func (w *Walk) add(rule string, k key, run func(context.Context) (string, string, string)) {
	found, ok := w.known[k]
	if !ok {
		found = &task{key: k, run: run, rules: map[string]bool{}}
		w.known[k] = found
		w.order = append(w.order, found)
	}
	found.rules[rule] = true
}

// Run makes every check once and returns the findings in the order of the walk. The error
// is of the context.
func (w *Walk) Run(ctx context.Context) ([]Finding, error) {
	findings := make([]Finding, len(w.order))
	var group errgroup.Group
	group.SetLimit(max(w.options.Parallel, 1))
	var mu sync.Mutex
	done := 0
	for i, t := range w.order {
		group.Go(func() error {
			if ctx.Err() == nil {
				findings[i] = w.one(ctx, t)
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; w.options.Done != nil {
				w.options.Done(done, len(w.order))
			}
			return nil
		})
	}
	_ = group.Wait() // no check returns an error
	return findings, ctx.Err()
}

func (w *Walk) one(ctx context.Context, t *task) Finding {
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	f := Finding{
		Check: t.check, Account: t.scope.Account, Region: t.scope.Region, Purpose: t.purpose, Kind: t.kind, Engine: t.engine, Vault: t.vault,
	}
	f.Status, f.Message, f.Remedy = t.run(ctx)
	for rule := range t.rules {
		f.Rules = append(f.Rules, rule)
	}
	slices.Sort(f.Rules)
	return f
}
