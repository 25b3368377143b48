// Package scheduler is the leader's side of Holdfast: it turns due rules into jobs,
// submits waiting jobs, asks for looks and inventory listings, ends what ran out of time
// and repairs what a crash left. Any number of schedulers may run; the one that holds the
// lease in the catalog does the work.
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/catalog/ledger"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/producer"
	"holdfast/resource"
	"holdfast/tasks"
)

// Queue is what the scheduler needs of the producer.
type Queue interface {
	Submit(ctx context.Context, jobs []catalog.Job, epoch int64) error
	Enqueue(ctx context.Context, grants []admission.Grant) error
	EnqueueStale(ctx context.Context, grants []admission.Grant) error
	PutOnce(ctx context.Context, t tasks.Envelope) error
	Release(ctx context.Context, jobIDs ...string) error
	Regrant(ctx context.Context, job catalog.Job) error
	Workers() (int, error)
	PurgeArchived(now time.Time, age time.Duration, limit int) (int, error)
}

// Ender ends jobs that ran out of time; package engine implements it.
type Ender interface {
	End(ctx context.Context, job catalog.Job, to catalog.State, class failure.Class, message string) error
}

// Options are the scheduler's settings. Durations are on the scheduler's clock.
type Options struct {
	Installation string
	Owner        string // names this process in the lease, unique among all processes
	Partition    string
	Regions      []string
	// Accounts returns the accounts that may get new jobs.
	Accounts        func(ctx context.Context) ([]string, error)
	Tick            time.Duration // how often waiting work is looked for, 1 s
	LookInterval    time.Duration // 10 s
	InventoryMaxAge time.Duration // 1 h
	LeaseTTL        time.Duration // 15 s
	HistoryAge      time.Duration // 400 days
	DefaultCaps     admission.Caps
	// Units, when set, tells in which organizational units an account is.
	Units producer.Units
	// RedisClock tells the time Redis' own marks are compared with; the machine's when nil.
	RedisClock clock.Clock
	// UndoWindow is how long a deletion waits before it begins, so that it can be cancelled.
	UndoWindow time.Duration
	// ResourceShare and InstallationShare are the parts of the points of a resource, and of
	// all points, that may be lost within a day without anybody's approval; 0: all of them.
	ResourceShare, InstallationShare float64
	// ClockStep is how much time may pass between two looks at the clock before it counts as
	// having jumped; 0: it is not watched.
	ClockStep time.Duration
	// SealEvery is how often new history is sealed, 10 s, and LedgerKeys what with.
	SealEvery  time.Duration
	LedgerKeys ledger.Keys
	// Notify, when set, does one pass over what is to be told.
	Notify func(ctx context.Context) error
	// Reports, when set, does one pass over the reports that are made by themselves.
	Reports func(ctx context.Context) error
	// OnRepair, when set, is told of each repair by name, so that it can be counted.
	OnRepair func(name string, n int)
}

// Scheduler does the leader's duties while it holds the lease.
type Scheduler struct {
	store      catalog.Store
	controller admission.Controller
	queue      Queue
	ender      Ender
	drivers    *driver.Registry
	policy     func() *policy.Set
	clock      clock.Clock
	log        zerolog.Logger
	opts       Options
	// noticed is when this leader first saw a fire due; only the fires duty uses it.
	noticed  map[string]time.Time
	departed departures
}

// New returns a scheduler. currentPolicy returns the compiled policy in force.
func New(store catalog.Store, controller admission.Controller, queue Queue, ender Ender, drivers *driver.Registry,
	currentPolicy func() *policy.Set, c clock.Clock, log zerolog.Logger, opts Options,
) *Scheduler {
	if opts.OnRepair == nil {
		opts.OnRepair = func(string, int) {}
	}
	if opts.SealEvery == 0 {
		opts.SealEvery = 10 * time.Second
	}
	if opts.RedisClock == nil {
		opts.RedisClock = clock.System()
	}
	return &Scheduler{
		noticed: map[string]time.Time{},
		store:   store, controller: controller, queue: queue, ender: ender, drivers: drivers,
		policy: currentPolicy, clock: c, log: log, opts: opts,
	}
}

// duty is one of the leader's loops.
type duty struct {
	name  string
	every time.Duration
	run   func(context.Context) error
}

