package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"holdfast/admission"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/login"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/policy/format"
	"holdfast/policy/orgpolicy"
	"holdfast/producer"
)

// NewOffice returns what can be done by hand in an installation, for a process that does not
// run its queue. drivers describe and plan; policies returns what is in force.
func NewOffice(cfg *config.Config, store operator.Store, c clock.Clock, drivers *driver.Registry, policies func(context.Context) (*policy.Set, error)) *operator.Office {
	limits := cfg.Limits
	return &operator.Office{
		Installation: cfg.Installation, Partition: cfg.AWS.Partition, Store: store, Clock: c, Drivers: drivers, Entropy: rand.Reader,
		Policies:     policies,
		UndoWindow:   cfg.Expiry.UndoWindow,
		DefaultCaps:  producer.DefaultCaps(limits.Account, limits.RestoresPerAccount, limits.Fleet, Descriptors(drivers)),
		Capabilities: Capabilities(drivers),
		Organization: func(context.Context) (*orgpolicy.Target, error) { return organizationOf(cfg) },
		UnitNames:    cfg.AWS.Accounts.UnitNames(), Units: cfg.AWS.Accounts.UnitsOf,
		Excludes: func(account string) bool { return excludes(cfg, account) }, Queue: remoteQueue{cfg},
	}
}

// Office returns what can be done by hand from the pages and the API of this process.
func (a *App) Office() *operator.Office {
	office := NewOffice(a.Config, a.Store, a.Clock, PlanningDrivers(a.Config), a.policySet)
	office.Withheld = func(ctx context.Context) ([]string, error) {
		p, err := a.pagesPolicies(ctx)
		return p.Withheld, err
	}
	office.Queue = nil
	if a.Controller != nil {
		office.Queue = a.Controller
	}
	return office
}

// organizationOf reads the organization the configuration names; nil when it names none.
func organizationOf(cfg *config.Config) (*orgpolicy.Target, error) {
	dir := cfg.OrganizationDir()
	if dir == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	root, problems, err := ReadOrganization(dir)
	if err == nil && len(problems) > 0 {
		err = &failure.Error{Class: failure.Invalid, Err: &operator.PolicyError{Kind: format.KindMalformed, Problems: problems}}
	}
	return root, err
}

// excludes reports whether the configuration leaves an account out. Who is in an
// organization it does not say.
func excludes(cfg *config.Config, account string) bool {
	accounts := cfg.AWS.Accounts
	return slices.Contains(accounts.Exclude, account) || accounts.Source == config.AccountsList && !slices.Contains(accounts.IDs, account)
}

// NewLogins returns who knows users and tokens.
func NewLogins(store login.Store, c clock.Clock) (*login.Keeper, error) {
	return login.New(store, c, rand.Reader, login.DefaultCost())
}

// remoteQueue asks the configured Redis, over a connection of its own for each question.
type remoteQueue struct{ cfg *config.Config }

// Usage implements operator.Queue.
func (q remoteQueue) Usage(ctx context.Context, limit int) (usage []admission.KeyUsage, err error) {
	err = q.ask(ctx, func(c admission.Controller) error {
		usage, err = c.Usage(ctx, limit)
		return err
	})
	return usage, err
}

// Explain implements operator.Queue.
func (q remoteQueue) Explain(ctx context.Context, jobID string) (e admission.Explanation, err error) {
	err = q.ask(ctx, func(c admission.Controller) error {
		e, err = c.Explain(ctx, jobID)
		return err
	})
	return e, err
}

func (q remoteQueue) ask(ctx context.Context, do func(admission.Controller) error) error {
	queue, err := OpenQueue(ctx, q.cfg)
	if err != nil {
		return err
	}
	if err := do(queue.Controller); err != nil {
		err = fmt.Errorf("redis could not be asked: %w", err)
		return errors.Join(err, queue.Close())
	}
	return queue.Close()
}
