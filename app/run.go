package app

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/admission"
	"holdfast/catalog/ledger"
	"holdfast/config"
	"holdfast/internal/collector"
	"holdfast/notify"
	"holdfast/policy"
	"holdfast/producer"
	"holdfast/scheduler"
	"holdfast/tasks"
	"holdfast/worker"
)

// scale stretches d of the machine's time to the clock that runs speed times as fast.
func scale(d time.Duration, speed float64) time.Duration {
	return time.Duration(float64(d) * max(speed, 1))
}

// DefaultCaps returns the caps that hold where nobody has set one.
func (a *App) DefaultCaps() admission.Caps {
	limits := a.Config.Limits
	return producer.DefaultCaps(limits.Account, limits.RestoresPerAccount, limits.Fleet, a.Descriptors())
}

// LoadPolicy compiles the configured policies and remembers which documents of an
// organization are valid, for the next start.
func (a *App) LoadPolicy(ctx context.Context) (Policies, error) {
	if a.Config.OrganizationDir() == "" {
		return LoadPolicies(a.Config, a.Drivers, nil)
	}
	last, err := a.Store.LastValidPolicies(ctx)
	if err != nil {
		return Policies{}, err
	}
	p, err := LoadPolicies(a.Config, a.Drivers, last)
	if err != nil || p.Set == nil {
		return p, err
	}
	if now := p.remember(last); !now.equal(last) {
		err = a.Store.SetLastValidPolicies(ctx, now)
	}
	return p, err
}

// RunScheduler competes for the lease and does the leader's duties for the rules of set
// until ctx ends.
func (a *App) RunScheduler(ctx context.Context, set *policy.Set) error {
	collector.Relax()
	cfg := a.Config
	var tell func(context.Context) error
	if w := a.watcher(); w != nil {
		tell = w.Run
	}
	var write func(context.Context) error
	reports, err := a.scheduledReports(ctx)
	if err != nil {
		return err
	}
	if reports != nil {
		write = reports.Run
	}
	s := scheduler.New(a.Store, a.Controller, a.Producer, a.Engine, a.Drivers,
		func() *policy.Set { return set }, a.Clock, a.log, scheduler.Options{
			Installation: cfg.Installation, Owner: a.Owner,
			Partition: cfg.AWS.Partition, Regions: cfg.AWS.Regions, Accounts: a.opts.Accounts,
			Tick: cfg.Scheduler.Tick, LookInterval: cfg.Scheduler.LookInterval,
			InventoryMaxAge: cfg.Scheduler.InventoryMaxAge, LeaseTTL: cfg.Scheduler.LeaseTTL,
			HistoryAge:  time.Duration(cfg.Retention.HistoryDays) * 24 * time.Hour,
			DefaultCaps: a.DefaultCaps(), Units: cfg.AWS.Accounts.UnitsOf, OnRepair: a.opts.Hooks.Repair,
			UndoWindow: cfg.Expiry.UndoWindow, ResourceShare: cfg.Expiry.ResourceShare, InstallationShare: cfg.Expiry.InstallationShare,
			ClockStep: scale(clockStep, a.opts.Speed),
			SealEvery: cfg.Ledger.SealEvery, LedgerKeys: LedgerKeys(cfg),
			Notify: tell, Reports: write,
		})
	return s.Run(ctx)
}

// clockStep is how long no leader may look at the clock before it counts as having jumped.
const clockStep = 10 * time.Minute

// LedgerKeys returns the configured keys of the ledger.
func LedgerKeys(cfg *config.Config) ledger.Keys {
	return ledger.Keys{Current: []byte(cfg.Ledger.Key.Reveal()), Previous: []byte(cfg.Ledger.PreviousKey.Reveal())}
}

// taskKeys returns the configured keys of the queue.
func taskKeys(cfg *config.Config) tasks.Keys {
	return tasks.Keys{Current: []byte(cfg.Queue.Key.Reveal()), Previous: []byte(cfg.Queue.PreviousKey.Reveal())}
}

// RunWorker serves the queues until ctx ends.
func (a *App) RunWorker(ctx context.Context) error {
	collector.Relax()
	options := worker.Options{
		Concurrency: a.Config.Worker.Concurrency, Queues: a.Config.Worker.Queues,
		ShutdownTimeout: a.Config.Worker.ShutdownTimeout,
		Keys:            taskKeys(a.Config), OnRefused: a.opts.Hooks.TaskRefused,
	}
	if len(a.Config.Notifications.Targets) > 0 {
		deliverer, err := NewDeliverer(ctx, a.opts, a.Store)
		if err != nil {
			return err
		}
		options.Messages, options.Senders = deliverer, notify.PerTarget*len(a.Config.Notifications.Targets)
	}
	w, err := worker.New(a.Redis, a.Engine, a.Store, a.log, options)
	if err != nil {
		return err
	}
	return Run(ctx, Service{Name: "tasks", Run: w.Run}, Service{Name: "leader watch", Run: a.watchLeader})
}

// Service is one part of a process: it runs until its context ends.
type Service struct {
	Name string
	Run  func(context.Context) error
}

// Run runs services together until ctx ends or one of them fails; then the others are
// stopped too. The error names the service.
func Run(ctx context.Context, services ...Service) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range services {
		group.Go(func() error {
			if err := s.Run(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}
