package web_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/internal/clock"
	"holdfast/login"
)

// With a login everything but health and the login page itself asks for one.
func TestLoginIsAskedForEverywhere(t *testing.T) {
	t.Parallel()
	keeper, err := login.New(newCatalog(t), clock.NewManual(now), rand.Reader, login.Cost{Time: 1, MemoryKiB: 8, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	viewer, _, err := keeper.CreateToken(t.Context(), "viewer", access.Viewer, time.Hour, "root")
	if err != nil {
		t.Fatal(err)
	}
	opts := options()
	opts.Redis, _ = newRedis(t)
	opts.Logins, opts.LoginRequired, opts.AsynqmonActions = keeper, true, true
	opts.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(access.From(r.Context()).Name))
	})
	url := serve(t, opts)
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/login": 200, "/login/style.css": 200,
		"/": 303, "/jobs": 303, "/queues/": 303, "/metrics": 303, "/nothing": 303, "/api/v1/jobs": 401,
	} {
		if a := get(t, url+path, "Accept", "text/html"); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
	bearer := []string{"Authorization", "Bearer " + viewer}
	for what, headers := range map[string][]string{
		"no token": nil, "a token nobody has": {"Authorization", "Bearer hf_nothing"}, "a password": {"Authorization", "Basic cm9vdDpyb290"},
	} {
		a := get(t, url+"/metrics", headers...).wantStatus(t, http.StatusUnauthorized).wantBody(t, "holdfast token create")
		if strings.Contains(a.body, "# HELP") || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("a scrape with %s is answered %v %s", what, a.header, a.body)
		}
	}
	get(t, url+"/metrics", bearer...).wantStatus(t, http.StatusOK)
	get(t, url+"/api/v1/jobs", bearer...).wantStatus(t, http.StatusOK).wantBody(t, "token:viewer")
	a := ask(t, http.MethodPost, url+"/queues/api/queues/backup:pause", bearer...).wantStatus(t, http.StatusForbidden)
	if !strings.Contains(a.body, "may not work_queues") {
		t.Error(a.body)
	}
}
