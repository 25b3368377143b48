package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"holdfast/policy/preview"
)

func TestPolicyPreview(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.stock()
	before := o.snapshot()
	o.transcript("policy_preview", say("policy preview --at 2026-05-05T12:00:00Z"), say("policy preview --at 2026-05-05T12:00:00Z --limit 1 --output json"))
	if after := o.snapshot(); after != before {
		t.Errorf("the preview changed the catalog: %s, before %s", after, before)
	}
	a := o.run("policy", "preview", "--allow", "twice,none,impossible", "--output", "json")
	var r preview.Report
	if err := json.Unmarshal([]byte(a.stdout), &r); err != nil || a.code != codeDone || r.Wrong != 0 || r.Resources == 0 {
		t.Errorf("with everything allowed: exit %d, %v: %s", a.code, err, a.stdout)
	}
	if a := o.run("policy", "preview", "--allow", "nothing", "--at", "soon", "--limit", "0"); a.code != codeBadInput ||
		!strings.Contains(a.stderr, "--allow") || !strings.Contains(a.stderr, "--at") || !strings.Contains(a.stderr, "--limit") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
	if a := o.run("policy", "preview", "none.yaml"); a.code != codeBadInput || !strings.Contains(a.stderr, "none.yaml") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}

// A copy that changes account and region is several, and more for what AWS's key encrypts.
func TestPolicyPreviewOfCopiesInBetween(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.stock()
	o.write("abroad.yaml", `plans:
  - name: abroad
    rules:
      - name: daily
        schedule_expression: cron(0 2 * * ? *)
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 7}
        copy_actions: [{destination_backup_vault_arn: "arn:aws:backup:eu-west-2:999988887777:backup-vault:dr", lifecycle: {delete_after_days: 7}}]
    selections: [{name: all, resources: ["*"]}]
`)
	a := o.run("policy", "preview", "--allow", "twice,none,impossible", "--output", "json", o.dir+"/abroad.yaml")
	var r preview.Report
	if err := json.Unmarshal([]byte(a.stdout), &r); err != nil {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stderr)
	}
	ways := map[string]int{}
	for _, way := range r.Detours.List {
		if way.Plan != "abroad" || way.Resources == 0 || len(way.Steps) < 2 {
			t.Errorf("the way is %+v", way)
		}
		ways[string(way.Kind)+" "+way.When+": "+strings.Join(way.Steps, ", ")]++
	}
	for _, want := range []string{
		"ebs : to eu-west-2 of 111122223333, to eu-west-2 of 999988887777",
		"ebs where a key that AWS manages encrypts them: to eu-west-2 of 111122223333 with key alias/holdfast-transit, to eu-west-2 of 999988887777",
	} {
		if ways[want] == 0 {
			t.Errorf("no way %q among %v", want, ways)
		}
	}
	if a := o.run("policy", "preview", o.dir+"/abroad.yaml"); !strings.Contains(a.stdout, "copies in between:") {
		t.Errorf("the text does not tell of them: %s", a.stdout)
	}
}

// A policy of the organization that is withheld is a finding, whatever is allowed.
func TestPolicyPreviewOfAWithheldPolicy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("organization/half.json", `{"plans":{"Half":{"regions":{"@@assign":["eu-west-1"]}}}}`)
	o.write("organization/accounts.txt", "111122223333\n444455556666\n")
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir)+"organization_policies: organization\n")
	a := o.run("policy", "preview", "--allow", "twice,none,impossible", "--output", "json")
	var r preview.Report
	if err := json.Unmarshal([]byte(a.stdout), &r); err != nil || a.code != codeAttention || r.Wrong != 1 || len(r.Withheld) != 1 {
		t.Errorf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
	}
}

func TestPolicyDiff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.stock()
	o.write("new.yaml", strings.Replace(officePolicy, "delete_after_days: 35", "delete_after_days: 7", 1))
	o.write("less.yaml", "plans: []\n")
	o.transcript("policy_diff",
		say("policy diff "+o.dir+"/policy.yaml "+o.dir+"/policy.yaml"),
		say("policy diff "+o.dir+"/policy.yaml "+o.dir+"/new.yaml"),
		say("policy diff "+o.dir+"/policy.yaml "+o.dir+"/less.yaml --output json"))
	if a := o.run("policy", "diff", o.dir+"/policy.yaml"); a.code != codeBadInput {
		t.Errorf("one policy: exit %d: %s", a.code, a.stderr)
	}
}
