package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/access"
	"holdfast/catalog"
)

func (s *server) history(api huma.API) {
	route(s, api, http.MethodGet, "/events", "list-events", "audit", "The history, oldest first", s.listEvents)
	route(s, api, http.MethodGet, "/audit", "search-events", "audit", "The history, newest first, by what is asked for", s.searchEvents)
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

type auditQuery struct {
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many"`
	Before int64     `query:"before" minimum:"0" doc:"next of the page before"`
	Job    string    `query:"job" maxLength:"64"`
	Point  string    `query:"point" maxLength:"64"`
	Actor  string    `query:"actor" maxLength:"256" doc:"who did it: a user, scheduler, or a worker"`
	Type   string    `query:"type" maxLength:"64" doc:"such as job.state, or the first part of it: job"`
	Text   string    `query:"text" maxLength:"256" doc:"in what the event says"`
	Until  time.Time `query:"until" doc:"before"`
}

// EventsFound is a page of history, newest first.
type EventsFound struct {
	Events []catalog.Event `json:"events"`
	Next   int64           `json:"next,omitempty" doc:"before of the next page; absent on the last"`
	// Searched is how far back a search without an index has looked.
	Searched time.Time `json:"searched,omitzero" doc:"how far back this page has looked, where that and not a full page is why there is a next one"`
}

func (s *server) searchEvents(ctx context.Context, in *auditQuery) (*body[EventsFound], error) {
	page, err := s.Catalog.SearchEvents(ctx, catalog.EventSearch{
		JobID: strings.ToLower(in.Job), PointID: strings.ToLower(in.Point), Actor: in.Actor, Type: in.Type, Text: in.Text,
		Until: utc(in.Until), Before: in.Before, Limit: in.Limit,
	})
	return answer(EventsFound{append([]catalog.Event{}, page.Events...), page.Next, page.Searched}, err)
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
