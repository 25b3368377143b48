package redislimit_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
)

func TestSlotsAreHandedOverOnRelease(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 2})
		granted := must(t)(c.Submit(ctx, jobs("a", 5)))
		if diff := cmp.Diff([]string{"a.0", "a.1"}, ids(granted)); diff != "" {
			t.Fatalf("granted at once: %s", diff)
		}
		if admission.EpochOf(granted[0].Generation) != 1 || granted[0].Generation == granted[1].Generation {
			t.Errorf("generations %v: want two of epoch 1", granted)
		}
		if next := must(t)(c.Enter(ctx, granted[0])); len(next) != 0 {
			t.Errorf("entering granted %v", next)
		}
		for i, want := range []string{"a.2", "a.3", "a.4"} {
			if diff := cmp.Diff([]string{want}, ids(must(t)(c.Release(ctx, jobs("a", 5)[i].JobID)))); diff != "" {
				t.Errorf("release %d: %s", i, diff)
			}
		}
	})
}

func TestOneReleaseServesEveryKeyItFrees(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 1})
		must(t)(c.Submit(ctx, append(append(jobs("a", 3), jobs("b", 3)...), jobs("c", 3)...)))
		got := ids(must(t)(c.Release(ctx, "a.0", "b.0", "c.0")))
		slices.Sort(got) // who of equals goes first does not matter
		if diff := cmp.Diff([]string{"a.1", "b.1", "c.1"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNothingWorksBeforeRebuild(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, _ redis.UniversalClient) {
		ctx := testContext(t)
		for name, call := range map[string]func() error{
			"submit":  func() error { _, err := c.Submit(ctx, jobs("a", 1)); return err },
			"enter":   func() error { _, err := c.Enter(ctx, admission.Grant{JobID: "a"}); return err },
			"release": func() error { _, err := c.Release(ctx, "a"); return err },
			"cancel":  func() error { _, err := c.Cancel(ctx, "a"); return err },
			"regrant": func() error { _, err := c.Regrant(ctx, "a"); return err },
			"stale":   func() error { _, err := c.StaleGrants(ctx, 0, 1); return err },
			"caps":    func() error { _, err := c.SetCaps(ctx, admission.Caps{"account=*": 1}); return err },
			"window":  func() error { _, err := c.SetWindow(ctx, 1); return err },
			"pump":    func() error { _, err := c.Pump(ctx); return err },
			"epoch":   func() error { _, err := c.Epoch(ctx); return err },
			"holders": func() error { _, _, err := c.Holders(ctx, 0, 1); return err },
			"usage":   func() error { _, err := c.Usage(ctx, 1); return err },
			"explain": func() error { _, err := c.Explain(ctx, "a"); return err },
		} {
			if err := call(); !errors.Is(err, admission.ErrNotReady) {
				t.Errorf("%s: error %v, want ErrNotReady", name, err)
			}
		}
	})
}
