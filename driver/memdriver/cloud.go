package memdriver

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// Options shapes a Cloud. The zero value of each field has a default.
type Options struct {
	Kind  resource.Kind // the kind the driver says it is; default ebs
	Clock clock.Clock   // default the machine's
	// Tokens makes creating calls take an idempotency token, as ec2:CreateVolume does.
	// Without, they make something new each time, as ec2:CreateSnapshot does.
	Tokens bool
	// Moves makes points move to cold storage when somebody asks, and back for a restore, as
	// snapshots of EBS do. Without, they move by the lifecycle they were made with.
	Moves bool
	Page  int           // items a listing call returns at most; default 4
	Took  time.Duration // how long an operation takes; default 10 minutes
	// Lag is how long a new item stays out of listings; default a minute.
	Lag time.Duration
}

func (o Options) withDefaults() Options {
	if o.Kind == "" {
		o.Kind = resource.EBS
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Page == 0 {
		o.Page = 4
	}
	if o.Took == 0 {
		o.Took = 10 * time.Minute
	}
	if o.Lag == 0 {
		o.Lag = time.Minute
	}
	return o
}

// family is what an item is.
type family string

const (
	points family = "point"
	things family = "thing" // the resources that are backed up
)

// item is a recovery point or a resource.
type item struct {
	family    family
	scope     resource.Scope
	ref       driver.Ref
	token     string
	tags      map[string]string
	sizeGiB   int
	key       string // KMS key, empty: not encrypted
	createdAt time.Time
	readyAt   time.Time
	visibleAt time.Time
	coldAt    time.Time       // when it moves to cold storage, zero for never
	warmAt    time.Time       // when it is back for a restore, zero: nobody asked
	shared    map[string]bool // accounts that may copy it
	failed    bool
	deleted   bool
	stopped   bool // while it was made; then it is deleted, too
}

func (i *item) arn() string {
	return resource.ARN{
		Partition: i.scope.Partition, Service: "mem", Region: i.scope.Region,
		Account: i.scope.Account, Resource: string(i.family) + "/" + string(i.ref),
	}.String()
}

// cold reports whether the point lies in cold storage.
func (i *item) cold(now time.Time) bool { return !i.coldAt.IsZero() && !i.coldAt.After(now) }

// Cloud is the service: accounts, regions and what is in them. It is safe for concurrent
// use.
type Cloud struct {
	opts Options

	mu     sync.Mutex
	items  []*item
	faults map[int]*conformance.Fault // in force, by the number of Inject
	next   int                        // numbers items and faults
	doomed map[driver.Operation]int   // operations still to fail, by type
	calls  conformance.Calls
}

// NewCloud returns an empty cloud.
func NewCloud(o Options) *Cloud {
	return &Cloud{opts: o.withDefaults(), faults: map[int]*conformance.Fault{}, doomed: map[driver.Operation]int{}}
}

// Inject makes the calls of one method meet f until lift is called.
func (c *Cloud) Inject(f conformance.Fault) (lift func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	id := c.next
	c.faults[id] = &f
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.faults, id)
	}
}

// FailNext makes the next operation of type op end in failure.
func (c *Cloud) FailNext(op driver.Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doomed[op]++
}

// Calls counts the requests that arrived.
func (c *Cloud) Calls() conformance.Calls {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// AddResources makes n resources in scope, visible at once.
func (c *Cloud) AddResources(scope resource.Scope, n int) []resource.Resource {
	c.mu.Lock()
	defer c.mu.Unlock()
	var made []resource.Resource
	for range n {
		i := c.add(item{family: things, scope: scope, sizeGiB: 8, tags: map[string]string{"team": "orders", "backup": "daily"}})
		i.readyAt, i.visibleAt = i.createdAt, i.createdAt
		made = append(made, asResource(c.opts.Kind, *i))
	}
	return made
}

// AddPoint makes a completed recovery point with the tags, as somebody else would.
func (c *Cloud) AddPoint(scope resource.Scope, tags map[string]string) driver.Ref {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.add(item{family: points, scope: scope, tags: maps.Clone(tags)})
	i.readyAt = i.createdAt
	return i.ref
}

// RemovePoint deletes a recovery point, whoever made it.
func (c *Cloud) RemovePoint(scope resource.Scope, ref driver.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.get(points, scope, ref); i != nil {
		i.deleted = true
	}
}

// Points returns the recovery points of scope, seen or not.
func (c *Cloud) Points(scope resource.Scope) []conformance.Item { return c.there(points, scope) }

// Resources returns the resources of scope, seen or not.
func (c *Cloud) Resources(scope resource.Scope) []conformance.Item { return c.there(things, scope) }

func (c *Cloud) there(s family, scope resource.Scope) []conformance.Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	var there []conformance.Item
	for _, i := range c.items {
		if i.family == s && i.scope == scope && !i.deleted {
			there = append(there, conformance.Item{Ref: i.ref, Tags: maps.Clone(i.tags), SharedWith: slices.Sorted(maps.Keys(i.shared))})
		}
	}
	return there
}

// add puts a new item into the cloud; c.mu is held.
func (c *Cloud) add(i item) *item {
	c.next++
	now := c.opts.Clock.Now()
	i.ref = driver.Ref(fmt.Sprintf("%s-%06d", i.family, c.next))
	i.createdAt, i.readyAt, i.visibleAt = now, now.Add(c.opts.Took), now.Add(c.opts.Lag)
	c.items = append(c.items, &i)
	return &i
}

// get returns the item that is there, or nil; c.mu is held.
func (c *Cloud) get(s family, scope resource.Scope, ref driver.Ref) *item {
	for _, i := range c.items {
		if i.family == s && i.scope == scope && i.ref == ref && !i.deleted {
			return i
		}
	}
	return nil
}

// call is the arrival of one request. It returns with c.mu held when the request may be
// carried out; lost is whether its answer then gets lost.
func (c *Cloud) call(ctx context.Context, m conformance.Method, op string, mutating bool) (lost bool, err error) {
	if err := ctx.Err(); err != nil { // the client sends nothing
		return false, refusal(failure.Transient, op, err)
	}
	c.mu.Lock()
	c.calls.All++
	if mutating {
		c.calls.Mutating++
	}
	f := c.meets(m, mutating)
	switch f.Effect {
	case conformance.Refuse:
		c.mu.Unlock()
		return false, refusal(f.Class, op, fmt.Errorf("refused as %s", f.Class))
	case conformance.Hang:
		c.mu.Unlock()
		<-ctx.Done()
		return false, refusal(failure.Transient, op, ctx.Err())
	default:
		return f.Effect == conformance.Lose, nil
	}
}

// meets returns the fault a call of m meets; c.mu is held.
func (c *Cloud) meets(m conformance.Method, mutating bool) conformance.Fault {
	for _, id := range slices.Sorted(maps.Keys(c.faults)) {
		f := c.faults[id]
		switch {
		case f.Method != m, f.Effect == conformance.Lose && !mutating:
		case f.Skip > 0:
			f.Skip--
		case f.Times == 1:
			delete(c.faults, id)
			return *f
		default:
			f.Times = max(f.Times-1, 0)
			return *f
		}
	}
	return conformance.Fault{}
}

func refusal(class failure.Class, op string, err error) error {
	return &failure.Error{Class: class, Op: op, Err: err}
}
