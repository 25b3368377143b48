package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nextOf runs policy next and returns what it prints in JSON.
func nextOf(t *testing.T, args ...string) (out struct{ Next, Warnings, Notes []string }) {
	t.Helper()
	a := typed(t, append([]string{"policy", "next", "--output", "json"}, args...)...)
	if err := json.Unmarshal([]byte(a.stdout), &out); err != nil || a.code != codeDone {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	return out
}

func TestPolicyNextContract(t *testing.T) {
	t.Parallel()
	got := nextOf(t, "--expression", "cron(10 1 * * ? *)", "--timezone", "America/Chicago", "--after", "2026-10-31T12:00:00Z", "--count", "2")
	if diff := cmp.Diff([]string{"2026-11-01T06:10:00Z", "2026-11-02T07:10:00Z"}, got.Next); diff != "" || len(got.Warnings) > 0 {
		t.Error(diff, got.Warnings)
	}
	got = nextOf(t, "--expression", "cron(0 5 1 1 ? 2020)", "--after", "2026-01-01T00:00:00Z")
	if got.Next == nil || got.Warnings == nil || len(got.Next) > 0 {
		t.Errorf("a schedule that is over gives %v, %v, want empty lists", got.Next, got.Warnings)
	}
	got = nextOf(t, "--expression", "cron(0/20 4 L-1 * ?)", "--after", "2026-01-01T00:00:00Z", "--count", "1")
	if len(got.Warnings) != 2 || len(got.Notes) != 1 || got.Next[0] != "2026-01-30T04:00:00Z" {
		t.Errorf("got %+v", got)
	}
	got = nextOf(t, "--expression", "rate(6 hours)", "--after", "2026-01-01T00:00:30Z", "--count", "2")
	if diff := cmp.Diff([]string{"2026-01-01T06:00:00Z", "2026-01-01T12:00:00Z"}, got.Next); diff != "" || len(got.Notes) != 1 {
		t.Error(diff, got.Notes)
	}
}

func TestPolicyNextRefuses(t *testing.T) {
	t.Parallel()
	a := typed(t, "policy", "next", "--expression", "rate(1 hours)", "--timezone", "Mars/Olympus", "--after", "soon", "--count", "0", "--output", "json")
	var got struct{ Errors []problem }
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeBadInput {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	var paths []string
	for _, p := range got.Errors {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff("--after --count --timezone --expression", strings.Join(paths, " ")); diff != "" {
		t.Error(diff)
	}
}
