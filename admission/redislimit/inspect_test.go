package redislimit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/internal/testkit"
)

func TestExplainSaysWhatAJobWaitsFor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 2})
		list := jobs("a", 6)
		list[0].Resource, list[2].Resource = "resource=x", "resource=x"
		granted := must(t)(c.Submit(ctx, list)) // 0, then 1; 2 would be next
		must(t)(c.Enter(ctx, granted[0]))
		for id, want := range map[string]admission.Explanation{
			"a.0": {Place: admission.Entered, Generation: granted[0].Generation, Group: "a/ebs"},
			"a.1": {Place: admission.Granted, Generation: granted[1].Generation, Group: "a/ebs"},
			"a.4": {
				Place: admission.Waiting, Group: "a/ebs", Ahead: 2,
				FullKeys: []admission.KeyUsage{{Key: "account=a", Cap: 2, Held: 2, Granted: 1, Waiting: 4, Next: "a.2"}},
				HeldBy:   []string{"a.0", "a.1"},
			},
			"nobody": {Place: admission.Absent},
		} {
			got, err := c.Explain(ctx, id)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", id, err, diff)
			}
		}
		// a.2 is parked now: its resource is held, so a.3 takes the slot.
		if diff := cmp.Diff([]string{"a.3"}, ids(must(t)(c.Release(ctx, "a.1")))); diff != "" {
			t.Errorf("release: %s", diff)
		}
		got, err := c.Explain(ctx, "a.2")
		want := admission.Explanation{
			Place: admission.Waiting, Group: "a/ebs",
			FullKeys: []admission.KeyUsage{
				{Key: "account=a", Cap: 2, Held: 2, Granted: 1, Waiting: 3, Next: "a.4"},
				{Key: "resource=x", Cap: 1, Held: 1, Waiting: 1},
			},
			HeldBy: []string{"a.0", "a.3"},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("parked: %v %s", err, diff)
		}
	})
}

func TestStaleGrants(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, nil)
		granted := must(t)(c.Submit(ctx, jobs("a", 3)))
		if got := must(t)(c.StaleGrants(ctx, time.Hour, 10)); len(got) != 0 {
			t.Errorf("older than an hour: %v", got)
		}
		if diff := cmp.Diff(granted, must(t)(c.StaleGrants(ctx, 0, 10))); diff != "" {
			t.Errorf("of any age: %s", diff)
		}
		if got := must(t)(c.StaleGrants(ctx, 0, 2)); len(got) != 2 {
			t.Errorf("at most 2: %v", got)
		}
	})
}

func TestBadRequestsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	c := redislimit.New(connect(t, testkit.Miniredis(t).Addr()), redislimit.Options{Installation: "test"})
	open(t, c, nil)
	for want, spoil := range map[string]func(*admission.Request){
		"job id":              func(r *admission.Request) { r.JobID = "" },
		"group":               func(r *admission.Request) { r.Group = "a b" },
		"account":             func(r *admission.Request) { r.Account = "a\n" },
		"ring":                func(r *admission.Request) { r.Ring = "fast" },
		"band":                func(r *admission.Request) { r.Band = -1 },
		"want resource=":      func(r *admission.Request) { r.Resource = "volume=1" },
		"0 keys":              func(r *admission.Request) { r.Keys = nil },
		"is there twice":      func(r *admission.Request) { r.Keys = append(r.Keys, r.Keys[0]) },
		"want dimension=":     func(r *admission.Request) { r.Keys = []admission.Key{"account"} },
		"is a weight":         func(r *admission.Request) { r.Keys = []admission.Key{"weight=1"} },
		"belongs in resource": func(r *admission.Request) { r.Keys = []admission.Key{"resource=1"} },
		"256 bytes":           func(r *admission.Request) { r.JobID = strings.Repeat("x", 257) },
	} {
		list := jobs("a", 2)
		spoil(&list[1])
		if _, err := c.Submit(testContext(t), list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if e, err := c.Explain(testContext(t), "a.0"); err != nil || e.Place != admission.Absent {
		t.Errorf("the good job beside a bad one is %q, %v", e.Place, err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]redislimit.Options{
		"empty": {}, "brace": {Installation: "a}b"}, "star": {Installation: "*"},
		"long": {Installation: strings.Repeat("x", 65)}, "timeout": {Installation: "a", Timeout: -1},
	} {
		if o.Validate() == nil {
			t.Errorf("%s: %+v is accepted", name, o)
		}
	}
}

// Many processes at once: whoever asks, at any moment, sees no key above its cap, and
// every job ends exactly once.
func TestCapsHoldUnderConcurrency(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 3, "fleet=all": 5})
		list := flood(6, 20)
		for i := range 60 {
			r := guest()
			r.JobID += string(rune('A'+i/26)) + string(rune('a'+i%26))
			list = append(list, r)
		}
		work := make(chan admission.Grant, len(list))
		ended := make(chan string, len(list))
		group, ctx := errgroup.WithContext(ctx)
		for range 8 {
			group.Go(func() error { return finishAll(ctx, c, work, ended) })
		}
		for start := 0; start < len(list); start += 10 {
			for _, g := range must(t)(c.Submit(ctx, list[start:start+10])) {
				work <- g
			}
		}
		seen := map[string]bool{}
		for range list {
			select {
			case id := <-ended:
				seen[id] = true
			case <-ctx.Done():
				t.Fatalf("%d of %d jobs ended: %v", len(seen), len(list), context.Cause(ctx))
			}
			checkCaps(t, c)
		}
		close(work)
		if err := group.Wait(); err != nil || len(seen) != len(list) {
			t.Errorf("%d of %d jobs ended, %v", len(seen), len(list), err)
		}
	})
}

// finishAll enters and releases grants until work is closed.
func finishAll(ctx context.Context, c *redislimit.Controller, work chan admission.Grant, ended chan<- string) error {
	for g := range work {
		next, err := c.Enter(ctx, g)
		if err != nil {
			return err
		}
		released, err := c.Release(ctx, g.JobID)
		if err != nil {
			return err
		}
		for _, n := range append(next, released...) {
			work <- n
		}
		ended <- g.JobID
	}
	return nil
}

// checkCaps compares the lengths of the slot sets, read in one page each, with the caps.
func checkCaps(t *testing.T, c *redislimit.Controller) {
	t.Helper()
	holders, next, err := c.Holders(testContext(t), 0, 100)
	if err != nil || next != 0 {
		t.Fatalf("holders: %v, next page %d", err, next)
	}
	counts := map[admission.Key]int{}
	for _, h := range holders {
		for _, key := range h.Keys {
			counts[key]++
		}
	}
	if counts["fleet=all"] > 5 || counts["account=flood"] > 3 || counts["account=guest"] > 3 {
		t.Fatalf("held: %v; caps are 5 for the fleet and 3 for an account", counts)
	}
}

func TestUsageNamesWhoIsNext(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 1})
		list := append(jobs("a", 3), jobs("b", 1)...)
		granted := must(t)(c.Submit(ctx, list))
		if len(granted) != 2 {
			t.Fatalf("granted %v", granted)
		}
		usage, err := c.Usage(ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := []admission.KeyUsage{
			{Key: "account=a", Cap: 1, Held: 1, Granted: 1, Waiting: 2, Next: "a.1"},
			{Key: "account=b", Cap: 1, Held: 1, Granted: 1},
		}
		if diff := cmp.Diff(want, usage); diff != "" {
			t.Error(diff)
		}
	})
}
