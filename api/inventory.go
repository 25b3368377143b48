package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/resource"
)

func (s *server) inventory(api huma.API) {
	route(s, api, http.MethodGet, "/resources", "list-resources", "resources", "List the inventory with the plans that back it up, by ARN", s.listResources)
	route(s, api, http.MethodGet, "/accounts", "list-accounts", "accounts", "List accounts with their listings and breakers", s.listAccounts)
}

type resourceQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many"`
	After string `query:"after" maxLength:"2048" doc:"next of the page before"`
	Place
	Gone        bool `query:"gone" doc:"resources that are gone too"`
	Unprotected bool `query:"unprotected" doc:"only resources nothing backs up"`
}

func (s *server) listResources(ctx context.Context, in *resourceQuery) (*body[operator.ResourceList], error) {
	var p problems
	q := operator.ResourceQuery{
		ResourceFilter: catalog.ResourceFilter{
			Kinds: choices(&p, "kind", in.Kind, resource.Kinds()), Account: in.Account, Region: in.Region, IncludeGone: in.Gone, After: in.After,
		},
		Unprotected: in.Unprotected, Limit: in.Limit,
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return answer(s.Office.ListResources(ctx, q))
}

func (s *server) listAccounts(ctx context.Context, _ *struct{}) (*body[operator.AccountList], error) {
	return answer(s.Office.ListAccounts(ctx))
}
