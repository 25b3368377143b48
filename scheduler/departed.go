package scheduler

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"holdfast/catalog"
)

// departedEvery is how often the leader looks which accounts have left.
const departedEvery = time.Minute

// departures remembers the accounts that belonged to the installation and no longer do.
// What runs there goes on, what waits does not begin.
type departures struct {
	mu      sync.Mutex
	askedAt time.Time
	known   []string
}

// accounts returns the accounts that have left, at most a minute old. When nobody can say
// which accounts there are, what was known stays: a list that cannot be read is no reason
// to stop or to start anything.
func (d *departures) accounts(ctx context.Context, s *Scheduler) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := s.clock.Now()
	if !d.askedAt.IsZero() && now.Sub(d.askedAt) < departedEvery {
		return d.known
	}
	left, err := s.askDeparted(ctx)
	if err != nil {
		s.log.Warn().Err(err).Msg("it is not known which accounts have left")
		return d.known
	}
	for _, account := range left {
		if !slices.Contains(d.known, account) {
			s.log.Warn().Str("account", account).Msg("the account no longer belongs to the installation: what waits there does not begin")
		}
	}
	d.askedAt, d.known = now, left
	return left
}

func (s *Scheduler) askDeparted(ctx context.Context) ([]string, error) {
	accounts, err := s.opts.Accounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	scopes, err := s.store.InventoryScopes(ctx)
	if err != nil {
		return nil, fmt.Errorf("load inventory scopes: %w", err)
	}
	return Departed(scopes, accounts), nil
}

// Departed returns the accounts that were listed once and are not among accounts any more,
// sorted. An account that was never listed, such as one that only takes copies, has not
// left. It is pure.
func Departed(scopes []catalog.InventoryScope, accounts []string) []string {
	present := map[string]bool{}
	for _, account := range accounts {
		present[account] = true
	}
	var left []string
	for _, scope := range scopes {
		if !present[scope.Account] {
			left = append(left, scope.Account)
		}
	}
	slices.Sort(left)
	return slices.Compact(left)
}
