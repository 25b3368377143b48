// Package organizations simulates AWS Organizations as far as listing the accounts.
package organizations

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"holdfast/sim/internal/cloud"
)

// pageSize is both the default and the most of ListAccounts.
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
const pageSize = 20

// Service is the simulated AWS Organizations.
type Service struct{}

// New returns an AWS Organizations.
func New() *Service { return &Service{} }

// Definition returns what Organizations is and can do here.
// Source of the rate: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: organizations.ServiceID, Name: "organizations",
		ThrottleCode: "TooManyRequestsException", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{cloud.Op(cloud.Bucket{Capacity: 12, Refill: 8}, s.listAccounts)},
		Errors:     []smithy.APIError{&types.AccessDeniedException{}},
	}
}

// listAccounts answers the management account only.
func (s *Service) listAccounts(c *cloud.Call, in *organizations.ListAccountsInput) (*organizations.ListAccountsOutput, error) {
	accounts, management := c.Accounts()
	if c.Place.Account != management {
		return nil, &types.AccessDeniedException{Message: aws.String("You don't have permissions to access this resource.")}
	}
	limit := min(int(aws.ToInt32(in.MaxResults)), pageSize)
	if limit <= 0 {
		limit = pageSize
	}
	page, next, err := cloud.Page(accounts, func(a cloud.Account) string { return a.ID }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &organizations.ListAccountsOutput{}
	if next != "" {
		out.NextToken = &next
	}
	for _, a := range page {
		out.Accounts = append(out.Accounts, describe(c, a, management))
	}
	return out, nil
}

func describe(c *cloud.Call, a cloud.Account, management string) types.Account {
	state := types.AccountStateActive
	if !a.Active {
		state = types.AccountStateSuspended
	}
	return types.Account{
		Id: aws.String(a.ID), State: state, Name: aws.String("account-" + a.ID[8:]), Email: aws.String("aws+" + a.ID + "@example.com"),
		Arn: aws.String("arn:" + c.Partition + ":organizations::" + management + ":account/o-simulated/" + a.ID),
	}
}

// Artefacts returns none: Organizations makes nothing that is backed up.
func (s *Service) Artefacts(time.Time) []cloud.Artefact { return nil }

// Create refuses: accounts are options of the organization.
func (s *Service) Create(_ *cloud.Call, b cloud.Blueprint) (string, error) {
	return "", cloud.Errorf("UnsupportedOperation", "Organizations has no %s", b.Kind)
}

// Remove finds nothing to remove.
func (s *Service) Remove(*cloud.Call, string) bool { return false }
