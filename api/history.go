package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/access"
	"holdfast/catalog"
)

func (s *server) history(api huma.API) {
	route(s, api, http.MethodGet, "/events", "list-events", "audit", "The history, oldest first", s.listEvents)
	route(s, api, http.MethodGet, "/users", "list-users", "access", "Who may sign in", s.listUsers)
	route(s, api, http.MethodGet, "/tokens", "list-tokens", "access", "Which programs may use the API", s.listTokens)
}

type eventQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many"`
	After int64  `query:"after" minimum:"0" doc:"next of the page before"`
	Job   string `query:"job" maxLength:"64"`
	Point string `query:"point" maxLength:"64"`
}

// Events is a page of history.
type Events struct {
	Events []catalog.Event `json:"events"`
	Next   int64           `json:"next,omitempty" doc:"after of the next page; absent on the last so far"`
}

func (s *server) listEvents(ctx context.Context, in *eventQuery) (*body[Events], error) {
	list, err := s.Catalog.Events(ctx, catalog.EventFilter{
		JobID: strings.ToLower(in.Job), PointID: strings.ToLower(in.Point), After: in.After, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := Events{Events: append([]catalog.Event{}, list...)}
	if len(list) == in.Limit {
		out.Next = list[len(list)-1].Seq
	}
	return answer(out, nil)
}

// Users are who may sign in.
type Users struct {
	Users []catalog.User `json:"users"`
}

func (s *server) listUsers(ctx context.Context, _ *struct{}) (*body[Users], error) {
	if err := access.From(ctx).Check(access.ManageUsers); err != nil {
		return nil, err
	}
	list, err := s.Catalog.Users(ctx)
	return answer(Users{append([]catalog.User{}, list...)}, err)
}

// Tokens are the programs that may use the API.
type Tokens struct {
	Tokens []catalog.Token `json:"tokens"`
}

func (s *server) listTokens(ctx context.Context, _ *struct{}) (*body[Tokens], error) {
	if err := access.From(ctx).Check(access.ManageUsers); err != nil {
		return nil, err
	}
	list, err := s.Catalog.Tokens(ctx)
	return answer(Tokens{append([]catalog.Token{}, list...)}, err)
}
