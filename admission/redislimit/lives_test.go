package redislimit_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/admission"
	"holdfast/admission/redislimit"
)

// TestEveryJobEndsWhateverCrashes leads jobs through their lives beside a catalog and a
// queue: processes die between any two steps, tasks are delivered twice or run again by an
// operator, Redis is emptied. No cap is exceeded by what is running, a replaced grant never
// begins, and once the crashes stop every job ends: nobody is lost and nobody waits for a
// slot that nobody gives back.
func TestEveryJobEndsWhateverCrashes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
		ctx := testContext(t)
		rapid.Check(t, func(rt *rapid.T) {
			f := newFleet(ctx, c, client, rt)
			rt.Repeat(map[string]func(*rapid.T){
				"submit":  f.submit,
				"deliver": f.deliver,
				"start":   f.deliver,
				"replay":  f.replay,
				"end":     f.end,
				"leader":  f.lead,
				"empty":   f.emptied,
				"":        f.check,
			})
			f.calm(rt)
		})
	})
}

// fleet is what stands around the waiting room. A step that crashes leaves out the rest
// of what it had to do.
type fleet struct {
	ctx     context.Context
	c       *redislimit.Controller
	client  redis.UniversalClient
	epoch   int64
	caps    admission.Caps
	jobs    map[string]*life
	queue   []admission.Grant
	seen    []admission.Grant // every grant there ever was
	crashes bool
}

// life is a job as the catalog knows it.
type life struct {
	request   admission.Request
	submitted int64 // the epoch it was submitted under
	running   bool
	ended     bool
}

func newFleet(ctx context.Context, c *redislimit.Controller, client redis.UniversalClient, t *rapid.T) *fleet {
	f := &fleet{ctx: ctx, c: c, client: client, jobs: map[string]*life{}, crashes: true}
	f.caps = admission.Caps{
		"account=*": rapid.IntRange(1, 3).Draw(t, "account"), "quota=*": rapid.IntRange(1, 2).Draw(t, "quota"),
		"fleet=all": rapid.IntRange(1, 4).Draw(t, "fleet"), "weight=111111111111": rapid.IntRange(1, 5).Draw(t, "weight"),
	}
	for _, id := range jobIDs {
		f.jobs[id] = &life{request: drawRequest(t, id)}
	}
	f.emptied(t)
	return f
}

// crash says whether the process dies now.
func (f *fleet) crash(t *rapid.T, where string) bool {
	return f.crashes && rapid.IntRange(0, 3).Draw(t, "crash "+where) == 0
}

// enqueue is what a process does with grants, unless it dies first.
func (f *fleet) enqueue(t *rapid.T, grants []admission.Grant, err error) {
	if err != nil {
		t.Fatal(err)
	}
	f.seen = append(f.seen, grants...)
	for _, g := range grants {
		if f.crash(t, "before the task is enqueued") {
			return
		}
		f.put(g)
	}
}

// put enqueues a task as asynq does: an id that exists is refused.
func (f *fleet) put(g admission.Grant) {
	if !slices.Contains(f.queue, g) {
		f.queue = append(f.queue, g)
	}
}

// submit submits jobs that are not in the room of this epoch, as the leader does.
func (f *fleet) submit(t *rapid.T) {
	var ids []string
	var requests []admission.Request
	for _, id := range jobIDs {
		if j := f.jobs[id]; !j.running && !j.ended && j.submitted < f.epoch {
			ids, requests = append(ids, id), append(requests, j.request)
		}
	}
	if len(ids) > 1 && f.crashes {
		n := rapid.IntRange(1, len(ids)).Draw(t, "how many")
		ids, requests = ids[:n], requests[:n]
	}
	grants, err := f.c.Submit(f.ctx, requests)
	f.enqueue(t, grants, err)
	if f.crash(t, "before the submission is noted") {
		return
	}
	for _, id := range ids {
		f.jobs[id].submitted = f.epoch
	}
}

// deliver runs the start task at the head of the queue; asynq delivers it again when its
// worker dies, and sometimes when it does not.
func (f *fleet) deliver(t *rapid.T) {
	if len(f.queue) == 0 {
		t.Skip("the queue is empty")
	}
	g := f.queue[0]
	if done := f.start(t, g); done && !f.crash(t, "before the task is done") {
		f.queue = f.queue[1:]
	}
}

// replay runs a task again that was enqueued once, as an operator may.
func (f *fleet) replay(t *rapid.T) {
	if len(f.seen) == 0 {
		t.Skip("nothing was granted yet")
	}
	f.start(t, rapid.SampledFrom(f.seen).Draw(t, "grant"))
}

