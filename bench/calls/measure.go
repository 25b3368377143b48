package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/engine"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// Aims: discovery takes at most so many times the fewest listing calls there can be, and a
// backup at most so many calls that start and look.
const (
	aimDiscovery = 1.1
	aimBackup    = 1.3
)

// page is what a listing call that discovery makes can return at most, by the call.
var page = map[string]int{
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
	"ec2:DescribeInstances": 1000,
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html
	"ec2:DescribeVolumes": 500,
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
	"rds:DescribeDBInstances": 100,
	"rds:DescribeDBClusters":  100,
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html
	"dynamodb:ListTables": 100,
	// https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html
	"elasticfilesystem:DescribeFileSystems": 100,
	// FSx has a maximum of its own that it does not tell; this is what it is asked for.
	// https://docs.aws.amazon.com/fsx/latest/APIReference/API_DescribeFileSystems.html
	"fsx:DescribeFileSystems": 100,
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
	"s3:ListBuckets": 1000,
	// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BGW_ListVirtualMachines.html
	"backup-gateway:ListVirtualMachines": 1000,
	// https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_ListVolumes.html
	"storagegateway:ListVolumes": 100,
}

// primary is the call that lists a kind's own resources; others that page has serve its settings.
var primary = map[resource.Kind]string{
	resource.EC2: "ec2:DescribeInstances", resource.EBS: "ec2:DescribeVolumes", resource.RDS: "rds:DescribeDBInstances",
	resource.Aurora: "rds:DescribeDBClusters", resource.Neptune: "rds:DescribeDBClusters", resource.DocDB: "rds:DescribeDBClusters",
}

// begins are the calls with which backups begin and are looked at; all others of a backup
// prepare it.
var begins = []string{"Create", "Start", "Describe", "List"}

// usage is what one driver's work costs in calls.
type usage struct {
	Kind      resource.Kind `json:"kind"`
	Engine    driver.Engine `json:"engine"`
	Resources int           `json:"resources"`
	// Listing are the calls that list the resources, Fewest how many there must be, and
	// Settings those that read what listings do not show.
	Listing  int `json:"listing_calls"`
	Fewest   int `json:"fewest_listing_calls"`
	Settings int `json:"settings_calls"`
	// Jobs is how many backups were in flight at once, Starts and Looks what they took until
	// AWS was seen to have ended all, and PerBackup both over Jobs.
	Jobs      int     `json:"jobs"`
	Starts    int     `json:"start_calls"`
	Looks     int     `json:"look_calls"`
	PerBackup float64 `json:"calls_per_backup"`
	// LeastPerBackup is one start and a look at as many at once as AWS allows.
	LeastPerBackup float64 `json:"least_calls_per_backup"`
	// Missed says which aims were.
	Missed []string `json:"missed,omitempty"`
}

var home = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-west-1"}

// measureAll measures every driver, each on an organization of its own.
func measureAll(ctx context.Context, resources, jobs int) ([]usage, error) {
	var all []usage
	for _, d := range drivers(nil).All() {
		facts := d.Descriptor()
		u, err := measure(ctx, facts.Kind, driver.EngineOf(d), resources, jobs)
		if err != nil {
			return nil, fmt.Errorf("%s by %s: %w", facts.Kind, driver.EngineOf(d), err)
		}
		all = append(all, u)
	}
	return all, nil
}

func drivers(org *sim.Organization) *driver.Registry {
	if org == nil {
		return all.New(nil)
	}
	return all.New(org.Provider())
}

// lab is an organization with resources of one kind.
type lab struct {
	org    *sim.Organization
	clock  *clock.Manual
	driver driver.Driver
}

