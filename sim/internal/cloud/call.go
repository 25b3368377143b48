package cloud

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Place is one region of one account.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Call is one accepted API call on its way through a handler.
type Call struct {
	Context   context.Context
	Place     Place
	Partition string
	Now       time.Time

	org   *Organization
	fate  string // why the operation this call begins will fail, empty when it will not
	lacks string // what the success of that operation lacks
	// within is the operation this call is part of, nil for one of its own.
	within *Progress
}

// NewID returns a new identifier of n hexadecimal digits, the same for the same seed and
// the same sequence of calls in this place.
func (c *Call) NewID(prefix string, n int) string { return prefix + c.org.seed.hex(c.Place, prefix, n) }

// Between returns a duration of lo to hi, drawn from the seed and what it is for.
func (c *Call) Between(lo, hi time.Duration, what ...string) time.Duration {
	span := float64(hi - lo)
	d := lo + time.Duration(span*c.org.seed.fraction(what...))
	return time.Duration(float64(d) * c.org.options.Pace)
}

// Quota returns the quota of a name that a service's definition has.
func (c *Call) Quota(name string) int { return c.org.quotas[name] }

// InProgress returns how many operations of a kind are in progress in the place of the call.
func (c *Call) InProgress(kind, operation string) int {
	return c.org.InProgress(Gauge{c.Place.Account, c.Place.Region, kind, operation})
}

// Visible reports whether a thing made at an instant shows up in listings yet.
func (c *Call) Visible(made time.Time) bool {
	return !c.Now.Before(made.Add(time.Duration(c.org.lag.Load())))
}

// HasRegion reports whether the organization has a region.
func (c *Call) HasRegion(region string) bool { return c.org.regions[region] }

// ARN builds the ARN of a resource in the place of the call.
func (c *Call) ARN(service, resource string) string {
	return "arn:" + c.Partition + ":" + service + ":" + c.Place.Region + ":" + c.Place.Account + ":" + resource
}

// Account is one account of the organization.
type Account struct {
	ID     string
	Active bool
}

// Accounts returns every account ordered by id, and the management account's id.
func (c *Call) Accounts() (accounts []Account, management string) {
	for id, active := range c.org.accounts {
		accounts = append(accounts, Account{ID: id, Active: active})
	}
	slices.SortFunc(accounts, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
	return accounts, c.org.options.Accounts[0]
}
