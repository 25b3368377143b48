package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy/format"
)

// orgRoot and orgAccount are policies of an organization; the account's Dev plan has no
// selections, so it cannot take effect.
const (
	orgRoot = `{"plans":{"@@operators_allowed_for_child_policies":["@@append"],"Core":{"@@operators_allowed_for_child_policies":["@@none"],
 "regions":{"@@assign":["eu-west-1"]},
 "rules":{"@@operators_allowed_for_child_policies":["@@none"],"Nightly":{"target_backup_vault_name":{"@@assign":"Safe"}}},
 "selections":{"tags":{"Tier":{"iam_role_arn":{"@@assign":"arn:aws:iam::$account:role/Backup"},"tag_key":{"@@assign":"tier"},"tag_value":{"@@assign":["1"]}}}}}}}`
	orgAccount = `{"plans":{"Core":{"rules":{"Hourly":{"target_backup_vault_name":{"@@assign":"Safe"}},"Nightly":{"target_backup_vault_name":{"@@assign":"Safe2"}}}}}}`
	orgDev     = `{"plans":{"Dev":{"regions":{"@@assign":["eu-west-1"]},"rules":{"Daily":{"target_backup_vault_name":{"@@assign":"Dev"}}}}}}`
	orgBroken  = `{"plans":{"Core":{"regions":"eu-west-1","rules":{"Nightly":{"colour":{"@@assign":"red"}}}}}}`
)

// orgFiles writes the policies and returns their paths.
func orgFiles(t *testing.T) (root, account, dev, broken string) {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	paths := []string{}
	for name, text := range map[string]string{"root.json": orgRoot, "account.json": orgAccount, "dev.json": orgDev, "broken.json": orgBroken} {
		o.write(name, text)
	}
	for _, name := range []string{"root.json", "account.json", "dev.json", "broken.json"} {
		paths = append(paths, filepath.Join(o.dir, name))
	}
	return paths[0], paths[1], paths[2], paths[3]
}

func TestPolicyEffective(t *testing.T) {
	t.Parallel()
	root, account, _, _ := orgFiles(t)
	want := map[string]any{"plans": map[string]any{"Core": map[string]any{
		"regions": []any{"eu-west-1"},
		"rules":   map[string]any{"Nightly": map[string]any{"target_backup_vault_name": "Safe2"}},
		"selections": map[string]any{"tags": map[string]any{"Tier": map[string]any{
			"iam_role_arn": "arn:aws:iam::111122223333:role/Backup", "tag_key": "tier", "tag_value": []any{"1"},
		}}},
	}}}
	for _, output := range []string{"text", "json"} {
		a := typed(t, "policy", "effective", "--level", root, "--level", account, "--account", "111122223333", "--output", output)
		var got map[string]any
		if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeDone {
			t.Fatalf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", output, diff)
		}
	}
}

func TestPolicyEffectiveExplains(t *testing.T) {
	t.Parallel()
	root, account, _, _ := orgFiles(t)
	text := typed(t, "policy", "effective", "--level", root, "--level", account, "--explain")
	for _, want := range []string{
		"target_backup_vault_name = Safe2", "level 1  " + root + ":3  @@assign Safe", "level 2  " + account + ":1  @@assign Safe2",
		"ignored: no key may be added to plans.Core.rules: higher levels allow @@none",
	} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("the explanation lacks %q:\n%s", want, text.stdout)
		}
	}
	a := typed(t, "policy", "effective", "--level", root, "--level", account, "--explain", "--output", "json")
	var got struct {
		Effective  map[string]any `json:"effective_policy"`
		Provenance []struct {
			Path  string
			Value any
			Steps []map[string]any
		}
		Ignored []map[string]any
	}
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != codeDone {
		t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
	}
	if len(got.Effective) != 1 || len(got.Provenance) != 5 || len(got.Ignored) != 1 || got.Provenance[1].Value != "Safe2" || len(got.Provenance[1].Steps) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestPolicyEffectiveRefuses(t *testing.T) {
	t.Parallel()
	root, _, dev, broken := orgFiles(t)
	tests := []struct {
		name  string
		args  []string
		kinds []string
		paths []string
	}{
		{"an invalid result", []string{"--level", root, "--level", dev}, []string{format.KindEffective}, []string{"plans.Dev.selections"}},
		{"malformed policies", []string{"--level", root + "," + broken, "--level", broken},
			[]string{format.KindMalformed, format.KindMalformed, format.KindMalformed, format.KindMalformed},
			[]string{"plans.Core.regions", "plans.Core.rules.Nightly.colour", "plans.Core.regions", "plans.Core.rules.Nightly.colour"}},
		{"too many attached", []string{"--level", strings.Repeat(root+",", 10) + root}, []string{format.KindMalformed}, []string{""}},
		{"no levels", nil, []string{"bad_input"}, []string{"--level"}},
		{"bad variables", []string{"--level", root, "--account", "1", "--region", "x"}, []string{"bad_input", "bad_input"}, []string{"--account", "--region"}},
		{"no such file", []string{"--level", root + ".none"}, []string{"bad_input"}, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := typed(t, append([]string{"policy", "effective", "--output", "json"}, tt.args...)...)
			var doc struct{ Errors []problem }
			if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil || a.code != codeBadInput {
				t.Fatalf("exit %d, %v: %s", a.code, err, a.stdout)
			}
			var kinds, paths []string
			for _, p := range doc.Errors {
				kinds, paths = append(kinds, p.Kind), append(paths, p.Path)
			}
			if diff := cmp.Diff(tt.kinds, kinds) + cmp.Diff(tt.paths, paths); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPolicyEffectiveOfOtherTypes(t *testing.T) {
	t.Parallel()
	o := &office{t: t, dir: t.TempDir()}
	o.write("tags.json", `{"tags":{"CostCenter":{"tag_value":{"@@assign":["Dev",12]}}}}`)
	o.write("more.json", `{"tags":{"costcenter":{"tag_value":{"@@append":["Ops"],"@@remove":["Dev"]}}}}`)
	a := typed(t, "policy", "effective", "--no-schema", "--level", filepath.Join(o.dir, "tags.json"), "--level", filepath.Join(o.dir, "more.json"), "--output", "json")
	if want := `{"tags":{"CostCenter":{"tag_value":["12","Ops"]}}}`; a.code != codeDone || strings.Join(strings.Fields(a.stdout), "") != want {
		t.Errorf("exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
}
