package redisbudget_test

import (
	"context"
	"math"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/admission/budget"
	"holdfast/admission/redisbudget"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var (
	key = budget.Key{Account: "111122223333", Region: "eu-west-1", Bucket: "ec2:CreateSnapshot"}
	// usual are the terms of most tests: fast enough to see tokens come back.
	usual = budget.Terms{Rate: 200, Burst: 10, Share: 0.2, Horizon: 2 * time.Second, Cooldown: 100 * time.Millisecond, Recovery: 0.5}
)

const keyName = "{hf:test}:budget:111122223333/eu-west-1/ec2:CreateSnapshot"

// onEach runs test on an empty miniredis and an empty redis-server.
func onEach(t *testing.T, test func(t *testing.T, l *redisbudget.Limiter, client redis.UniversalClient)) {
	t.Helper()
	for name, addr := range map[string]func(testing.TB) string{
		"miniredis":    func(tb testing.TB) string { return testkit.Miniredis(tb).Addr() },
		"redis-server": func(tb testing.TB) string { return testkit.Redis(tb).Addr },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redis.NewClient(&redis.Options{Addr: addr(t), PoolSize: 64})
			t.Cleanup(func() { _ = client.Close() })
			test(t, redisbudget.New(client, redisbudget.Options{Installation: "test", Timeout: 30 * time.Second}), client)
		})
	}
}

func reserve(t testing.TB, l *redisbudget.Limiter, ask budget.Ask) budget.Answer {
	t.Helper()
	answer, err := l.Reserve(context.Background(), key, usual, ask)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// stored reads the bucket as it lies in Redis.
func stored(t interface{ Fatal(...any) }, client redis.UniversalClient) budget.State {
	fields, err := client.HGetAll(context.Background(), keyName).Result()
	if err != nil {
		t.Fatal(err)
	}
	number := func(name string) float64 {
		n, _ := strconv.ParseFloat(fields[name], 64)
		return n
	}
	return budget.State{
		At: int64(number("at")), Level: number("level"), Kept: number("kept"), Line: int64(number("line")),
		RestoreLine: int64(number("rline")), Factor: number("factor"), Turned: int64(number("turned")),
	}
}

// TestScriptsDecideAsTheModel makes random calls and repeats each with the pure functions
// at the instant the script saw.
func TestScriptsDecideAsTheModel(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, l *redisbudget.Limiter, client redis.UniversalClient) {
		ctx := context.Background()
		rapid.Check(t, func(rt *rapid.T) {
			if err := client.FlushAll(ctx).Err(); err != nil {
				rt.Fatal(err)
			}
			terms := budget.Terms{
				Rate:    rapid.Float64Range(0.5, 5000).Draw(rt, "rate"),
				Burst:   rapid.SampledFrom([]float64{1, 1.5, 5, 100}).Draw(rt, "burst"),
				Share:   rapid.SampledFrom([]float64{0, 0.2, 0.9}).Draw(rt, "share"),
				Horizon: time.Second, Cooldown: time.Millisecond, Recovery: 1,
			}
			rt.Repeat(map[string]func(*rapid.T){
				"reserve": func(rt *rapid.T) {
					ask := budget.Ask{
						Restore: rapid.Bool().Draw(rt, "restore"), Returning: rapid.Bool().Draw(rt, "returning"),
						Patience: time.Duration(rapid.IntRange(0, 2_000).Draw(rt, "patience")) * time.Microsecond,
					}
					before := stored(rt, client)
					got, err := l.Reserve(ctx, key, terms, ask)
					if err != nil {
						rt.Fatal(err)
					}
					after := stored(rt, client)
					want, answer := budget.Reserve(before, terms, ask, after.At)
					if got.Granted != answer.Granted || (got.Wait-answer.Wait).Abs() > time.Microsecond {
						rt.Fatalf("%+v on %+v: the script says %+v, the model %+v", ask, before, got, answer)
					}
					same(rt, after, want)
				},
				"throttled": func(rt *rapid.T) {
					before := stored(rt, client)
					if err := l.Throttled(ctx, key, terms); err != nil {
						rt.Fatal(err)
					}
					after := stored(rt, client)
					same(rt, after, budget.Lower(before, terms, after.At))
				},
			})
		})
	})
}