// duties lists everything the leader does, each in a loop of its own.
func (s *Scheduler) duties() []duty {
	caps := &capsDuty{s: s}
	list := []duty{
		{"submit", s.opts.Tick, s.submit},
		{"caps", s.opts.Tick, caps.run},
		{"fires", s.opts.Tick, s.fires},
		{"looks", s.opts.LookInterval, s.looks},
		{"windows", s.opts.Tick, s.windows},
		{"expiry", 10 * s.opts.Tick, s.expiry},
		{"cold", 10 * s.opts.Tick, s.cold},
		{"retain", retainEvery, s.retain},
		{"repair", 10 * s.opts.Tick, s.repair},
		{"failures", 2 * s.opts.Tick, s.failures},
		{"inventory", 10 * s.opts.Tick, s.inventory},
		{"clock", 10 * s.opts.Tick, s.watchClock},
		{"seal", s.opts.SealEvery, s.seal},
		{"prune", time.Hour, s.prune},
		{"risks", 10 * s.opts.Tick, s.risks},
		{"left", leftEvery, s.left},
	}
	if s.opts.Notify != nil {
		list = append(list, duty{"notify", s.opts.Tick, s.opts.Notify})
	}
	if s.opts.Reports != nil {
		list = append(list, duty{"reports", 10 * s.opts.Tick, s.opts.Reports})
	}
	return list
}

// retainEvery is how often the counts of every rule are applied.
const retainEvery = 15 * time.Minute

const (
	// LeaseName names the lease of the one scheduler that leads.
	LeaseName = "leader"
	// maxSkew is how far this process' clock may be off the database's.
	maxSkew = 30 * time.Second
)

// Run competes for the lease until ctx ends and does the duties whenever it has it.
func (s *Scheduler) Run(ctx context.Context) error {
	defer s.giveUpLease(ctx)
	for ctx.Err() == nil {
		held, err := s.acquire(ctx)
		if err != nil {
			s.log.Error().Err(err).Msg("the leader lease could not be asked for")
		}
		if held {
			s.log.Info().Str("owner", s.opts.Owner).Msg("leading")
			s.lead(ctx)
			s.log.Info().Str("owner", s.opts.Owner).Msg("no longer leading")
		}
		_ = s.clock.Sleep(ctx, s.opts.LeaseTTL/3)
	}
	return nil
}

// errSkew says that this process cannot tell the time.
var errSkew = errors.New("this machine's clock differs from the database's")

// acquire takes or renews the lease; a process whose clock is off refuses it.
func (s *Scheduler) acquire(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	lease, err := s.store.AcquireLease(ctx, LeaseName, s.opts.Owner, s.opts.LeaseTTL)
	if err != nil || !lease.Held {
		return false, err
	}
	if skew := s.clock.Now().Sub(lease.Now).Abs(); skew > maxSkew {
		_ = s.store.ReleaseLease(ctx, LeaseName, s.opts.Owner)
		return false, fmt.Errorf("%w by %s: not leading until it is set right", errSkew, skew.Round(time.Second))
	}
	return true, nil
}

func (s *Scheduler) giveUpLease(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.store.ReleaseLease(ctx, LeaseName, s.opts.Owner); err != nil {
		s.log.Warn().Err(err).Msg("the leader lease could not be given back: it runs out by itself")
	}
}

// lead runs the duties until the lease is lost or ctx ends. The lease is renewed by a
// goroutine of its own, so that a slow duty cannot lose it.
func (s *Scheduler) lead(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var group errgroup.Group
	group.Go(func() error { defer cancel(); return s.renew(ctx) })
	for _, d := range s.duties() {
		group.Go(func() error { s.loop(ctx, d); return nil })
	}
	if err := group.Wait(); err != nil && parent.Err() == nil {
		s.log.Warn().Err(err).Msg("the leader lease is lost")
	}
}

// renew keeps the lease until it is lost.
func (s *Scheduler) renew(ctx context.Context) error {
	lastHeld := s.clock.Now()
	for {
		if err := s.clock.Sleep(ctx, s.opts.LeaseTTL/3); err != nil {
			return err
		}
		asked := s.clock.Now() // the lease runs from before the answer
		held, err := s.acquire(ctx)
		switch {
		case held:
			lastHeld = asked
		case err == nil:
			return errors.New("another scheduler leads now")
		case errors.Is(err, errSkew):
			return err // the lease was given back
		case s.clock.Now().Sub(lastHeld) > s.opts.LeaseTTL:
			return fmt.Errorf("the lease could not be renewed in time: %w", err)
		}
	}
}

// loop runs one duty again and again. An error is logged and the duty tried again.
func (s *Scheduler) loop(ctx context.Context, d duty) {
	for ctx.Err() == nil {
		if err := d.run(ctx); err != nil && ctx.Err() == nil {
			s.log.Error().Err(err).Str("duty", d.name).Msg("a leader duty failed and will be tried again")
		}
		if s.clock.Sleep(ctx, d.every) != nil {
			return
		}
	}
}

// scopes returns every (account, region) that may get new jobs.
func (s *Scheduler) scopes(ctx context.Context) ([]resource.Scope, error) {
	accounts, err := s.opts.Accounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	scopes := make([]resource.Scope, 0, len(accounts)*len(s.opts.Regions))
	for _, account := range accounts {
		for _, region := range s.opts.Regions {
			scopes = append(scopes, resource.Scope{Partition: s.opts.Partition, Account: account, Region: region})
		}
	}
	return scopes, nil
}
