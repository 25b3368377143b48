package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/admission/redislimit"
	"holdfast/bench/lab"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/engine"
	"holdfast/policy"
	"holdfast/producer"
	"holdfast/resource"
	"holdfast/scheduler"
	"holdfast/worker"
)

// The shipped settings of an installation; all but the timeout of calls are on its clock.
const (
	tick         = time.Second
	lookInterval = 10 * time.Second
	leaseTTL     = 15 * time.Second
	callTimeout  = 30 * time.Second
	concurrency  = 32
	forever      = 1000 * 24 * time.Hour
)

// whole is a whole installation: catalog, leader, workers and engine, whose jobs go
// through intent, start call, reference and looks to their end.
type whole struct {
	g          *ground
	store      *sqlstore.Store
	controller *redislimit.Controller
	producer   *producer.Producer
	engine     *engine.Engine
	drivers    *driver.Registry
	leading    context.CancelFunc
	led        chan error
}

// fill inserts the jobs and lets the leader carry them to the waiting room.
func (w *whole) fill(ctx context.Context, t *tally) error {
	if err := w.open(ctx, t); err != nil {
		return err
	}
	jobs := make([]catalog.Job, len(t.load.works))
	for i, work := range t.load.works {
		jobs[i] = work.job
		jobs[i].CreatedAt = t.clock.Now()
	}
	if _, err := w.store.InsertJobs(ctx, jobs); err != nil {
		return err
	}
	ctx, w.leading = context.WithCancel(ctx)
	w.led = make(chan error, 1)
	go func() { w.led <- w.lead(ctx, t) }()
	return w.submitted(ctx, len(jobs))
}

// open opens an empty catalog with the load's resources and wires the parts.
func (w *whole) open(ctx context.Context, t *tally) (err error) {
	dsn := fmt.Sprintf("sqlite:%s/catalog%d.db", w.g.dir, w.g.clock.Now().UnixNano())
	if w.store, err = sqlstore.Open(ctx, dsn, sqlstore.Options{Clock: t.clock}); err != nil {
		return err
	}
	if _, err := w.store.Installation(ctx, installation); err != nil {
		return err
	}
	for scope, list := range resources(t.load) {
		now := t.clock.Now()
		err := w.store.SyncInventory(ctx, catalog.InventorySync{
			Scope:     catalog.InventoryScope{Partition: scope.Partition, Account: scope.Account, Region: scope.Region, Kind: resource.EBS},
			StartedAt: now, EndedAt: now, Complete: true, Resources: list,
		})
		if err != nil {
			return err
		}
	}
	w.controller = redislimit.New(w.g.redis.Client, redislimit.Options{Installation: installation})
	w.producer = w.g.producer(w.store, w.controller)
	w.drivers = driver.NewRegistry(newTimed(t))
	w.engine = engine.New(w.store, w.drivers, w.producer, t.clock, w.g.log, engine.Options{
		Installation: installation, Owner: "bench", CallTimeout: callTimeout,
		IntentTTL: time.Duration(float64(callTimeout) * t.speed), OnEnd: func(job catalog.Job) { t.finished(job.ID) },
	})
	return nil
}

// lead runs the leader until ctx ends.
func (w *whole) lead(ctx context.Context, t *tally) error {
	accounts := map[string]bool{}
	for _, work := range t.load.works {
		accounts[work.job.Account] = true
	}
	ids := make([]string, 0, len(accounts))
	for id := range accounts {
		ids = append(ids, id)
	}
	s := scheduler.New(lab.Leading{Store: w.store, Clock: t.clock}, w.controller, w.producer, w.engine, w.drivers,
		func() *policy.Set { return &policy.Set{} }, t.clock, w.g.log, scheduler.Options{
			Installation: installation, Owner: "bench", Partition: "aws",
			Accounts: func(context.Context) ([]string, error) { return ids, nil },
			Tick:     tick, LookInterval: lookInterval, InventoryMaxAge: forever,
			LeaseTTL: time.Duration(float64(leaseTTL) * t.speed), HistoryAge: forever, DefaultCaps: capsOf(t.load),
		})
	return s.Run(ctx)
}

// submitted waits until every job waits or is granted.
func (w *whole) submitted(ctx context.Context, jobs int) error {
	for {
		usage, err := w.controller.Usage(ctx, len(w.drivers.Kinds())+jobs)
		n := 0
		for _, u := range usage {
			if u.Key.Dimension() == producer.DimensionAccount {
				n += u.Held + u.Waiting
			}
		}
		if err == nil && n >= jobs {
			return nil
		}
		if err := w.g.clock.Sleep(ctx, taskCheckInterval); err != nil {
			return err
		}
	}
}

// work runs the workers until ctx ends, and then stops the leader.
func (w *whole) work(ctx context.Context, t *tally) error {
	group, workers := errgroup.WithContext(ctx)
	for range t.load.servers {
		one, err := worker.New(w.g.redis.Client, w.engine, w.store, w.g.log, worker.Options{Concurrency: concurrency, ShutdownTimeout: leaseTTL})
		if err != nil {
			return err
		}
		group.Go(func() error { return one.Run(workers) })
	}
	err := group.Wait()
	w.leading()
	return errors.Join(err, <-w.led, w.store.Close())
}
