package report

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/report/cost"
	"holdfast/report/protection"
)

// Kinds describes every kind of report, in the order they are listed.
func Kinds() []Description {
	return append(jobKinds(), protectionKind(), rpoKind(), controlsKind(), costKind())
}

// Request says which report is wanted.
type Request struct {
	Kind     Kind
	From, To time.Time // the period [From, To); kinds about the present ignore it
	By       string    // as written; Grouping has what it means
	Grouping catalog.Grouping
}

// Store is the part of the catalog reports read.
type Store interface {
	Jobs
	protection.Store
}

// DefaultTarget is the share of the time in which objectives are to be met.
const DefaultTarget = 0.99

// Source is what reports are made from.
type Source struct {
	Store        Store
	Installation string
	Policies     *policy.Set // in force; nil for none
	Now          time.Time
	Target       float64 // of recovery point objectives; DefaultTarget when 0
	Prices       cost.Prices
	Parameters   Parameters // of the controls
}

// Make makes the report.
func Make(ctx context.Context, src Source, req Request) (Report, error) {
	if src.Target == 0 {
		src.Target = DefaultTarget
	}
	d, ok := Find(string(req.Kind))
	if !ok {
		return Report{}, fmt.Errorf("there is no report %q", req.Kind)
	}
	r := Report{Kind: req.Kind, Title: d.Title, Installation: src.Installation, From: req.From, To: req.To, MadeAt: src.Now, By: req.By}
	if d.Present {
		r.From, r.To = src.Now, src.Now
	}
	makers := map[Kind]func(context.Context, Source, Request, *Report) error{Protection: makeProtection, RPO: makeRPO, Cost: makeCost, Controls: makeControls}
	maker, ok := makers[req.Kind]
	if !ok {
		maker = makeJobs
	}
	if err := maker(ctx, src, req, &r); err != nil {
		return Report{}, fmt.Errorf("report %s: %w", req.Kind, err)
	}
	return r, nil
}

func makeJobs(ctx context.Context, src Source, req Request, r *Report) error {
	q := catalog.JobQuery{Type: operationOf(req.Kind), From: req.From, To: req.To, Grouping: req.Grouping}
	facts, err := gatherJobs(ctx, src.Store, q)
	if err == nil {
		jobReport(r, facts)
	}
	return err
}
