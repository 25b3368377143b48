// Package rig puts one installation together in a test's process: a catalog on SQLite,
// admission and the queue on an in-process Redis, AWS in memory, and one clock that moves
// when told to. Nothing runs by itself: a test takes tasks from the queue and runs them,
// so it decides what happens in which order and what is lost.
package rig

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/driver/memdriver"
	"holdfast/engine"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/producer"
	"holdfast/resource"
)

// Names every rig uses.
const (
	Installation = "acme"
	Account      = "111122223333"
	HomeRegion   = "eu-central-1"
	AwayRegion   = "eu-west-1"
)

// The times of the simulated AWS and of the engines.
const (
	Took        = 10 * time.Minute // an AWS operation takes
	Lag         = time.Minute      // a new artefact stays out of listings
	CallTimeout = 30 * time.Second
)

// Start is when a rig's clock begins.
func Start() time.Time { return time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC) }

// Home is where the resources are, Away where copies go.
func Home() resource.Scope { return scope(HomeRegion) }

// Away is where copies go.
func Away() resource.Scope { return scope(AwayRegion) }

func scope(region string) resource.Scope {
	return resource.Scope{Partition: "aws", Account: Account, Region: region}
}

// Options shape a rig.
type Options struct {
	Tokens bool           // AWS takes idempotency tokens, so look-ups are consistent
	Moves  bool           // points move to cold storage when asked to, not by AWS itself
	Kind   resource.Kind  // of the resources; default ebs
	Caps   admission.Caps // nil: none
	// Wrap, when set, replaces the driver over the cloud by what it returns.
	Wrap func(driver.Driver) driver.Driver
}

// Rig is one installation in pieces. Its methods fail the test on errors.
type Rig struct {
	TB         testing.TB
	Clock      *clock.Manual
	Store      *sqlstore.Store
	Redis      *miniredis.Miniredis
	Client     redis.UniversalClient
	Controller *redislimit.Controller
	Queue      *producer.Producer
	Inspector  *asynq.Inspector
	Cloud      *memdriver.Cloud
	Drivers    *driver.Registry
	Engine     *engine.Engine

	caps admission.Caps
}

// New returns a rig whose admission is open under epoch 1.
func New(tb testing.TB, o Options) *Rig {
	tb.Helper()
	r := &Rig{TB: tb, Clock: clock.NewManual(Start()), caps: o.Caps}
	r.openCatalog()
	r.openRedis()
	r.Cloud = memdriver.NewCloud(memdriver.Options{Clock: r.Clock, Kind: o.Kind, Tokens: o.Tokens, Moves: o.Moves, Took: Took, Lag: Lag})
	var d driver.Driver = memdriver.New(r.Cloud)
	if o.Wrap != nil {
		d = o.Wrap(d)
	}
	r.Drivers = driver.NewRegistry(d)
	r.Engine = r.NewEngine("worker-1", r.Store, r.Queue)
	r.OpenEpoch()
	return r
}

func (r *Rig) openCatalog() {
	r.TB.Helper()
	store, err := sqlstore.Open(r.Context(), filepath.Join(r.TB.TempDir(), "catalog.db"), sqlstore.Options{Clock: r.Clock})
	r.Must(err)
	r.TB.Cleanup(func() { _ = store.Close() })
	r.Store = store
	_, err = store.Installation(r.Context(), Installation)
	r.Must(err)
}

func (r *Rig) openRedis() {
	r.TB.Helper()
	r.Redis = testkit.Miniredis(r.TB)
	r.Redis.SetTime(r.Clock.Now())
	r.Client = redis.NewClient(&redis.Options{Addr: r.Redis.Addr()})
	r.TB.Cleanup(func() { _ = r.Client.Close() })
	r.Controller = redislimit.New(r.Client, redislimit.Options{Installation: Installation})
	r.Inspector = asynq.NewInspectorFromRedisClient(r.Client)
	r.Queue = r.NewQueue()
}

// NewQueue returns the producer of one more process.
func (r *Rig) NewQueue() *producer.Producer {
	newClient := func() *asynq.Client { return asynq.NewClientFromRedisClient(r.Client) }
	return producer.New(r.Store, r.Controller, newClient, r.Inspector, zerolog.Nop())
}

// NewEngine returns the engine of one more worker process.
func (r *Rig) NewEngine(owner string, store engine.Store, slots engine.Slots) *engine.Engine {
	return engine.New(store, r.Drivers, slots, r.Clock, zerolog.Nop(), engine.Options{
		Installation: Installation, Owner: owner, CallTimeout: CallTimeout,
	})
}

// Context is background: a rig has no time limits of its own.
func (r *Rig) Context() context.Context { return context.Background() }

// Must fails the test when err is set.
func (r *Rig) Must(err error) {
	r.TB.Helper()
	if err != nil {
		r.TB.Fatal(err)
	}
}

// Advance moves every clock there is.
func (r *Rig) Advance(d time.Duration) {
	r.Clock.Advance(d)
	r.Redis.SetTime(r.Clock.Now())
}

// OpenEpoch does what a leader does with an emptied Redis, for the caps of the options.
func (r *Rig) OpenEpoch() int64 {
	r.TB.Helper()
	known, err := r.Store.Epoch(r.Context())
	r.Must(err)
	epoch, err := r.Store.BumpEpoch(r.Context(), known)
	r.Must(err)
	jobs, err := r.Store.Holders(r.Context(), "", 1000)
	r.Must(err)
	holders := make([]admission.Holder, len(jobs))
	for i, job := range jobs {
		request := producer.NewRequest(job, nil)
		holders[i] = admission.Holder{JobID: job.ID, Group: request.Group, Keys: request.Keys, Since: r.Clock.Now(), Entered: true}
	}
	r.Must(r.Controller.Rebuild(r.Context(), admission.Snapshot{Epoch: epoch, Caps: r.caps, Window: 1000, Holders: holders}))
	return epoch
}

// Submit does what a leader does with jobs that wait.
func (r *Rig) Submit() {
	r.TB.Helper()
	epoch, err := r.Store.Epoch(r.Context())
	r.Must(err)
	jobs, err := r.Store.Submittable(r.Context(), epoch, r.Clock.Now(), 1000)
	r.Must(err)
	r.Must(r.Queue.Submit(r.Context(), jobs, epoch))
}

// Explain returns where admission has a job.
func (r *Rig) Explain(jobID string) admission.Explanation {
	r.TB.Helper()
	e, err := r.Controller.Explain(r.Context(), jobID)
	r.Must(err)
	return e
}

// Look observes every job that is due with e.
func (r *Rig) Look(e *engine.Engine) {
	r.TB.Helper()
	groups, err := r.Store.DueLooks(r.Context(), r.Clock.Now(), 1000)
	r.Must(err)
	for _, g := range groups {
		r.Must(e.Look(r.Context(), g))
	}
}

// Job returns a job as the catalog has it.
func (r *Rig) Job(id string) catalog.Job {
	r.TB.Helper()
	job, err := r.Store.Job(r.Context(), id)
	r.Must(err)
	return job
}

// Point returns a recovery point; ok is false when the catalog has none of that id.
func (r *Rig) Point(id string) (p catalog.RecoveryPoint, ok bool) {
	r.TB.Helper()
	p, err := r.Store.Point(r.Context(), id)
	if errors.Is(err, catalog.ErrNotFound) {
		return p, false
	}
	r.Must(err)
	return p, true
}
