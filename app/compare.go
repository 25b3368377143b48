package app

import (
	"context"

	"holdfast/config"
	"holdfast/internal/awsorg"
	"holdfast/internal/awssession"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
)

// PolicySource is an organization whose backup policies, and the effective ones it
// computes itself, can be read.
type PolicySource interface {
	Tree(ctx context.Context) (*orgpolicy.Target, error)
	Effective(ctx context.Context, account string) (policy.File, error)
}

// OrganizationPolicies returns the policies in AWS Organizations, read with the process's
// own credentials.
func OrganizationPolicies(ctx context.Context, cfg *config.Config) (PolicySource, error) {
	provider, err := awssession.NewProvider(ctx, awssession.Options{
		Installation: cfg.Installation, Timeout: cfg.AWS.CallTimeout, EndpointURL: cfg.AWS.EndpointURL,
	})
	if err != nil {
		return nil, err
	}
	return awsorg.NewPolicies(provider.Base("")), nil
}

// Comparison is the effective policy of an account, as Holdfast and as AWS Organizations
// computes it.
type Comparison struct {
	Account string `json:"account"`
	Target  string `json:"target"` // the lowest one with a policy attached
	// Problems make our document invalid, or are about theirs; then nothing is compared:
	// what AWS has in force then is the last valid document.
	Problems    []policy.Problem       `json:"problems"`
	Differences []orgpolicy.Difference `json:"differences"`
}

// Agree reports whether both came to the same document.
func (c Comparison) Agree() bool { return len(c.Problems)+len(c.Differences) == 0 }

// ComparePolicies compares the effective policies of the accounts that wanted accepts.
func ComparePolicies(ctx context.Context, source PolicySource, wanted func(account string) bool) ([]Comparison, error) {
	root, err := source.Tree(ctx)
	if err != nil {
		return nil, err
	}
	all := []Comparison{}
	for _, g := range orgpolicy.Groups(root) {
		for _, account := range g.Accounts {
			if !wanted(account) {
				continue
			}
			theirs, err := source.Effective(ctx, account)
			if err != nil {
				return nil, err
			}
			all = append(all, compare(account, g, theirs))
		}
	}
	return all, nil
}

func compare(account string, g orgpolicy.Group, file policy.File) Comparison {
	c := Comparison{Account: account, Target: g.Target, Problems: append([]policy.Problem{}, g.Problems...), Differences: []orgpolicy.Difference{}}
	theirs, result := orgpolicy.ParseEffective(file)
	c.Problems = append(c.Problems, result.Problems...)
	if len(c.Problems) > 0 {
		return c
	}
	ours, problems := g.Effective.Fill(account, "")
	theirs, more := theirs.Fill(account, "")
	if c.Problems = append(c.Problems, append(problems, more...)...); len(c.Problems) == 0 {
		c.Differences = orgpolicy.Compare(ours, theirs)
	}
	return c
}
