// Package app wires one Holdfast process from its configuration: stores, Redis, drivers,
// engine, worker, scheduler and web pages. The binary, the demo and the end-to-end tests
// use the same wiring.
package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/driver/awsbackup"
	"holdfast/engine"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/internal/tracing"
	"holdfast/producer"
)

// Hooks are told what happened, for metrics; nil ones are skipped.
type Hooks struct {
	JobEnded    func(catalog.Job)
	StartCalled func(catalog.Job, failure.Class)
	Repair      func(name string, n int)
	TaskRefused func(reason string)
	AWSCall     func(awssession.Call)
	Paced       func(awssession.Pace)
}

// Options is what a process is made of beside its configuration.
type Options struct {
	Config *config.Config
	Log    zerolog.Logger
	Hooks  Hooks
	// Clock is the machine's when nil. Speed says how many times faster than the
	// machine's it runs (1 when 0), so that time limits on real calls stay real.
	Clock clock.Clock
	Speed float64
	// Sessions replaces the sessions the configuration asks for.
	Sessions awssession.Provider
	// Accounts replaces the accounts the configuration asks for.
	Accounts func(context.Context) ([]string, error)
	// WithoutRedis leaves Redis, Inspector, Controller, Producer and Budgets nil, for commands that
	// touch AWS and the catalog only.
	WithoutRedis bool
}

// App is one wired process. Close it.
type App struct {
	Config     *config.Config
	Store      *sqlstore.Store
	Redis      redis.UniversalClient
	Inspector  *asynq.Inspector
	Controller admission.Controller
	Producer   *producer.Producer
	Budgets    *Budgets // nil without Redis or when budgets are off
	Drivers    *driver.Registry
	Engine     *engine.Engine
	Clock      clock.Clock
	Owner      string // names this process in intents, leases and events

	opts    Options
	tracer  *tracing.Tracer     // nil when traces are off
	pacer   *awssession.Pacer   // nil when budgets are off
	calls   awssession.Provider // what drivers call AWS with
	log     zerolog.Logger
	closers []func() error
}

// New connects to everything the configuration names and wires the parts. Its errors say
// which dependency did not answer. Nothing runs until one of the Run methods.
func New(ctx context.Context, opts Options) (_ *App, err error) {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	if opts.Speed == 0 {
		opts.Speed = 1
	}
	a := &App{Config: opts.Config, Clock: opts.Clock, Owner: processName(), opts: opts, log: opts.Log}
	defer func() {
		if err != nil {
			_ = a.Close()
		}
	}()
	if a.Store, err = OpenCatalog(ctx, opts.Config, opts.Clock); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.Store.Close)
	if !opts.WithoutRedis {
		client, stop, err := openRedis(ctx, opts.Config)
		if err != nil {
			return nil, err
		}
		a.Redis = client
		a.closers = append(a.closers, stop)
	}
	a.openBudgets()
	if err := a.openSessions(ctx); err != nil {
		return nil, err
	}
	if err := a.openTraces(ctx); err != nil {
		return nil, err
	}
	a.wire()
	return a, nil
}

// wire builds what needs no connection of its own.
func (a *App) wire() {
	cfg := a.Config
	a.Drivers = enabled(all.With(a.calls, awsbackup.Options{ServiceRole: cfg.AWS.Roles.BackupService}), cfg)
	var slots engine.Slots
	if a.Redis != nil {
		a.Inspector = asynq.NewInspectorFromRedisClient(a.Redis)
		a.Controller = redislimit.New(a.Redis, admissionOptions(cfg))
		a.Producer = producer.New(a.Store, a.Controller, a.newQueueClient, a.Inspector, a.log)
		a.Producer.InUnits(cfg.AWS.Accounts.UnitsOf)
		a.Producer.SignWith(taskKeys(cfg))
		slots = a.Producer
	}
	timeout := cfg.AWS.CallTimeout
	a.Engine = engine.New(a.Store, a.Drivers, slots, a.Clock, a.log, engine.Options{
		Installation: cfg.Installation, Owner: a.Owner,
		CallTimeout: timeout, IntentTTL: scale(timeout, a.opts.Speed),
		OnEnd: a.jobEnded, OnStart: a.opts.Hooks.StartCalled,
	})
}

// newQueueClient returns a client of the queue; closing the App's Redis ends it.
func (a *App) newQueueClient() *asynq.Client { return asynq.NewClientFromRedisClient(a.Redis) }

// Close closes what New opened, last first.
func (a *App) Close() error {
	var errs []error
	for _, closer := range slices.Backward(a.closers) {
		errs = append(errs, closer())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// Descriptors returns the facts of every enabled driver.
func (a *App) Descriptors() []driver.Descriptor { return Descriptors(a.Drivers) }

// Descriptors returns the facts of every driver in r, sorted by kind, the kind's default
// engine first.
func Descriptors(r *driver.Registry) []driver.Descriptor {
	drivers := r.All()
	out := make([]driver.Descriptor, len(drivers))
	for i, d := range drivers {
		out[i] = d.Descriptor()
	}
	return out
}

// enabled returns the registry without the kinds the configuration leaves out.
func enabled(r *driver.Registry, cfg *config.Config) *driver.Registry {
	if len(cfg.Kinds) == 0 {
		return r
	}
	var drivers []driver.Driver
	for _, d := range r.All() {
		if slices.Contains(cfg.Kinds, d.Descriptor().Kind) {
			drivers = append(drivers, d)
		}
	}
	return driver.NewRegistry(drivers...)
}

// OpenCatalog opens the configured catalog, migrates it and checks that it belongs to
// the configured installation.
func OpenCatalog(ctx context.Context, cfg *config.Config, c clock.Clock) (*sqlstore.Store, error) {
	store, err := sqlstore.Open(ctx, cfg.Catalog.DSN.Reveal(), sqlstore.Options{Clock: c})
	if err != nil {
		return nil, err
	}
	if _, err := store.Installation(ctx, cfg.Installation); err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}

// processName is unique among all processes of a fleet.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(random[:]))
}
