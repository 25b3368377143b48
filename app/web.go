package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/internal/clock"
	"holdfast/internal/metrics"
	"holdfast/internal/version"
	"holdfast/producer"
	"holdfast/tasks"
	"holdfast/web"
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
	}
	if a.Budgets != nil {
		sources = append(sources, metrics.Budgets(a.Budgets))
	}
	return metrics.NewCollector(clock.System(), a.log, sources...)
}

// NewWeb returns the web pages of this process, already listening.
func (a *App) NewWeb(gatherer prometheus.Gatherer) (*web.Server, error) {
	cfg := a.Config
	return web.New(web.Options{
		Listen: cfg.Web.Listen, AllowRemote: cfg.Web.AllowRemote, AsynqmonActions: cfg.Web.AsynqmonActions,
		Installation: cfg.Installation, Version: version.String(), Gatherer: gatherer, Checks: a.Checks(),
		Redis: a.Redis, Catalog: a.Store, Slots: a.Controller, SlotDimensions: accountDimensions(),
		Log: a.log, Clock: a.Clock,
	})
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
