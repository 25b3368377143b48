package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/sim"
)

// Options size a demo. Zero values take 12 accounts, 2 regions, 600 resources and a speed
// of 600, which passes two nights in well under a minute.
type Options struct {
	Accounts, Regions, Resources int
	Seed                         uint64
	Speed                        float64
	Dir                          string // where the catalog and the policy are written
	Log                          zerolog.Logger
	Progress                     Progress
	// Failing is in how many accounts, fewer than all, the role fails in the first night.
	Failing int
	// Configure, when set, may change the configuration before the process is wired.
	Configure func(*config.Config) error
	// OnReady, when set, is told of the wired process before anything runs; the services
	// it returns run beside it until the context of Run ends.
	OnReady func(*app.App) ([]app.Service, error)
	// Keep keeps everything running after the summary until the context of Run ends.
	Keep bool
	// OnSummary is told how the night went.
	OnSummary func(Summary) error
}

// Installation names the demo in every mark it leaves.
const Installation = "demo"

// firstNight is when the story begins, an hour before the first rule is due: each kind of
// each account and region is listed before that.
var firstNight = time.Date(2026, time.March, 3, 1, 0, 0, 0, time.UTC)

const (
	defaultSpeed = 600
	// laterDays is after how many days the second night is, when the shortest-lived
	// points of the first are due for deletion.
	laterDays = 7
	// patience bounds one stage of the story on the machine's clock.
	patience = 5 * time.Minute
	// pollEvery is how often the catalog is asked how far the night is.
	pollEvery = 150 * time.Millisecond
)

// night is a running demo.
type night struct {
	*app.App
	opts    Options
	company *sim.Company
	clock   *clock.ScaledClock
	wall    clock.Clock
	set     *policy.Set
}

