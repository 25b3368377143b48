package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/engine"
	"holdfast/internal/clock"
	"holdfast/internal/collector"
	"holdfast/policy"
	"holdfast/producer"
	"holdfast/resource"
	"holdfast/scheduler"
	"holdfast/worker"
)

// The times of an installation under test, on the machine's clock. Its own clock runs
// faster, so that the ten seconds before the first look do not hide what is measured.
const (
	fastTick    = 100 * time.Millisecond // where the leader's pace is what is measured
	halfSecond  = 500 * time.Millisecond // where it is not: twice the real one, looks 20 times
	callTimeout = 30 * time.Second
	leaseTTL    = 15 * time.Second
	forever     = 1000 * 24 * time.Hour
)

// plant is one wired installation: real scheduler, workers, engine and stores.
type plant struct {
	rig      *rig
	clock    clock.Clock
	speed    float64
	store    catalog.Store
	drivers  *driver.Registry
	caps     admission.Caps
	accounts []string
	regions  []string
	policy   *policy.Set
	onEnd    func(catalog.Job)
	tick     time.Duration // of the leader's duties and looks, on the machine's clock
	// concurrency, when set, is what the leader is told of the workers instead of the truth.
	concurrency int

	controller admission.Controller
	producer   *producer.Producer
	engine     *engine.Engine
}

// staffed is a queue that tells the leader of workers that are not there.
type staffed struct {
	*producer.Producer
	concurrency int
}

// Workers returns the pretended concurrency.
func (q staffed) Workers() (int, error) { return q.concurrency, nil }

func (p *plant) queue() scheduler.Queue {
	if p.concurrency > 0 {
		return staffed{p.producer, p.concurrency}
	}
	return p.producer
}

// wire puts the parts together as package app does.
func (p *plant) wire() {
	collector.Relax()
	if p.onEnd == nil {
		p.onEnd = func(catalog.Job) {}
	}
	p.controller = redislimit.New(p.rig.redis.Client, redislimit.Options{Installation: installation})
	p.producer = p.rig.producer(p.store, p.controller)
	p.engine = engine.New(p.store, p.drivers, p.producer, p.clock, p.rig.log, engine.Options{
		Installation: installation, Owner: "bench", CallTimeout: callTimeout, IntentTTL: p.scale(callTimeout), OnEnd: p.onEnd,
	})
}

// scale turns the machine's time into the plant's.
func (p *plant) scale(d time.Duration) time.Duration { return time.Duration(float64(d) * p.speed) }

// run runs one scheduler and workers beside work, and stops them when work returns.
func (p *plant) run(ctx context.Context, workers int, work func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	s := scheduler.New(p.store, p.controller, p.queue(), p.engine, p.drivers, func() *policy.Set { return p.policy },
		p.clock, p.rig.log, scheduler.Options{
			Installation: installation, Owner: "bench", Partition: partition, Regions: p.regions,
			Accounts: func(context.Context) ([]string, error) { return p.accounts, nil },
			Tick:     p.scale(p.tick), LookInterval: p.scale(p.tick), InventoryMaxAge: forever,
			LeaseTTL: p.scale(leaseTTL), HistoryAge: forever, DefaultCaps: p.caps,
		})
	group.Go(func() error { return s.Run(ctx) })
	for range workers {
		w, err := worker.New(p.rig.redis.Client, p.engine, p.store, p.rig.log, worker.Options{Concurrency: concurrency, ShutdownTimeout: leaseTTL})
		if err != nil {
			return err
		}
		group.Go(func() error { return w.Run(ctx) })
	}
	group.Go(func() error { defer stop(); return work(ctx) })
	return group.Wait()
}

// ready waits until a leader has opened admission.
func (p *plant) ready(ctx context.Context) error {
	for {
		_, err := p.controller.Epoch(ctx)
		if !errors.Is(err, admission.ErrNotReady) {
			return err
		}
		if err := p.rig.clock.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// allAccounts are the accounts scopeOf spreads resources over.
func allAccounts() []string {
	ids := make([]string, accounts)
	for i := range ids {
		ids[i] = scopeOf(i).Account
	}
	return ids
}

// stock writes the inventory as complete listings would.
func stock(ctx context.Context, store catalog.Store, all []resource.Resource, now time.Time) error {
	byScope := map[resource.Scope][]resource.Resource{}
	for _, r := range all {
		scope := resource.Scope{Partition: partition, Account: r.Account, Region: r.Region}
		byScope[scope] = append(byScope[scope], r)
	}
	for scope, list := range byScope {
		err := store.SyncInventory(ctx, catalog.InventorySync{
			Scope:     catalog.InventoryScope{Partition: scope.Partition, Account: scope.Account, Region: scope.Region, Kind: resource.EBS},
			StartedAt: now, EndedAt: now, Complete: true, Resources: list,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
