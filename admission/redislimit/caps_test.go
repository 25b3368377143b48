package redislimit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
)

func TestLoweredCapDrains(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 3})
		must(t)(c.Submit(ctx, jobs("a", 5)))
		if got := must(t)(c.SetCaps(ctx, admission.Caps{"account=a": 1, "account=*": 9})); len(got) != 0 {
			t.Errorf("lowering granted %v", got)
		}
		for i, want := range [][]string{{}, {}, {"a.3"}, {"a.4"}} {
			got := ids(must(t)(c.Release(ctx, fmt.Sprintf("a.%d", i))))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("release of a.%d: %s", i, diff)
			}
		}
	})
}

func TestRaisedCapGrantsEverythingItAllows(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 0})
		const n = 1500
		must(t)(c.Submit(ctx, jobs("a", n)))
		granted := must(t)(c.SetCaps(ctx, admission.Caps{"account=*": n - 100}))
		if len(granted) < admission.MaxGrants {
			t.Errorf("raising granted %d at once, want at least %d", len(granted), admission.MaxGrants)
		}
		for {
			more := must(t)(c.Pump(ctx))
			if len(more) > admission.MaxGrants {
				t.Fatalf("one pump made %d grants", len(more))
			}
			if granted = append(granted, more...); len(more) == 0 {
				break
			}
		}
		if len(granted) != n-100 {
			t.Errorf("%d grants in all, want %d", len(granted), n-100)
		}
	})
}

func TestPauseRecallsWhatHasNotBegun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 200})
		granted := must(t)(c.Submit(ctx, append(jobs("a", 150), jobs("b", 1)...)))
		must(t)(c.Enter(ctx, granted[0]))
		must(t)(c.SetCaps(ctx, admission.Caps{"account=a": 0, "account=*": 200}))
		usage, err := c.Usage(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []admission.KeyUsage{
			{Key: "account=a", Cap: 0, Held: 1, Waiting: 149, Next: "a.1"},
			{Key: "account=b", Cap: 200, Held: 1, Granted: 1},
		}
		if granted[0].JobID == "b.0" {
			t.Fatal("the first grant went to b")
		}
		if diff := cmp.Diff(want, usage); diff != "" {
			t.Errorf("usage of the paused account: %s", diff)
		}
		recalled := granted[len(granted)-1]
		if recalled.JobID == "b.0" {
			recalled = granted[len(granted)-2]
		}
		if _, err := c.Enter(ctx, recalled); !errors.Is(err, admission.ErrStale) {
			t.Errorf("enter recalled %+v: error %v, want ErrStale", recalled, err)
		}
		if got := must(t)(c.SetCaps(ctx, admission.Caps{"account=*": 3})); len(got) != 2 {
			t.Errorf("going on with 3 slots granted %v, want 2 beside the one that runs", ids(got))
		}
	})
}

func TestWindow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, nil)
		must(t)(c.SetWindow(ctx, 2))
		granted := must(t)(c.Submit(ctx, jobs("a", 10)))
		if len(granted) != 2 {
			t.Fatalf("window 2 let %d through", len(granted))
		}
		if got := must(t)(c.Enter(ctx, granted[0])); len(got) != 1 {
			t.Errorf("entering let %v through, want one", got)
		}
		if got := must(t)(c.Enter(ctx, granted[0])); len(got) != 0 {
			t.Errorf("entering twice let %v through", got)
		}
		if got := must(t)(c.SetWindow(ctx, 5)); len(got) != 3 {
			t.Errorf("window 5 let %v through, want 3 more", got)
		}
		if got := must(t)(c.SetWindow(ctx, 0)); len(got) != 0 {
			t.Errorf("window 0 let %v through", got)
		}
	})
}

// TestSetCapsWhereOneScriptIsUnknown: no caps need one script, some need two. A server
// that knows only the first must not answer that the caps are not whole.
func TestSetCapsWhereOneScriptIsUnknown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 1})
		if _, err := c.SetCaps(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := c.SetCaps(ctx, admission.Caps{"account=*": 2}); err != nil {
			t.Fatal(err)
		}
		if got := len(must(t)(c.Submit(ctx, jobs("111111111111", 3)))); got != 2 {
			t.Errorf("%d jobs were granted, want 2: the caps are not those set", got)
		}
	})
}

func TestBadCapsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 1})
		for key, slots := range map[admission.Key]int{"account=a": -1, "account": 1, "weight=a": 0, "weight=*": admission.MaxWeight + 1} {
			if _, err := c.SetCaps(ctx, admission.Caps{"account=*": 3, key: slots}); err == nil {
				t.Errorf("cap %s of %d was accepted", key, slots)
			}
		}
		if got := len(must(t)(c.Submit(ctx, jobs("a", 3)))); got != 1 {
			t.Errorf("%d jobs were granted, want 1: the caps changed", got)
		}
	})
}
