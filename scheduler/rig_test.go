package scheduler_test

import (
	"context"
	"flag"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/scheduler"
	"holdfast/test/rig"
)

func TestMain(m *testing.M) {
	// The one property here plays whole nights. The command line still has the last word.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	testkit.Main(m)
}

// leader is a rig with a scheduler whose duties are done when a test says so.
type leader struct {
	*rig.Rig
	set      *policy.Set
	accounts []string
	caps     admission.Caps
	mu       sync.Mutex // guards repairs
	repairs  map[string]int
	duties   map[string]func(context.Context) error
	// schedulerClock is the clock of the next scheduler; the rig's when nil.
	schedulerClock clock.Clock
	log            zerolog.Logger
	careful        func(*scheduler.Options) // changes the options of the next scheduler
	// listAccounts replaces accounts when set.
	listAccounts func(context.Context) ([]string, error)
}

// lead returns a leader over a new rig with caps.
func lead(tb testing.TB, o rig.Options) *leader {
	tb.Helper()
	l := &leader{
		Rig: rig.New(tb, o), set: &policy.Set{}, accounts: []string{rig.Account}, caps: o.Caps, repairs: map[string]int{}, log: zerolog.Nop(),
	}
	l.restart()
	return l
}

// newScheduler returns a scheduler process called owner.
func (l *leader) newScheduler(owner string, store catalog.Store) *scheduler.Scheduler {
	var now clock.Clock = l.Clock
	if l.schedulerClock != nil {
		now = l.schedulerClock
	}
	options := scheduler.Options{
		Installation: rig.Installation, Owner: owner, Partition: rig.Home().Partition,
		Regions: []string{rig.HomeRegion},
		Accounts: func(ctx context.Context) ([]string, error) {
			if l.listAccounts != nil {
				return l.listAccounts(ctx)
			}
			return l.accounts, nil
		},
		Tick: time.Second, LookInterval: 10 * time.Second, InventoryMaxAge: time.Hour,
		LeaseTTL: 15 * time.Second, HistoryAge: 400 * 24 * time.Hour,
		DefaultCaps: l.caps, RedisClock: l.Clock,
		OnRepair: l.countRepair,
	}
	if l.careful != nil {
		l.careful(&options)
	}
	return scheduler.New(store, l.Controller, l.Queue, l.Engine, l.Drivers, func() *policy.Set { return l.set }, now, l.log, options)
}

func (l *leader) countRepair(name string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.repairs[name] += n
}

// restart is what a new leader does: it remembers nothing.
func (l *leader) restart() {
	l.duties = l.newScheduler("leader", l.Store).Duties()
}

// do performs duties in the order given.
func (l *leader) do(names ...string) {
	l.TB.Helper()
	for _, name := range names {
		if err := l.duties[name](l.Context()); err != nil {
			l.TB.Fatalf("duty %s: %v", name, err)
		}
	}
}

// pass performs what a leader does all the time.
func (l *leader) pass() {
	l.TB.Helper()
	l.do("submit", "caps", "fires", "windows", "looks", "expiry", "repair")
}

// nightly sets a policy of one rule that fires at 14:00 and takes everything.
func (l *leader) nightly(edit func(*policy.Rule)) {
	l.TB.Helper()
	schedule, _, err := policy.ParseSchedule("cron(0 14 * * ? *)", "Etc/UTC")
	l.Must(err)
	rule := policy.Rule{Name: "nightly", Vault: "default", Schedule: schedule, StartWindow: 2 * time.Hour, CompletionWindow: 4 * time.Hour}
	if edit != nil {
		edit(&rule)
	}
	all, problems, _ := policy.NewSelection("all", policy.Criteria{Resources: []string{"*"}})
	if len(problems) > 0 {
		l.TB.Fatal(problems)
	}
	l.set = &policy.Set{Plans: []policy.Plan{{
		Name: "Daily", Source: "p.yaml", Rules: []policy.Rule{rule},
		Selections: []policy.Selection{all},
	}}}
	l.do("fires") // the rule has no history before it is seen
}

// at moves the clock to h:m on the rig's first day, or days later.
func (l *leader) at(days, h, m int) {
	l.TB.Helper()
	day := rig.Start().Truncate(24*time.Hour).AddDate(0, 0, days)
	d := day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute).Sub(l.Clock.Now())
	if d < 0 {
		l.TB.Fatalf("the clock cannot go back by %s", -d)
	}
	l.Advance(d)
}

// fire lets the rule's fire of that day be planned on a fresh inventory.
func (l *leader) fire(days int) {
	l.TB.Helper()
	l.at(days, 14, 0)
	l.SyncInventory()
	l.do("fires")
}

// jobs returns all jobs, by id.
func (l *leader) jobs() []catalog.Job {
	l.TB.Helper()
	jobs, err := l.Store.ListJobs(l.Context(), catalog.JobFilter{Limit: 1000})
	l.Must(err)
	slices.SortFunc(jobs, func(a, b catalog.Job) int { return strings.Compare(a.ID, b.ID) })
	return jobs
}

// states counts jobs of an operation by state.
func (l *leader) states(op driver.Operation) map[catalog.State]int {
	l.TB.Helper()
	counts, err := l.Store.CountJobs(l.Context(), catalog.JobFilter{})
	l.Must(err)
	return counts[op]
}

// fires returns what is recorded of the rule's fires, oldest first.
func (l *leader) fires() []catalog.Fire {
	l.TB.Helper()
	fires, err := l.Store.Fires(l.Context(), "", "", 100)
	l.Must(err)
	slices.Reverse(fires)
	return fires
}

// usage returns one key of admission.
func (l *leader) usage(key admission.Key) admission.KeyUsage {
	l.TB.Helper()
	usage, err := l.Controller.Usage(l.Context(), 1000)
	l.Must(err)
	for _, u := range usage {
		if u.Key == key {
			return u
		}
	}
	return admission.KeyUsage{Key: key, Cap: -1}
}

// accountKey is the key of the rig's account.
func accountKey() admission.Key { return admission.NewKey("account", rig.Account) }

// capped allows n operations on the account.
func capped(n int) admission.Caps { return admission.Caps{accountKey().Default(): n} }
