package redislimit_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/internal/testkit"
)

// benchRoom is an open room on a redis-server.
func benchRoom(b *testing.B, caps admission.Caps, window int) (*redislimit.Controller, redis.UniversalClient) {
	b.Helper()
	client := connect(b, testkit.Redis(b).Addr)
	c := redislimit.New(client, redislimit.Options{Installation: "bench"})
	if err := c.Rebuild(context.Background(), admission.Snapshot{Epoch: 1, Caps: caps, Window: window}); err != nil {
		b.Fatal(err)
	}
	return c, client
}

// benchJobs are n jobs over groups groups of 10 to an account, as the producer makes
// them: 26-byte ids, three shared keys, a resource of 16 hexadecimal digits.
func benchJobs(n, groups int) []admission.Request {
	list := make([]admission.Request, n)
	for i := range list {
		group := i % groups
		account := fmt.Sprintf("%012d", group/10)
		region := fmt.Sprintf("eu-west-%d", group%10)
		list[i] = admission.Request{
			JobID: fmt.Sprintf("01J%023d", i), Ring: admission.Normal,
			Group: account + "/" + region + "/ebs/backup", Account: account,
			Keys: []admission.Key{
				"fleet=all", admission.NewKey("account", account),
				admission.NewKey("quota-ebs-backup", account+"/"+region),
			},
			Resource: admission.NewKey("resource", fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15)),
			Band:     1, Deadline: time.UnixMilli(1_700_000_000_000 + int64(i%60)*60_000),
		}
	}
	return list
}

// submitAll submits jobs 2,000 at a time, as the leader does.
func submitAll(b *testing.B, c *redislimit.Controller, jobs []admission.Request) []admission.Grant {
	b.Helper()
	var granted []admission.Grant
	for start := 0; start < len(jobs); start += 2000 {
		grants, err := c.Submit(context.Background(), jobs[start:min(start+2000, len(jobs))])
		if err != nil {
			b.Fatal(err)
		}
		granted = append(granted, grants...)
	}
	return granted
}

