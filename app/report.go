package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/policy"
	"holdfast/report"
	"holdfast/report/cost"
	"holdfast/report/format"
	"holdfast/report/ondemand"
	"holdfast/report/scheduled"
)

// ReportSource returns what reports of the installation are made from at now. Policies
// that have problems are an error, because a report without them would call everything
// unprotected.
func ReportSource(ctx context.Context, cfg *config.Config, store catalog.Store, drivers *driver.Registry, now time.Time) (report.Source, error) {
	src := report.Source{Store: store, Installation: cfg.Installation, Now: now, Target: cfg.Reports.Target}
	var err error
	if src.Prices, src.Parameters, err = reportSettings(cfg); err != nil {
		return src, err
	}
	last, err := store.LastValidPolicies(ctx)
	if err != nil {
		return src, err
	}
	policies, err := LoadPolicies(cfg, drivers, last)
	if err != nil {
		return src, err
	}
	if policies.Set == nil {
		return src, failure.Errorf(failure.Invalid, "the policies have problems, see `holdfast policy validate`: a report without them would be wrong")
	}
	src.Policies = policies.Set
	return src, nil
}

// reportSettings returns the prices and the parameters of controls of the configuration.
func reportSettings(cfg *config.Config) (prices cost.Prices, parameters report.Parameters, err error) {
	var problems []config.Problem
	prices, parameters = cost.Default(), report.DefaultParameters()
	if file := cfg.Reports.Prices; file != "" {
		read, err := ReadPrices(cfg.Path(file))
		var wrong *cost.Error
		switch {
		case errors.As(err, &wrong):
			for _, p := range wrong.Problems {
				problems = append(problems, config.Problem{File: wrong.File, Line: p.Line, Path: p.Path, Message: p.Message})
			}
		case err != nil:
			problems = append(problems, cfg.ProblemAt("reports.prices", err.Error()+": correct the name, or remove it"))
		}
		prices = read
	}
	for i, assignment := range cfg.Reports.Controls {
		if err := parameters.Set(assignment); err != nil {
			problems = append(problems, cfg.ProblemAt(fmt.Sprintf("reports.controls[%d]", i), err.Error()))
		}
	}
	if len(problems) > 0 {
		return prices, parameters, &config.Error{Problems: problems}
	}
	return prices, parameters, nil
}

// ReadPrices reads a price file.
func ReadPrices(file string) (cost.Prices, error) {
	data, err := os.ReadFile(file) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return cost.Prices{}, fmt.Errorf("prices: %w", err)
	}
	return cost.Parse(file, data)
}

// CheckReports returns everything that is wrong with the settings of reports, the files
// they name, and the reports that are made by themselves. It makes none.
func CheckReports(cfg *config.Config) error {
	var problems []config.Problem
	_, _, err := reportSettings(cfg)
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		problems = wrong.Problems
	}
	for i, s := range cfg.Reports.Schedules {
		for _, fault := range scheduleFaults(cfg, s) {
			problems = append(problems, cfg.ProblemAt(fmt.Sprintf("reports.schedules[%d].%s", i, fault.Field), fault.Message))
		}
	}
	if len(problems) > 0 {
		return &config.Error{Problems: problems}
	}
	return nil
}

// scheduleFaults says what is wrong with a scheduled report, by the keys of its schedule.
func scheduleFaults(cfg *config.Config, s config.ReportSchedule) (faults []report.Fault) {
	if exports[s.Kind] {
		return exportFaults(cfg, s)
	}
	_, faults = report.Wish{Kind: s.Kind, By: s.By}.Request(cfg.AWS.Accounts.InnermostUnits(), time.Time{})
	kind, known := report.Find(s.Kind)
	if known && kind.Present && s.Period > 0 {
		faults = append(faults, report.Fault{Field: "period", Message: fmt.Sprintf("report %s is about the present: remove it", s.Kind)})
	}
	if names := kind.TableNames(); known && s.Table != "" && !slices.Contains(names, s.Table) {
		faults = append(faults, report.Fault{Field: "table", Message: fmt.Sprintf("report %s has no table %q: it has %s", s.Kind, s.Table, strings.Join(names, ", "))})
	}
	return append(faults, placeFaults(cfg, s)...)
}

// placeFaults says what is wrong with where a file goes.
func placeFaults(cfg *config.Config, s config.ReportSchedule) (faults []report.Fault) {
	if _, _, bucket := s.Bucket(); !bucket {
		if info, err := os.Stat(cfg.Path(s.To)); err == nil && !info.IsDir() {
			faults = append(faults, report.Fault{Field: "to", Message: fmt.Sprintf("%s is a file: name a directory", cfg.Path(s.To))})
		}
	}
	return faults
}

// ReportSource returns what reports are made from in this process.
func (a *App) ReportSource(ctx context.Context) (report.Source, error) {
	return ReportSource(ctx, a.Config, a.Store, a.Drivers, a.Clock.Now())
}

// scheduledReports returns what writes the reports of the configuration that are made by
// themselves; nil when there are none.
func (a *App) scheduledReports(ctx context.Context) (*scheduled.Duty, error) {
	cfg := a.Config
	if len(cfg.Reports.Schedules) == 0 {
		return nil, nil
	}
	opts := scheduled.Options{
		Installation: cfg.Installation, Owner: a.Owner, Store: a.Store, Source: a.ReportSource,
		Units: cfg.AWS.Accounts.InnermostUnits(), Clock: a.Clock, Log: a.log,
	}
	for _, s := range cfg.Reports.Schedules {
		r, err := a.scheduledReport(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("report %s: %w", s.Name, err)
		}
		opts.Reports = append(opts.Reports, r)
	}
	return scheduled.New(opts), nil
}

// scheduledReport returns one report. Buckets are reached with the process' own
// credentials; those of other accounts allow that in their policies.
func (a *App) scheduledReport(ctx context.Context, s config.ReportSchedule) (r scheduled.Report, err error) {
	r = scheduled.Report{Name: s.Name, Kind: s.Kind, By: s.By, Period: s.Period, Format: s.Format, Table: s.Table}
	if r.Schedule, _, err = policy.ParseSchedule(s.Schedule, s.Timezone); err != nil {
		return r, err
	}
	if exports[s.Kind] {
		r.Format, r.Content = format.Lines, a.export(s.Kind)
	}
	name, prefix, bucket := s.Bucket()
	if !bucket {
		r.Place = scheduled.Disk{Dir: a.Config.Path(s.To)}
		return r, nil
	}
	provider, err := awssession.NewProvider(ctx, awssession.Options{
		Installation: a.Config.Installation, EndpointURL: a.Config.AWS.EndpointURL, Observer: a.opts.Hooks.AWSCall,
	})
	if err != nil {
		return r, err
	}
	r.Place = scheduled.NewBucket(provider.Base(s.Region), name, prefix)
	return r, nil
}

// newReports returns what makes reports for pages and the API of this process.
func (a *App) newReports() *ondemand.Maker {
	return ondemand.New(ondemand.Options{
		Source: a.ReportSource, Units: a.Config.AWS.Accounts.InnermostUnits(), Clock: a.Clock,
		Schedules: func(ctx context.Context) ([]scheduled.Status, error) {
			states, err := a.Store.ScheduledReports(ctx)
			return scheduled.Statuses(a.Config.Reports.Schedules, states, a.Clock.Now()), err
		},
	})
}
