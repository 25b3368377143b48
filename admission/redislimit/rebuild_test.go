package redislimit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/internal/testkit"
)

func TestRebuildTakesTheHoldersOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, nil)
		must(t)(c.Submit(ctx, jobs("old", 300)))
		if err := client.Set(ctx, "foreign", "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
		since := time.UnixMilli(1_700_000_000_123).UTC()
		s := admission.Snapshot{
			Epoch: 7, Caps: admission.Caps{"account=*": 2}, Window: 5,
			Holders: []admission.Holder{
				{JobID: "a.0", Group: "a/ebs", Keys: []admission.Key{"account=a", "resource=1"}, Since: since, Entered: true},
				{JobID: "a.1", Generation: 1_000_000_005, Keys: []admission.Key{"account=a"}, Since: since},
			},
		}
		if err := c.Rebuild(ctx, s); err != nil {
			t.Fatal(err)
		}
		if got := must(t)(c.Submit(ctx, jobs("a", 4))); len(got) != 0 {
			t.Errorf("with both slots taken over: granted %v", got)
		}
		holders, _, err := c.Holders(ctx, 0, 100)
		s.Holders[0].Generation = 7_000_000_001
		if diff := cmp.Diff(s.Holders, sorted(holders)); err != nil || diff != "" {
			t.Errorf("holders: %v %s", err, diff)
		}
		checkKeys(t, client, 7)
		for _, epoch := range []int64{7, 6} {
			if err := c.Rebuild(ctx, admission.Snapshot{Epoch: epoch, Window: 1}); !errors.Is(err, admission.ErrStale) {
				t.Errorf("rebuild for epoch %d: error %v, want ErrStale", epoch, err)
			}
		}
		if epoch, err := c.Epoch(ctx); epoch != 7 || err != nil {
			t.Errorf("epoch %d, %v; want 7", epoch, err)
		}
	})
}

func sorted(holders []admission.Holder) []admission.Holder {
	if len(holders) == 2 && holders[0].JobID > holders[1].JobID {
		holders[0], holders[1] = holders[1], holders[0]
	}
	return holders
}

// checkKeys fails when a key of an earlier epoch is left or a foreign one is gone.
func checkKeys(t *testing.T, client redis.UniversalClient, epoch int) {
	t.Helper()
	keys, err := client.Keys(testContext(t), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	foreign := false
	for _, key := range keys {
		foreign = foreign || key == "foreign"
		if strings.HasPrefix(key, "{hf:test}:1-") {
			t.Errorf("key %s is left of epoch 1, now %d", key, epoch)
		}
	}
	if !foreign {
		t.Error("rebuild removed a key that is not its own")
	}
}

func TestReleaseLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{"account=*": 3})
		list := append(jobs("a", 40), jobs("b", 40)...)
		for i := range list {
			list[i].Resource = admission.NewKey("resource", list[i].JobID[2:3])
		}
		must(t)(c.Submit(ctx, list))
		for _, r := range list {
			must(t)(c.Release(ctx, r.JobID))
		}
		keys, err := client.Keys(ctx, "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			_, name, _ := strings.Cut(key, "-")
			_, name, _ = strings.Cut(name, ":")
			switch {
			case key == "{hf:test}:state", name == "caps", name == "vt:n", name == "wake":
			default:
				t.Errorf("key %s is left of an empty room", key)
			}
		}
	})
}

// A server that comes back with its append-only file may have lost the last slots, so it
// has to be rebuilt like an empty one.
func TestRestartedServerIsNotReady(t *testing.T) {
	t.Parallel()
	server := testkit.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	client := connect(t, server.Addr)
	c := redislimit.New(client, redislimit.Options{Installation: "test"})
	ctx := testContext(t)
	open(t, c, nil)
	must(t)(c.Submit(ctx, jobs("a", 2)))
	server.Restart()
	if n, err := client.Exists(ctx, "{hf:test}:state").Result(); n != 1 || err != nil {
		t.Fatalf("the server lost its keys (%d, %v): the test tests nothing", n, err)
	}
	if _, err := c.Pump(ctx); !errors.Is(err, admission.ErrNotReady) {
		t.Errorf("pump after a restart: error %v, want ErrNotReady", err)
	}
	if err := c.Rebuild(ctx, admission.Snapshot{Epoch: 2, Window: 5}); err != nil {
		t.Fatal(err)
	}
	if got := must(t)(c.Submit(ctx, jobs("a", 2))); len(got) != 2 {
		t.Errorf("after the rebuild: granted %v, want both", got)
	}
}

// Scripts that only fell out of the cache do not close the epoch.
func TestFlushedScriptsAreLoadedAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, nil)
		if err := client.ScriptFlush(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		if got := must(t)(c.Submit(ctx, jobs("a", 100))); len(got) != 100 {
			t.Errorf("granted %d of 100", len(got))
		}
	})
}

func TestFullRedisChangesNothing(t *testing.T) {
	t.Parallel()
	client := connect(t, testkit.Redis(t).Addr)
	c := redislimit.New(client, redislimit.Options{Installation: "test"})
	ctx := testContext(t)
	open(t, c, admission.Caps{"account=*": 1})
	must(t)(c.Submit(ctx, jobs("a", 2)))
	if err := client.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Release(ctx, "a.0"); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("release without memory: error %v, want OOM", err)
	}
	if err := client.ConfigSet(ctx, "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if e, err := c.Explain(ctx, "a.0"); e.Place != admission.Granted || err != nil {
		t.Errorf("a.0 is %q, %v; want granted as before", e.Place, err)
	}
	if diff := cmp.Diff([]string{"a.1"}, ids(must(t)(c.Release(ctx, "a.0")))); diff != "" {
		t.Errorf("release with memory: %s", diff)
	}
}
