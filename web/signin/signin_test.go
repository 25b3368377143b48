package signin_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/login"
	"holdfast/web/signin"
)

const password = "correct horse battery"

// site is a server behind a gate, whose pages say who looks at them.
type site struct {
	t      *testing.T
	url    string
	keeper *login.Keeper
	client *http.Client
}

func newSite(t *testing.T, required bool) *site {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC))
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	keeper, err := login.New(store, now, rand.Reader, login.Cost{Time: 1, MemoryKiB: 8, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.AddUser(t.Context(), "ana", access.Restorer, password, "root"); err != nil {
		t.Fatal(err)
	}
	gate := signin.New(signin.Options{
		Keeper: keeper, Required: required, Local: access.Actor{Name: "local", Role: access.Admin}, Log: zerolog.Nop(),
		Open:         func(r *http.Request) bool { return r.URL.Path == "/open" },
		Installation: "acme <&>",
		Fail:         func(w http.ResponseWriter, _ *http.Request, status int, text string) { http.Error(w, text, status) },
	})
	server := httptest.NewServer(gate.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.From(r.Context())
		_, _ = fmt.Fprintf(w, "%s is %s", who.Name, who.Role)
	})))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &site{t, server.URL, keeper, &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

type answer struct {
	*http.Response
	text string
}

func (s *site) do(method, path string, form url.Values, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response, string(body)}
}

func (s *site) signIn(pass, next string) answer {
	return s.do(http.MethodPost, "/login", url.Values{"name": {" Ana "}, "password": {pass}, "next": {next}})
}

func (a answer) want(t *testing.T, status int, text string) {
	t.Helper()
	if a.StatusCode != status || !strings.Contains(a.text, text) {
		t.Errorf("%s %s: %d %q, want %d with %q", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.text, status, text)
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	if a := s.do(http.MethodGet, "/jobs?state=failed", nil); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login?next=%2Fjobs%3Fstate%3Dfailed" {
		t.Errorf("without a session: %d to %s", a.StatusCode, a.Header.Get("Location"))
	}
	s.do(http.MethodGet, "/login?next=%2Fjobs", nil).want(t, http.StatusOK, `name="next" value="/jobs"`)
	s.signIn("wrong", "/jobs").want(t, http.StatusUnauthorized, `value="ana"`)
	a := s.signIn(password, "/jobs?state=failed")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/jobs?state=failed" {
		t.Fatalf("signed in: %d to %s", a.StatusCode, a.Header.Get("Location"))
	}
	c := a.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != int(login.SessionLife.Seconds()) || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	s.do(http.MethodGet, "/jobs", nil).want(t, http.StatusOK, "ana is restorer")
	s.do(http.MethodPost, "/logout", url.Values{}).want(t, http.StatusSeeOther, "")
	s.do(http.MethodPost, "/jobs", url.Values{}).want(t, http.StatusUnauthorized, "Nothing was changed")
	// The cookie a thief kept is worth nothing either.
	s.do(http.MethodGet, "/jobs", nil, "Cookie", c.Name+"="+c.Value).want(t, http.StatusSeeOther, "")
}

// Beyond loopback the cookie is for TLS and this host only.
func TestCookieBeyondLoopback(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/login", strings.NewReader(url.Values{"name": {"ana"}, "password": {password}}.Encode()))
	r.RequestURI, r.Host = "", "backup.example.com"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if c := response.Cookies()[0]; c.Name != "__Host-holdfast-session" || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{true, false} {
		s := newSite(t, required)
		secret, _, err := s.keeper.CreateToken(t.Context(), "ci", access.Viewer, time.Hour, "root")
		if err != nil {
			t.Fatal(err)
		}
		s.do(http.MethodGet, "/api/v1/jobs", nil, "Authorization", "Bearer "+secret).want(t, http.StatusOK, "token:ci is viewer")
		a := s.do(http.MethodGet, "/api/v1/jobs", nil, "Authorization", "Bearer "+secret+"x")
		a.want(t, http.StatusUnauthorized, "holdfast token create")
		if a.Header.Get("WWW-Authenticate") == "" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("headers %v", a.Header)
		}
		s.do(http.MethodGet, "/metrics", nil, "Authorization", "Basic x").want(t, map[bool]int{true: 401, false: 200}[required], "")
	}
}

func TestWithoutLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	s.do(http.MethodGet, "/jobs", nil).want(t, http.StatusOK, "local is admin")
	s = newSite(t, true)
	s.do(http.MethodGet, "/open", nil).want(t, http.StatusOK, " is ")
}

// A page of another site can make a browser send requests, with the cookie; none is taken.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{true, false} {
		s := newSite(t, required)
		s.signIn(password, "/")
		for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			for _, path := range []string{"/jobs", "/login", "/logout", "/api/v1/backups"} {
				s.do(http.MethodPost, path, url.Values{"name": {"ana"}}, headers...).want(t, http.StatusForbidden, "another site")
			}
		}
		s.do(http.MethodPost, "/jobs", url.Values{}, "Sec-Fetch-Site", "same-origin").want(t, http.StatusOK, " is ")
	}
}

// Nobody is sent to another site after a login.
func TestNext(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	for next, want := range map[string]string{
		"/jobs?a=b": "/jobs?a=b", "": "/", "jobs": "/", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/",
		"/login?next=/": "/", "javascript:alert(1)": "/", "/%zz": "/", "/a\r\nSet-Cookie: x=y": "/",
	} {
		if a := s.signIn(password, next); a.Header.Get("Location") != want {
			t.Errorf("next %q leads to %q, want %q", next, a.Header.Get("Location"), want)
		}
	}
}

func TestTooManyAttempts(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	for range 5 {
		s.signIn("wrong", "/").want(t, http.StatusUnauthorized, "wrong")
	}
	a := s.signIn(password, "/")
	a.want(t, http.StatusTooManyRequests, "Try again in 15 minutes")
	if a.Header.Get("Retry-After") != "901" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	s.do(http.MethodPut, "/login", nil).want(t, http.StatusMethodNotAllowed, "")
	s.do(http.MethodGet, "/logout", nil).want(t, http.StatusMethodNotAllowed, "")
}

func TestLoginPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	a := s.do(http.MethodGet, "/login?next=%2Fa%22%3E%3Cscript%3E", nil)
	a.want(t, http.StatusOK, "acme &lt;&amp;&gt;")
	if strings.Contains(a.text, "<script") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v, page %s", a.Header, a.text)
	}
	s.do(http.MethodGet, "/login/style.css", nil).want(t, http.StatusOK, "main {")
	a = s.do(http.MethodPost, "/login", url.Values{"name": {`"><script>x</script>`}, "password": {"x"}})
	if a.want(t, http.StatusUnauthorized, "wrong"); strings.Contains(a.text, "<script") {
		t.Error(a.text)
	}
}