// Run plays the demo and reports through Options. It returns when the story is told, or,
// with Keep, when ctx ends.
func Run(ctx context.Context, opts Options) (err error) {
	if opts.Speed == 0 {
		opts.Speed = defaultSpeed
	}
	n, err := newNight(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	services, err := n.services()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	services = append(services, app.Service{Name: "demo", Run: func(ctx context.Context) error {
		if err := n.story(ctx); err != nil {
			return err
		}
		if !opts.Keep {
			stop()
		}
		return nil
	}})
	return app.Run(ctx, services...)
}

// newNight builds the organization and wires a process over it.
func newNight(ctx context.Context, opts Options) (*night, error) {
	n := &night{opts: opts, clock: clock.Scaled(firstNight, opts.Speed), wall: clock.System()}
	var err error
	n.company, err = sim.Generate(sim.GenerateOptions{
		Accounts: opts.Accounts, Regions: opts.Regions, Resources: opts.Resources, Seed: opts.Seed,
		Organization: sim.Options{Clock: n.clock, Lag: 5 * time.Second, RetryBackoff: 200 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	cfg, err := n.configuration()
	if err != nil {
		return nil, err
	}
	n.App, err = app.New(ctx, app.Options{
		Config: cfg, Log: opts.Log, Clock: n.clock, Speed: opts.Speed, Sessions: n.company.Provider(),
	})
	if err != nil {
		return nil, err
	}
	policies, err := n.LoadPolicy(ctx)
	n.set = policies.Set
	if err == nil && len(policies.Result.Problems) > 0 {
		err = fmt.Errorf("the generated policy has problems: %v", policies.Result.Problems)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// configuration is an ordinary configuration with the organization's accounts and
// regions, its waits stretched so that they stay reasonable on the machine's clock.
func (n *night) configuration() (*config.Config, error) {
	policyFile := filepath.Join(n.opts.Dir, "policy.yaml")
	if err := os.WriteFile(policyFile, []byte(n.company.Policy), 0o600); err != nil {
		return nil, fmt.Errorf("write the policy: %w", err)
	}
	cfg := config.Default()
	cfg.Installation = Installation
	cfg.Redis.Mode = config.RedisEmbedded
	cfg.Catalog.DSN = config.DSN("sqlite:" + filepath.Join(n.opts.Dir, "catalog.db"))
	cfg.AWS.Regions = n.company.Regions()
	cfg.AWS.Accounts.IDs = n.company.Accounts()
	cfg.Policies = []string{policyFile}
	cfg.Worker.Concurrency = 32
	// A start that a budget puts off is run again on asynq's clock, which the demo's clock
	// outruns by hours: the night would wait for a few such jobs.
	cfg.Budgets.Enabled = false
	cfg.Notifications.GroupWait = n.real(time.Second)
	cfg.Notifications.GroupInterval = n.real(5 * time.Second)
	cfg.Scheduler.Tick = n.real(100 * time.Millisecond)
	cfg.Scheduler.LookInterval = n.real(200 * time.Millisecond)
	cfg.Scheduler.LeaseTTL = n.real(30 * time.Second)
	cfg.Scheduler.InventoryMaxAge = max(time.Hour, n.real(20*time.Second))
	if n.opts.Configure != nil {
		return cfg, n.opts.Configure(cfg)
	}
	return cfg, nil
}

// real returns how much demo time passes in d of the machine's.
func (n *night) real(d time.Duration) time.Duration {
	return time.Duration(float64(d) * n.opts.Speed)
}

// services are the parts of the process.
func (n *night) services() ([]app.Service, error) {
	services := []app.Service{
		{Name: "scheduler", Run: func(ctx context.Context) error { return n.RunScheduler(ctx, n.set) }},
		{Name: "worker", Run: n.RunWorker},
	}
	if n.opts.OnReady == nil {
		return services, nil
	}
	more, err := n.opts.OnReady(n.App)
	return append(services, more...), err
}

// story is the order of events.
func (n *night) story(ctx context.Context) error {
	began := n.wall.Now()
	note := n.opts.Progress.Note
	note(fmt.Sprintf("%d accounts, %d regions, %d resources; one second here is %.0f there",
		len(n.company.Accounts()), len(n.company.Regions()), n.resources(), n.opts.Speed))
	n.takeRolesAway()
	note("night falls: the rules of policy.yaml take what they must")
	if err := n.sleepUntil(ctx, firstNight); err != nil {
		return err
	}
	n.giveRolesBack()
	note("one resource of each kind is restored")
	if err := n.restoreOnePerKind(ctx); err != nil {
		return err
	}
	later := firstNight.AddDate(0, 0, laterDays)
	n.clock.JumpTo(later)
	note(fmt.Sprintf("%d days later: another night, and what has lived long enough expires", laterDays))
	if err := n.sleepUntil(ctx, later); err != nil {
		return err
	}
	n.opts.Progress.Done()
	summary, err := n.summary(ctx, n.wall.Now().Sub(began))
	if err != nil || n.opts.OnSummary == nil {
		return err
	}
	return n.opts.OnSummary(summary)
}

func (n *night) resources() int {
	total := 0
	for _, count := range n.company.Resources {
		total += count
	}
	return total
}

// sleepUntil waits until every rule has fired in the night that begins at from, and
// everything that is to be done then has ended.
func (n *night) sleepUntil(ctx context.Context, from time.Time) error {
	err := n.wait(ctx, "every rule to fire", func() (bool, error) { return n.planned(ctx, from) })
	if err != nil {
		return err
	}
	return n.wait(ctx, "every job to end", func() (bool, error) { return n.quiet(ctx) })
}

// wait polls until done, showing progress.
func (n *night) wait(ctx context.Context, what string, done func() (bool, error)) error {
	deadline := n.wall.Now().Add(patience)
	for {
		counts, err := n.Store.CountJobs(ctx, catalog.JobFilter{})
		if err != nil {
			return err
		}
		n.opts.Progress.Update(counts)
		if ok, err := done(); ok || err != nil {
			return err
		}
		if n.wall.Now().After(deadline) {
			return fmt.Errorf("demo: after %s still waiting for %s", patience, what)
		}
		if err := n.wall.Sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// planned reports whether every rule has a planned fire at from or after.
func (n *night) planned(ctx context.Context, from time.Time) (bool, error) {
	for _, plan := range n.set.Plans {
		for _, rule := range plan.Rules {
			fires, err := n.Store.Fires(ctx, plan.Name, rule.Name, 1)
			if err != nil {
				return false, err
			}
			if len(fires) == 0 || fires[0].At.Before(from) || fires[0].State != catalog.FirePlanned {
				return false, nil
			}
		}
	}
	return true, nil
}

// quiet reports whether no job is unfinished and no point is due for deletion.
func (n *night) quiet(ctx context.Context) (bool, error) {
	counts, err := n.Store.CountJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Created, catalog.Running, catalog.Aborting}})
	if err != nil {
		return false, err
	}
	for _, states := range counts {
		for _, jobs := range states {
			if jobs > 0 {
				return false, nil
			}
		}
	}
	due, err := n.Store.DuePoints(ctx, Installation, n.clock.Now(), 1)
	return len(due) == 0, err
}

// restoreOnePerKind restores the newest point of each kind and waits for the ends.
func (n *night) restoreOnePerKind(ctx context.Context) error {
	var jobs []catalog.Job
	for _, kind := range n.Drivers.Kinds() {
		p, ok, err := n.newestAtHome(ctx, kind)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		id, err := catalog.NewManualID(rand.Reader, n.clock.Now())
		if err != nil {
			return err
		}
		jobs = append(jobs, catalog.NewRestore(id, p, p.Scope(), nil, "demo", n.clock.Now()))
	}
	if _, err := n.Store.InsertJobs(ctx, jobs); err != nil {
		return err
	}
	return n.wait(ctx, "the restores to end", func() (bool, error) { return n.quiet(ctx) })
}

// newestAtHome returns the newest point of kind that lies where its source does: only
// there can a restore do with the recorded subnets and keys alone.
func (n *night) newestAtHome(ctx context.Context, kind resource.Kind) (catalog.RecoveryPoint, bool, error) {
	points, err := n.Store.ListPoints(ctx, catalog.PointFilter{
		Kinds: []resource.Kind{kind}, States: []catalog.PointState{catalog.Available}, Limit: 1000,
	})
	for _, p := range points {
		if p.ParentID == "" {
			return p, true, err
		}
	}
	return catalog.RecoveryPoint{}, false, err
}

// summary counts what happened; losses and duplicates are the simulation's verdict. A
// restored resource carries its source's tags, so the second night backs it up too.
func (n *night) summary(ctx context.Context, took time.Duration) (Summary, error) {
	s := Summary{AWSCalls: n.company.Calls(), Unnamed: n.company.Unnamed(), Seconds: took.Seconds(), Kinds: []string{}}
	var err error
	if s.Jobs, err = n.Store.CountJobs(ctx, catalog.JobFilter{}); err != nil {
		return s, err
	}
	for _, op := range operations {
		if s.Jobs[op] == nil {
			s.Jobs[op] = map[catalog.State]int{}
		}
	}
	for _, count := range n.company.Throttled() {
		s.Throttled += count
	}
	points, err := n.Store.CountPoints(ctx)
	if err != nil {
		return s, err
	}
	s.RecoveryPoints = points[catalog.Available]
	for _, kind := range n.Drivers.Kinds() {
		s.Kinds = append(s.Kinds, string(kind))
	}
	verdict, err := n.judge(ctx)
	for _, lost := range verdict.Lost {
		n.opts.Log.Error().Str("resource", lost.ResourceARN).Str("plan", lost.Plan).Time("fire", lost.Fire).Msg("lost: no backup and no recorded end")
	}
	s.LostJobs, s.Duplicates = len(verdict.Lost), len(verdict.Duplicates)
	return s, err
}
