package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPolicySelect(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("selection.json", `{"BackupSelection":{"SelectionName":"s","IamRoleArn":"r","Resources":["arn:aws:s3:::*-logs"],"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"env","ConditionValue":"prod"}]}}`)
	o.write("resources.json", `[{"arn":"arn:aws:s3:::b-logs","type":"s3","tags":{}},{"arn":"arn:aws:s3:::x"},
		{"arn":"arn:aws:ec2:eu-west-1:111122223333:volume/v","type":"ec2:volume","tags":[{"Key":"env","Value":"prod"}]},{"arn":"arn:aws:s3:::a-logs","tags":null}]`)
	command := []string{"policy", "select", "--selection", o.dir + "/selection.json", "--resources", o.dir + "/resources.json"}
	a := typed(t, append(command, "--output", "json")...)
	var got selected
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeDone {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	want := []string{"arn:aws:s3:::b-logs", "arn:aws:ec2:eu-west-1:111122223333:volume/v", "arn:aws:s3:::a-logs"}
	if diff := cmp.Diff(want, got.Selected); diff != "" {
		t.Error(diff)
	}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "wildcard inside the resource part") {
		t.Errorf("warnings: %q", got.Warnings)
	}
	if a := typed(t, command...); a.stdout != strings.Join(want, "\n")+"\n" || !strings.Contains(a.stderr, "warning: ") {
		t.Errorf("in text: %q, %q", a.stdout, a.stderr)
	}
	o.write("none.json", `[]`)
	if a := typed(t, "policy", "select", "--selection", o.dir+"/selection.json", "--resources", o.dir+"/none.json", "--output", "json"); !strings.Contains(a.stdout, `"selected": []`) {
		t.Error(a.stdout)
	}
}

func TestPolicySelectRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("selection.json", `{"Resources":["*"]}`)
	o.write("resources.json", `[{"type":"x"},{"arn":5},{"arn":"a","tags":{"a":1}}]`)
	a := typed(t, "policy", "select", "--selection", o.dir+"/selection.json", "--resources", o.dir+"/resources.json", "--output", "json")
	var got struct{ Errors []problem }
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeBadInput {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	var found []string
	for _, p := range got.Errors {
		found = append(found, p.Kind+" "+p.Path)
	}
	want := []string{
		"invalid_selection IamRoleArn", "invalid_selection SelectionName",
		"invalid_resources [0].arn", "invalid_resources [1].arn", "invalid_resources [2].tags",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	if a := typed(t, "policy", "select"); a.code != codeBadInput || !strings.Contains(a.stderr, "--selection") || !strings.Contains(a.stderr, "--resources") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}