// BenchmarkSubmit puts jobs into a room where none can go.
func BenchmarkSubmit(b *testing.B) {
	c, _ := benchRoom(b, admission.Caps{"account=*": 0}, 64)
	jobs := benchJobs(b.N, 1000)
	b.ResetTimer()
	submitAll(b, c, jobs)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkMemory reports how many bytes of Redis a waiting job takes, at 100,000 jobs in
// 1,000 groups.
func BenchmarkMemory(b *testing.B) {
	const jobs = 100_000
	for range b.N {
		c, client := benchRoom(b, admission.Caps{"account=*": 0}, 64)
		before := usedMemory(b, client)
		submitAll(b, c, benchJobs(jobs, 1000))
		b.ReportMetric(float64(usedMemory(b, client)-before)/jobs, "bytes/job")
	}
}

func usedMemory(b *testing.B, client redis.UniversalClient) int64 {
	b.Helper()
	info, err := client.Info(context.Background(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "used_memory:")
	text, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkCycle takes jobs through submit, enter and release with 64 goroutines, in a
// room whose accounts are always full: every release hands a slot over.
func BenchmarkCycle(b *testing.B) {
	c, _ := benchRoom(b, admission.Caps{"account=*": 10}, 256)
	jobs := benchJobs(b.N, 100)
	b.ResetTimer()
	drain(b, c, submitAll(b, c, jobs), b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// drain enters and releases what is granted until n jobs have ended.
func drain(b *testing.B, c *redislimit.Controller, granted []admission.Grant, n int) {
	b.Helper()
	work := make(chan admission.Grant, n)
	for _, g := range granted {
		work <- g
	}
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for g := range work {
				if !cycle(b, c, g, work) {
					return
				}
				if left.Add(-1) == 0 {
					close(work)
				}
			}
		})
	}
	group.Wait()
}

// cycle enters and releases one grant and puts what that granted into work.
func cycle(b *testing.B, c *redislimit.Controller, g admission.Grant, work chan<- admission.Grant) bool {
	b.Helper()
	entered, err := c.Enter(context.Background(), g)
	if err != nil {
		b.Errorf("enter: %v", err)
		return false
	}
	released, err := c.Release(context.Background(), g.JobID)
	if err != nil {
		b.Errorf("release: %v", err)
		return false
	}
	for _, next := range append(entered, released...) {
		work <- next
	}
	return true
}

// BenchmarkSlowestScript reports the longest script of a room with a million waiting jobs
// in 10,000 groups when caps are raised, lowered and slots handed over.
func BenchmarkSlowestScript(b *testing.B) {
	const jobs = 1_000_000
	c, client := benchRoom(b, admission.Caps{"account=*": 0}, 256)
	submitAll(b, c, benchJobs(jobs, 10_000))
	ctx := context.Background()
	if err := client.ConfigSet(ctx, "slowlog-log-slower-than", "0").Err(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var slowest time.Duration
	for i := range b.N {
		grants, err := c.SetCaps(ctx, admission.Caps{"account=*": i%3 + 1})
		if err != nil {
			b.Fatal(err)
		}
		for _, g := range grants[:min(len(grants), 40)] {
			cycle(b, c, g, make(chan admission.Grant, 100))
		}
		slowest = max(slowest, slowestCall(b, client))
	}
	b.ReportMetric(float64(slowest.Microseconds()), "slowest-µs")
}

func slowestCall(b *testing.B, client redis.UniversalClient) time.Duration {
	b.Helper()
	logs, err := client.SlowLogGet(context.Background(), 128).Result()
	if err != nil {
		b.Fatal(err)
	}
	var slowest time.Duration
	for _, entry := range logs {
		slowest = max(slowest, entry.Duration)
	}
	return slowest
}

// BenchmarkTurn enters and releases jobs a batch at a time, one call of the script each,
// and reports how long the server works on a job.
func BenchmarkTurn(b *testing.B) {
	for _, batch := range []int{1, 8, 32, 64} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) {
			c, client := benchRoom(b, admission.Caps{"account=*": 1_000_000}, 2*batch)
			granted := submitAll(b, c, benchJobs(b.N+2*batch, 40))
			client.ConfigResetStat(context.Background())
			b.ResetTimer()
			for left := b.N; left > 0; left -= batch {
				next, err := c.Turn(context.Background(), granted[:batch], granted[:batch])
				if err != nil {
					b.Fatal(err)
				}
				granted = append(granted[batch:], next...)
			}
			b.StopTimer()
			b.ReportMetric(scriptTime(b, client)/float64(b.N), "server-µs/job")
		})
	}
}

// scriptTime is how many microseconds the server spent in scripts since its statistics
// were reset.
func scriptTime(b *testing.B, client redis.UniversalClient) float64 {
	b.Helper()
	info, err := client.InfoMap(context.Background(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	var calls, micros float64
	if _, err := fmt.Sscanf(info["Commandstats"]["cmdstat_evalsha"], "calls=%g,usec=%g", &calls, &micros); err != nil {
		b.Fatal(err)
	}
	return micros
}

// BenchmarkFlood puts a job of another account behind a million of one, spread over a
// hundred groups, all of which want a slot of the full fleet, and reports after how many
// hand-overs it gets one.
func BenchmarkFlood(b *testing.B) {
	const floodJobs, groups, slots = 1_000_000, 100, 10
	c, client := benchRoom(b, admission.Caps{"fleet=all": slots}, 256)
	running := submitAll(b, c, flood(groups, floodJobs/groups))
	ctx := context.Background()
	if err := client.ConfigSet(ctx, "slowlog-log-slower-than", "0").Err(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	turns, most := 0, 0
	for i := range b.N {
		r := guest()
		r.JobID = fmt.Sprintf("guest.%d", i)
		next, err := c.Submit(ctx, []admission.Request{r})
		waited := 0
		for ; err == nil && !contains(next, r.JobID); waited++ {
			first := running[0]
			if _, err = c.Enter(ctx, first); err == nil {
				next, err = c.Release(ctx, first.JobID)
			}
			running = append(running[1:], next...)
		}
		if err != nil {
			b.Fatal(err)
		}
		turns, most = turns+waited, max(most, waited)
	}
	b.ReportMetric(float64(turns)/float64(b.N), "turns")
	b.ReportMetric(float64(most), "most-turns")
	b.ReportMetric(float64(slowestCall(b, client).Microseconds()), "slowest-µs")
}
