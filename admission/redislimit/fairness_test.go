package redislimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
)

// flood are jobs of one account over many groups, each group with a quota of its own.
func flood(groups, each int) []admission.Request {
	var list []admission.Request
	for i := range groups * each {
		g := i % groups
		list = append(list, admission.Request{
			JobID: fmt.Sprintf("flood.%05d", i), Ring: admission.Normal,
			Group: fmt.Sprintf("flood/%d", g), Account: "flood",
			Keys: []admission.Key{"fleet=all", "account=flood", admission.NewKey("quota", fmt.Sprintf("flood/%d", g))},
		})
	}
	return list
}

// guest is a job of another account.
func guest() admission.Request {
	return admission.Request{
		JobID: "guest", Ring: admission.Normal, Group: "guest/0", Account: "guest",
		Keys: []admission.Key{"fleet=all", "account=guest", "quota=guest/0"},
	}
}

func TestFloodDelaysOthersByOneTurn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		caps   admission.Caps
		window int
	}{
		"only the window limits":   {admission.Caps{}, 1},
		"a cap of all accounts":    {admission.Caps{"fleet=all": 1}, 100},
		"a quota of each group":    {admission.Caps{"quota=*": 1}, 1},
		"account, quota and fleet": {admission.Caps{"fleet=all": 1, "account=*": 2, "quota=*": 1}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
				ctx := testContext(t)
				if err := c.Rebuild(ctx, admission.Snapshot{Epoch: 1, Caps: test.caps, Window: test.window}); err != nil {
					t.Fatal(err)
				}
				running := must(t)(c.Submit(ctx, flood(100, 3)))
				for range 20 { // let the flood use up some virtual time first
					running = append(running[1:], finish(t, c, running[0])...)
				}
				running = append(running, must(t)(c.Submit(ctx, []admission.Request{guest()}))...)
				for turn := range 2 {
					next := finish(t, c, running[0])
					if running = append(running[1:], next...); contains(next, "guest") {
						return
					}
					t.Logf("turn %d went to %v", turn, ids(next))
				}
				t.Error("the guest still waits after two turns")
			})
		})
	}
}

// finish enters and releases a grant and returns who came next.
func finish(t *testing.T, c *redislimit.Controller, g admission.Grant) []admission.Grant {
	t.Helper()
	next := must(t)(c.Enter(testContext(t), g))
	return append(next, must(t)(c.Release(testContext(t), g.JobID))...)
}

func contains(grants []admission.Grant, id string) bool {
	for _, g := range grants {
		if g.JobID == id {
			return true
		}
	}
	return false
}

// Two accounts with the same demand get the same number of turns, however their jobs are
// spread over groups, whatever they queue for, and though one of them rested before.
func TestAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]admission.Snapshot{
		"in the ring":             {Epoch: 1, Window: 1},
		"in the line of a key":    {Epoch: 1, Window: 100, Caps: admission.Caps{"fleet=all": 1}},
		"in the lines of quotas":  {Epoch: 1, Window: 1, Caps: admission.Caps{"quota=*": 1}},
		"of a key and the window": {Epoch: 1, Window: 1, Caps: admission.Caps{"fleet=all": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
				if err := c.Rebuild(testContext(t), s); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]int{"flood": 10, "guest": 10}, turns(t, c)); diff != "" {
					t.Errorf("turns of 20: %s", diff)
				}
			})
		})
	}
}

// turns lets the flood run alone for a while, then counts who gets the next 20 turns.
func turns(t *testing.T, c *redislimit.Controller) map[string]int {
	t.Helper()
	running := must(t)(c.Submit(testContext(t), flood(30, 3)))
	for range 30 {
		running = append(running[1:], finish(t, c, running[0])...)
	}
	var others []admission.Request
	for i := range 20 {
		r := guest()
		r.JobID = fmt.Sprintf("guest.%02d", i)
		others = append(others, r)
	}
	running = append(running, must(t)(c.Submit(testContext(t), others))...)
	counts := map[string]int{}
	for range 20 {
		next := finish(t, c, running[0])
		running = append(running[1:], next...)
		for _, g := range next {
			counts[g.JobID[:5]]++
		}
	}
	return counts
}

