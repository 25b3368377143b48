package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
	"holdfast/resource"
)

// optional are a kind whose one engine takes options, one whose other engine does, and one
// that has none.
func optional() []policy.Capabilities {
	engines := func(native, aws policy.Abilities) map[policy.Engine]policy.Abilities {
		return map[policy.Engine]policy.Abilities{policy.EngineNative: native, policy.EngineAWSBackup: aws}
	}
	return []policy.Capabilities{
		{Kind: resource.S3, ARNPattern: "arn:*:s3:::*", Default: policy.EngineAWSBackup, Engines: map[policy.Engine]policy.Abilities{
			policy.EngineAWSBackup: {Options: []string{"BackupACLs", "BackupObjectTags"}},
		}},
		{Kind: resource.EC2, ARNPattern: "arn:*:ec2:*:*:instance/*", Default: policy.EngineNative, Engines: engines(policy.Abilities{}, policy.Abilities{Options: []string{"WindowsVSS"}})},
		policy.Native(resource.EBS, "arn:*:ec2:*:*:volume/*", policy.Abilities{}),
	}
}

func planWith(arn, settings string) policy.File {
	return policy.File{Name: "p.yaml", Data: []byte(`plans:
  - name: p
    advanced_backup_settings: ` + settings + `
    rules: [{name: r, target_backup_vault_name: daily, lifecycle: {delete_after_days: 30}}]
    selections: [{name: s, resources: ["` + arn + `"]}]
`)}
}

func TestAdvancedSettingsReachTheRules(t *testing.T) {
	t.Parallel()
	set, result := policy.Compile([]policy.File{planWith("arn:aws:s3:::a", `[{resource_type: S3, backup_options: {BackupACLs: disabled}}]`)}, optional())
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	want := map[resource.Kind]map[string]string{resource.S3: {"BackupACLs": "disabled"}}
	if diff := cmp.Diff(want, set.Plans[0].Rules[0].BackupOptions); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestAdvancedSettingsThatCannotBeCarriedOutAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ arn, settings, want string }{
		"no such type":   {"arn:aws:s3:::a", `[{resource_type: EBS, backup_options: {WindowsVSS: enabled}}]`, `"EBS" has no backup options: write EC2 or S3`},
		"no such option": {"arn:aws:s3:::a", `[{resource_type: S3, backup_options: {WindowsVSS: enabled}}]`, `S3 has no option "WindowsVSS": use BackupACLs, BackupObjectTags`},
		"no such value":  {"arn:aws:s3:::a", `[{resource_type: S3, backup_options: {BackupACLs: "yes"}}]`, `"yes": write enabled or disabled`},
		"twice":          {"arn:aws:s3:::a", `[{resource_type: S3, backup_options: {BackupACLs: enabled}}, {resource_type: s3, backup_options: {BackupACLs: enabled}}]`, "has settings already"},
		"other engine":   {"arn:aws:ec2:eu-west-1:111122223333:instance/i-1", `[{resource_type: EC2, backup_options: {WindowsVSS: enabled}}]`, "ec2 (arn:aws:ec2:eu-west-1:111122223333:instance/i-1) cannot take the backup option WindowsVSS; write engine: aws-backup, or leave the option out"},
	} {
		_, result := policy.Compile([]policy.File{planWith(c.arn, c.settings)}, optional())
		if len(result.Problems) != 1 || !strings.Contains(result.Problems[0].String(), c.want) || !strings.Contains(result.Problems[0].Path, "plans[0].advanced_backup_settings[") {
			t.Errorf("%s: problems %v, want one of the settings: %s", name, result.Problems, c.want)
		}
	}
}