func newLab(kind resource.Kind, e driver.Engine, resources int) (*lab, error) {
	l := &lab{clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
	var err error
	l.org, err = sim.New(sim.Options{
		Clock: l.clock, Accounts: []string{home.Account}, Regions: []string{home.Region}, Unthrottled: true,
		Quotas: map[string]int{"rds:manual-snapshots": 1 << 20, "rds:manual-cluster-snapshots": 1 << 20, "fsx:backups": 1 << 20},
	})
	if err != nil {
		return nil, err
	}
	for i := range resources {
		if _, err := l.org.Create(sim.Blueprint{Kind: kind, Account: home.Account, Region: home.Region, Name: fmt.Sprintf("bench-%06d", i)}); err != nil {
			return nil, err
		}
	}
	l.driver, _ = drivers(l.org).For(kind, e)
	return l, nil
}

// spent returns the calls that work takes, by service:Operation.
func (l *lab) spent(work func() error) (map[string]int, error) {
	before := l.org.Calls()
	err := work()
	spent := map[string]int{}
	for call, n := range l.org.Calls() {
		if n -= before[call]; n > 0 {
			spent[call] = n
		}
	}
	return spent, err
}

func measure(ctx context.Context, kind resource.Kind, e driver.Engine, resources, jobs int) (usage, error) {
	u := usage{Kind: kind, Engine: e, Resources: resources, Jobs: jobs}
	l, err := newLab(kind, e, resources)
	if err != nil {
		return u, err
	}
	var found []resource.Resource
	spent, err := l.spent(func() error {
		return l.driver.Discover(ctx, home, func(r resource.Resource) error {
			found = append(found, r)
			return nil
		})
	})
	if err != nil || len(found) != resources {
		return u, fmt.Errorf("discovered %d of %d: %w", len(found), resources, err)
	}
	u.discovered(spent)
	if err := l.backUp(ctx, found[:min(jobs, len(found))], &u); err != nil {
		return u, err
	}
	u.judge()
	return u, nil
}

// discovered splits the calls of a discovery.
func (u *usage) discovered(spent map[string]int) {
	for call, n := range spent {
		size := page[call]
		if first := primary[u.Kind]; size == 0 || first != "" && first != call {
			u.Settings += n
			continue
		}
		u.Listing += n
		u.Fewest = (u.Resources + size - 1) / size
	}
}

// backUp starts a backup of each resource at once and looks at them as the engine does,
// until all have ended.
func (l *lab) backUp(ctx context.Context, resources []resource.Resource, u *usage) error {
	due := map[driver.Ref]time.Time{}
	began := l.clock.Now()
	spent, err := l.spent(func() error {
		for i, r := range resources {
			ref, err := l.driver.Start(ctx, driver.StartRequest{Scope: home, Resource: r, Vault: "default", Mark: driver.Mark{
				Installation: "bench", JobID: fmt.Sprintf("%026d", i), SourceARN: r.ARN, CreatedAt: began,
			}})
			if err != nil {
				return fmt.Errorf("start: %w", err)
			}
			due[ref] = began.Add(engine.LookInterval(0))
		}
		return nil
	})
	if err != nil {
		return err
	}
	u.Starts = counted(spent, "Create", "Start")
	spent, err = l.spent(func() error { return l.lookUntilEnded(ctx, began, due) })
	u.Looks = counted(spent, begins...)
	u.PerBackup = float64(u.Starts+u.Looks) / float64(u.Jobs)
	u.LeastPerBackup = 1 + 1/float64(l.driver.Descriptor().LookMax)
	return err
}

// tick is how often the leader asks for looks.
const tick = 10 * time.Second

func (l *lab) lookUntilEnded(ctx context.Context, began time.Time, due map[driver.Ref]time.Time) error {
	for rounds := 0; len(due) > 0; rounds++ {
		if rounds > 100_000 {
			return fmt.Errorf("%d backups never end", len(due))
		}
		l.clock.Advance(tick)
		now := l.clock.Now()
		var refs []driver.Ref
		for ref, at := range due {
			if !at.After(now) {
				refs = append(refs, ref)
			}
		}
		slices.Sort(refs)
		for chunk := range slices.Chunk(refs, l.driver.Descriptor().LookMax) {
			seen, err := l.driver.Look(ctx, driver.LookRequest{Scope: home, Operation: driver.Backup, Refs: chunk, Since: began})
			if err != nil {
				return fmt.Errorf("look: %w", err)
			}
			for _, ref := range chunk {
				if state := seen[ref].State; state == driver.Succeeded || state == driver.Failed {
					delete(due, ref)
				} else {
					due[ref] = now.Add(engine.LookInterval(now.Sub(began)))
				}
			}
		}
	}
	return nil
}

// counted sums the calls whose operation begins with one of verbs.
func counted(spent map[string]int, verbs ...string) (n int) {
	for call, times := range spent {
		_, operation, _ := strings.Cut(call, ":")
		if slices.ContainsFunc(verbs, func(verb string) bool { return strings.HasPrefix(operation, verb) }) {
			n += times
		}
	}
	return n
}

// judge notes the aims that were missed.
func (u *usage) judge() {
	if float64(u.Listing) > aimDiscovery*float64(cmp.Or(u.Fewest, 1)) {
		u.Missed = append(u.Missed, fmt.Sprintf("discovery takes more than %.1f times the fewest calls", aimDiscovery))
	}
	if u.PerBackup > aimBackup {
		u.Missed = append(u.Missed, fmt.Sprintf("a backup takes more than %.1f calls", aimBackup))
	}
}
