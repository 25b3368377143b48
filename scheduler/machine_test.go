package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"pgregory.net/rapid"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/engine"
	"holdfast/failure"
	"holdfast/test/rig"
)

// machineCap is how many operations the account may have at once.
const machineCap = 2

// machine lets workers and a leader do a few jobs in any order, and be killed anywhere.
type machine struct {
	*leader
	t     *rapid.T
	taken []*asynq.TaskInfo // tasks that have run and may run once more
	lives int               // workers so far
	open  bool              // the leader has been there since Redis was emptied
}

func TestAnyInterleavingEndsEveryJobWithOneArtefactAtMost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		own := &attempt{TB: t, t: rt}
		defer own.end()
		m := &machine{t: rt, open: true, leader: lead(own, rig.Options{Tokens: rapid.Bool().Draw(rt, "tokens"), Caps: capped(machineCap)})}
		m.plan()
		rt.Repeat(map[string]func(*rapid.T){
			"":           func(*rapid.T) { m.invariants() },
			"work":       func(rt *rapid.T) { m.work(rt, false) },
			"die":        func(rt *rapid.T) { m.work(rt, true) },
			"twice":      m.workTwice,
			"lead":       func(*rapid.T) { m.leadOnce() },
			"new leader": func(*rapid.T) { m.restart(); m.leadOnce() },
			"wait":       func(rt *rapid.T) { m.Advance(time.Duration(rapid.IntRange(1, 120).Draw(rt, "seconds")) * time.Second) },
			"wait long":  func(*rapid.T) { m.Advance(rig.Took) },
			"fault":      m.fault,
			"empty redis": func(*rapid.T) {
				m.Redis.FlushAll()
				m.open = false
			},
		})
		m.drain()
	})
}

// attempt is one attempt of a property: what it opens is closed at its end, and its
// failures are the property's.
type attempt struct {
	testing.TB
	t        *rapid.T
	cleanups []func()
}

func (a *attempt) Cleanup(f func())                  { a.cleanups = append(a.cleanups, f) }
func (a *attempt) Fatal(args ...any)                 { a.t.Fatal(args...) }
func (a *attempt) Fatalf(format string, args ...any) { a.t.Fatalf(format, args...) }

func (a *attempt) end() {
	for _, f := range slices.Backward(a.cleanups) {
		f()
	}
}

// plan inserts backups with copies, a restore and an expiry.
func (m *machine) plan() {
	sources := m.AddResources(4)
	points := m.BackedUp(sources[0], "old", "newer")
	for i, source := range sources {
		job := m.NewBackup(fmt.Sprintf("backup-%d", i), source)
		if i == 1 {
			job.Spec.Copies = []catalog.CopySpec{{Account: rig.Account, Region: rig.AwayRegion, Vault: "dr"}}
		}
		m.Insert(job)
	}
	m.Insert(catalog.NewRestore(catalog.JobID("restore"), points[1], rig.Home(), nil, "somebody", m.Clock.Now()))
	m.Insert(catalog.NewExpiry(points[0], "somebody", m.Clock.Now()))
}

// invariants hold after every step. An operation counts from its call to the end of its
// job; an intent that is being handed back has no slot and no operation any more.
func (m *machine) invariants() {
	artefacts := m.Artefacts()
	jobs, err := m.Store.ListJobs(m.Context(), catalog.JobFilter{Limit: 1000})
	m.must(err)
	operations := 0
	for _, job := range jobs {
		if artefacts[job.ID] > 1 {
			m.t.Fatalf("job %s has %d artefacts", job.ID, artefacts[job.ID])
		}
		if job.Type != driver.Restore && !job.State.Terminal() && (job.Ref != "" || artefacts[job.ID] > 0) {
			operations++
		}
	}
	if operations > machineCap {
		m.t.Fatalf("%d operations at once, the account's cap is %d:\n%s", operations, machineCap, describe(m, jobs))
	}
}

func (m *machine) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

// leadOnce does every duty of the leader once.
func (m *machine) leadOnce() {
	m.pass()
	m.open = true
}

// work runs a pending task on a worker of its own, which may die on the way.
func (m *machine) work(rt *rapid.T, dies bool) {
	pending := m.Tasks()
	if len(pending) == 0 {
		rt.Skip("no task waits")
	}
	task := rapid.SampledFrom(pending).Draw(rt, "task")
	m.Take(task)
	m.taken = append(m.taken, task)
	steps := 1000
	if dies {
		steps = rapid.IntRange(0, 8).Draw(rt, "steps")
	}
	m.run(task, steps)
}

// workTwice runs a task that has run before, as asynq may.
func (m *machine) workTwice(rt *rapid.T) {
	if len(m.taken) == 0 {
		rt.Skip("no task has run")
	}
	m.run(rapid.SampledFrom(m.taken).Draw(rt, "task"), rapid.IntRange(1, 20).Draw(rt, "steps"))
}

// run does the task on a worker that lives for that many steps. A task that fails is
// enqueued again by asynq in time; here it is not, which is worse.
func (m *machine) run(task *asynq.TaskInfo, steps int) {
	m.lives++
	life := &life{left: steps}
	e := m.NewEngine(fmt.Sprintf("worker-%d", m.lives), mortalStore{m.Store, life}, mortalSlots{m.Queue, life})
	if err := m.Run(e, task); err != nil && !errors.Is(err, errDead) {
		m.t.Fatalf("task %s: %v", task.ID, err)
	}
}

