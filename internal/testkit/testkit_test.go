package testkit_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func redisClient(t *testing.T, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ReadTimeout: 200 * time.Millisecond})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedisLosesEverythingOnRestart(t *testing.T) {
	t.Parallel()
	server := testkit.Redis(t)
	ctx, client := testContext(t), redisClient(t, server.Addr)
	if err := client.Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := client.Ping(ctx).Err(); err == nil {
		t.Fatal("a killed server answered")
	}
	server.Restart()
	if n, err := client.Exists(ctx, "key").Result(); n != 0 || err != nil {
		t.Fatalf("after restart: %d keys, %v; want an empty server", n, err)
	}
}

func TestRedisPauseKeepsDataAndAnswersNothing(t *testing.T) {
	t.Parallel()
	server := testkit.Redis(t)
	ctx, client := testContext(t), redisClient(t, server.Addr)
	if err := client.Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	if err := client.Get(ctx, "key").Err(); err == nil {
		t.Fatal("a paused server answered")
	}
	server.Resume()
	if got, err := client.Get(ctx, "key").Result(); got != "value" || err != nil {
		t.Fatalf("after resume: %q, %v", got, err)
	}
}

func TestMiniredisExpiresKeysByItself(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	client := redisClient(t, testkit.Miniredis(t).Addr())
	if err := client.Set(ctx, "key", "value", 20*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 5*time.Second, "the key to expire", func() bool {
		return client.Exists(ctx, "key").Val() == 0
	})
}

func TestPostgresDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	for range 2 {
		conn, err := pgx.Connect(ctx, testkit.Postgres(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		if _, err := conn.Exec(ctx, "CREATE TABLE only_here (id int)"); err != nil {
			t.Fatalf("second database is not empty: %v", err)
		}
	}
}

func TestPostgresIsDurableUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	dsns := map[string]string{"on": testkit.Postgres(t), "off": testkit.Postgres(t, testkit.WithoutSync())}
	for want, dsn := range dsns {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = conn.QueryRow(ctx, "SHOW fsync").Scan(&got)
		_ = conn.Close(ctx)
		if got != want || err != nil {
			t.Errorf("fsync = %q, %v; want %q", got, err, want)
		}
	}
}

func TestMotoAnswersAndResets(t *testing.T) {
	t.Parallel()
	moto := testkit.Moto(t)
	moto.Reset()
	req, err := http.NewRequestWithContext(testContext(t), http.MethodGet, moto.URL+"/moto-api/data.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %s", resp.Status)
	}
}

func TestEventuallyFailsAndNamesWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	rec := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // Fatalf ends the goroutine it is called on
		defer close(done)
		testkit.Eventually(rec, 10*time.Millisecond, "pigs to fly", func() bool { return false })
	}()
	<-done
	if want := "after 10ms still waiting: pigs to fly"; rec.message != want {
		t.Fatalf("message %q, want %q", rec.message, want)
	}
}
