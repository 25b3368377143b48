package awsorg

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
)

// TestTreeOnMoto makes an organization with a unit, two accounts and two policies. Moto
// knows tag policies and no backup policies, which are read by the same calls; it has no
// DescribeEffectivePolicy. The test of policy compare has a stand-in for both.
func TestTreeOnMoto(t *testing.T) {
	t.Parallel()
	moto := testkit.Moto(t)
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(moto.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	api, ctx := organizations.NewFromConfig(cfg), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := api.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: types.OrganizationFeatureSetAll})
	must(err)
	roots, err := api.ListRoots(ctx, &organizations.ListRootsInput{})
	must(err)
	root := roots.Roots[0].Id
	_, err = api.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: root, PolicyType: types.PolicyTypeTagPolicy})
	must(err)
	unit, err := api.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: root, Name: aws.String("Production")})
	must(err)
	member, err := api.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("shop"), Email: aws.String("shop@example.com")})
	must(err)
	account := member.CreateAccountStatus.AccountId
	_, err = api.MoveAccount(ctx, &organizations.MoveAccountInput{AccountId: account, SourceParentId: root, DestinationParentId: unit.OrganizationalUnit.Id})
	must(err)
	attach := func(name, content string, targets ...*string) string {
		made, err := api.CreatePolicy(ctx, &organizations.CreatePolicyInput{
			Name: aws.String(name), Description: aws.String(name), Content: aws.String(content), Type: types.PolicyTypeTagPolicy,
		})
		must(err)
		for _, target := range targets {
			_, err = api.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: made.Policy.PolicySummary.Id, TargetId: target})
			must(err)
		}
		return aws.ToString(made.Policy.PolicySummary.Id)
	}
	const core, own = `{"tags":{"Core":{}}}`, `{"tags":{"Own":{}}}`
	coreID, ownID := attach("core", core, root, unit.OrganizationalUnit.Id), attach("own", own, account)
	tree, err := NewPolicies(cfg).tree(ctx, types.PolicyTypeTagPolicy)
	must(err)
	path := tree.Path(aws.ToString(account))
	if len(path) != 3 {
		t.Fatalf("%d targets above the account, want 3: %+v", len(path), tree)
	}
	file := func(id, text string) []policy.File { return []policy.File{{Name: id, Data: []byte(text)}} }
	want := &orgpolicy.Target{
		Name: aws.ToString(unit.OrganizationalUnit.Id), Files: file(coreID, core),
		Below: []*orgpolicy.Target{{Name: aws.ToString(account), Account: aws.ToString(account), Files: file(ownID, own)}},
	}
	if diff := cmp.Diff(want, path[1]); diff != "" {
		t.Errorf("the unit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(file(coreID, core), tree.Files); diff != "" {
		t.Errorf("the root (-want +got):\n%s", diff)
	}
	if len(tree.Below) != 2 { // the management account and the unit
		t.Errorf("%d targets below the root, want 2", len(tree.Below))
	}
}
