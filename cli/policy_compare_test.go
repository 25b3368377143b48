package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPolicyCompareOfAStranger refuses an account that is not there: silence would look
// like agreement.
func TestPolicyCompareOfAStranger(t *testing.T) {
	a := comparison(t, `{"plans":{}}`, "", "--account", "444455556666")
	if a.code != codeBadInput || !strings.Contains(a.stderr, "no active account") {
		t.Errorf("exit code %d: %s", a.code, a.stderr)
	}
}

// comparison runs the command against organizationAPI.
func comparison(t *testing.T, attached, effective string, args ...string) answer {
	t.Helper()
	o := organizationOffice(t, attached, effective)
	return typed(t, append([]string{"policy", "compare", "--config", o.dir + "/holdfast.yaml"}, args...)...)
}

// organizationOffice has a configuration whose AWS is organizationAPI.
func organizationOffice(t *testing.T, attached, effective string) *office {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"} {
		t.Setenv(name, value)
	}
	o := &office{t: t, dir: t.TempDir()}
	o.write("holdfast.yaml", fmt.Sprintf("installation: acme\naws:\n  regions: [eu-west-1]\n  endpoint_url: %s\n  accounts:\n    ids: [\"111122223333\"]\n",
		organizationAPI(t, attached, effective).URL))
	return o
}

