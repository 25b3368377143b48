package cli

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/resource"
)

// Bounds of what the doctor asks AWS.
const (
	roleParallel = 16
	rolesTimeout = 2 * time.Minute // for all of them together
)

// aws assumes every role of every account, in the first region: roles are global.
func (e *examination) aws(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rolesTimeout)
	defer cancel()
	accounts, err := e.app.Accounts(ctx)
	if err != nil {
		e.found.fail("aws", "check the process's own credentials and aws.accounts", "%v", err)
		return
	}
	if e.cfg.AWS.SimulatorURL != "" {
		e.simulator(ctx, len(accounts))
		return
	}
	broken := e.brokenRoles(ctx, accounts)
	if len(broken) == 0 {
		e.found.ok("aws", "every role of %d accounts can be assumed", len(accounts))
		return
	}
	roles := len(accounts) * len(resource.Purposes())
	tell := e.found.warn
	if len(broken) == roles {
		tell = e.found.fail // not some account's fault
	}
	tell("aws", "create the roles or mend their trust policies, see aws.roles in docs/configuration.md",
		"%d of %d roles cannot be assumed: %s", len(broken), roles, firstOf(broken))
}

// simulator asks the simulated organization for a sign of life.
func (e *examination) simulator(ctx context.Context, accounts int) {
	if err := e.app.CheckRole(ctx, resource.Scope{}, resource.ForDiscover); err != nil {
		e.found.fail("aws", "start `holdfast sim serve` or remove aws.simulator_url", "the simulated organization does not answer: %v", err)
		return
	}
	e.found.ok("aws", "simulated, %d accounts: nothing real is backed up", accounts)
}

// brokenRoles returns what is wrong with each role that cannot be assumed, sorted.
func (e *examination) brokenRoles(ctx context.Context, accounts []string) []string {
	var mu sync.Mutex
	var broken []string
	var group errgroup.Group
	group.SetLimit(roleParallel)
	for _, account := range accounts {
		for _, purpose := range resource.Purposes() {
			scope := resource.Scope{Partition: e.cfg.AWS.Partition, Account: account, Region: e.cfg.AWS.Regions[0]}
			group.Go(func() error {
				if err := e.app.CheckRole(ctx, scope, purpose); err != nil {
					mu.Lock()
					defer mu.Unlock()
					broken = append(broken, fmt.Sprintf("%s for %s: %v", account, purpose, err))
				}
				return nil // each role is told of on its own
			})
		}
	}
	_ = group.Wait()
	slices.Sort(broken)
	return broken
}
