package cli

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"

	"holdfast/config"
)

// typed runs a command that needs no configuration.
func typed(t *testing.T, args ...string) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(t.Context(), Env{
		Args: append([]string{"holdfast"}, args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Clock: &paced{now: noon},
	})
	return answer{code, stdout.String(), stderr.String()}
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.transcript("policy_validate", say("policy validate"), say("policy validate --output json"))
	good := typed(t, "policy", "validate", filepath.Join(o.dir, "policy.yaml"), "--output", "json")
	var verdict map[string]any
	if err := json.Unmarshal([]byte(good.stdout), &verdict); err != nil || good.code != codeDone {
		t.Fatalf("exit %d, %v: %s%s", good.code, err, good.stdout, good.stderr)
	}
	if verdict["valid"] != true || verdict["format"] != "holdfast" || verdict["plans"] != 2.0 {
		t.Errorf("%v", verdict)
	}
	if w, ok := verdict["warnings"].([]any); !ok || len(w) != 0 {
		t.Errorf("warnings are %v, want an empty list", verdict["warnings"])
	}
	bad := filepath.Join(o.dir, "bad.yaml")
	o.write("bad.yaml", "plans:\n  - name: a\n    rules:\n      - name: r\n        schedule_expression: rate(1 day)\n        start_window_minutes: 5\n"+
		"        target_backup_vault_name: v\n    selections: [{name: s, resources: [\"*\"]}]\n")
	refused := typed(t, "policy", "validate", bad, "--output", "json")
	var doc struct{ Errors []problem }
	if err := json.Unmarshal([]byte(refused.stdout), &doc); err != nil || refused.code != codeBadInput {
		t.Fatalf("exit %d, %v: %s", refused.code, err, refused.stdout)
	}
	found := map[string]problem{}
	for _, p := range doc.Errors {
		found[p.Path] = p
	}
	schedule, window := found["plans[0].rules[0].schedule_expression"], found["plans[0].rules[0].start_window_minutes"]
	if schedule.Line != 5 || schedule.File != bad || schedule.Kind != "invalid_policy" || window.Line != 6 {
		t.Errorf("the problems are %+v", doc.Errors)
	}
	if a := typed(t, "policy", "validate", filepath.Join(o.dir, "none.yaml")); a.code != codeBadInput || !strings.Contains(a.stderr, "none.yaml") {
		t.Errorf("a missing file: exit %d: %s", a.code, a.stderr)
	}
}

func TestPolicyNext(t *testing.T) {
	t.Parallel()
	var got struct {
		Next     []string
		Warnings []string
	}
	a := typed(t, "policy", "next", "--expression", "cron(30 2 * * ? *)", "--timezone", "Europe/Berlin",
		"--after", "2026-03-28T00:00:00Z", "--count", "3", "--output", "json")
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeDone {
		t.Fatalf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
	}
	// On 29 March clocks skip 02:30: that night does not run.
	want := []string{"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"}
	if diff := cmp.Diff(want, got.Next); diff != "" || got.Warnings == nil {
		t.Errorf("warnings %v, runs (-want +got):\n%s", got.Warnings, diff)
	}
	text := typed(t, "policy", "next", "--expression", "cron(0 2 ? * MON-FRI *)", "--timezone", "Asia/Tokyo", "--count", "1")
	if !strings.Contains(text.stdout, "2026-05-05T17:00:00Z  Wed 2026-05-06 02:00 JST") {
		t.Errorf("without --after it is not the next run from now:\n%s", text.stdout)
	}
	never := typed(t, "policy", "next", "--expression", "cron(0 0 30 2 ? *)")
	if never.code != codeDone || never.stdout != "never again\n" {
		t.Errorf("30 February: exit %d, %q", never.code, never.stdout)
	}
	refused := typed(t, "policy", "next", "--timezone", "Mars/Olympus", "--count", "0", "--after", "soon")
	if refused.code != codeBadInput || strings.Count(refused.stderr, "\n") < 3 {
		t.Errorf("exit %d, want 2 and each problem:\n%s", refused.code, refused.stderr)
	}
}

func TestConfigCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("holdfast.yaml", strings.ReplaceAll(`installation: acme
catalog: {dsn: "postgres://holdfast:hunter2@db/holdfast"}
redis: {mode: single, addresses: ["redis:6379"], password: hunter3}
aws: {regions: [eu-west-1], accounts: {ids: ["111122223333"]}}
policies: ["DIR/policy.yaml"]
`, "DIR/", ""))
	o.transcript("config", say("config validate"), say("config validate --output json"), say("config print"))
	printed := o.run("config", "print", "--output", "json")
	var doc struct {
		Settings []struct{ Key, Origin string }
	}
	if err := json.Unmarshal([]byte(printed.stdout), &doc); err != nil || len(doc.Settings) < 20 {
		t.Errorf("%v: %s", err, printed.stdout)
	}
	if strings.Contains(printed.stdout, "hunter") {
		t.Errorf("a password is printed:\n%s", printed.stdout)
	}
	o.write("holdfast.yaml", "instalation: acme\naws: {regions: [mars]}\n") //nolint:misspell // the mistake is the point
	o.transcript("config_refused", say("config validate"), say("config print extra"))
	if a := typed(t, "config", "example"); a.code != codeDone || a.stdout != config.Example() {
		t.Errorf("config example: exit %d, %d bytes", a.code, len(a.stdout))
	}
}

func TestDriverList(t *testing.T) {
	t.Parallel()
	golden.Text(t, filepath.Join("testdata", "driver_list.golden"), trimLines(typed(t, "driver", "list").stdout))
	var doc struct {
		Drivers []struct {
			Kind    string
			Actions map[string][]string
		}
	}
	a := typed(t, "driver", "list", "-o", "json")
	if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil {
		t.Fatal(err)
	}
	for _, d := range doc.Drivers {
		if len(d.Actions["backup"]) == 0 {
			t.Errorf("%s needs no IAM action for a backup: %v", d.Kind, d.Actions)
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		a := typed(t, "completion", shell)
		if a.code != codeDone || !strings.Contains(a.stdout, "holdfast") {
			t.Errorf("%s: exit %d: %s", shell, a.code, a.stdout)
		}
		if program, err := exec.LookPath(shell); err == nil { // its own parser, where there is one
			check := exec.CommandContext(t.Context(), program, "-n")
			check.Stdin = strings.NewReader(a.stdout)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s does not read its script: %v\n%s", shell, err, out)
			}
		}
	}
	if a := typed(t, "completion", "cmd.exe"); a.code != codeBadInput || !strings.Contains(a.stderr, "bash, zsh, fish") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}
