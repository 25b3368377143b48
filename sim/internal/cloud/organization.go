package cloud

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/internal/clock"
	"holdfast/resource"
)

// Options describe an organization. The zero value of a field takes its default.
type Options struct {
	Clock     clock.Clock // default: the machine's
	Seed      uint64
	Partition string // default aws
	// Accounts are twelve-digit ids; the first is the management account. Default: one,
	// 111111111111.
	Accounts []string
	Regions  []string // default eu-central-1 and eu-west-1
	// Suspended accounts are listed, and refuse every call.
	Suspended []string
	// Lag is how long a new thing is missing from listings. Default none.
	Lag time.Duration
	// Pace multiplies how long operations take. Default 1.
	Pace float64
	// Unthrottled switches the token buckets off.
	Unthrottled bool
	// Rates are the chances of random faults.
	Rates Rates
	// Quotas overrides AWS's defaults by name: ec2:snapshot-copies, rds:manual-snapshots,
	// rds:snapshot-copies, dynamodb:restores and more: each service's package names its
	// own. Other names are refused.
	Quotas map[string]int
	// RetryBackoff caps the SDK's wait between attempts of one call, in real time.
	// Default: the SDK's own 20 s.
	RetryBackoff time.Duration
	// Watch, if set, is told of every IAM action that a call of a session needed, allowed
	// or not. It must not block.
	Watch func(caller Session, action string)
	// Services are what the organization has; package sim fills them in.
	Services []Service
}

// Organization is a simulated AWS organization. It is safe for concurrent use.
type Organization struct {
	options  Options
	clock    clock.Clock
	seed     *seed
	accounts map[string]bool // to: active
	regions  map[string]bool
	services []*hosted
	byID     map[string]*hosted
	quotas   map[string]int
	buckets  buckets
	faults   faults
	running  gauges
	ledger   ledger
	lag      atomic.Int64 // time.Duration
	roles    roles
}

// hosted is a service with its lock and its operations by name.
type hosted struct {
	Service
	Definition
	mu         *sync.Mutex // shared by the services of one name, which have one state
	operations map[string]Operation
}

// New builds an organization. It refuses options no organization can have.
func New(options Options) (*Organization, error) {
	options = withDefaults(options)
	o := &Organization{
		options: options, clock: options.Clock, seed: newSeed(options.Seed),
		accounts: map[string]bool{}, regions: map[string]bool{}, byID: map[string]*hosted{}, quotas: map[string]int{},
		buckets: buckets{levels: map[bucketKey]level{}},
		running: gauges{running: map[Gauge]map[string]time.Time{}, most: map[Gauge]int{}},
		roles:   roles{set: map[string]Role{}},
		ledger:  ledger{calls: map[string]int{}, throttled: map[string]int{}, unnamed: map[string]int{}},
	}
	o.faults = faults{rates: options.Rates, seed: o.seed}
	o.SetLag(options.Lag)
	if !resource.ValidPartition(options.Partition) {
		return nil, fmt.Errorf("simulated organization: unknown partition %q", options.Partition)
	}
	for _, a := range options.Accounts {
		if !resource.ValidAccount(a) {
			return nil, fmt.Errorf("simulated organization: account %q is not twelve digits", a)
		}
		o.accounts[a] = !slices.Contains(options.Suspended, a)
	}
	for _, r := range options.Regions {
		o.regions[r] = true
	}
	for _, s := range options.Services {
		o.host(s)
	}
	for name, limit := range options.Quotas {
		if _, known := o.quotas[name]; !known {
			return nil, fmt.Errorf("simulated organization: unknown quota %q: use one of %v", name, slices.Sorted(maps.Keys(o.quotas)))
		}
		o.quotas[name] = limit
	}
	return o, nil
}

func withDefaults(o Options) Options {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if len(o.Accounts) == 0 {
		o.Accounts = []string{"111111111111"}
	}
	if len(o.Regions) == 0 {
		o.Regions = []string{"eu-central-1", "eu-west-1"}
	}
	o.Partition = cmp.Or(o.Partition, "aws")
	o.Pace = cmp.Or(o.Pace, 1)
	return o
}

func (o *Organization) host(s Service) {
	h := &hosted{Service: s, Definition: s.Definition(), mu: new(sync.Mutex), operations: map[string]Operation{}}
	for _, other := range o.services {
		if other.Name == h.Name {
			h.mu = other.mu
		}
	}
	for _, op := range h.Operations {
		h.operations[op.Name] = op
	}
	maps.Copy(o.quotas, h.Quotas)
	o.services = append(o.services, h)
	o.byID[h.ID] = h
}

// SetLag replaces how long a new thing is missing from listings, of things made before as well.
func (o *Organization) SetLag(d time.Duration) { o.lag.Store(int64(d)) }

// Accounts returns the account ids, the management account first.
func (o *Organization) Accounts() []string { return slices.Clone(o.options.Accounts) }

// Regions returns the regions.
func (o *Organization) Regions() []string { return slices.Clone(o.options.Regions) }

// Partition returns the partition everything is in.
func (o *Organization) Partition() string { return o.options.Partition }

// Now returns the organization's time.
func (o *Organization) Now() time.Time { return o.clock.Now() }

// Create puts a resource into the organization as if it had always been there, and
// returns its ARN. It is no API call and is in no ledger.
func (o *Organization) Create(b Blueprint) (string, error) {
	place := Place{b.Account, b.Region}
	if _, ok := o.accounts[b.Account]; !ok || !o.regions[b.Region] {
		return "", fmt.Errorf("create %s: the organization has no account %q with region %q", b.Kind, b.Account, b.Region)
	}
	for _, s := range o.services {
		if slices.Contains(s.Kinds, b.Kind) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.Create(o.call(context.Background(), place), b)
		}
	}
	return "", fmt.Errorf("create %s: no simulated service has this kind", b.Kind)
}

// Remove makes the resource or artefact with an ARN vanish behind everybody's back, and
// reports whether it was there.
func (o *Organization) Remove(arn string) bool {
	parsed, err := resource.ParseARN(arn)
	if err != nil {
		return false
	}
	c := o.call(context.Background(), Place{parsed.Account, parsed.Region})
	for _, s := range o.services {
		if (s.Name == parsed.Service || s.Name == backupName) && s.remove(c, arn) {
			return true
		}
	}
	return false
}

// backupName is AWS Backup, whose recovery points may have ARNs of other services.
const backupName = "backup"

func (h *hosted) remove(c *Call, arn string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Remove(c, arn)
}

func (o *Organization) call(ctx context.Context, p Place) *Call {
	return &Call{Context: ctx, Place: p, Partition: o.options.Partition, Now: o.clock.Now(), org: o}
}
