package scheduler

import (
	"context"
	"fmt"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/resource"
	"holdfast/tasks"
)

// syncPatience is how long a due fire waits for listings before it is planned on the old
// inventory.
const syncPatience = 5 * time.Minute

// maxStaleNamed bounds how many stale scopes a note names.
const maxStaleNamed = 5

// allScopes returns every (account, region, kind) with what the catalog knows of it.
func (s *Scheduler) allScopes(ctx context.Context) ([]catalog.InventoryScope, error) {
	known, err := s.store.InventoryScopes(ctx)
	if err != nil {
		return nil, fmt.Errorf("load inventory scopes: %w", err)
	}
	byKey := make(map[string]catalog.InventoryScope, len(known))
	for _, k := range known {
		byKey[scopeKey(k)] = k
	}
	scopes, err := s.scopes(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]catalog.InventoryScope, 0, len(scopes)*len(s.drivers.Kinds()))
	for _, scope := range scopes {
		for _, kind := range s.drivers.Kinds() {
			is := catalog.InventoryScope{Partition: scope.Partition, Account: scope.Account, Region: scope.Region, Kind: kind}
			if k, ok := byKey[scopeKey(is)]; ok {
				is = k
			}
			all = append(all, is)
		}
	}
	return all, nil
}

func scopeKey(s catalog.InventoryScope) string {
	return s.Account + "/" + s.Region + "/" + string(s.Kind)
}

// allowedScopes returns the account/region pairs that may get new jobs.
func (s *Scheduler) allowedScopes(ctx context.Context) (map[string]bool, error) {
	scopes, err := s.scopes(ctx)
	if err != nil {
		return nil, err
	}
	allowed := make(map[string]bool, len(scopes))
	for _, scope := range scopes {
		allowed[scope.Account+"/"+scope.Region] = true
	}
	return allowed, nil
}

// inventoryFresh reports whether a fire noticed at that time may be planned now: every
// scope was listed within InventoryMaxAge of it, or was tried since and failed, or the
// patience is over. The note names the scopes planned on an old inventory.
func (s *Scheduler) inventoryFresh(ctx context.Context, noticed, now time.Time) (fresh bool, note string, err error) {
	scopes, err := s.allScopes(ctx)
	if err != nil {
		return false, "", err
	}
	var old, waiting []catalog.InventoryScope
	for _, scope := range scopes {
		if scope.SyncedAt.After(noticed.Add(-s.opts.InventoryMaxAge)) {
			continue
		}
		old = append(old, scope)
		if scope.AttemptedAt.Before(noticed) {
			waiting = append(waiting, scope)
		}
	}
	if len(waiting) > 0 && now.Before(noticed.Add(syncPatience)) {
		return false, "", s.enqueueSyncs(ctx, waiting, noticed)
	}
	return true, staleNote(old), nil
}

// staleNote says which scopes a fire was planned on old inventory for.
func staleNote(old []catalog.InventoryScope) string {
	if len(old) == 0 {
		return ""
	}
	names := make([]string, 0, maxStaleNamed)
	for _, scope := range old[:min(len(old), maxStaleNamed)] {
		names = append(names, scopeKey(scope))
	}
	return fmt.Sprintf("planned on an old inventory of %d scopes: %s", len(old), strings.Join(names, ", "))
}

// enqueueSyncs asks for a listing of each scope, once per tick time.
func (s *Scheduler) enqueueSyncs(ctx context.Context, scopes []catalog.InventoryScope, tick time.Time) error {
	for _, scope := range scopes {
		at := resource.Scope{Partition: scope.Partition, Account: scope.Account, Region: scope.Region}
		if err := s.queue.PutOnce(ctx, tasks.NewSync(at, scope.Kind, tick)); err != nil {
			return err
		}
	}
	return nil
}

// inventory asks for a listing of every scope that has not been listed for
// InventoryMaxAge, at most once per that time.
func (s *Scheduler) inventory(ctx context.Context) error {
	scopes, err := s.allScopes(ctx)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	var stale []catalog.InventoryScope
	for _, scope := range scopes {
		if now.Sub(scope.AttemptedAt) >= s.opts.InventoryMaxAge {
			stale = append(stale, scope)
		}
	}
	return s.enqueueSyncs(ctx, stale, now.Truncate(s.opts.InventoryMaxAge))
}
