package awsorg

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"holdfast/internal/awserr"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
)

// maxUnits bounds how many units are read, and with them the depth of the tree.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const maxUnits = 5_000

// PolicyAPI is the part of the Organizations client that reads policies. All of it is
// open to the management account and delegated administrators.
type PolicyAPI interface {
	ListRoots(ctx context.Context, in *organizations.ListRootsInput, opts ...func(*organizations.Options)) (*organizations.ListRootsOutput, error)
	ListOrganizationalUnitsForParent(ctx context.Context, in *organizations.ListOrganizationalUnitsForParentInput, opts ...func(*organizations.Options)) (*organizations.ListOrganizationalUnitsForParentOutput, error)
	ListAccountsForParent(ctx context.Context, in *organizations.ListAccountsForParentInput, opts ...func(*organizations.Options)) (*organizations.ListAccountsForParentOutput, error)
	ListPoliciesForTarget(ctx context.Context, in *organizations.ListPoliciesForTargetInput, opts ...func(*organizations.Options)) (*organizations.ListPoliciesForTargetOutput, error)
	DescribePolicy(ctx context.Context, in *organizations.DescribePolicyInput, opts ...func(*organizations.Options)) (*organizations.DescribePolicyOutput, error)
	DescribeEffectivePolicy(ctx context.Context, in *organizations.DescribeEffectivePolicyInput, opts ...func(*organizations.Options)) (*organizations.DescribeEffectivePolicyOutput, error)
}

var _ PolicyAPI = (*organizations.Client)(nil)

// Policies reads the backup policies of an organization.
type Policies struct{ api PolicyAPI }

// NewPolicies returns the policies of the organization that cfg's credentials belong to.
func NewPolicies(cfg aws.Config) *Policies { return &Policies{organizations.NewFromConfig(cfg)} }

// Tree returns the root, units and active accounts with the backup policies attached to
// each. Units are named by their ids. Policies of a target come in the order the service
// lists them, which it does not promise to be that of attachment.
func (p *Policies) Tree(ctx context.Context) (*orgpolicy.Target, error) {
	return p.tree(ctx, types.PolicyTypeBackupPolicy)
}

func (p *Policies) tree(ctx context.Context, kind types.PolicyType) (*orgpolicy.Target, error) {
	roots, err := p.api.ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil {
		return nil, awserr.Wrap("organizations:ListRoots", err, nil)
	}
	if len(roots.Roots) != 1 { // an organization has one
		return nil, fmt.Errorf("the organization has %d roots, want one", len(roots.Roots))
	}
	r := treeReader{api: p.api, kind: kind, read: map[string]policy.File{}}
	root := &orgpolicy.Target{Name: orgpolicy.RootName}
	if err := r.below(ctx, root, aws.ToString(roots.Roots[0].Id)); err != nil {
		return nil, err
	}
	return root, nil
}

// Effective returns the effective backup policy of an account as the service computes it,
// an empty document when there is none.
func (p *Policies) Effective(ctx context.Context, account string) (policy.File, error) {
	f := policy.File{Name: "DescribeEffectivePolicy " + account, Data: []byte("{}")}
	out, err := p.api.DescribeEffectivePolicy(ctx, &organizations.DescribeEffectivePolicyInput{
		PolicyType: types.EffectivePolicyTypeBackupPolicy, TargetId: aws.String(account),
	})
	var none *types.EffectivePolicyNotFoundException
	switch {
	case errors.As(err, &none):
		return f, nil
	case err != nil:
		return f, awserr.Wrap("organizations:DescribeEffectivePolicy", err, nil)
	}
	f.Data = []byte(aws.ToString(out.EffectivePolicy.PolicyContent))
	return f, nil
}

// treeReader walks the organization; read has the policies met so far, by id.
type treeReader struct {
	api   PolicyAPI
	kind  types.PolicyType
	read  map[string]policy.File
	units int
}

// below reads what is attached to the target with that id, and what is below it.
func (r *treeReader) below(ctx context.Context, t *orgpolicy.Target, id string) error {
	if err := r.attached(ctx, t, id); err != nil {
		return err
	}
	accounts := organizations.NewListAccountsForParentPaginator(r.api, &organizations.ListAccountsForParentInput{ParentId: aws.String(id)})
	for accounts.HasMorePages() {
		page, err := accounts.NextPage(ctx)
		if err != nil {
			return awserr.Wrap("organizations:ListAccountsForParent", err, nil)
		}
		for _, a := range page.Accounts {
			if !isActive(a) {
				continue
			}
			child := &orgpolicy.Target{Name: aws.ToString(a.Id), Account: aws.ToString(a.Id)}
			if err := r.attached(ctx, child, child.Account); err != nil {
				return err
			}
			t.Below = append(t.Below, child)
		}
	}
	return r.unitsBelow(ctx, t, id)
}

func (r *treeReader) unitsBelow(ctx context.Context, t *orgpolicy.Target, id string) error {
	units := organizations.NewListOrganizationalUnitsForParentPaginator(r.api, &organizations.ListOrganizationalUnitsForParentInput{ParentId: aws.String(id)})
	for units.HasMorePages() {
		page, err := units.NextPage(ctx)
		if err != nil {
			return awserr.Wrap("organizations:ListOrganizationalUnitsForParent", err, nil)
		}
		for _, u := range page.OrganizationalUnits {
			if r.units++; r.units > maxUnits {
				return fmt.Errorf("the organization has more than %d units", maxUnits)
			}
			child := &orgpolicy.Target{Name: aws.ToString(u.Id)}
			if err := r.below(ctx, child, child.Name); err != nil {
				return err
			}
			t.Below = append(t.Below, child)
		}
	}
	return nil
}

// attached reads the policies of one target.
func (r *treeReader) attached(ctx context.Context, t *orgpolicy.Target, id string) error {
	pages := organizations.NewListPoliciesForTargetPaginator(r.api, &organizations.ListPoliciesForTargetInput{
		Filter: r.kind, TargetId: aws.String(id),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awserr.Wrap("organizations:ListPoliciesForTarget", err, nil)
		}
		for _, summary := range page.Policies {
			f, err := r.policy(ctx, aws.ToString(summary.Id))
			if err != nil {
				return err
			}
			t.Files = append(t.Files, f)
		}
	}
	return nil
}

// policy reads a policy once, however many targets it is attached to.
func (r *treeReader) policy(ctx context.Context, id string) (policy.File, error) {
	if f, known := r.read[id]; known {
		return f, nil
	}
	out, err := r.api.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: aws.String(id)})
	if err != nil {
		return policy.File{}, awserr.Wrap("organizations:DescribePolicy", err, nil)
	}
	f := policy.File{Name: id, Data: []byte(aws.ToString(out.Policy.Content))}
	r.read[id] = f
	return f, nil
}
