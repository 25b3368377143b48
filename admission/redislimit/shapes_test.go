package redislimit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/internal/localserver"
	"holdfast/internal/testkit"
)

// carry submits jobs and carries each through its slot, and returns how many got one.
func carry(t *testing.T, c *redislimit.Controller, list []admission.Request) (granted int) {
	t.Helper()
	ctx := testContext(t)
	grants := must(t)(c.Submit(ctx, list))
	for len(grants) > 0 {
		g := grants[0]
		granted++
		grants = append(grants[1:], must(t)(c.Enter(ctx, g))...)
		grants = append(grants, must(t)(c.Release(ctx, g.JobID))...)
	}
	return granted
}

func TestCluster(t *testing.T) {
	testkit.Integration(t)
	set, err := localserver.StartRedisCluster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Stop)
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: set.Addresses, IsClusterMode: true})
	t.Cleanup(func() { _ = client.Close() })
	c := redislimit.New(client, redislimit.Options{Installation: "test"})
	open(t, c, admission.Caps{"account=*": 3})
	if n := carry(t, c, append(jobs("a", 100), jobs("b", 20)...)); n != 120 {
		t.Errorf("%d of 120 jobs got a slot", n)
	}
	for _, node := range set.Servers {
		if err := node.FlushScripts(); err != nil {
			t.Fatal(err)
		}
	}
	if n := carry(t, c, jobs("c", 20)); n != 20 {
		t.Errorf("after SCRIPT FLUSH %d of 20 jobs got a slot", n)
	}
}

// A master that is lost takes no slot with it, because its replica has what was written;
// and the replica that takes over grants nothing before it is rebuilt.
func TestFailover(t *testing.T) {
	testkit.Integration(t)
	set, err := localserver.StartRedisSentinel(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Stop)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: localserver.MasterName, SentinelAddrs: set.Addresses})
	t.Cleanup(func() { _ = client.Close() })
	c := redislimit.New(client, redislimit.Options{Installation: "test", Replicated: true})
	ctx := testContext(t)
	open(t, c, admission.Caps{"account=*": 3})
	replica := connect(t, set.Servers[1].Addr)
	for i, job := range jobs("a", 50) { // at no moment is the replica behind an answer
		must(t)(c.Submit(ctx, []admission.Request{job}))
		keys, err := replica.Keys(ctx, "{hf:test}:*waiting").Result()
		if i >= 3 && (err != nil || len(keys) != 1 || replica.HLen(ctx, keys[0]).Val() != int64(i-2)) {
			t.Fatalf("after %d jobs the replica has %v, %v", i+1, keys, err)
		}
	}
	if err := set.Failover(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, "the new master to answer", func() bool {
		_, err = c.Submit(ctx, jobs("b", 1))
		return errors.Is(err, admission.ErrNotReady)
	})
	if _, err := c.Epoch(ctx); !errors.Is(err, admission.ErrNotReady) {
		t.Errorf("the epoch on the new master: %v", err)
	}
	if err := c.Rebuild(ctx, admission.Snapshot{Epoch: 2, Caps: admission.Caps{"account=*": 3}, Window: 100}); err != nil {
		t.Fatal(err)
	}
	if n := carry(t, c, jobs("b", 20)); n != 20 {
		t.Errorf("%d of 20 jobs got a slot after the failover", n)
	}
}
