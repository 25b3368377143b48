// Package awsorg discovers the accounts of an AWS organization.
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
package awsorg

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"holdfast/internal/awserr"
	"holdfast/internal/clock"
)

// Limits of discovery. Organizations answers 8 ListAccounts calls a second with at most
// 20 accounts each, so the list is kept for a while.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const (
	keepFor     = 10 * time.Minute
	listTimeout = 5 * time.Minute
	maxAccounts = 50_000
)

// API is the part of the Organizations client that is used.
type API interface {
	ListAccounts(ctx context.Context, in *organizations.ListAccountsInput, opts ...func(*organizations.Options)) (*organizations.ListAccountsOutput, error)
}

var _ API = (*organizations.Client)(nil)

// Organization lists accounts with the credentials of the management account or a
// delegated administrator. It is safe for concurrent use.
type Organization struct {
	api   API
	clock clock.Clock

	mu       sync.Mutex
	listedAt time.Time
	active   []string
}

// New returns the organization that cfg's credentials belong to.
func New(cfg aws.Config) *Organization {
	return newOrganization(organizations.NewFromConfig(cfg), clock.System())
}

func newOrganization(api API, c clock.Clock) *Organization { return &Organization{api: api, clock: c} }

// ActiveAccounts returns the ids of the accounts that are active, at most ten minutes old.
// When Organizations does not answer, the last list is used as long as there is one:
// tonight's backups do not depend on it. A list is only ever taken from a complete answer.
func (o *Organization) ActiveAccounts(ctx context.Context) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.clock.Now()
	if o.active != nil && now.Sub(o.listedAt) < keepFor {
		return o.active, nil
	}
	active, err := o.list(ctx)
	if err != nil {
		if o.active != nil {
			return o.active, nil
		}
		return nil, err
	}
	o.active, o.listedAt = active, now
	return active, nil
}

func (o *Organization) list(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	active := []string{}
	pages := organizations.NewListAccountsPaginator(o.api, &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap("organizations:ListAccounts", err, nil)
		}
		for _, account := range page.Accounts {
			if isActive(account) {
				active = append(active, aws.ToString(account.Id))
			}
		}
		if len(active) > maxAccounts {
			return nil, fmt.Errorf("the organization has more than %d accounts", maxAccounts)
		}
	}
	return active, nil
}

// isActive reads State, which replaces Status; an answer without State is an old one.
func isActive(a types.Account) bool {
	if a.State != "" {
		return a.State == types.AccountStateActive
	}
	return a.Status == types.AccountStatusActive // what older endpoints send
}
