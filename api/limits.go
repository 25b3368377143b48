package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/operator"
)

func (s *server) limits(api huma.API) {
	route(s, api, http.MethodGet, "/limits", "list-limits", "limits", "List every cap with what is held and waited for", s.listLimits)
	route(s, api, http.MethodPut, "/limits", "set-limit", "limits", "Set a cap or a weight, or take it away",
		func(ctx context.Context, in *body[operator.LimitRequest]) (*body[operator.LimitOutcome], error) {
			return answer(s.desk(ctx).SetLimit(ctx, in.Body))
		})
	route(s, api, http.MethodGet, "/me", "get-me", "access", "Who the request is from, and what they may do", s.getMe)
}

// Limits are the admission keys that are in use or capped.
type Limits struct {
	Limits []operator.Limit `json:"limits"`
}

// listLimits counts in the catalog, where everything that has begun is known.
func (s *server) listLimits(ctx context.Context, _ *struct{}) (*body[Limits], error) {
	usage, err := s.Office.HeldInCatalog(ctx)
	if err != nil {
		return nil, err
	}
	set, _, err := s.Catalog.Caps(ctx)
	if err != nil {
		return nil, err
	}
	waiting, err := s.Catalog.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	keys := operator.NewLimits(s.Office.DefaultCaps, set)
	keys.Use(usage, false)
	keys.Await(waiting, s.Office.Units, false)
	return answer(Limits{keys.Sorted()}, nil)
}

// Me is who a request is from.
type Me struct {
	access.Actor
	May []access.Action `json:"may"`
}

func (s *server) getMe(ctx context.Context, _ *struct{}) (*body[Me], error) {
	me := Me{Actor: access.From(ctx)}
	for _, r := range access.Rights() {
		if access.May(me.Role, r.Action) {
			me.May = append(me.May, r.Action)
		}
	}
	return answer(me, nil)
}

// Accounts are the accounts whose role failed lately.
type Accounts struct {
	Accounts []Account `json:"accounts"`
}

// Account is what is known of one account.
type Account struct {
	Account string                   `json:"account"`
	Breaker *catalog.Breaker         `json:"breaker,omitempty" doc:"set when the account's role fails or has failed"`
	Scopes  []catalog.InventoryScope `json:"scopes" doc:"what was listed there, and how it went"`
}
