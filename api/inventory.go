package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/resource"
)

func (s *server) inventory(api huma.API) {
	route(s, api, http.MethodGet, "/resources", "list-resources", "resources", "List the inventory, by ARN", s.listResources)
	route(s, api, http.MethodGet, "/accounts", "list-accounts", "accounts", "List accounts with their listings and breakers", s.listAccounts)
	route(s, api, http.MethodGet, "/policies", "list-policies", "policies", "The plans in force", s.listPolicies)
}

type resourceQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many"`
	After string `query:"after" maxLength:"2048" doc:"next of the page before"`
	Place
	Gone bool `query:"gone" doc:"resources that are gone too"`
}

// Resources is a page of the inventory.
type Resources struct {
	Resources []catalog.InventoryItem `json:"resources"`
	Next      string                  `json:"next,omitempty" doc:"after of the next page; absent on the last"`
}

// errEnough ends a reading of the inventory.
var errEnough = errors.New("enough")

func (s *server) listResources(ctx context.Context, in *resourceQuery) (*body[Resources], error) {
	var p problems
	f := catalog.ResourceFilter{
		Kinds: choices(&p, "kind", in.Kind, resource.Kinds()), Account: in.Account, Region: in.Region, IncludeGone: in.Gone, After: in.After,
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	out := Resources{Resources: []catalog.InventoryItem{}}
	err := s.Catalog.Resources(ctx, f, func(item catalog.InventoryItem) error {
		if len(out.Resources) == in.Limit {
			out.Next = out.Resources[in.Limit-1].ARN
			return errEnough
		}
		out.Resources = append(out.Resources, item)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return answer(out, nil)
}

func (s *server) listAccounts(ctx context.Context, _ *struct{}) (*body[Accounts], error) {
	scopes, err := s.Catalog.InventoryScopes(ctx)
	if err != nil {
		return nil, err
	}
	breakers, err := s.Catalog.Breakers(ctx)
	if err != nil {
		return nil, err
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
	out := Accounts{Accounts: make([]Account, 0, len(accounts))}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		out.Accounts = append(out.Accounts, *accounts[id])
	}
	return answer(out, nil)
}

// Policies are the plans in force.
type Policies struct {
	Plans []Plan `json:"plans"`
}

// Plan is one plan in force.
type Plan struct {
	Name  string `json:"name"`
	Rules []Rule `json:"rules"`
}

// Rule is one rule of a plan.
type Rule struct {
	Name         string   `json:"name"`
	Vault        string   `json:"vault"`
	Engine       string   `json:"engine,omitempty"`
	DeleteAfter  int      `json:"delete_after_days,omitempty" doc:"absent: never"`
	Destinations []string `json:"copies_to,omitempty" doc:"ACCOUNT/REGION of each copy"`
}

func (s *server) listPolicies(ctx context.Context, _ *struct{}) (*body[Policies], error) {
	set, err := s.Office.Policies(ctx)
	if err != nil {
		return nil, err
	}
	out := Policies{Plans: []Plan{}}
	for _, plan := range set.Plans {
		p := Plan{Name: plan.Name, Rules: []Rule{}}
		for _, r := range plan.Rules {
			p.Rules = append(p.Rules, ruleOf(r))
		}
		out.Plans = append(out.Plans, p)
	}
	return answer(out, nil)
}

func ruleOf(r policy.Rule) Rule {
	rule := Rule{Name: r.Name, Vault: r.Vault, Engine: string(r.Engine), DeleteAfter: r.Lifecycle.DeleteAfterDays}
	for _, c := range r.CopyActions {
		rule.Destinations = append(rule.Destinations, c.Account+"/"+c.Region)
	}
	return rule
}