// start is a start task; false when its process died on the way.
func (f *fleet) start(t *rapid.T, g admission.Grant) bool {
	j, current := f.jobs[g.JobID], f.holds(t, g)
	grants, err := f.c.Enter(f.ctx, g)
	if !current {
		if !errors.Is(err, admission.ErrStale) {
			t.Fatalf("replaced grant %+v began: error %v", g, err)
		}
		return true
	}
	f.enqueue(t, grants, err)
	if f.crash(t, "before the intent") {
		return false
	}
	if j.ended {
		f.release(t, g.JobID)
		return true
	}
	j.running = true
	return true
}

// holds says whether the room has the job under this generation.
func (f *fleet) holds(t *rapid.T, g admission.Grant) bool {
	e, err := f.c.Explain(f.ctx, g.JobID)
	if err != nil {
		t.Fatal(err)
	}
	return e.Generation == g.Generation
}

// end ends a job that runs, and then frees its slots.
func (f *fleet) end(t *rapid.T) {
	var running []string
	for _, id := range jobIDs {
		if f.jobs[id].running {
			running = append(running, id)
		}
	}
	if len(running) == 0 {
		t.Skip("nothing runs")
	}
	id := rapid.SampledFrom(running).Draw(t, "job")
	f.jobs[id].running, f.jobs[id].ended = false, true
	if !f.crash(t, "before the release") {
		f.release(t, id)
	}
}

func (f *fleet) release(t *rapid.T, id string) {
	grants, err := f.c.Release(f.ctx, id)
	f.enqueue(t, grants, err)
}

// lead does the leader's duties: enqueue grants whose task is missing, free the slots of
// jobs that have ended, give a new task to those that entered and never began.
func (f *fleet) lead(t *rapid.T) {
	stale, err := f.c.StaleGrants(f.ctx, 0, jobCount)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range stale {
		f.put(g)
	}
	holders, _, err := f.c.Holders(f.ctx, 0, jobCount)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range holders {
		switch j := f.jobs[h.JobID]; {
		case j.ended:
			f.release(t, h.JobID)
		case h.Entered && !j.running && !slices.ContainsFunc(f.queue, func(g admission.Grant) bool { return g.JobID == h.JobID }):
			g, err := f.c.Regrant(f.ctx, h.JobID)
			f.enqueue(t, []admission.Grant{g}, err)
		}
	}
	grants, err := f.c.Pump(f.ctx)
	f.enqueue(t, grants, err)
}

// emptied loses all of Redis; the leader brings back what the catalog says is running.
func (f *fleet) emptied(t *rapid.T) {
	if err := f.client.FlushAll(f.ctx).Err(); err != nil {
		t.Fatal(err)
	}
	f.epoch++
	f.queue = nil
	s := admission.Snapshot{Epoch: f.epoch, Caps: f.caps, Window: 4}
	for _, id := range jobIDs {
		if j := f.jobs[id]; j.running {
			s.Holders = append(s.Holders, admission.Holder{
				JobID: id, Group: j.request.Group, Keys: keysOf(j.request), Entered: true,
			})
		}
	}
	if err := f.c.Rebuild(f.ctx, s); err != nil {
		t.Fatal(err)
	}
}

// check fails when more is running than a cap allows.
func (f *fleet) check(t *rapid.T) {
	model := newModel()
	model.caps = f.caps
	running := map[admission.Key]int{}
	for _, j := range f.jobs {
		if j.running {
			for _, key := range keysOf(j.request) {
				running[key]++
			}
		}
	}
	for key, n := range running {
		if slots, limited := model.capOf(key); limited && n > slots {
			t.Fatalf("%d jobs of %s run, its cap is %d", n, key, slots)
		}
	}
}

// calm lets the fleet work without crashes until every job has ended.
func (f *fleet) calm(t *rapid.T) {
	f.crashes = false
	for range 3 * jobCount {
		f.submit(t)
		f.lead(t)
		for len(f.queue) > 0 {
			f.deliver(t)
			f.check(t)
		}
		for _, j := range f.jobs {
			if j.running {
				f.end(t)
				break
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.jobs)) {
		if j := f.jobs[id]; !j.ended {
			e, err := f.c.Explain(f.ctx, id)
			t.Errorf("job %s never ended: running %v, room %+v, %v", id, j.running, e, err)
		}
	}
}
