package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
)

const retainedPoints = `[
  {"id": "mon", "created_at": "2026-05-04T02:00:00Z"},
  {"id": "sun", "created_at": "2026-05-03T02:00:00Z"},
  {"id": "sat", "created_at": "2026-05-02T02:00:00Z", "holds": [{"kind": "legal"}]},
  {"id": "fri", "created_at": "2026-05-01T02:00:00Z"},
  {"id": "thu", "created_at": "2026-04-30T02:00:00Z", "state": "EXPIRING"}
]`

func TestPolicyRetain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("rule.yaml", "lifecycle: {delete_after_days: 1}\nretention: {keep_last: 1, keep_weekly: 2}\n")
	o.write("points.json", retainedPoints)
	command := []string{"policy", "retain", "--rule", o.dir + "/rule.yaml", "--points", o.dir + "/points.json", "--now", "2026-05-05T12:00:00Z"}
	inText := typed(t, command...)
	a := typed(t, append(command, "--output", "json")...)
	golden.Text(t, "testdata/policy_retain.golden", trimLines(inText.stdout+a.stdout))
	var got struct{ Keep, Delete []string }
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeDone {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	if diff := cmp.Diff([]string{"mon", "sun", "sat", "thu"}, got.Keep); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"fri"}, got.Delete); diff != "" {
		t.Error(diff)
	}
}

func TestPolicyRetainRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("bad.yaml", "keep_last: 0\nkeep_dayly: 2\n")
	o.write("bad.json", `[{"id":"a"},{"id":"a","created_at":"tomorrow"}]`)
	a := typed(t, "policy", "retain", "--rule", o.dir+"/bad.yaml", "--points", o.dir+"/bad.json", "--output", "json")
	var got struct{ Errors []problem }
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeBadInput {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	var found []string
	for _, p := range got.Errors {
		found = append(found, p.Kind+" "+p.Path)
	}
	want := []string{
		"invalid_rule keep_last", "invalid_rule keep_dayly",
		"invalid_points [0].created_at", "invalid_points [1].created_at", "invalid_points [1].id",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	for _, args := range []string{"", "--rule - --points -", "--rule none.yaml --points none.json", "--rule x --points y --now later", "extra"} {
		if a := typed(t, append([]string{"policy", "retain"}, strings.Fields(args)...)...); a.code != codeBadInput {
			t.Errorf("%q: exit %d: %s", args, a.code, a.stderr)
		}
	}
}