// An account that stands in the line of a full key while it is served elsewhere does not
// keep its early place in that line.
func TestPlaceInLineCountsGrantsElsewhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"fleet=all": 1})
		first := guest()
		first.JobID = "first"
		must(t)(c.Submit(ctx, []admission.Request{first}))
		must(t)(c.Submit(ctx, flood(3, 1)))
		must(t)(c.Submit(ctx, []admission.Request{guest()}))
		if got := must(t)(c.Submit(ctx, jobs("flood", 5))); len(got) != 5 {
			t.Fatalf("outside the fleet cap: granted %v, want 5", got)
		}
		if diff := cmp.Diff([]string{"guest"}, ids(must(t)(c.Release(ctx, "first")))); diff != "" {
			t.Errorf("who got the slot: %s", diff)
		}
	})
}

func TestExpressGoesFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 1, "fleet=all": 2})
		must(t)(c.Submit(ctx, flood(10, 20)))
		restore := admission.Request{
			JobID: "restore", Ring: admission.Express, Group: "flood/restore", Account: "flood",
			Keys: []admission.Key{"fleet=all", "restores=flood"},
		}
		if diff := cmp.Diff([]string{"restore"}, ids(must(t)(c.Submit(ctx, []admission.Request{restore})))); diff != "" {
			t.Errorf("with the account full: %s", diff)
		}
		must(t)(c.Submit(ctx, []admission.Request{guest()})) // the fleet is full now
		restore.JobID = "restore.2"
		must(t)(c.Submit(ctx, []admission.Request{restore}))
		if diff := cmp.Diff([]string{"restore.2"}, ids(must(t)(c.Release(ctx, "restore")))); diff != "" {
			t.Errorf("when the fleet has a slot again: %s", diff)
		}
	})
}

func TestGroupOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 1})
		must(t)(c.Submit(ctx, []admission.Request{job("first", "a")}))
		var list []admission.Request
		for _, r := range []struct {
			id       string
			band     int
			deadline time.Time
		}{
			{"late", 1, time.UnixMilli(2_000_000_000_000)},
			{"never", 1, time.Time{}},
			{"copy", 2, time.UnixMilli(1)},
			{"soon", 1, time.UnixMilli(1_999_999_999_999)},
			{"manual", 0, time.Time{}},
		} {
			request := job(r.id, "a")
			request.Band, request.Deadline = r.band, r.deadline
			list = append(list, request)
		}
		must(t)(c.Submit(ctx, list))
		var order []string
		for last := "first"; len(order) < len(list); last = order[len(order)-1] {
			order = append(order, ids(must(t)(c.Release(ctx, last)))...)
		}
		if diff := cmp.Diff([]string{"manual", "soon", "late", "never", "copy"}, order); diff != "" {
			t.Error(diff)
		}
	})
}

// An account of weight 3 gets three turns for one of another's, in whichever line both
// wait, and a new weight counts from the next turn on.
func TestWeightsShareTheTurns(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]admission.Snapshot{
		"in the ring":            {Epoch: 1, Window: 1, Caps: admission.Caps{"weight=flood": 3}},
		"in the line of a key":   {Epoch: 1, Window: 100, Caps: admission.Caps{"weight=flood": 3, "fleet=all": 1}},
		"in the lines of quotas": {Epoch: 1, Window: 1, Caps: admission.Caps{"weight=flood": 3, "quota=*": 1}},
		"from a default":         {Epoch: 1, Window: 1, Caps: admission.Caps{"weight=*": 3, "weight=guest": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
				if err := c.Rebuild(testContext(t), s); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]int{"flood": 15, "guest": 5}, turns(t, c)); diff != "" {
					t.Errorf("turns of 20: %s", diff)
				}
			})
		})
	}
}
