package engine

import (
	"context"
	"sync"
	"time"

	"holdfast/catalog"
)

// The breaker of an account opens after breakerThreshold failed starts in a row that
// blame its role, so that one resource with a policy of its own cannot stop an account.
// While it is open the leader grants nothing but a probe every probeEvery.
const (
	breakerThreshold = 3
	probeEvery       = 5 * time.Minute
	breakerCacheTTL  = 5 * time.Second // on the machine's clock it may be shorter
)

// breakerCache remembers which accounts have failures, so that a healthy start costs no
// query.
type breakerCache struct {
	mu       sync.Mutex
	loadedAt time.Time
	failing  map[string]catalog.Breaker
}

// trip counts a failure of account's role and opens the breaker at the threshold. A
// probe that failed puts the next one off.
func (c *breakerCache) trip(ctx context.Context, e *Engine, account string, cause error) {
	b, err := e.store.Breaker(ctx, account)
	if err != nil {
		e.log.Error().Err(err).Str("account", account).Msg("breaker could not be read")
		return
	}
	now := e.clock.Now()
	b.Account, b.Message = account, cause.Error()
	b.Failures++
	if b.Failures >= breakerThreshold {
		if !b.Open() {
			b.OpenSince = now
			e.log.Error().Str("account", account).Err(cause).Msg("account breaker opened: its role fails, nothing is started there but a probe every 5 minutes")
		}
		b.ProbeAt = now.Add(probeEvery)
	}
	c.store(ctx, e, b)
}

// closeOn forgets the failures of account after a start that worked.
func (c *breakerCache) closeOn(ctx context.Context, e *Engine, account string) {
	if _, failing := c.load(ctx, e)[account]; failing {
		e.log.Info().Str("account", account).Msg("account breaker closed: its role works again")
		c.store(ctx, e, catalog.Breaker{Account: account})
	}
}

func (c *breakerCache) store(ctx context.Context, e *Engine, b catalog.Breaker) {
	if err := e.store.SetBreaker(ctx, b, e.opts.Owner); err != nil {
		e.log.Error().Err(err).Str("account", b.Account).Msg("breaker could not be stored")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loadedAt = time.Time{}
}

// load returns the accounts with failures, at most breakerCacheTTL old.
func (c *breakerCache) load(ctx context.Context, e *Engine) map[string]catalog.Breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := e.clock.Now()
	if !c.loadedAt.IsZero() && now.Sub(c.loadedAt) < breakerCacheTTL {
		return c.failing
	}
	breakers, err := e.store.Breakers(ctx)
	if err != nil {
		e.log.Error().Err(err).Msg("breakers could not be read")
		return c.failing
	}
	failing := make(map[string]catalog.Breaker, len(breakers))
	for _, b := range breakers {
		if b.Failures > 0 {
			failing[b.Account] = b
		}
	}
	c.failing, c.loadedAt = failing, now
	return failing
}

// regionRefused reports whether the region of job is to blame for what looks like a fault of
// its account's role: where it is not enabled, the rest of the account goes on.
func (e *Engine) regionRefused(ctx context.Context, job catalog.Job) bool {
	scopes, err := e.store.InventoryScopes(ctx)
	if err != nil {
		e.log.Error().Err(err).Str("account", job.Account).Msg("inventory scopes could not be read")
		return false
	}
	return catalog.RegionRefused(scopes, job.Account, job.Region)
}
