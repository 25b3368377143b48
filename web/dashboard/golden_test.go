package dashboard

import (
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/access"
)

var update = flag.Bool("update", false, "write the golden files anew")

// assetVersion changes with every change of a style, which no page is about.
var assetVersion = regexp.MustCompile(`(/assets/[^"?]+)\?[^"]*`)

// content is what a page says, without the frame around it.
func content(body string) string {
	if _, inside, ok := strings.Cut(body, "<main"); ok {
		body, _, _ = strings.Cut("<main"+inside, "</main>")
	}
	return assetVersion.ReplaceAllString(body, "$1") + "\n"
}

// Every page looks as it did when somebody last looked at it. What the fixture holds of
// scripts must come out as text.
func TestPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	changed := strings.ReplaceAll(inForce, "35", "14")
	pages := map[string]func() pageAnswer{
		"now":             func() pageAnswer { return r.get("/", access.Admin) },
		"jobs":            func() pageAnswer { return r.get("/jobs", access.Operator) },
		"jobs-viewer":     func() pageAnswer { return r.get("/jobs?state=FAILED&q=denied", access.Viewer) },
		"jobs-none":       func() pageAnswer { return r.get("/jobs?class=kms&plan=none", access.Viewer) },
		"jobs-wrong":      func() pageAnswer { return r.get("/jobs?account=12&state=ODD&since=soon", access.Viewer) },
		"job-chain":       func() pageAnswer { return r.get("/jobs/"+jobID("d"), access.Operator) },
		"job-failed":      func() pageAnswer { return r.get("/jobs/"+jobID("e"), access.Operator) },
		"job-running":     func() pageAnswer { return r.get("/jobs/"+jobID("f"), access.Operator) },
		"job-waiting":     func() pageAnswer { return r.get("/jobs/"+jobID("g"), access.Operator) },
		"resources":       func() pageAnswer { return r.get("/resources", access.Viewer) },
		"resource":        func() pageAnswer { return r.get("/resources?arn="+url.QueryEscape(billing), access.Admin) },
		"resource-missed": func() pageAnswer { return r.get("/resources?arn="+url.QueryEscape(volume+"search"), access.Viewer) },
		"points":          func() pageAnswer { return r.get("/points", access.Restorer) },
		"point":           func() pageAnswer { return r.get("/points/"+jobID("b"), access.Admin) },
		"restore":         func() pageAnswer { return r.get("/restore", access.Restorer) },
		"restore-point":   func() pageAnswer { return r.get("/restore?resource="+url.QueryEscape(billing), access.Restorer) },
		"restore-review":  func() pageAnswer { return r.get("/restore?key=k&point="+jobID("c"), access.Restorer) },
		"restore-moment": func() pageAnswer {
			return r.get("/restore?key=k&moment=2026-03-03T12:00:00&resource="+url.QueryEscape(billing), access.Restorer)
		},
		"restore-too-long": func() pageAnswer {
			return r.get("/restore?key=k&moment=30d&resource="+url.QueryEscape(billing), access.Restorer)
		},
		"policies": func() pageAnswer { return r.get("/policies", access.Viewer) },
		"policies-compare": func() pageAnswer {
			return r.post("/policies/try", access.Viewer, url.Values{"action": {"compare"}, "document": {strings.ReplaceAll(changed, "- {name: databases, resources: [\"arn:aws:rds:*:*:db:*\"]}", "")}})
		},
		"policies-preview": func() pageAnswer { return r.post("/policies/try", access.Viewer, url.Values{"action": {"preview"}}) },
		"accounts":         func() pageAnswer { return r.get("/accounts", access.Admin) },
		"account":          func() pageAnswer { return r.get("/accounts/"+home, access.Admin) },
		"account-broken":   func() pageAnswer { return r.get("/accounts/"+other, access.Viewer) },
		"audit":            func() pageAnswer { return r.get("/audit", access.Viewer) },
		"queues":           func() pageAnswer { return r.get("/queues", access.Viewer) },
		"not-found":        func() pageAnswer { return r.get("/jobs/"+jobID("z"), access.Viewer) },
	}
	for name, ask := range pages {
		t.Run(name, func(t *testing.T) {
			a := ask()
			if want := map[string]int{"not-found": http.StatusNotFound}[name]; want != 0 && a.status != want || want == 0 && a.status != http.StatusOK {
				t.Errorf("answered %d", a.status)
			}
			if strings.Contains(a.body, "<script>alert") {
				t.Error("a name of the catalog became markup")
			}
			golden(t, name, content(a.body))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "pages", name+".html")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the page changed; look at it, then write it anew with -update (-want +got):\n%s", diff)
	}
}
