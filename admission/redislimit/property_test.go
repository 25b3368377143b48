package redislimit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/admission"
	"holdfast/admission/redislimit"
)

// TestRoomBehavesLikeTheModel makes random calls and compares the whole room with the
// model after each: caps are never exceeded, every job is in exactly one place, nobody is
// lost, and once Pump has nothing more, nobody waits who could go.
func TestRoomBehavesLikeTheModel(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
		ctx := testContext(t)
		rapid.Check(t, func(rt *rapid.T) {
			w := &walk{ctx: ctx, c: c, client: client, model: newModel()}
			w.start(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"submit":  w.submit,
				"submit2": w.submit,
				"enter":   w.enter,
				"again":   w.enterAgain,
				"release": w.release,
				"cancel":  w.cancel,
				"regrant": w.regrant,
				"caps":    w.setCaps,
				"window":  w.setWindow,
				"rebuild": w.rebuild,
				"pump":    w.pump,
				"":        w.check,
			})
		})
	})
}

// walk is one random walk. Grants are kept by the model only: whether their caller heard
// of them or crashed makes no difference to the room.
type walk struct {
	ctx    context.Context
	c      *redislimit.Controller
	client redis.UniversalClient
	model  *model
	old    []admission.Grant // generations that were replaced
}

const jobCount = 14

var jobIDs = func() []string {
	ids := make([]string, jobCount)
	for i := range ids {
		ids[i] = fmt.Sprintf("JOB%023d", i)
	}
	return ids
}()

// some returns one id, or up to four.
func some(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(jobIDs), 1, 4, rapid.ID[string]).Draw(t, "jobs")
}

func drawRequest(t *rapid.T, id string) admission.Request {
	account := rapid.SampledFrom([]string{"111111111111", "222222222222", "333333333333"}).Draw(t, "account")
	kind := rapid.SampledFrom([]string{"ebs", "rds"}).Draw(t, "kind")
	r := admission.Request{
		JobID: id, Account: account, Group: account + "/" + kind,
		Ring: rapid.SampledFrom([]admission.Ring{admission.Normal, admission.Normal, admission.Express}).Draw(t, "ring"),
		Keys: []admission.Key{
			admission.NewKey("account", account), admission.NewKey("quota", account+"/"+kind), "fleet=all",
		},
		Band: rapid.IntRange(0, 3).Draw(t, "band"),
	}
	if n := rapid.IntRange(0, 5).Draw(t, "resource"); n > 0 {
		r.Resource = admission.NewKey("resource", fmt.Sprint(n))
	}
	if n := rapid.Int64Range(0, 3).Draw(t, "deadline"); n > 0 {
		r.Deadline = time.UnixMilli(1_700_000_000_000 + n)
	}
	return r
}

func drawCaps(t *rapid.T) admission.Caps {
	caps := admission.Caps{}
	for _, key := range []admission.Key{
		"account=*", "account=111111111111", "quota=*", "quota=222222222222/ebs", "fleet=all",
	} {
		if n := rapid.IntRange(-1, 4).Draw(t, string(key)); n >= 0 {
			caps[key] = n
		}
	}
	for _, key := range []admission.Key{"weight=*", "weight=222222222222"} {
		if n := rapid.IntRange(0, 4).Draw(t, string(key)); n > 0 {
			caps[key] = n
		}
	}
	return caps
}

func (w *walk) start(t *rapid.T) {
	w.model.caps = drawCaps(t)
	w.model.window = rapid.IntRange(1, 8).Draw(t, "window")
	w.empty(t)
	w.open(t)
}

func (w *walk) empty(t *rapid.T) {
	if err := w.client.FlushAll(w.ctx).Err(); err != nil {
		t.Fatal(err)
	}
}

func (w *walk) open(t *rapid.T) {
	if err := w.c.Rebuild(w.ctx, w.model.rebuild()); err != nil {
		t.Fatal(err)
	}
	w.model.last = max(w.model.last, w.model.epoch*admission.GenerationsPerEpoch)
}