// same compares states up to the digits Redis keeps.
func same(t *rapid.T, got, want budget.State) {
	t.Helper()
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-4 }
	if !near(got.Level, want.Level) || !near(got.Kept, want.Kept) || !near(got.Factor, want.Factor) || got.Turned != want.Turned ||
		!near(float64(got.Line-want.Line)/1e4, 0) || !near(float64(got.RestoreLine-want.RestoreLine)/1e4, 0) {
		t.Fatalf("the script stored %+v, the model %+v", got, want)
	}
}

// TestProcessesShareABucket lets many callers take from one bucket at once: in no time do
// more calls go than the bucket has.
func TestProcessesShareABucket(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, l *redisbudget.Limiter, _ redis.UniversalClient) {
		var group sync.WaitGroup
		granted := make([]int, 16)
		began := time.Now()
		for i := range granted {
			group.Go(func() {
				for range 50 {
					if reserve(t, l, budget.Ask{Restore: i%4 == 0, Returning: i%2 == 0}).Granted {
						granted[i]++
					}
				}
			})
		}
		group.Wait()
		most, total := usual.Burst+usual.Rate*time.Since(began).Seconds(), 0
		for _, n := range granted {
			total += n
		}
		if float64(total) > most || total < int(usual.Burst*(1-usual.Share)) {
			t.Errorf("%d calls went, the bucket has %.1f", total, most)
		}
	})
}

func TestABucketSurvivesWhatHappensToRedis(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, l *redisbudget.Limiter, client redis.UniversalClient) {
		ctx := context.Background()
		for name, happen := range map[string]func() error{
			"script flush": func() error { return client.ScriptFlush(ctx).Err() },
			"flush":        func() error { return client.FlushAll(ctx).Err() },
		} {
			// A bucket the turn before throttled would rightly put the next call off.
			if err := client.FlushAll(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			reserve(t, l, budget.Ask{})
			if err := happen(); err != nil {
				t.Fatal(err)
			}
			if !reserve(t, l, budget.Ask{Patience: time.Second}).Granted {
				t.Errorf("after %s a call was put off", name)
			}
			if err := l.Throttled(ctx, key, usual); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
		}
	})
}

func TestKeysHaveALifeAndTheIndexForgets(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, l *redisbudget.Limiter, client redis.UniversalClient) {
		ctx := context.Background()
		terms := func(string) budget.Terms { return usual }
		reserve(t, l, budget.Ask{})
		if err := l.Throttled(ctx, key, usual); err != nil {
			t.Fatal(err)
		}
		if life := client.PTTL(ctx, keyName).Val(); life < time.Minute || life > 24*time.Hour {
			t.Errorf("the bucket lives %s", life)
		}
		levels, err := l.Levels(ctx, 10, terms)
		if err != nil || len(levels) != 1 || levels[0].Key != key || levels[0].Factor > 0.9 || levels[0].Tokens > usual.Burst {
			t.Errorf("levels are %+v, %v", levels, err)
		}
		if err := client.Del(ctx, keyName).Err(); err != nil { // as if it had expired
			t.Fatal(err)
		}
		if levels, err := l.Levels(ctx, 10, terms); err != nil || len(levels) != 0 {
			t.Errorf("levels after the end are %+v, %v", levels, err)
		}
		if n := client.Exists(ctx, "{hf:test}:budgets").Val(); n != 0 {
			t.Error("the index remembers a bucket that is gone")
		}
	})
}

func TestARedisThatDoesNotAnswerIsAnError(t *testing.T) {
	t.Parallel()
	server := testkit.Miniredis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	server.Close()
	l := redisbudget.New(client, redisbudget.Options{Installation: "test"})
	if _, err := l.Reserve(context.Background(), key, usual, budget.Ask{}); err == nil {
		t.Error("reserve: no error")
	}
	if err := l.Throttled(context.Background(), key, usual); err == nil {
		t.Error("throttled: no error")
	}
}

// BenchmarkReserve says what the question before every AWS call costs.
func BenchmarkReserve(b *testing.B) {
	client := redis.NewClient(&redis.Options{Addr: testkit.Redis(b).Addr})
	b.Cleanup(func() { _ = client.Close() })
	l := redisbudget.New(client, redisbudget.Options{Installation: "test"})
	for b.Loop() {
		reserve(b, l, budget.Ask{})
	}
}
