package catalogtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/resource"
)

var inventoryChecks = map[string]func(*testing.T, Open){
	"inventory-sync":              inventorySync,
	"inventory-incomplete":        inventoryIncomplete,
	"inventory-late-listing":      inventoryLateListing,
	"inventory-pages-and-filters": inventoryPages,
}

var volumes = catalog.InventoryScope{Partition: "aws", Account: account, Region: region, Kind: resource.EBS}

// listing is a listing of scope at minute that saw the resources numbered.
func listing(scope catalog.InventoryScope, minute int, complete bool, numbers ...int) catalog.InventorySync {
	at := epoch0.Add(time.Duration(minute) * time.Minute)
	l := catalog.InventorySync{Scope: scope, StartedAt: at, EndedAt: at.Add(10 * time.Second), Complete: complete}
	for _, n := range numbers {
		l.Resources = append(l.Resources, resource.Resource{
			ARN:  fmt.Sprintf("arn:aws:x:%s:%s:%s/%05d", scope.Region, scope.Account, scope.Kind, n),
			Kind: scope.Kind, Account: scope.Account, Region: scope.Region, Name: fmt.Sprint(n),
			Tags: map[string]string{"minute": fmt.Sprint(minute)}, Settings: []byte(`{"n":1}`),
		})
	}
	return l
}

func store(t *testing.T, s catalog.Store, l catalog.InventorySync) {
	t.Helper()
	if err := s.SyncInventory(testContext(t), l); err != nil {
		t.Fatal(err)
	}
}

// seen returns the names of the resources that match, with a minus where they are gone.
func seen(t *testing.T, s catalog.Store, f catalog.ResourceFilter) []string {
	t.Helper()
	var out []string
	last := ""
	err := s.Resources(testContext(t), f, func(i catalog.InventoryItem) error {
		if i.ARN <= last {
			t.Errorf("%s comes after %s", i.ARN, last)
		}
		last = i.ARN
		if i.GoneAt.IsZero() {
			out = append(out, i.Name)
		} else {
			out = append(out, "-"+i.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var all = catalog.ResourceFilter{IncludeGone: true}

func inventorySync(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	first := listing(volumes, 0, true, 1, 2, 3)
	first.Resources[0].Unsupported = "is a cache"
	store(t, s, first)
	item, err := s.Resource(ctx, first.Resources[0].ARN)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "resource", catalog.InventoryItem{Resource: first.Resources[0], FirstSeenAt: first.EndedAt, SeenAt: first.EndedAt}, item)
	_, err = s.Resource(ctx, "arn:none")
	fails(t, "Resource", err, catalog.ErrNotFound)

	elsewhere := volumes
	elsewhere.Region = "us-east-1"
	store(t, s, listing(elsewhere, 1, true, 7))
	second := listing(volumes, 60, true, 2, 4, 2)
	store(t, s, second)
	same(t, "resources", []string{"-1", "2", "-3", "4", "7"}, seen(t, s, all))
	same(t, "living resources", []string{"2", "4", "7"}, seen(t, s, catalog.ResourceFilter{}))
	item, _ = s.Resource(ctx, first.Resources[0].ARN)
	same(t, "gone at", second.EndedAt, item.GoneAt)
	item, _ = s.Resource(ctx, second.Resources[0].ARN)
	same(t, "tags", "60", item.Tags["minute"])
	store(t, s, listing(volumes, 120, true, 1))
	same(t, "back again", []string{"1", "-2", "-3", "-4", "7"}, seen(t, s, all))
	store(t, s, listing(volumes, 180, true))
	same(t, "empty but complete", []string{"7"}, seen(t, s, catalog.ResourceFilter{}))
}

func inventoryIncomplete(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	good := listing(volumes, 0, true, 1, 2)
	store(t, s, good)
	bad := listing(volumes, 60, false, 3)
	bad.Class, bad.Message = failure.Denied, "no ec2:DescribeVolumes"
	store(t, s, bad)
	same(t, "resources", []string{"1", "2", "3"}, seen(t, s, all))
	scopes, err := s.InventoryScopes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := volumes
	want.AttemptedAt, want.SyncedAt, want.Resources = bad.StartedAt, good.EndedAt, 2
	want.Class, want.Message = failure.Denied, bad.Message
	same(t, "scopes", []catalog.InventoryScope{want}, scopes)
	again := listing(volumes, 120, true, 1)
	store(t, s, again)
	want.AttemptedAt, want.SyncedAt, want.Resources, want.Class, want.Message = again.StartedAt, again.EndedAt, 1, "", ""
	scopes, _ = s.InventoryScopes(ctx)
	same(t, "scopes after a good listing", []catalog.InventoryScope{want}, scopes)
}

// inventoryLateListing stores a listing that began before another one saw a new volume:
// its not seeing that volume says nothing.
func inventoryLateListing(t *testing.T, open Open) {
	s := open(t)
	slow := listing(volumes, 0, true, 1)
	slow.EndedAt = slow.StartedAt.Add(time.Hour)
	store(t, s, listing(volumes, 10, true, 1, 2))
	store(t, s, slow)
	same(t, "resources", []string{"1", "2"}, seen(t, s, all))
}

func inventoryPages(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	var numbers []int
	var names []string
	for n := range 1203 {
		numbers, names = append(numbers, n), append(names, fmt.Sprint(n))
	}
	store(t, s, listing(volumes, 0, true, numbers...))
	tables := catalog.InventoryScope{Partition: "aws", Account: "444455556666", Region: region, Kind: resource.DynamoDB}
	store(t, s, listing(tables, 0, true, 1, 2))
	same(t, "by kind", names, seen(t, s, catalog.ResourceFilter{Kinds: []resource.Kind{resource.EBS}}))
	same(t, "by account", []string{"1", "2"}, seen(t, s, catalog.ResourceFilter{Account: "444455556666"}))
	same(t, "by region", 1205, len(seen(t, s, catalog.ResourceFilter{Region: region})))
	stop := errors.New("enough")
	calls := 0
	err := s.Resources(ctx, all, func(catalog.InventoryItem) error {
		if calls++; calls == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 3 {
		t.Errorf("Resources = %v after %d calls; want the error of yield after 3", err, calls)
	}
}
