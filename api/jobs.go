package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/operator"
	"holdfast/resource"
)

func (s *server) jobs(api huma.API) {
	route(s, api, http.MethodGet, "/jobs", "list-jobs", "jobs", "List jobs, newest first", s.listJobs)
	route(s, api, http.MethodGet, "/jobs/{id}", "get-job", "jobs", "One job with its history and its chain", s.getJob)
	route(s, api, http.MethodGet, "/jobs/by-id", "get-jobs", "jobs", "The jobs that are named, as far as they exist", s.getJobs)
	for name, change := range map[string]struct {
		summary string
		do      func(*operator.Desk, context.Context, []string) ([]operator.Change, error)
	}{
		"cancel":  {"Ask for jobs to be cancelled", (*operator.Desk).Cancel},
		"retry":   {"Try again what ended jobs were to do", (*operator.Desk).Retry},
		"release": {"Give up on jobs whose end AWS does not tell, and free their slots", (*operator.Desk).Release},
	} {
		route(s, api, http.MethodPost, "/jobs/"+name, name+"-jobs", "jobs", change.summary,
			func(ctx context.Context, in *body[jobIDs]) (*body[jobChanges], error) {
				changes, err := change.do(s.desk(ctx), ctx, in.Body.IDs)
				return answer(jobChanges{changes}, err)
			})
	}
}

// jobIDs names jobs.
type jobIDs struct {
	IDs []string `json:"ids"`
}

// jobChanges says what became of each.
type jobChanges struct {
	Jobs []operator.Change `json:"jobs"`
}

type jobQuery struct {
	Page
	Place
	Type     []string  `query:"type" maxItems:"10" doc:"backup, copy, restore, expire, archive; with commas"`
	State    []string  `query:"state" maxItems:"20" doc:"states, with commas"`
	Class    []string  `query:"class" maxItems:"20" doc:"classes of the last failure, with commas"`
	Resource string    `query:"resource" maxLength:"2048" doc:"ARN"`
	Plan     string    `query:"plan" maxLength:"256"`
	Rule     string    `query:"rule" maxLength:"256"`
	Chain    string    `query:"chain" maxLength:"64"`
	Point    string    `query:"point" maxLength:"64"`
	Since    time.Time `query:"since" doc:"created at or after"`
	Until    time.Time `query:"until" doc:"created before"`
}

// Jobs is a page of jobs.
type Jobs struct {
	Jobs []catalog.Job `json:"jobs"`
	Next string        `json:"next,omitempty" doc:"after of the next page; absent on the last"`
}

func (s *server) listJobs(ctx context.Context, in *jobQuery) (*body[Jobs], error) {
	var p problems
	f := catalog.JobFilter{
		Types: choices(&p, "type", in.Type, operator.Operations()), States: choices(&p, "state", in.State, catalog.States()),
		Kinds: choices(&p, "kind", in.Kind, resource.Kinds()), Classes: choices(&p, "class", in.Class, failure.Classes()),
		Account: in.Account, Region: in.Region, ResourceARN: in.Resource, Plan: in.Plan, Rule: in.Rule,
		ChainID: strings.ToLower(in.Chain), PointID: strings.ToLower(in.Point), Since: utc(in.Since), Until: utc(in.Until),
		After: strings.ToLower(in.After), Limit: in.Limit,
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	list, err := s.Catalog.ListJobs(ctx, f)
	if err != nil {
		return nil, err
	}
	out := Jobs{Jobs: append([]catalog.Job{}, list...)}
	if len(list) == in.Limit {
		out.Next = list[len(list)-1].ID
	}
	return answer(out, nil)
}

// ByID names something in a path.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

// MaxByID is how many jobs one request for jobs by id may name.
const MaxByID = 200

func (s *server) getJobs(ctx context.Context, in *struct {
	ID []string `query:"id" minItems:"1" maxItems:"200" doc:"ids, with commas"`
}) (*body[Jobs], error) {
	out := Jobs{Jobs: []catalog.Job{}}
	for i, id := range in.ID {
		in.ID[i] = strings.ToLower(id)
	}
	found, err := s.Catalog.JobsByID(ctx, in.ID)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		out.Jobs = append(out.Jobs, found[id])
	}
	return answer(out, err)
}

func (s *server) getJob(ctx context.Context, in *ByID) (*body[operator.JobDetails], error) {
	return answer(s.Office.ShowJob(ctx, strings.ToLower(in.ID)))
}
