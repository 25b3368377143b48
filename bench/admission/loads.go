package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

// work is one job of a load.
type work struct {
	job   catalog.Job
	takes time.Duration // of its operation on AWS
	small bool          // of an account the crowd must not delay
}

// load is a number of jobs that wait when the workers begin: those of the crowd were
// there first.
type load struct {
	name  string
	slots int // the cap of every account
	works []work
	// longest and shortest are how long operations take.
	shortest, longest time.Duration
	// window ends the run although the crowd has jobs left; 0 runs to the end.
	window time.Duration
	// throughAWS takes Holdfast through its catalog, start calls and looks, on a clock that
	// runs fast; the other contenders' operations are shortened alike.
	throughAWS bool
	servers    int // asynq servers
	handlers   int // of each: more than all slots together
}

// sizes is how much of everything there is.
type sizes struct {
	waves   int // of a flooder's or an equal account's slots
	short   int // jobs of the load with short operations
	million int // jobs that wait in the load called million
}

// loads returns every load, in the order they are run.
func loads(s sizes) []load {
	return []load{
		flood("flood", s.waves, 1), short(s.short), flood("spread", s.waves, spreadGroups), equal(s.waves), long(s.waves), million(s.million),
	}
}

func loadNames() string {
	var names []string
	for _, l := range loads(sizes{waves: 1, short: 2, million: 1}) {
		names = append(names, l.name)
	}
	return strings.Join(names, ", ")
}

const (
	shippedCap    = 40 // limits.account
	spreadGroups  = 100
	smallAccounts = 6
	flooder       = "000000000001"
	oneSecond     = time.Second
)

// accountID is the id of the nth ordinary account.
func accountID(n int) string { return fmt.Sprintf("%012d", 100000000000+n) }

// add appends n jobs of an account, spread over groups.
func (l *load) add(n int, account string, groups int, small bool, takes func(i int) time.Duration) {
	for i := range n {
		id := catalog.JobID("bench", l.name, account, fmt.Sprint(i))
		region := fmt.Sprintf("eu-west-%d", 1+i%groups)
		arn := fmt.Sprintf("arn:aws:ec2:%s:%s:volume/vol-%017x", region, account, i)
		l.works = append(l.works, work{takes: takes(i), small: small, job: catalog.Job{
			ID: id, ChainID: id, Type: driver.Backup, State: catalog.Created, Kind: resource.EBS, Engine: driver.Native, Partition: "aws",
			Account: account, Region: region, ResourceARN: arn, Plan: "gold", Rule: "daily", CreatedBy: "bench",
		}})
	}
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// flood is a flooder with as many jobs as all others together, who have two waves each.
func flood(name string, waves, groups int) load {
	l := load{name: name, slots: shippedCap, shortest: oneSecond, longest: oneSecond, servers: 4, handlers: 128}
	l.add(waves*shippedCap, flooder, groups, false, always(oneSecond))
	for n := range smallAccounts {
		l.add(max(waves*shippedCap/smallAccounts, 1), accountID(n), 1, true, always(oneSecond))
	}
	return l
}

// short is flood with operations of 20 ms: what is left is the machinery.
func short(jobs int) load {
	const takes, slots = 20 * time.Millisecond, 10
	l := load{name: "short", slots: slots, shortest: takes, longest: takes, servers: 4, handlers: 64}
	l.add(jobs/2, flooder, 1, false, always(takes))
	for n := range 10 {
		l.add(max(jobs/20, 1), accountID(n), 1, true, always(takes))
	}
	return l
}

// equal is a thousand accounts that have the same number of jobs and one slot each.
func equal(waves int) load {
	const accounts, tenth = 1000, 10
	l := load{name: "equal", slots: 1, shortest: oneSecond, longest: oneSecond, servers: 4, handlers: 512}
	for n := range accounts {
		l.add(max(waves/2, 2), accountID(n), 1, n >= accounts-accounts/tenth, always(oneSecond))
	}
	return l
}

// long is operations of one to thirty minutes, most of them short.
func long(waves int) load {
	const shortest, longest = time.Minute, 30 * time.Minute
	random := rand.New(rand.NewPCG(4, 2)) // the same operations for everybody
	takes := func(int) time.Duration {
		spread := math.Log(float64(longest) / float64(shortest))
		return time.Duration(float64(shortest) * math.Exp(random.Float64()*spread))
	}
	l := load{name: "long", slots: shippedCap, shortest: shortest, longest: longest, servers: 4, handlers: 64, throughAWS: true}
	for n := range 3 {
		l.add(max(waves/3, 2)*shippedCap, accountID(100+n), 2, false, takes)
	}
	l.add(2*shippedCap, accountID(0), 2, true, takes)
	return l
}

// million is flood behind a million waiting jobs, of which the first ones are done.
func million(jobs int) load {
	l := load{name: "million", slots: shippedCap, shortest: oneSecond, longest: oneSecond, window: 10 * time.Second, servers: 4, handlers: 128}
	l.add(jobs, flooder, spreadGroups, false, always(oneSecond))
	for n := range smallAccounts {
		l.add(2*shippedCap, accountID(n), 1, true, always(oneSecond))
	}
	return l
}

// without returns the load without its crowd.
func (l load) without() load {
	alone := l
	alone.works, alone.window = nil, 0
	for _, w := range l.works {
		if w.small {
			alone.works = append(alone.works, w)
		}
	}
	return alone
}

// awaited returns the jobs whose end ends the run.
func (l load) awaited() []work {
	if l.window == 0 {
		return l.works
	}
	return l.without().works
}

// ideal is the least time the awaited jobs can take within the caps.
func (l load) ideal() time.Duration {
	total, longest := map[string]time.Duration{}, time.Duration(0)
	count := map[string]int{}
	for _, w := range l.awaited() {
		total[w.job.Account] += w.takes
		count[w.job.Account]++
		longest = max(longest, w.takes)
	}
	least := longest
	for account, sum := range total {
		if l.shortest == l.longest { // whole waves
			least = max(least, time.Duration((count[account]+l.slots-1)/l.slots)*l.longest)
		}
		least = max(least, sum/time.Duration(l.slots))
	}
	return least
}

// wavesOfBacklog is how often an account with a backlog could fill its slots at least:
// with fewer, what is measured is the beginning.
const wavesOfBacklog = 3

// backlogged returns the accounts whose jobs fill their slots again and again.
func (l load) backlogged() map[string]bool {
	count := map[string]int{}
	for _, w := range l.works {
		count[w.job.Account]++
	}
	more := map[string]bool{}
	for account, n := range count {
		if n >= wavesOfBacklog*l.slots {
			more[account] = true
		}
	}
	return more
}

// meanOperation is how long an operation takes.
func (l load) meanOperation() time.Duration {
	var sum time.Duration
	for _, w := range l.works {
		sum += w.takes
	}
	return sum / time.Duration(max(len(l.works), 1))
}
