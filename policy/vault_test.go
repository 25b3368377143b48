package policy

import (
	"strings"
	"testing"

	"holdfast/policy/retention"
	"holdfast/resource"
)

func TestVaultLocks(t *testing.T) {
	t.Parallel()
	counts := retention.Policy{KeepLast: 3}
	days := func(n int) retention.Policy { return retention.Policy{DeleteAfterDays: n} }
	both := retention.Policy{KeepLast: 3, DeleteAfterDays: 40}
	for _, tt := range []struct {
		name     string
		min, max int
		keep     retention.Policy
		want     string
	}{
		{"inside", 30, 90, days(30), ""},
		{"at the maximum", 30, 90, days(90), ""},
		{"too short", 30, 90, days(29), "at least 30 days, these may live 29 only"},
		{"too long", 30, 90, days(91), "at most 90 days, these live 91"},
		{"for ever passes any minimum", 30, 0, retention.Policy{}, ""},
		{"for ever fails any maximum", 0, 90, retention.Policy{}, "nothing deletes these by then"},
		{"counts may let go early", 30, 0, counts, "these may live 1 only"},
		{"counts may keep for ever", 0, 90, counts, "nothing deletes these by then"},
		{"an age under the counts", 30, 0, both, ""},
		{"counts beyond the age", 0, 90, both, "nothing deletes these by then"},
	} {
		if got := (Vault{Name: "v", MinDays: tt.min, MaxDays: tt.max}).refuses(tt.keep); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

const lockedPlans = `
vaults:
  - {name: default, min_retention_days: 30}
  - {name: dr, account: "444455556666", region: eu-west-1, max_retention_days: 90}
plans:
  - name: p
    rules:
      - name: short
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 7}
      - name: copied
        target_backup_vault_name: default
        copy_actions:
          - {destination_backup_vault_arn: "arn:aws:backup:eu-west-1:444455556666:backup-vault:dr", lifecycle: {delete_after_days: 91}}
          - {destination_backup_vault_arn: "arn:aws:backup:eu-west-1:$account:backup-vault:dr", lifecycle: {delete_after_days: 91}}
          - {destination_backup_vault_arn: "arn:aws:backup:eu-central-1:444455556666:backup-vault:dr", lifecycle: {delete_after_days: 91}}
    selections: [{name: s, resources: ["*"]}]
`

func TestCompileChecksLocks(t *testing.T) {
	t.Parallel()
	_, result := compileText(lockedPlans)
	got := text(Result{Problems: result.Problems})
	for _, want := range []string{
		"plans[0].rules[0].lifecycle: vault default keeps points at least 30 days, these may live 7 only",
		"plans[0].rules[1].copy_actions[0]: vault dr keeps points at most 90 days, these live 91",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if len(result.Problems) != 2 {
		t.Errorf("got\n%s", got)
	}
	// The locks of one file are those of all.
	parts := strings.SplitN(lockedPlans, "plans:", 2)
	_, result = Compile([]File{{Name: "a", Data: []byte("plans:" + parts[1])}, {Name: "b", Data: []byte("plans: []" + parts[0])}}, nil)
	if len(result.Problems) != 2 || result.Problems[0].File != "a" {
		t.Error(text(result))
	}
}

func TestCompileRefusesVaults(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"{name: v/x, min_retention_days: 1}":              "vault name",
		"{name: dr, account: '1', min_retention_days: 1}": "is not an account id",
		"{name: dr, region: mars, min_retention_days: 1}": "is not a region",
		"{name: dr}":                                                           "no lock to tell of",
		"{name: dr, min_retention_days: 0}":                                    "0 days: want 1 to 36500",
		"{name: dr, max_retention_days: 36501}":                                "want 1 to 36500",
		"{name: dr, min_retention_days: 2, max_retention_days: 1}":             "is above the maximum",
		"{name: dr, min_retention_days: 1}, {name: dr, min_retention_days: 2}": "the same vault as vaults[0]",
		"{min_retention_days: 1}":                                              "name is missing",
	} {
		_, result := compileText("plans: []\nvaults: [" + data + "]")
		if got := text(result); len(result.Problems) == 0 || !strings.Contains(got, want) {
			t.Errorf("%s: want %q, got\n%s", data, want, got)
		}
	}
}

func TestAsks(t *testing.T) {
	t.Parallel()
	set, result := Compile([]File{{Name: "p.yaml", Data: []byte(beyondExample + "  - name: q\n    rules: [{name: r, target_backup_vault_name: default, lifecycle: {move_to_cold_storage_after_days: 1}}]\n    selections: [{name: s, resources: ['*']}]\n")}}, twoEngines)
	if set == nil {
		t.Fatal(text(result))
	}
	set.Vaults = []Vault{{Name: "dr", MaxDays: 5}}
	table := resource.Resource{ARN: "arn:aws:dynamodb:eu-central-1:111122223333:table/t", Kind: resource.DynamoDB, Account: "111122223333", Region: "eu-central-1"}
	unmet := func(rule Rule, c Capabilities) (out []string) {
		asks := Asks(set, rule)
		for i := range asks {
			if !asks[i].Met(c, table) {
				out = append(out, asks[i].Path+": "+asks[i].Explain(c, table))
			}
		}
		return out
	}
	if got := unmet(set.Plans[0].Rules[0], twoEngines[1]); len(got) != 1 || !strings.HasPrefix(got[0], "copy_actions[0]: vault dr keeps points at most 5 days") {
		t.Errorf("of a rule by AWS Backup: %q", got)
	}
	if got := unmet(set.Plans[1].Rules[0], twoEngines[1]); len(got) != 1 || !strings.Contains(got[0], "dynamodb cannot move recovery points to cold storage; write engine: aws-backup") {
		t.Errorf("of a native rule: %q", got)
	}
	if got := unmet(set.Plans[1].Rules[0], twoEngines[2]); len(got) > 0 {
		t.Errorf("what AWS ignores: %q", got)
	}
}