// take hands the result of a call to the model.
func (w *walk) take(t *rapid.T, grants []admission.Grant, err error) {
	if err == nil {
		err = w.model.accept(grants)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *walk) submit(t *rapid.T) {
	var requests []admission.Request
	for _, id := range some(t) {
		r := drawRequest(t, id)
		requests = append(requests, r)
		w.model.submit(r)
	}
	grants, err := w.c.Submit(w.ctx, requests)
	w.take(t, grants, err)
}

func (w *walk) enter(t *rapid.T) {
	id := rapid.SampledFrom(jobIDs).Draw(t, "job")
	h, holds := w.model.holding[id]
	grants, err := w.c.Enter(w.ctx, admission.Grant{JobID: id, Generation: h.generation})
	if !holds {
		if !errors.Is(err, admission.ErrStale) {
			t.Fatalf("enter %s, which holds nothing: error %v", id, err)
		}
		return
	}
	w.model.enter(id)
	w.take(t, grants, err)
}

func (w *walk) enterAgain(t *rapid.T) {
	if len(w.old) == 0 {
		t.Skip("nothing was replaced yet")
	}
	g := rapid.SampledFrom(w.old).Draw(t, "old grant")
	if _, err := w.c.Enter(w.ctx, g); !errors.Is(err, admission.ErrStale) {
		t.Fatalf("enter old grant %+v: error %v", g, err)
	}
}

func (w *walk) release(t *rapid.T) {
	list := some(t)
	for _, id := range list {
		w.replace(id)
		w.model.release(id)
	}
	grants, err := w.c.Release(w.ctx, list...)
	w.take(t, grants, err)
}

func (w *walk) cancel(t *rapid.T) {
	list := some(t)
	for _, id := range list {
		if !w.model.holding[id].entered {
			w.replace(id)
		}
		w.model.cancel(id)
	}
	grants, err := w.c.Cancel(w.ctx, list...)
	w.take(t, grants, err)
}

// replace remembers a job's generation as an old one.
func (w *walk) replace(id string) {
	if h, ok := w.model.holding[id]; ok {
		w.old = append(w.old, admission.Grant{JobID: id, Generation: h.generation})
	}
}

func (w *walk) regrant(t *rapid.T) {
	id := rapid.SampledFrom(jobIDs).Draw(t, "job")
	g, err := w.c.Regrant(w.ctx, id)
	h, holds := w.model.holding[id]
	if !holds {
		if !errors.Is(err, admission.ErrStale) {
			t.Fatalf("regrant %s, which holds nothing: error %v", id, err)
		}
		return
	}
	if err != nil || g.JobID != id || g.Group != w.model.holding[id].group || g.Generation <= w.model.last {
		t.Fatalf("regrant %s: %+v, %v; newest generation was %d", id, g, err, w.model.last)
	}
	w.replace(id)
	h.generation, h.entered, w.model.last = g.Generation, false, g.Generation
	w.model.holding[id] = h
}

func (w *walk) setCaps(t *rapid.T) {
	caps := drawCaps(t)
	w.model.setCaps(caps)
	grants, err := w.c.SetCaps(w.ctx, caps)
	w.take(t, grants, err)
}

func (w *walk) setWindow(t *rapid.T) {
	w.model.window = rapid.IntRange(0, 8).Draw(t, "window")
	grants, err := w.c.SetWindow(w.ctx, w.model.window)
	w.take(t, grants, err)
}

// rebuild empties Redis, or not, and rebuilds it; jobs that waited are submitted again.
func (w *walk) rebuild(t *rapid.T) {
	if rapid.Bool().Draw(t, "emptied") {
		w.empty(t)
	}
	waited := w.model.waiting
	w.open(t)
	var again []admission.Request
	for _, id := range jobIDs {
		if r, ok := waited[id]; ok {
			again = append(again, r)
			w.model.submit(r)
		}
	}
	grants, err := w.c.Submit(w.ctx, again)
	w.take(t, grants, err)
}

func (w *walk) pump(t *rapid.T) {
	for {
		grants, err := w.c.Pump(w.ctx)
		w.take(t, grants, err)
		if len(grants) == 0 {
			break
		}
	}
	if id, ok := w.model.eligible(); ok {
		t.Fatalf("job %s waits, although its keys and the window have room", id)
	}
}

// check compares the room with the model.
func (w *walk) check(t *rapid.T) {
	if id, ok := w.model.eligible(); ok {
		t.Fatalf("after a call with little to do job %s waits, although it could go", id)
	}
	if diff := cmp.Diff(w.model.holders(), w.holders(t)); diff != "" {
		t.Fatalf("holders (-model +redis): %s", diff)
	}
	for _, id := range jobIDs {
		e, err := w.c.Explain(w.ctx, id)
		if err != nil || e.Place != w.model.place(id) {
			t.Fatalf("job %s is %q, %v; want %q", id, e.Place, err, w.model.place(id))
		}
	}
	w.checkStale(t)
}

func (w *walk) checkStale(t *rapid.T) {
	grants, err := w.c.StaleGrants(w.ctx, 0, jobCount)
	if err != nil || len(grants) != w.model.notEntered() {
		t.Fatalf("not entered: %v, %v; want %d", grants, err, w.model.notEntered())
	}
	for _, g := range grants {
		if h := w.model.holding[g.JobID]; h.entered || h.generation != g.Generation || h.group != g.Group {
			t.Fatalf("not entered: %+v, want %+v", g, h)
		}
	}
}

func (w *walk) holders(t *rapid.T) []admission.Holder {
	var all []admission.Holder
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		page, next, err := w.c.Holders(w.ctx, cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		all, cursor = append(all, page...), next
	}
	for i := range all {
		all[i].Since = time.Time{}
		slices.Sort(all[i].Keys)
	}
	slices.SortFunc(all, func(a, b admission.Holder) int { return strings.Compare(a.JobID, b.JobID) })
	return all
}
