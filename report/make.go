package report

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
)

// Kinds describes every kind of report, in the order they are listed.
func Kinds() []Description { return jobKinds() }

// Request says which report is wanted.
type Request struct {
	Kind     Kind
	From, To time.Time // jobs are those created in [From, To)
	By       string    // as written; Grouping has what it means
	Grouping catalog.Grouping
}

// Source is what reports are made from.
type Source struct {
	Store        Jobs
	Installation string
	Now          time.Time
}

// Make makes the report.
func Make(ctx context.Context, src Source, req Request) (Report, error) {
	d, ok := Find(string(req.Kind))
	if !ok {
		return Report{}, fmt.Errorf("there is no report %q", req.Kind)
	}
	r := Report{Kind: req.Kind, Title: d.Title, Installation: src.Installation, From: req.From, To: req.To, MadeAt: src.Now, By: req.By}
	q := catalog.JobQuery{Type: operationOf(req.Kind), From: req.From, To: req.To, Grouping: req.Grouping}
	facts, err := gatherJobs(ctx, src.Store, q)
	if err != nil {
		return Report{}, fmt.Errorf("report %s: %w", req.Kind, err)
	}
	jobReport(&r, facts)
	return r, nil
}
