package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast/catalog"
)

// inventoryPage is how many resources are read at a time.
const inventoryPage = 2000

// SyncInventory implements catalog.Inventory. Every listing of a scope has a number; what
// a complete one did not touch is gone, unless a later listing has seen it since.
func (s *Store) SyncInventory(ctx context.Context, sync catalog.InventorySync) error {
	sc := sync.Scope
	op := fmt.Sprintf("store inventory of %s in %s/%s", sc.Kind, sc.Account, sc.Region)
	return s.update(ctx, op, func(ctx context.Context, q session) error {
		number, err := q.storeScope(ctx, sync)
		if err != nil {
			return err
		}
		if err := q.storeResources(ctx, sync, number); err != nil || !sync.Complete {
			return err
		}
		return q.markGone(ctx, sync, number)
	})
}

// markGone marks what a complete listing did not see.
func (q session) markGone(ctx context.Context, sync catalog.InventorySync, number int64) error {
	sc := sync.Scope
	_, err := q.exec(ctx, `UPDATE resources SET gone_at = ? WHERE account = ? AND region = ? AND kind = ?
		AND partition = ? AND gone_at = 0 AND sync <> ? AND seen_at <= ?`, millis(sync.EndedAt),
		sc.Account, sc.Region, string(sc.Kind), sc.Partition, number, millis(sync.StartedAt))
	return err
}

// storeScope records how the listing went and returns its number. An incomplete listing
// leaves the time of the last good one and its count.
func (q session) storeScope(ctx context.Context, sync catalog.InventorySync) (int64, error) {
	sc := sync.Scope
	sc.AttemptedAt, sc.SyncedAt, sc.Resources = sync.StartedAt, sync.EndedAt, len(sync.Resources)
	sc.Class, sc.Message = sync.Class, sync.Message
	keep := "synced_at = excluded.synced_at, resources = excluded.resources"
	if sync.Complete {
		sc.Class, sc.Message = "", ""
	} else {
		sc.SyncedAt = fromMillis(0)
		keep = "synced_at = scopes.synced_at, resources = scopes.resources"
	}
	rows, err := collect(scopeColumns, []catalog.InventoryScope{sc})
	if err != nil {
		return 0, err
	}
	list := names(scopeColumns)
	if _, err := q.bulk(ctx, rows, `INSERT INTO scopes (`+list+`, syncs) SELECT `+list+`, 1 FROM v WHERE true
		ON CONFLICT (partition, account, region, kind) DO UPDATE SET attempted_at = excluded.attempted_at,
		class = excluded.class, message = excluded.message, syncs = scopes.syncs + 1, `+keep); err != nil {
		return 0, err
	}
	var number int64
	_, err = q.one(ctx, []any{&number}, "SELECT syncs FROM scopes WHERE partition = ? AND account = ? AND region = ? AND kind = ?",
		sc.Partition, sc.Account, sc.Region, string(sc.Kind))
	return number, err
}

// storeResources upserts what the listing saw.
func (q session) storeResources(ctx context.Context, sync catalog.InventorySync, number int64) error {
	if len(sync.Resources) == 0 {
		return nil
	}
	items := make([]catalog.InventoryItem, len(sync.Resources))
	for i, r := range sync.Resources {
		items[i] = catalog.InventoryItem{Resource: r, FirstSeenAt: sync.EndedAt, SeenAt: sync.EndedAt}
	}
	// A statement may not touch a row twice: of an ARN listed twice the last one counts.
	slices.Reverse(items)
	slices.SortStableFunc(items, func(a, b catalog.InventoryItem) int { return strings.Compare(a.ARN, b.ARN) })
	items = slices.CompactFunc(items, func(a, b catalog.InventoryItem) bool { return a.ARN == b.ARN })
	rows, err := collect(itemColumns, items)
	if err != nil {
		return err
	}
	partitions := slices.Repeat([]string{sync.Scope.Partition}, len(items))
	rows.addTexts("partition", partitions)
	rows = rows.constant("sync", number)
	list := names(itemColumns) + ", partition, sync"
	_, err = q.bulk(ctx, rows, "INSERT INTO resources ("+list+") SELECT "+list+` FROM v WHERE true
		ON CONFLICT (arn) DO UPDATE SET account = excluded.account, region = excluded.region, kind = excluded.kind,
		partition = excluded.partition, name = excluded.name, tags = excluded.tags, settings = excluded.settings,
		unsupported = excluded.unsupported, seen_at = excluded.seen_at, gone_at = 0, sync = excluded.sync`)
	return err
}

// InventoryScopes implements catalog.Inventory.
func (s *Store) InventoryScopes(ctx context.Context) (scopes []catalog.InventoryScope, err error) {
	err = s.view(ctx, "read inventory scopes", func(ctx context.Context, q session) (err error) {
		scopes, err = read(ctx, q, scopeColumns, "FROM scopes ORDER BY partition, account, region, kind")
		return err
	})
	return scopes, err
}

// Resources implements catalog.Inventory. No connection is held while yield runs.
func (s *Store) Resources(ctx context.Context, f catalog.ResourceFilter, yield func(catalog.InventoryItem) error) error {
	after := f.After
	for {
		c := &conditions{dialect: s.dialect}
		c.add("arn > ?", after)
		oneOf(c, "kind", f.Kinds)
		c.equal("account", f.Account)
		c.equal("region", f.Region)
		if !f.IncludeGone {
			c.add("gone_at < 1") // without statistics PostgreSQL takes = for rare, and sorts all for each page
		}
		var page []catalog.InventoryItem
		err := s.seek(ctx, "read inventory", func(ctx context.Context, q session) (err error) {
			page, err = read(ctx, q, itemColumns, "FROM resources"+c.where()+" ORDER BY arn LIMIT ?", append(c.args, inventoryPage)...)
			return err
		})
		if err != nil {
			return err
		}
		for _, item := range page {
			if err := yield(item); err != nil {
				return err
			}
			after = item.ARN
		}
		if len(page) < inventoryPage {
			return nil
		}
	}
}

// Resource implements catalog.Inventory. Concurrent calls share statements.
func (s *Store) Resource(ctx context.Context, arn string) (catalog.InventoryItem, error) {
	return s.resourceLookups.get(ctx, "resource", arn)
}

// resourcesByARN returns those of arns that are in the inventory, by ARN.
func (s *Store) resourcesByARN(ctx context.Context, arns []string) (map[string]catalog.InventoryItem, error) {
	found := make(map[string]catalog.InventoryItem, len(arns))
	err := s.seek(ctx, "read resources", func(ctx context.Context, q session) error {
		items, err := read(ctx, q, itemColumns, "FROM resources WHERE "+q.in("arn"), list(q.dialect, arns))
		for _, item := range items {
			found[item.ARN] = item
		}
		return err
	})
	return found, err
}
