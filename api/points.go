package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/resource"
)

func (s *server) points(api huma.API) {
	route(s, api, http.MethodGet, "/points", "list-points", "points", "List recovery points, newest first", s.listPoints)
	route(s, api, http.MethodGet, "/points/{id}", "get-point", "points", "One recovery point with its holds, chain, jobs and fate", s.getPoint)
	route(s, api, http.MethodPut, "/points/{id}/holds/{name}", "add-hold", "points", "Put a legal hold on a recovery point", s.addHold)
	route(s, api, http.MethodDelete, "/points/{id}/holds/{name}", "remove-hold", "points", "Take a legal hold off", s.removeHold)
}

type pointQuery struct {
	Page
	Place
	State    []string  `query:"state" maxItems:"5" doc:"states, with commas; AVAILABLE when none is given"`
	Resource string    `query:"resource" maxLength:"2048" doc:"ARN"`
	Plan     string    `query:"plan" maxLength:"256"`
	Chain    string    `query:"chain" maxLength:"64"`
	Before   time.Time `query:"before" doc:"completed at or before"`
	Text     string    `query:"text" maxLength:"256" doc:"words that are all in the resource's name or ARN, or in other fields"`
}

// Points is a page of recovery points.
type Points struct {
	Points []catalog.RecoveryPoint `json:"points"`
	Next   string                  `json:"next,omitempty" doc:"after of the next page; absent on the last"`
}

func (s *server) listPoints(ctx context.Context, in *pointQuery) (*body[Points], error) {
	var p problems
	f := catalog.PointFilter{
		States: choices(&p, "state", in.State, []catalog.PointState{catalog.Available, catalog.Expiring, catalog.Deleted}),
		Kinds:  choices(&p, "kind", in.Kind, resource.Kinds()), Account: in.Account, Region: in.Region, ResourceARN: in.Resource,
		Plan: in.Plan, ChainID: strings.ToLower(in.Chain), CompletedBefore: utc(in.Before), After: strings.ToLower(in.After), Limit: in.Limit, Text: in.Text,
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if len(f.States) == 0 {
		f.States = []catalog.PointState{catalog.Available}
	}
	if f.Text != "" {
		found, err := s.Catalog.SearchPoints(ctx, f)
		return answer(Points{append([]catalog.RecoveryPoint{}, found.Points...), found.Next}, err)
	}
	list, err := s.Catalog.ListPoints(ctx, f)
	if err != nil {
		return nil, err
	}
	out := Points{Points: append([]catalog.RecoveryPoint{}, list...)}
	if len(list) == in.Limit {
		out.Next = list[len(list)-1].ID
	}
	return answer(out, nil)
}

func (s *server) getPoint(ctx context.Context, in *ByID) (*body[operator.PointDetails], error) {
	return answer(s.Office.ShowPoint(ctx, strings.ToLower(in.ID)))
}

// HoldName names a hold of a point in a path.
type HoldName struct {
	ByID
	Name string `path:"name" maxLength:"100"`
}

type holdNote struct {
	Note string `json:"note,omitempty" doc:"why"`
}

// Holds are the holds a point has.
type Holds struct {
	Holds []catalog.Hold `json:"holds"`
}

func (s *server) addHold(ctx context.Context, in *struct {
	HoldName
	Body holdNote
}) (*body[Holds], error) {
	holds, err := s.desk(ctx).AddHold(ctx, operator.HoldRequest{Point: in.ID, Name: in.Name, Note: in.Body.Note})
	return answer(Holds{holds}, err)
}

func (s *server) removeHold(ctx context.Context, in *HoldName) (*body[Holds], error) {
	holds, err := s.desk(ctx).RemoveHold(ctx, operator.HoldRequest{Point: in.ID, Name: in.Name})
	return answer(Holds{append([]catalog.Hold{}, holds...)}, err)
}
