package app

import (
	"context"
	"crypto/rand"

	"holdfast/config"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/login"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/producer"
)

// NewOffice returns what can be done by hand in an installation. drivers describe and plan;
// policies returns what is in force.
func NewOffice(cfg *config.Config, store operator.Store, c clock.Clock, drivers *driver.Registry, policies func(context.Context) (*policy.Set, error)) *operator.Office {
	limits := cfg.Limits
	return &operator.Office{
		Installation: cfg.Installation, Partition: cfg.AWS.Partition, Store: store, Clock: c, Drivers: drivers, Entropy: rand.Reader,
		Policies:    policies,
		UndoWindow:  cfg.Expiry.UndoWindow,
		DefaultCaps: producer.DefaultCaps(limits.Account, limits.RestoresPerAccount, limits.Fleet, Descriptors(drivers)),
		UnitNames:   cfg.AWS.Accounts.UnitNames(), Units: cfg.AWS.Accounts.UnitsOf,
	}
}

// Office returns what can be done by hand from the pages and the API of this process.
func (a *App) Office() *operator.Office {
	return NewOffice(a.Config, a.Store, a.Clock, PlanningDrivers(a.Config), a.policySet)
}

// NewLogins returns who knows users and tokens.
func NewLogins(store login.Store, c clock.Clock) (*login.Keeper, error) {
	return login.New(store, c, rand.Reader, login.DefaultCost())
}
