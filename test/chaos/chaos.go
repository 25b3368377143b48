package chaos

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/fleet"
	"holdfast/test/chaos/fastclock"
)

// Options say what a seed is made of.
type Options struct {
	Binary string // the program of test/chaos/holdfast
	Dir    string // takes configuration and logs; each seed makes a directory in it
	Jobs   int    // the least there are to be
	// Strikes is how many faults there are in each night.
	Strikes int
	// Only limits the faults to those of these names; empty means all.
	Only     []string
	Speed    float64   // of the clock; 0 takes 20
	Progress io.Writer // gets a line for everything that is done
	KeepLogs bool      // also of seeds that went well
}

// Counts is what came of one seed. Everything but jobs, faults and seconds must be 0.
type Counts struct {
	Seed            uint64         `json:"seed"`
	Jobs            int            `json:"jobs"`
	Faults          map[string]int `json:"faults"`
	Lost            int            `json:"lost"`
	Duplicates      int            `json:"duplicates"`
	OverCap         int            `json:"over_cap"`
	WronglyDeleted  int            `json:"wrongly_deleted"`
	Unfinished      int            `json:"unfinished"`
	Seconds         float64        `json:"seconds"`
	overAfterSwitch int            // caps exceeded after a failover of Redis: reported apart
}

// Clean reports whether nothing went wrong.
func (c Counts) Clean() bool {
	return c.Lost+c.Duplicates+c.OverCap+c.WronglyDeleted+c.Unfinished == 0
}

// The processes of the fleet.
const (
	schedulers = 2
	workers    = 4
	// accountCap is how many backups and copies of an account may be in progress at once.
	accountCap = 25
	restoreCap = 5
)

// defaultSpeed is how fast the clock runs.
const defaultSpeed = 20

// run is one seed while it is carried out.
type run struct {
	opts  Options
	seed  uint64
	wall  clock.Clock
	clock *fastclock.Clock
	world *world
	fleet *fleet.Fleet
	store *sqlstore.Store
	keep  *keeper

	redis, postgres sync.Mutex // held by the fault that has the server

	mu     sync.Mutex
	began  time.Time
	faults map[string]int
	asked  []asked         // restores that were asked for
	held   map[string]bool // jobs whose points got a legal hold
}

// Run carries out one seed. Its error says that the suite itself failed; what the product
// did wrong is in the counts, and in lines on Progress.
func Run(ctx context.Context, opts Options, seed uint64) (counts Counts, err error) {
	if opts.Speed == 0 {
		opts.Speed = defaultSpeed
	}
	r := &run{opts: opts, seed: seed, wall: clock.System(), faults: map[string]int{}, held: map[string]bool{}}
	r.began = r.wall.Now()
	if r.opts.Dir, err = os.MkdirTemp(opts.Dir, fmt.Sprintf("seed-%d-", seed)); err != nil {
		return Counts{}, fmt.Errorf("make a directory for seed %d: %w", seed, err)
	}
	stop, err := r.start(ctx)
	if err != nil {
		return Counts{}, err
	}
	defer func() {
		stop()
		if err == nil && counts.Clean() && !opts.KeepLogs {
			err = os.RemoveAll(r.opts.Dir)
		}
	}()
	unfinished, err := r.nights(ctx)
	if err != nil {
		return Counts{}, err
	}
	counts, err = r.judge(ctx)
	counts.Unfinished = unfinished
	counts.Seconds = r.wall.Now().Sub(r.began).Round(100 * time.Millisecond).Seconds()
	return counts, err
}

// start brings everything up; stop ends it.
func (r *run) start(ctx context.Context) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range slices.Backward(stops) {
			s()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	if r.clock, err = fastclock.Create(r.opts.Dir+"/clock", dusk, r.opts.Speed); err != nil {
		return stop, err
	}
	if r.world, err = newWorld(r.seed, r.opts.Jobs, r.clock); err != nil {
		return stop, err
	}
	url, unserve, err := r.world.serve(ctx)
	if err != nil {
		return stop, err
	}
	stops = append(stops, unserve)
	shape := fleet.OneRedis
	if failsOver(r.seed) {
		shape = fleet.RedisSentinel
	}
	r.fleet, err = fleet.Start(ctx, fleet.Options{
		Shape:  shape,
		Binary: r.opts.Binary, Dir: r.opts.Dir, Policy: r.world.policy, SimulatorURL: url,
		Accounts: r.world.Accounts(), Regions: r.world.Regions(), Schedulers: schedulers, Workers: workers, Web: true,
		Prepare: r.fastDatabaseClock, Environ: r.environ(),
	})
	if err != nil {
		return stop, err
	}
	stops = append(stops, r.fleet.Stop)
	r.store, err = sqlstore.Open(ctx, r.fleet.DSN, sqlstore.Options{Clock: r.clock})
	if err != nil {
		return stop, err
	}
	stops = append(stops, func() { _ = r.store.Close() })
	r.keep = keep(ctx, r.fleet, r.wall)
	stops = append(stops, func() {
		r.keep.stop()
		for _, name := range r.fleet.Names() { // nothing is left to wait for
			r.fleet.Kill(name)
		}
	})
	return stop, nil
}

// environ is the configuration of the fleet: times are on the fast clock, but for the
// timeout of calls.
func (r *run) environ() []string {
	return []string{
		"CHAOS_CLOCK=" + r.clock.Setting(0),
		fmt.Sprintf("HOLDFAST_LIMITS_ACCOUNT=%d", accountCap),
		fmt.Sprintf("HOLDFAST_LIMITS_RESTORES_PER_ACCOUNT=%d", restoreCap),
		"HOLDFAST_AWS_CALL_TIMEOUT=5s", "HOLDFAST_WORKER_CONCURRENCY=16", "HOLDFAST_WORKER_SHUTDOWN_TIMEOUT=8s",
		"HOLDFAST_SCHEDULER_TICK=2s", "HOLDFAST_SCHEDULER_LOOK_INTERVAL=20s",
		"HOLDFAST_SCHEDULER_LEASE_TTL=5m", "HOLDFAST_SCHEDULER_INVENTORY_MAX_AGE=6h",
		"HOLDFAST_EXPIRY_UNDO_WINDOW=1m",
	}
}

// say tells what is done, with the time since the seed began.
func (r *run) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.opts.Progress, "seed %d %6.1fs  %s\n", r.seed, r.wall.Now().Sub(r.began).Seconds(), fmt.Sprintf(format, args...))
}

// struck counts a fault that happened.
func (r *run) struck(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults[name]++
}

// faultsText lists the faults that happened.
func faultsText(faults map[string]int) string {
	parts := make([]string, 0, len(faults))
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, faults[name]))
	}
	return strings.Join(parts, ", ")
}

// String gives the counts on one line.
func (c Counts) String() string {
	line := fmt.Sprintf("seed %d: %d jobs, lost %d, duplicates %d, over cap %d, wrongly deleted %d, unfinished %d, %.0f s",
		c.Seed, c.Jobs, c.Lost, c.Duplicates, c.OverCap, c.WronglyDeleted, c.Unfinished, c.Seconds)
	if c.overAfterSwitch > 0 {
		line += fmt.Sprintf("; over cap after a failover of Redis: %d", c.overAfterSwitch)
	}
	return line + "; " + faultsText(c.Faults)
}