// organizationAPI answers as AWS Organizations does for one account in one unit: attached
// is the policy of the root, effective what the service makes of it, "" for none.
func organizationAPI(t *testing.T, attached, effective string) *httptest.Server {
	t.Helper()
	content := func(text string) string {
		quoted, _ := json.Marshal(text) // a string can always be encoded
		return string(quoted)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ ParentId, TargetId, PolicyId string } //nolint:revive,staticcheck // AWS's names
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		answer := "{}"
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		switch operation + " " + in.ParentId + in.TargetId + in.PolicyId {
		case "ListRoots ":
			answer = `{"Roots":[{"Id":"r-1"}]}`
		case "ListOrganizationalUnitsForParent r-1":
			answer = `{"OrganizationalUnits":[{"Id":"ou-1"}]}`
		case "ListAccountsForParent ou-1":
			answer = `{"Accounts":[{"Id":"111122223333","State":"ACTIVE"},{"Id":"444455556666","State":"SUSPENDED"}]}`
		case "ListPoliciesForTarget r-1":
			answer = `{"Policies":[{"Id":"p-1"}]}`
		case "DescribePolicy p-1":
			answer = fmt.Sprintf(`{"Policy":{"Content":%s}}`, content(attached))
		case "DescribeEffectivePolicy 111122223333":
			if effective == "" {
				w.WriteHeader(http.StatusBadRequest)
				answer = `{"__type":"EffectivePolicyNotFoundException"}`
				break
			}
			answer = fmt.Sprintf(`{"EffectivePolicy":{"PolicyContent":%s}}`, content(effective))
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestPolicyCompare(t *testing.T) {
	const (
		attached = `{"plans":{"Core":{"regions":{"@@assign":["eu-west-1","eu-west-2"]},"rules":{"Nightly":{"target_backup_vault_name":{"@@assign":"Safe"},"lifecycle":{"delete_after_days":{"@@assign":30}}}},
			"selections":{"tags":{"Tier":{"iam_role_arn":{"@@assign":"arn:aws:iam::$account:role/Backup"},"tag_key":{"@@assign":"tier"},"tag_value":{"@@assign":["1"]}}}}}}}`
		same = `{"plans":{"core":{"regions":["eu-west-2","eu-west-1"],"rules":{"nightly":{"target_backup_vault_name":"Safe","lifecycle":{"delete_after_days":"30"}}},
			"selections":{"tags":{"tier":{"iam_role_arn":"arn:aws:iam::111122223333:role/Backup","tag_key":"tier","tag_value":["1"]}}}}}}`
	)
	for _, test := range []struct {
		name, attached, effective string
		code                      int
		want                      string
	}{
		{"the same", attached, same, codeDone, "1 accounts compared, 0 differ\n"},
		{
			"a value and a missing one", attached, strings.NewReplacer(`"30"`, `"31"`, `"nightly":{`, `"nightly":{"schedule_expression":"cron(0 1 ? * * *)",`).Replace(same), codeAttention,
			"111122223333  plans.Core.rules.Nightly.lifecycle.delete_after_days: Holdfast has 30, AWS 31\n" +
				"111122223333  plans.core.rules.nightly.schedule_expression: Holdfast has nothing, AWS cron(0 1 ? * * *)\n1 accounts compared, 1 differ\n",
		},
		{"none at either", `{"plans":{}}`, "", codeDone, "1 accounts compared, 0 differ\n"},
		{
			"ours is invalid", `{"plans":{"Core":{"regions":{"@@assign":["eu-west-1"]}}}}`, same, codeAttention,
			"111122223333  not compared: root: plans.Core.rules: rules is missing\n111122223333  not compared: root: plans.Core.selections: selections is missing\n1 accounts compared, 1 differ\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := comparison(t, test.attached, test.effective)
			if a.code != test.code {
				t.Errorf("exit code %d, want %d: %s", a.code, test.code, a.stderr)
			}
			if diff := cmp.Diff(test.want, a.stdout); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPolicyPull brings the organization into files, from which the effective policy is
// that of the attached one.
func TestPolicyPull(t *testing.T) {
	const attached = `{"plans":{"Core":{"regions":{"@@assign":["eu-west-1"]},"rules":{"Nightly":{"target_backup_vault_name":{"@@assign":"Safe"}}},
		"selections":{"tags":{"Tier":{"iam_role_arn":{"@@assign":"arn:aws:iam::$account:role/Backup"},"tag_key":{"@@assign":"tier"},"tag_value":{"@@assign":["1"]}}}}}}}`
	o := organizationOffice(t, attached, "")
	dir := o.dir + "/organization"
	pull := func() answer { return typed(t, "policy", "pull", "--config", o.dir+"/holdfast.yaml", "--to", dir) }
	if a := pull(); a.code != codeDone || a.stdout != "1 policies attached to 1 units, 1 accounts and the root are in "+dir+"\n" {
		t.Fatalf("exit code %d: %s%s", a.code, a.stdout, a.stderr)
	}
	effective := typed(t, "policy", "effective", "--organization", dir, "--account", "111122223333")
	if effective.code != codeDone || !strings.Contains(effective.stdout, `"iam_role_arn": "arn:aws:iam::111122223333:role/Backup"`) {
		t.Errorf("exit code %d: %s%s", effective.code, effective.stdout, effective.stderr)
	}
	if a := pull(); a.code != codeBadInput || !strings.Contains(a.stderr, "exists already") {
		t.Errorf("into the same directory: exit code %d: %s", a.code, a.stderr)
	}
	o.write("withpolicies.yaml", "installation: acme\norganization_policies: organization\naws:\n  regions: [eu-west-1]\n  accounts:\n    ids: [\"111122223333\"]\n")
	validate := func() answer { return typed(t, "policy", "validate", "--config", o.dir+"/withpolicies.yaml") }
	if a := validate(); a.code != codeDone {
		t.Errorf("validate: exit code %d: %s", a.code, a.stderr)
	}
	o.write("organization/ou-1/half.json", `{"plans":{"Half":{"regions":{"@@assign":["eu-west-1"]}}}}`)
	if a := validate(); a.code != codeBadInput || !strings.Contains(a.stderr, "plans.Half.rules") {
		t.Errorf("validate an organization with half a plan: exit code %d: %s", a.code, a.stderr)
	}
	if a := typed(t, "policy", "pull"); a.code != codeBadInput || !strings.Contains(a.stderr, "--to") {
		t.Errorf("without --to: exit code %d: %s", a.code, a.stderr)
	}
}
