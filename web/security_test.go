package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/web"
)

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	opts := options()
	opts.Redis, _ = newRedis(t)
	url := serve(t, opts)
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	}
	for _, path := range []string{"/", "/healthz", "/readyz", "/metrics", "/queues/", "/queues/api/queues", "/assets/style.css", "/nothing"} {
		header := get(t, url+path).header
		got, ancestors := map[string]string{}, "frame-ancestors 'none'"
		if strings.HasPrefix(path, "/queues") { // our own page of the queues has asynqmon inside
			ancestors = "frame-ancestors 'self'"
			header.Set("X-Frame-Options", strings.Replace(header.Get("X-Frame-Options"), "SAMEORIGIN", "DENY", 1))
		}
		for name := range want {
			got[name] = header.Get(name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		policy := header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", ancestors, "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, part)
			}
		}
		if scripts := directive(policy, "script-src"); strings.Contains(scripts, "unsafe") || strings.Contains(scripts, "http") {
			t.Errorf("%s: the policy lets any script run: %s", path, scripts)
		}
	}
}

// directive returns the value of one directive of a content security policy.
func directive(policy, name string) string {
	for part := range strings.SplitSeq(policy, ";") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), name+" "); ok {
			return value
		}
	}
	return ""
}

func TestHost(t *testing.T) {
	t.Parallel()
	local := serve(t, options())
	proxied := options()
	proxied.AllowRemote = true
	remote := serve(t, proxied)
	table := []struct {
		url, host string
		want      int
	}{
		{local, "localhost", http.StatusOK},
		{local, "localhost:9999", http.StatusOK},
		{local, "127.0.0.1:80", http.StatusOK},
		{local, "[::1]:80", http.StatusOK},
		{local, "[::1]", http.StatusOK},
		{local, "rebound.example.com", http.StatusForbidden},
		{local, "rebound.example.com:8484", http.StatusForbidden},
		{local, "127.0.0.1.example.com", http.StatusForbidden},
		{local, "192.0.2.7", http.StatusForbidden},
		{remote, "backup.example.com", http.StatusOK},
	}
	for _, row := range table {
		if got := get(t, row.url+"/healthz", "Host", row.host); got.status != row.want {
			t.Errorf("host %s: %d, want %d", row.host, got.status, row.want)
		}
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	opts := options()
	opts.Redis, _ = newRedis(t)
	url := serve(t, opts)
	table := map[string]struct {
		method, path string
		want         int
	}{
		"no such page":       {http.MethodGet, "/nothing/here", http.StatusNotFound},
		"post to a page":     {http.MethodPost, "/", http.StatusMethodNotAllowed},
		"post to metrics":    {http.MethodPost, "/metrics", http.StatusMethodNotAllowed},
		"delete of health":   {http.MethodDelete, "/healthz", http.StatusMethodNotAllowed},
		"put of readiness":   {http.MethodPut, "/readyz", http.StatusMethodNotAllowed},
		"put to the queues":  {http.MethodPut, "/queues/", http.StatusMethodNotAllowed},
		"post to the style":  {http.MethodPost, "/assets/style.css", http.StatusMethodNotAllowed},
		"no listing of them": {http.MethodGet, "/assets/", http.StatusNotFound},
	}
	for name, row := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := ask(t, row.method, url+row.path, "Accept", "text/html,*/*").wantStatus(t, row.want)
			page.wantBody(t, "<!doctype html>", http.StatusText(row.want), "To the overview")
			line := ask(t, row.method, url+row.path).wantStatus(t, row.want)
			if strings.Contains(line.body, "<") || strings.Count(line.body, "\n") != 1 {
				t.Errorf("a program gets more than a line of text: %s", line.body)
			}
			if allow := line.header.Get("Allow"); (row.want == http.StatusMethodNotAllowed) != (allow == "GET, HEAD") {
				t.Errorf("Allow is %q", allow)
			}
		})
	}
}

// TestTooManyRequests fills every place with a request that hangs.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	const places = 3
	begun, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(web.LimitInFlight(places, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-release
	})))
	defer server.Close()
	answers := make(chan answer, places)
	for range places {
		go func() { answers <- get(t, server.URL) }()
		<-begun
	}
	for range 2 {
		refused := get(t, server.URL).wantStatus(t, http.StatusServiceUnavailable).wantBody(t, "too many requests")
		if refused.header.Get("Retry-After") == "" {
			t.Error("the answer does not say when to come again")
		}
	}
	close(release)
	for range places {
		(<-answers).wantStatus(t, http.StatusOK)
	}
	go func() { <-begun }()
	get(t, server.URL).wantStatus(t, http.StatusOK)
}

func TestHeadersAreLimited(t *testing.T) {
	t.Parallel()
	get(t, serve(t, options())+"/healthz", "X-Long", strings.Repeat("x", 64<<10)).
		wantStatus(t, http.StatusRequestHeaderFieldsTooLarge)
}
