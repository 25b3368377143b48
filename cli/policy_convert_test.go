package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy/format"
)

const convertible = `plans:
  - name: Core
    regions: [eu-west-1]
    rules: [{name: Nightly, target_backup_vault_name: Safe}]
    selections:
      - name: Tier
        iam_role_arn: arn:aws:iam::111122223333:role/Backup
        list_of_tags: [{condition_type: STRINGEQUALS, condition_key: tier, condition_value: "1"}]
  - name: Other
    rules: [{name: Nightly, target_backup_vault_name: Safe, priority: 1}]
    selections: [{name: All, resources: ["*"]}]
`

// problemPaths returns the kinds and paths of what a command refused.
func problemPaths(t *testing.T, a answer) (all []string) {
	t.Helper()
	var doc struct{ Errors []problem }
	if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil || a.code != codeBadInput {
		t.Fatalf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
	}
	for _, p := range doc.Errors {
		all = append(all, p.Kind+" "+p.Path)
	}
	return all
}

func TestPolicyConvert(t *testing.T) {
	t.Parallel()
	o := &office{t: t, dir: t.TempDir()}
	o.write("p.yaml", convertible)
	path := filepath.Join(o.dir, "p.yaml")
	policy := typed(t, "policy", "convert", "--to", "org-policy", "--plan", "core", path)
	if policy.code != codeDone || !strings.Contains(policy.stdout, `"target_backup_vault_name": {"@@assign": "Safe"}`) {
		t.Fatalf("exit %d: %s%s", policy.code, policy.stdout, policy.stderr)
	}
	o.write("p.json", policy.stdout)
	back := typed(t, "policy", "convert", "--to", "yaml", filepath.Join(o.dir, "p.json"), "--output", "json")
	var doc conversion
	if err := json.Unmarshal([]byte(back.stdout), &doc); err != nil || !strings.HasPrefix(doc.Document, "plans:\n  - name: Core\n    regions:\n      - eu-west-1\n") {
		t.Errorf("%v: %s%s", err, back.stdout, back.stderr)
	}
	refused := typed(t, "policy", "convert", "--to", "backup-plan", "--plan", "Other", path, "--output", "json")
	want := []string{format.KindInexpressible + " plans[0].rules[0].priority", format.KindInexpressible + " plans[0].selections[0].iam_role_arn"}
	if diff := cmp.Diff(want, problemPaths(t, refused)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, args := range [][]string{{"--to", "toml", path}, {"--to", "yaml"}, {"--to", "yaml", "--plan", "none", path}, {"--to", "yaml", path + ".none"}} {
		a := typed(t, append([]string{"policy", "convert", "--output", "json"}, args...)...)
		if got := problemPaths(t, a); len(got) != 1 || !strings.HasPrefix(got[0], "bad_input") {
			t.Errorf("%v: %v", args, got)
		}
	}
}

func TestPolicyValidateTellsFormatsApart(t *testing.T) {
	t.Parallel()
	o := &office{t: t, dir: t.TempDir()}
	for name, text := range map[string]string{
		"root.json": orgRoot, "account.json": orgAccount, "broken.json": orgBroken, "p.yaml": convertible,
		"effective.json": `{"plans":{"Core":{"regions":["eu-west-1"]}}}`,
		"plan.json":      `{"BackupPlan":{"BackupPlanName":"p","Rules":[{"RuleName":"r","TargetBackupVaultName":"vault"}]}}`,
		"selection.json": `{"SelectionName":"s","IamRoleArn":"arn:aws:iam::111122223333:role/B","Resources":["*"]}`,
	} {
		o.write(name, text)
	}
	for _, tt := range []struct {
		files    []string
		format   string
		warnings int
	}{
		{[]string{"root.json"}, "org-policy", 0},
		{[]string{"account.json"}, "org-policy", 2},
		{[]string{"plan.json"}, "backup-plan", 0},
		{[]string{"selection.json"}, "backup-selection", 0},
		{[]string{"p.yaml"}, "holdfast", 1},
		{[]string{"root.json", "plan.json", "p.yaml"}, "mixed", 1},
	} {
		args := []string{"policy", "validate", "--output", "json"}
		for _, name := range tt.files {
			args = append(args, filepath.Join(o.dir, name))
		}
		a := typed(t, args...)
		var v validation
		if err := json.Unmarshal([]byte(a.stdout), &v); err != nil || a.code != codeDone || !v.Valid || v.Format != tt.format || len(v.Warnings) != tt.warnings || len(v.Documents) != len(tt.files) {
			t.Errorf("%v: exit %d, %v: %s%s", tt.files, a.code, err, a.stdout, a.stderr)
		}
	}
	a := typed(t, "policy", "validate", "--output", "json", filepath.Join(o.dir, "broken.json"), filepath.Join(o.dir, "effective.json"))
	want := []string{
		"malformed_policy plans.Core.regions", "malformed_policy plans.Core.rules.Nightly.colour",
		"invalid_effective_policy plans.Core.rules", "invalid_effective_policy plans.Core.selections",
	}
	if diff := cmp.Diff(want, problemPaths(t, a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
