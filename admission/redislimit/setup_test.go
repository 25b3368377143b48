package redislimit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// server is a Redis to test on and what it is called in subtests.
type server struct {
	name string
	addr func(testing.TB) string
}

// servers are what every contract test runs on.
var servers = []server{
	{"miniredis", func(tb testing.TB) string { return testkit.Miniredis(tb).Addr() }},
	{"redis-server", func(tb testing.TB) string { return testkit.Redis(tb).Addr }},
}

// onEach runs test against a controller on an empty server of each sort.
func onEach(t *testing.T, test func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient)) {
	t.Helper()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, s.addr(t))
			test(t, redislimit.New(client, redislimit.Options{Installation: "test"}), client)
		})
	}
}

func connect(tb testing.TB, addr string) redis.UniversalClient {
	tb.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr, PoolSize: 64})
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// open rebuilds the room as epoch 1 with caps and a window nobody meets.
func open(tb testing.TB, c *redislimit.Controller, caps admission.Caps) {
	tb.Helper()
	s := admission.Snapshot{Epoch: 1, Caps: caps, Window: 10_000}
	if err := c.Rebuild(testContext(tb), s); err != nil {
		tb.Fatalf("rebuild: %v", err)
	}
}

func testContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	tb.Cleanup(cancel)
	return ctx
}

// job is a request of an account for its account key.
func job(id, account string) admission.Request {
	return admission.Request{
		JobID: id, Ring: admission.Normal, Group: account + "/ebs", Account: account,
		Keys: []admission.Key{admission.NewKey("account", account)},
	}
}

// jobs are n requests like job, ids account.0, account.1, ... in the order of deadlines.
func jobs(account string, n int) []admission.Request {
	list := make([]admission.Request, n)
	for i := range list {
		list[i] = job(fmt.Sprintf("%s.%d", account, i), account)
		list[i].Deadline = time.UnixMilli(int64(1000 + i))
	}
	return list
}

// must returns what a call granted and fails the test on an error.
func must(tb testing.TB) func(grants []admission.Grant, err error) []admission.Grant {
	return func(grants []admission.Grant, err error) []admission.Grant {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return grants
	}
}

func ids(grants []admission.Grant) []string {
	list := make([]string, 0, len(grants))
	for _, g := range grants {
		list = append(list, g.JobID)
	}
	return list
}