// fault makes the next call of a sort fail.
func (m *machine) fault(rt *rapid.T) {
	m.Cloud.Inject(conformance.Fault{
		Method: rapid.SampledFrom([]conformance.Method{conformance.Start, conformance.Copy, conformance.Restore, conformance.Delete, conformance.Find, conformance.Look}).Draw(rt, "method"),
		Effect: rapid.SampledFrom([]conformance.Effect{conformance.Refuse, conformance.Lose}).Draw(rt, "effect"),
		Class:  rapid.SampledFrom([]failure.Class{failure.Throttled, failure.Busy, failure.Transient, failure.Denied}).Draw(rt, "class"),
		Times:  1,
	})
}

// drainPasses is how often a drain lets two minutes pass before it gives up.
const drainPasses = 60

// drain lets everything end undisturbed and looks at what is left.
func (m *machine) drain() {
	var jobs []catalog.Job
	for pass := 0; ; pass++ {
		m.leadOnce()
		for _, task := range m.Tasks() {
			m.Take(task)
			m.run(task, 1000)
		}
		m.invariants()
		var err error
		jobs, err = m.Store.ListJobs(m.Context(), catalog.JobFilter{Limit: 1000})
		m.must(err)
		if !slices.ContainsFunc(jobs, func(j catalog.Job) bool { return !j.State.Terminal() }) {
			break
		}
		if pass == drainPasses {
			m.t.Fatalf("after two hours some jobs have not ended:\n%s", describe(m, jobs))
		}
		m.Advance(2 * time.Minute)
	}
	m.Advance(time.Minute) // slots of jobs that ended while their worker died are repaired
	m.leadOnce()
	m.checkEnd(jobs)
}

// checkEnd compares the catalog with AWS.
func (m *machine) checkEnd(jobs []catalog.Job) {
	artefacts := m.Artefacts()
	for _, job := range jobs {
		want := 0
		if point, ok := m.Point(job.ID); job.Type == driver.Restore && job.State == catalog.Completed || ok && point.State == catalog.Available {
			want = 1
		}
		if artefacts[job.ID] != want {
			m.t.Fatalf("job %s (%s, %s) has %d artefacts, want %d", job.ID, job.Type, job.State, artefacts[job.ID], want)
		}
	}
	holders, _, err := m.Controller.Holders(m.Context(), 0, 1000)
	m.must(err)
	if len(holders) > 0 {
		m.t.Fatalf("slots are held for nothing: %+v", holders)
	}
}

// errDead is what a worker sees that was killed: nothing it does has an effect any more.
var errDead = errors.New("killed")

// life counts down the steps of a worker.
type life struct {
	mu   sync.Mutex
	left int
}

func (l *life) step() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left <= 0 {
		return errDead
	}
	l.left--
	return nil
}

// mortalSlots is admission as a worker sees it that may be killed.
type mortalSlots struct {
	engine.Slots
	life *life
}

func (s mortalSlots) Enter(ctx context.Context, g admission.Grant) error {
	if err := s.life.step(); err != nil {
		return err
	}
	return s.Slots.Enter(ctx, g)
}

func (s mortalSlots) Release(ctx context.Context, ids ...string) error {
	if err := s.life.step(); err != nil {
		return err
	}
	return s.Slots.Release(ctx, ids...)
}

// mortalStore is the catalog as a worker sees it that may be killed.
type mortalStore struct {
	engine.Store
	life *life
}

func (s mortalStore) Job(ctx context.Context, id string) (catalog.Job, error) {
	if err := s.life.step(); err != nil {
		return catalog.Job{}, err
	}
	return s.Store.Job(ctx, id)
}

func (s mortalStore) Commit(ctx context.Context, m catalog.Mutation) (catalog.Job, error) {
	if err := s.life.step(); err != nil {
		return catalog.Job{}, err
	}
	return s.Store.Commit(ctx, m)
}

func (s mortalStore) BeginExpiry(ctx context.Context, m catalog.Mutation, guard catalog.ExpiryGuard) (catalog.Job, error) {
	if err := s.life.step(); err != nil {
		return catalog.Job{}, err
	}
	return s.Store.BeginExpiry(ctx, m, guard)
}

func (s mortalStore) DueJobs(ctx context.Context, g catalog.LookGroup, now time.Time, limit int) ([]catalog.Job, error) {
	if err := s.life.step(); err != nil {
		return nil, err
	}
	return s.Store.DueJobs(ctx, g, now, limit)
}

func (s mortalStore) Postpone(ctx context.Context, looks []catalog.NextLook) error {
	if err := s.life.step(); err != nil {
		return err
	}
	return s.Store.Postpone(ctx, looks)
}

// describe prints the jobs that hold something.
func describe(m *machine, jobs []catalog.Job) (text string) {
	artefacts := m.Artefacts()
	for _, job := range jobs {
		if !job.State.Terminal() {
			text += fmt.Sprintf("%s %s %s v%d ref=%s intent=%s until %s epoch %d attempts %d artefacts %d, %s: %s; admission %+v\n", job.ID, job.Type, job.State,
				job.Version, job.Ref, job.IntentOwner, job.IntentUntil.Format("15:04:05"), job.Epoch, job.Attempts, artefacts[job.ID], job.Class, job.Message, m.Explain(job.ID))
		}
	}
	return text
}
