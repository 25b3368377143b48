// Package ondemand makes the reports that pages and the API are asked for: few at once,
// because one may read a million jobs.
package ondemand

import (
	"context"
	"fmt"

	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/report"
	"holdfast/report/scheduled"
)

// atOnce is how many reports a process makes at a time for others.
const atOnce = 2

// Options are what reports are made with; all are required.
type Options struct {
	// Source returns what reports are made from now.
	Source func(ctx context.Context) (report.Source, error)
	// Schedules returns how the reports that are made by themselves stand.
	Schedules func(ctx context.Context) ([]scheduled.Status, error)
	Units     map[string]string // the innermost unit of each account
	Clock     clock.Clock
}

// Maker makes reports. Make one with New.
type Maker struct {
	Options
	places chan struct{}
}

// New returns a maker.
func New(opts Options) *Maker {
	return &Maker{Options: opts, places: make(chan struct{}, atOnce)}
}

// Check says what is wrong with a wish.
func (m *Maker) Check(w report.Wish) []report.Fault {
	_, faults := w.Request(m.Units, m.Clock.Now())
	return faults
}

// Make makes the report of a wish that Check finds nothing wrong with. It waits while
// enough others are being made, for as long as ctx allows; the error is then of class
// throttled.
func (m *Maker) Make(ctx context.Context, w report.Wish) (report.Report, error) {
	request, faults := w.Request(m.Units, m.Clock.Now())
	if len(faults) > 0 {
		return report.Report{}, failure.Errorf(failure.Invalid, "%s: %s", faults[0].Field, faults[0].Message)
	}
	select {
	case m.places <- struct{}{}:
		defer func() { <-m.places }()
	case <-ctx.Done():
		return report.Report{}, failure.Errorf(failure.Throttled, "%d reports are being made already: try again in a moment: %w", atOnce, ctx.Err())
	}
	source, err := m.Source(ctx)
	if err != nil {
		return report.Report{}, fmt.Errorf("report %s: %w", w.Kind, err)
	}
	return report.Make(ctx, source, request)
}
