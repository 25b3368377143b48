package operator

import (
	"context"
	"errors"
	"maps"
	"slices"

	"holdfast/catalog"
	"holdfast/policy"
)

// ResourceQuery selects resources of the inventory.
type ResourceQuery struct {
	catalog.ResourceFilter
	Unprotected bool // only what nothing backs up
	Limit       int
}

// ResourceList is a page of the inventory, by ARN.
type ResourceList struct {
	Resources []ResourceEntry `json:"resources"`
	Next      string          `json:"next,omitempty" doc:"after of the next page; absent on the last"`
}

// ResourceEntry is a resource with the plans that back it up.
type ResourceEntry struct {
	catalog.InventoryItem
	Plans     []string `json:"plans" doc:"the plans in force that select it"`
	Protected bool     `json:"protected" doc:"a plan selects it, and it can be backed up"`
}

// errEnough ends a reading of the inventory.
var errEnough = errors.New("enough")

// ListResources returns the resources that match q with what the policies in force do
// about them.
func (o *Office) ListResources(ctx context.Context, q ResourceQuery) (ResourceList, error) {
	list := ResourceList{Resources: []ResourceEntry{}}
	set, err := o.Policies(ctx)
	if err != nil {
		return list, err
	}
	err = o.Store.Resources(ctx, q.ResourceFilter, func(item catalog.InventoryItem) error {
		entry := newResourceEntry(set, item)
		if q.Unprotected && (entry.Protected || !item.GoneAt.IsZero()) {
			return nil
		}
		if len(list.Resources) == q.Limit {
			list.Next = list.Resources[q.Limit-1].ARN
			return errEnough
		}
		list.Resources = append(list.Resources, entry)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return list, err
}

func newResourceEntry(set *policy.Set, item catalog.InventoryItem) ResourceEntry {
	entry := ResourceEntry{InventoryItem: item, Plans: []string{}}
	for i := range set.Plans {
		if _, ok := set.Plans[i].Selects(item.Resource); ok {
			entry.Plans = append(entry.Plans, set.Plans[i].Name)
		}
	}
	entry.Protected = len(entry.Plans) > 0 && item.Unsupported == ""
	return entry
}

// AccountList are the accounts that were ever listed or started anything, by id.
type AccountList struct {
	Accounts []Account `json:"accounts"`
}

// Account is what is known of one account.
type Account struct {
	Account string                   `json:"account"`
	Breaker *catalog.Breaker         `json:"breaker,omitempty" doc:"set when the account's role fails or has failed"`
	Scopes  []catalog.InventoryScope `json:"scopes" doc:"what was listed there, and how it went"`
}

// ListAccounts returns the accounts with their listings and breakers.
func (o *Office) ListAccounts(ctx context.Context) (AccountList, error) {
	list := AccountList{Accounts: []Account{}}
	scopes, err := o.Store.InventoryScopes(ctx)
	if err != nil {
		return list, err
	}
	breakers, err := o.Store.Breakers(ctx)
	if err != nil {
		return list, err
	}
	accounts := map[string]*Account{}
	of := func(id string) *Account {
		if accounts[id] == nil {
			accounts[id] = &Account{Account: id, Scopes: []catalog.InventoryScope{}}
		}
		return accounts[id]
	}
	for _, scope := range scopes {
		of(scope.Account).Scopes = append(of(scope.Account).Scopes, scope)
	}
	for _, b := range breakers {
		of(b.Account).Breaker = &b
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		list.Accounts = append(list.Accounts, *accounts[id])
	}
	return list, nil
}
