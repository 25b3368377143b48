package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/testkit"
	"holdfast/web"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	opts := options()
	opts.Checks = []web.Check{{Name: "redis", Probe: func(context.Context) error { return errors.New("down") }}}
	get(t, serve(t, opts)+"/healthz").wantStatus(t, http.StatusOK).wantBody(t, "ok\n")
}

// ready is the document of /readyz without how long the probes took.
type ready struct {
	Ready  bool `json:"ready"`
	Checks []struct {
		Name  string `json:"name"`
		OK    bool   `json:"ok"`
		Error string `json:"error"`
		Ms    *int64 `json:"ms"`
	} `json:"checks"`
}

func readiness(t *testing.T, url string) (status int, names map[string]string) {
	t.Helper()
	a := get(t, url+"/readyz")
	var doc ready
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	if doc.Ready != (a.status == http.StatusOK) {
		t.Errorf("ready is %v with status %d", doc.Ready, a.status)
	}
	names = map[string]string{}
	for _, c := range doc.Checks {
		names[c.Name] = c.Error
		if c.OK != (c.Error == "") || c.Ms == nil {
			t.Errorf("inconsistent check %+v", c)
		}
	}
	return a.status, names
}

// TestReadinessFollowsRedis stops Redis under a running server.
func TestReadinessFollowsRedis(t *testing.T) {
	t.Parallel()
	client, stop := newRedis(t)
	store := newCatalog(t)
	opts := options()
	opts.Checks = []web.Check{
		{Name: "redis", Probe: func(ctx context.Context) error { return client.Ping(ctx).Err() }},
		{Name: "catalog", Probe: func(ctx context.Context) error {
			_, err := store.Now(ctx)
			return err
		}},
	}
	url := serve(t, opts)
	status, got := readiness(t, url)
	if diff := cmp.Diff(map[string]string{"redis": "", "catalog": ""}, got); status != http.StatusOK || diff != "" {
		t.Fatalf("status %d (-want +got):\n%s", status, diff)
	}
	stop()
	testkit.Eventually(t, 20*time.Second, "503 after Redis stopped", func() bool {
		status, got = readiness(t, url)
		return status == http.StatusServiceUnavailable
	})
	if got["catalog"] != "" || !strings.Contains(got["redis"], "redis: ") {
		t.Errorf("the answer blames %v", got)
	}
}

func TestHangingDependencyIsNotReady(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	opts := options()
	opts.Checks = []web.Check{{Name: "redis", Probe: func(context.Context) error {
		<-release
		return nil
	}}}
	status, got := readiness(t, serve(t, opts))
	close(release)
	if status != http.StatusServiceUnavailable || !strings.Contains(got["redis"], "no answer within 2s") {
		t.Errorf("status %d, %v", status, got)
	}
}

func TestNothingToCheckIsReady(t *testing.T) {
	t.Parallel()
	if status, got := readiness(t, serve(t, options())); status != http.StatusOK || len(got) != 0 {
		t.Errorf("status %d, %v", status, got)
	}
}
