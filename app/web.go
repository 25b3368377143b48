package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/api"
	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/internal/metrics"
	"holdfast/internal/version"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/producer"
	"holdfast/report/ondemand"
	"holdfast/scheduler"
	"holdfast/tasks"
	"holdfast/web"
	"holdfast/web/dashboard"
	"holdfast/web/frame"
)

// accountDimensions are the admission dimensions whose values are accounts.
func accountDimensions() []string {
	return []string{producer.DimensionAccount, producer.DimensionRestores}
}

// Collector returns what a scrape asks this process' dependencies.
func (a *App) Collector() prometheus.Collector {
	sources := []metrics.Source{
		metrics.Admission(a.Controller, accountDimensions()...), metrics.Waits(a.Store, a.Clock, producer.AccountDimension),
		metrics.Queues(a.Inspector, tasks.AllQueues()), metrics.Catalog(a.Store), metrics.Ledger(a.Store, a.Clock),
		metrics.Health(a.Store, scheduler.LeaseName), metrics.Notifications(a.Store, targetNames(a.Config)),
	}
	if a.Budgets != nil {
		sources = append(sources, metrics.Budgets(a.Budgets))
	}
	return metrics.NewCollector(clock.System(), a.log, sources...)
}

// NewWeb returns the web pages of this process, already listening.
func (a *App) NewWeb(gatherer prometheus.Gatherer) (*web.Server, error) {
	cfg := a.Config
	office, reports := a.Office(), a.newReports()
	around := frame.New(frame.Options{
		Installation: cfg.Installation, Version: version.String(), Pages: true, Queues: a.Redis != nil,
		Banner: a.banner(), Clock: a.Clock, Log: a.log,
	})
	logins, err := NewLogins(a.Store, a.Clock)
	if err != nil {
		return nil, err
	}
	return web.New(web.Options{
		Listen: cfg.Web.Listen, AllowRemote: cfg.Web.AllowRemote, AsynqmonActions: cfg.Web.AsynqmonActions,
		Logins: logins, LoginRequired: cfg.Web.Login,
		API:          api.New(api.Options{Office: office, Catalog: a.Store, Reports: reports, Clock: a.Clock, Log: a.log}),
		Installation: cfg.Installation, Version: version.String(), Gatherer: gatherer, Checks: a.Checks(),
		Redis: a.Redis, Pages: a.newDashboard(around, office, reports), Frame: around, Log: a.log, Clock: a.Clock,
	})
}

// banner says what everybody who sees the pages should know.
func (a *App) banner() string {
	if a.Config.Web.Login {
		return ""
	}
	return "There is no login: everybody who can reach this address may look and act here."
}

// newDashboard returns the pages for people.
func (a *App) newDashboard(around *frame.Frame, office *operator.Office, reports *ondemand.Maker) *dashboard.Dashboard {
	opts := dashboard.Options{
		Catalog: a.Store, Drivers: PlanningDrivers(a.Config), Policies: a.pagesPolicies, Capabilities: Capabilities(a.Drivers),
		DefaultCaps: a.DefaultCaps(), Units: a.Config.AWS.Accounts.UnitsOf, Accounts: withoutExcluded(a.Config, a.Config.AWS.Accounts.IDs),
		LeaseName: scheduler.LeaseName, Frame: around, Clock: a.Clock, Log: a.log,
		Office: office, Reports: reports,
	}
	if a.Controller != nil {
		opts.Slots = a.Controller
	}
	if a.Budgets != nil {
		opts.Budgets = a.Budgets
	}
	opts.Why = func(ctx context.Context, job catalog.Job) (string, error) {
		w, err := office.WhyWaiting(ctx, job)
		if w == nil {
			return "", err
		}
		return w.Text(), err
	}
	return dashboard.New(opts)
}

// policySet returns the policies in force; problems are an error.
func (a *App) policySet(ctx context.Context) (*policy.Set, error) {
	p, err := a.pagesPolicies(ctx)
	if err == nil && len(p.Problems) > 0 {
		err = failure.Errorf(failure.Invalid, "the policies have problems, the first: %s", p.Problems[0])
	}
	return p.Set, err
}

// pagesPolicies reads what is in force, for pages: it remembers nothing.
func (a *App) pagesPolicies(ctx context.Context) (p dashboard.Policies, err error) {
	last, err := a.Store.LastValidPolicies(ctx)
	if err != nil {
		return p, err
	}
	loaded, err := LoadPolicies(a.Config, a.Drivers, last)
	if err != nil {
		return p, err
	}
	p = dashboard.Policies{Set: loaded.Set, Problems: loaded.Result.Problems, Warnings: loaded.Result.Warnings}
	for _, g := range loaded.Withheld() {
		p.Withheld = append(p.Withheld, g.String())
	}
	if dir := a.Config.OrganizationDir(); dir != "" {
		p.Organization, _, err = ReadOrganization(dir)
	}
	return p, err
}

// NewMetricsServer returns the health and metrics of a process without pages, already
// listening on web.metrics_listen, which must be set.
func (a *App) NewMetricsServer(gatherer prometheus.Gatherer) (*web.Server, error) {
	cfg := a.Config
	return web.New(web.Options{
		Listen: cfg.Web.MetricsListen, AllowRemote: cfg.Web.AllowRemote,
		Installation: cfg.Installation, Version: version.String(), Gatherer: gatherer, Checks: a.Checks(),
		Log: a.log, Clock: a.Clock,
	})
}

// Checks are what readiness asks: does the catalog answer, does Redis.
func (a *App) Checks() []web.Check {
	return []web.Check{
		{Name: "catalog", Probe: func(ctx context.Context) error {
			if _, err := a.Store.Now(ctx); err != nil {
				return fmt.Errorf("the catalog does not answer: %w", err)
			}
			return nil
		}},
		{Name: "redis", Probe: func(ctx context.Context) error {
			if err := a.Redis.Ping(ctx).Err(); err != nil {
				return fmt.Errorf("redis does not answer: %w", err)
			}
			return nil
		}},
	}
}
