package web_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/web"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var now = time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC)

// options are those of a server on a free loopback port that needs nothing else.
func options() web.Options {
	return web.Options{
		Listen: "127.0.0.1:0", Installation: "acme", Version: "v0.1.0", Log: zerolog.Nop(),
		Gatherer: prometheus.NewRegistry(), Clock: clock.NewManual(now),
	}
}

// serve runs a server until the test ends and returns its address as a URL.
func serve(t *testing.T, opts web.Options) string {
	t.Helper()
	server, err := web.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return "http://" + server.Addr()
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with headers given as name, value, ... Redirects are not followed.
func ask(t *testing.T, method, url string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	client := http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func get(t *testing.T, url string, headers ...string) answer {
	t.Helper()
	return ask(t, http.MethodGet, url, headers...)
}

func (a answer) wantStatus(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (a answer) wantBody(t *testing.T, parts ...string) answer {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("%q is not in the answer:\n%s", part, a.body)
		}
	}
	return a
}

// newRedis returns a client of an embedded Redis and the function that stops that.
func newRedis(t *testing.T) (client *redis.Client, stop func()) {
	t.Helper()
	server := testkit.Miniredis(t)
	client = redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client, server.Close
}

// enqueue puts a task into the queue backup.
func enqueue(t *testing.T, client redis.UniversalClient, id string) {
	t.Helper()
	task := asynq.NewTask("backup:start", []byte(`{"v":1,"job":"`+id+`","gen":1}`))
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task, asynq.Queue("backup"), asynq.TaskID(id)); err != nil {
		t.Fatal(err)
	}
}

func newCatalog(t *testing.T) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: clock.NewManual(now)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}
