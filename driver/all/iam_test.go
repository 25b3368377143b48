package all_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/driver/iam"
	"holdfast/internal/golden"
	"holdfast/resource"
)

// sample fills deploy/iam in.
var sample = iam.Values{
	Partition: "aws", Installation: "INSTALLATION", ExternalID: "EXTERNAL_ID",
	HubRoleARN: "arn:aws:iam::111122223333:role/holdfast", RolePrefix: "holdfast",
}

// TestDeployedPolicies keeps deploy/iam what the descriptors say.
func TestDeployedPolicies(t *testing.T) {
	t.Parallel()
	at := func(name string) string { return filepath.Join("..", "..", "deploy", "iam", name) }
	for _, purpose := range resource.Purposes() {
		golden.Text(t, at(string(purpose)+".json"), sample.JSON(iam.Role(descriptors(), purpose)))
	}
	golden.Text(t, at("trust.json"), sample.JSON(iam.Trust()))
	golden.Text(t, at("hub.json"), sample.JSON(iam.Hub()))
	golden.Text(t, at("stackset.json"), iam.CloudFormation(descriptors()))
	golden.Text(t, at(filepath.Join("terraform", "main.tf")), iam.Terraform(descriptors()))
}

// maxInlineChars is how long all inline policies of a role may be, without white space.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxInlineChars = 10240

// TestRolesHaveEveryActionOnce and fit into a role, in every partition.
func TestRolesHaveEveryActionOnce(t *testing.T) {
	t.Parallel()
	for _, partition := range []string{"aws", "aws-us-gov", "aws-cn"} {
		for _, purpose := range resource.Purposes() {
			values := sample
			values.Partition = partition
			var policy iam.Policy
			text := values.JSON(iam.Role(descriptors(), purpose))
			if err := json.Unmarshal([]byte(text), &policy); err != nil {
				t.Fatal(err)
			}
			if n := len(strings.Join(strings.Fields(text), "")); n > maxInlineChars || strings.Contains(text, "${") {
				t.Errorf("%s in %s has %d characters, or something is not filled in:\n%s", purpose, partition, n, text)
			}
			checkGranted(t, purpose, policy)
		}
	}
}

func checkGranted(t *testing.T, purpose resource.Purpose, policy iam.Policy) {
	t.Helper()
	granted := map[string]int{}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			granted[action]++
			if strings.Contains(action, ":DeleteSnapshot") && s.Condition == nil {
				t.Errorf("%s: %s has no condition", purpose, action)
			}
		}
	}
	wanted := map[string]bool{}
	for _, d := range descriptors() {
		for _, action := range d.Actions[purpose] {
			wanted[action] = true
			if granted[action] != 1 {
				t.Errorf("%s: %s is granted %d times", purpose, action, granted[action])
			}
		}
	}
	for action := range granted {
		if !wanted[action] {
			t.Errorf("%s: %s is granted and nobody needs it", purpose, action)
		}
	}
}
