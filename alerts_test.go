package holdfast_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"holdfast/internal/localserver"
	"holdfast/internal/metrics"
	"holdfast/internal/testkit"
)

const (
	alertDir     = "deploy/prometheus"
	playbookDir  = "docs/playbooks"
	dashboard    = "deploy/grafana/holdfast.json"
	alertFile    = alertDir + "/alerts.yml"
	ruleTestFile = "alerts_test.yml"
)

// alertRule is one rule of alerts.yml.
type alertRule struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

func alertRules(t *testing.T) (rules []alertRule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alertRule } }
	data, err := os.ReadFile(alertFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		rules = append(rules, g.Rules...)
	}
	if len(rules) < 8 {
		t.Fatalf("%s has %d rules", alertFile, len(rules))
	}
	return rules
}

var metricName = regexp.MustCompile(`\bholdfast_[a-z_]+`)

// undocumented returns the metrics of an expression that docs/metrics.md does not have.
func undocumented(expr, page string) (names []string) {
	for _, name := range metricName.FindAllString(expr, -1) {
		base := name
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if cut, ok := strings.CutSuffix(name, suffix); ok && strings.Contains(page, "| `"+cut+"` | histogram |") {
				base = cut
			}
		}
		if !strings.Contains(page, "| `"+base+"` |") {
			names = append(names, name)
		}
	}
	return names
}

func TestAlertsAreComplete(t *testing.T) {
	t.Parallel()
	page := metrics.Reference()
	tests, err := os.ReadFile(path.Join(alertDir, ruleTestFile))
	if err != nil {
		t.Fatal(err)
	}
	var books []string
	for _, r := range alertRules(t) {
		for _, name := range undocumented(r.Expr, page) {
			t.Errorf("%s: there is no metric %s", r.Alert, name)
		}
		book := playbookDir + "/" + r.Alert + ".md"
		books = append(books, r.Alert+".md")
		if r.Annotations["runbook"] != book || r.Annotations["summary"] == "" || r.Labels["severity"] == "" {
			t.Errorf("%s needs a severity, a summary and the runbook %s", r.Alert, book)
		}
		text, err := os.ReadFile(book)
		if err != nil || !strings.HasPrefix(string(text), "# "+r.Alert+"\n") || !strings.Contains(string(text), "## What to do") {
			t.Errorf("%s must exist, begin with the alert's name and say what to do: %v", book, err)
		}
		if !strings.Contains(string(tests), "exp_alerts") || !strings.Contains(string(tests), "alertname: "+r.Alert+"\n") {
			t.Errorf("%s has no unit test in %s", r.Alert, ruleTestFile)
		}
	}
	checkCommands(t)
	found, err := os.ReadDir(playbookDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		// Those of the doctor are held against its checks where these are, in package cli.
		if !slices.Contains(books, f.Name()) && !strings.HasPrefix(f.Name(), "doctor-") {
			t.Errorf("%s/%s is the playbook of no alert", playbookDir, f.Name())
		}
	}
}

var namedCommand = regexp.MustCompile("`holdfast ((?:[a-z]+ ?)+)")

// checkCommands finds commands in playbooks that the command reference does not have: at
// 02:00 is the wrong time for that.
func checkCommands(t *testing.T) {
	t.Helper()
	reference, err := os.ReadFile("docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(playbookDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(path.Join(playbookDir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range namedCommand.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(reference), "\n## holdfast "+strings.TrimSpace(found[1])+"\n") {
				t.Errorf("%s: there is no command holdfast %s", f.Name(), found[1])
			}
		}
	}
}

// TestAlertRules has promtool check the rules and play their unit tests.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	testkit.Integration(t)
	for _, args := range [][]string{{"check", "rules", path.Base(alertFile)}, {"test", "rules", ruleTestFile}} {
		if _, err := localserver.Promtool(t.Context(), alertDir, args...); err != nil {
			t.Error(err)
		}
	}
}

func TestDashboardAsksForMetricsThereAre(t *testing.T) {
	t.Parallel()
	var doc struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	data, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	page, shown := metrics.Reference(), 0
	for _, p := range doc.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			shown++
			if !metricName.MatchString(target.Expr) {
				t.Errorf("panel %q asks for no metric of ours: %s", p.Title, target.Expr)
			}
			for _, name := range undocumented(target.Expr, page) {
				t.Errorf("panel %q: there is no metric %s", p.Title, name)
			}
		}
	}
	if shown < 20 {
		t.Errorf("%d queries only", shown)
	}
}

func TestUndocumentedFindsMistakes(t *testing.T) {
	t.Parallel()
	page := "| `holdfast_a` | gauge |\n| `holdfast_b_seconds` | histogram |\n"
	got := undocumented(`max(holdfast_a) + rate(holdfast_b_seconds_bucket[5m]) + holdfast_a_count + holdfast_missing`, page)
	if want := []string{"holdfast_a_count", "holdfast_missing"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("found %v, want %v", got, want)
	}
}
