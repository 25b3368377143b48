package dashboard

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/report"
	"holdfast/report/ondemand"
	"holdfast/report/scheduled"
	"holdfast/web/frame"
)

// reportPages serves the pages of an empty installation.
func reportPages(t *testing.T) func(address string) *httptest.ResponseRecorder {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	now := clock.NewManual(at)
	maker := ondemand.New(ondemand.Options{
		Clock: now,
		Source: func(context.Context) (report.Source, error) {
			return report.Source{Store: store, Installation: "acme", Now: now.Now()}, nil
		},
		Schedules: func(context.Context) ([]scheduled.Status, error) {
			return []scheduled.Status{{Name: "night", Kind: "backup", Format: "html", To: "s3://reports", Error: "<denied>", Next: at}}, nil
		},
	})
	d := New(Options{Catalog: store, Reports: maker, Frame: frame.New(frame.Options{Pages: true, Clock: now}), Clock: now, Log: zerolog.Nop()})
	t.Cleanup(d.Close)
	mux := http.NewServeMux()
	d.Register(mux)
	return func(address string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		r.Header.Set("Accept", "text/html")
		mux.ServeHTTP(answer, r)
		return answer
	}
}

func TestReportsPages(t *testing.T) {
	t.Parallel()
	get := reportPages(t)
	for address, want := range map[string][]string{
		"/reports": {`<option value="controls">`, "Made by themselves", "cannot be written: &lt;denied&gt;"},
		"/reports?kind=backup&from=7d&by=plan": {
			`src="/reports/backup?by=plan&amp;format=html&amp;from=7d"`, `href="/reports/backup?by=plan&amp;format=csv&amp;from=7d&amp;table=failures"`,
		},
		"/reports?kind=weather":                  {"is no kind of report"},
		"/reports?kind=backup&by=colour":         {"is no way to group", `value="colour"`},
		"/reports?kind=cost&from=7d":             {"is about the present"},
		"/reports?kind=backup&from=2000-01-01":   {"a report is about 400 at most"},
		"/reports?kind=backup&from=next+tuesday": {"or how long ago"},
	} {
		answer := get(address)
		for _, text := range want {
			if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), text) {
				t.Errorf("%s: %d lacks %s:\n%s", address, answer.Code, text, answer.Body)
			}
		}
		if wrong := !strings.Contains(address, "from=7d&by=plan"); wrong && strings.Contains(answer.Body.String(), "<iframe") {
			t.Errorf("%s shows a report", address)
		}
	}
}

func TestReportFiles(t *testing.T) {
	t.Parallel()
	get := reportPages(t)
	for _, d := range report.Kinds() {
		page := get("/reports/" + string(d.Kind))
		if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "<title>"+d.Title) || page.Header().Get("Content-Disposition") != "" {
			t.Errorf("%s: %d %s", d.Kind, page.Code, page.Body)
		}
		if h := page.Header(); h.Get("X-Frame-Options") != "SAMEORIGIN" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s may not be shown inside, or may do too much: %v", d.Kind, h)
		}
		table := get("/reports/" + string(d.Kind) + "?format=csv&table=" + url.QueryEscape(d.Tables[0].Name))
		if table.Code != http.StatusOK || !strings.HasPrefix(table.Body.String(), d.Tables[0].Columns[0].Name+",") || !strings.Contains(table.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("%s as CSV: %d %s", d.Kind, table.Code, table.Body)
		}
		if data := get("/reports/" + string(d.Kind) + "?format=json"); data.Code != http.StatusOK || !strings.HasPrefix(data.Body.String(), "{") {
			t.Errorf("%s as JSON: %d %s", d.Kind, data.Code, data.Body)
		}
	}
	for _, address := range []string{"/reports/weather", "/reports/backup?format=pdf", "/reports/backup?table=weather", "/reports/backup?from=soon", "/reports/cost?by=plan"} {
		if answer := get(address); answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", address, answer.Code, answer.Body)
		}
	}
}
