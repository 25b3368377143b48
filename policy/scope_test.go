package policy

import (
	"strings"
	"testing"

	"holdfast/resource"
)

func TestPlansAreLimitedToAccountsAndRegions(t *testing.T) {
	t.Parallel()
	set, result := Compile([]File{{Name: "p.yaml", Data: []byte(`plans:
  - name: p
    accounts: ["444455556666", "111122223333"]
    regions: [eu-west-1]
    rules: [{name: r, target_backup_vault_name: vault}]
    selections: [{name: s, resources: ["*"]}]
`)}}, nil)
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	plan := set.Plan("p")
	for _, tt := range []struct {
		account, region string
		want            bool
	}{
		{"111122223333", "eu-west-1", true}, {"444455556666", "eu-west-1", true},
		{"111122223333", "eu-west-2", false}, {"777788889999", "eu-west-1", false},
	} {
		r := resource.Resource{ARN: "arn:aws:ec2:" + tt.region + ":" + tt.account + ":volume/vol-1", Account: tt.account, Region: tt.region}
		if _, got := plan.Selects(r); got != tt.want {
			t.Errorf("%s in %s: taken %v", tt.account, tt.region, got)
		}
	}
	_, result = Compile([]File{{Name: "p.yaml", Data: []byte(`plans:
  - name: p
    accounts: ["1"]
    regions: ["*"]
    rules: [{name: r, target_backup_vault_name: vault}]
    selections: [{name: s, resources: ["*"]}]
`)}}, nil)
	if found := text(result); !strings.Contains(found, "plans[0].accounts[0]: ") || !strings.Contains(found, "plans[0].regions[0]: ") {
		t.Error(found)
	}
}
