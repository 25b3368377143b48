package scheduled

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/report"
	"holdfast/report/format"
)

// Limits of one pass.
const (
	parallel     = 4
	makeTimeout  = 5 * time.Minute
	writeTimeout = time.Minute
)

// Place keeps files.
type Place interface {
	// Put keeps data under name, as a whole or not at all, and returns where that is. What
	// is there already stays as it is, without an error.
	Put(ctx context.Context, name string, data []byte, mediaType string) (where string, err error)
}

// Store is the part of the catalog the duty writes.
type Store interface {
	catalog.ReportSchedules
	SetRisks(ctx context.Context, kind string, risks []catalog.Risk, now time.Time, actor string) error
}

// Options are what a duty works with; all but Units are required.
type Options struct {
	Installation string
	Owner        string // this process, in events
	Store        Store
	Reports      []Report
	// Source returns what reports are made from now.
	Source func(ctx context.Context) (report.Source, error)
	Units  map[string]string // the innermost unit of each account
	Clock  clock.Clock
	Log    zerolog.Logger
}

// Duty writes what is due. Make one with New.
type Duty struct{ Options }

// New returns a duty.
func New(opts Options) *Duty { return &Duty{opts} }

// Run does one pass over all reports. A place that fails is no error of it.
func (d *Duty) Run(ctx context.Context) error {
	states := make([]catalog.ScheduledReport, len(d.Reports))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, r := range d.Reports {
		group.Go(func() (err error) {
			states[i], err = d.one(ctx, r)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("write scheduled reports: %w", err)
	}
	return d.Store.SetRisks(ctx, catalog.RiskReport, risks(states), d.Clock.Now(), d.Owner)
}

// risks are the reports that could not be written.
func risks(states []catalog.ScheduledReport) (list []catalog.Risk) {
	for _, s := range states {
		if !s.Done() {
			list = append(list, catalog.Risk{
				Kind: catalog.RiskReport, Subject: s.Name, Count: 1,
				Message: fmt.Sprintf("report %s of %s could not be written: %s", s.Name, s.FireAt.UTC().Format(time.RFC3339), s.Error),
			})
		}
	}
	return list
}

// one writes r if it is due, or due again, and returns how it stands then.
func (d *Duty) one(ctx context.Context, r Report) (catalog.ScheduledReport, error) {
	now := d.Clock.Now()
	state, err := d.Store.SeeReport(ctx, r.Name, now)
	if err != nil {
		return state, err
	}
	from := state.FirstSeenAt
	if state.FireAt.After(from) {
		from = state.FireAt
	}
	if fire := newest(r.Schedule, from, now); !fire.IsZero() {
		state.FireAt, state.Attempts = fire, 0
	} else if state.Done() || now.Before(state.RetryAt) {
		return state, nil
	}
	place, failed := d.write(ctx, r, state.FireAt)
	if ctx.Err() != nil {
		return state, ctx.Err() // another scheduler goes on
	}
	state.Attempts++
	now = d.Clock.Now()
	if failed == nil {
		state.Error, state.WrittenAt, state.Place, state.RetryAt = "", now, place, time.Time{}
		d.Log.Info().Str("report", r.Name).Time("fire", state.FireAt).Str("place", place).Msg("report written")
	} else {
		state.Error, state.RetryAt = failed.Error(), now.Add(pause(state.Attempts))
		d.Log.Warn().Err(failed).Str("report", r.Name).Str("class", string(failure.ClassOf(failed))).Time("retry", state.RetryAt).
			Msg("a report could not be written and will be tried again")
	}
	err = d.Store.SetReport(ctx, state, d.Owner)
	if errors.Is(err, catalog.ErrConflict) { // another scheduler was faster
		return d.Store.SeeReport(ctx, r.Name, now)
	}
	return state, err
}

// write makes the report of a fire and puts it where it belongs.
func (d *Duty) write(ctx context.Context, r Report, fire time.Time) (where string, err error) {
	file, err := d.make(ctx, r, fire)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return r.Place.Put(ctx, r.file(d.Installation, fire), file, format.MediaType(r.Format))
}

func (d *Duty) make(ctx context.Context, r Report, fire time.Time) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, makeTimeout)
	defer cancel()
	if r.Content != nil {
		return r.Content(ctx)
	}
	source, err := d.Source(ctx)
	if err != nil {
		return nil, err
	}
	request, faults := r.wish(fire).Request(d.Units, d.Clock.Now())
	if len(faults) > 0 {
		return nil, failure.Errorf(failure.Invalid, "%s: %s", faults[0].Field, faults[0].Message)
	}
	made, err := report.Make(ctx, source, request)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := format.Write(&file, made, r.Format, r.Table); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}
