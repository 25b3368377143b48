package awsorg

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"holdfast/failure"
	"holdfast/internal/clock"
)

// interrupted gives a first page and refuses the second.
type interrupted struct{ code string }

func (i interrupted) ListAccounts(_ context.Context, in *organizations.ListAccountsInput, _ ...func(*organizations.Options)) (*organizations.ListAccountsOutput, error) {
	if in.NextToken != nil {
		return nil, &smithy.GenericAPIError{Code: i.code}
	}
	return &organizations.ListAccountsOutput{
		NextToken: aws.String("x"),
		Accounts:  []types.Account{account("111111111111", types.AccountStateActive, "")},
	}, nil
}

func TestAnInterruptedListIsNoList(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]failure.Class{
		"AccessDeniedException": failure.Denied, "TooManyRequestsException": failure.Throttled,
	} {
		org := newOrganization(interrupted{code}, clock.NewManual(time.Unix(0, 0)))
		if got, err := org.ActiveAccounts(t.Context()); len(got) != 0 || !failure.Is(err, want) {
			t.Errorf("%s: accounts %v, error %v, want none and class %s", code, got, err, want)
		}
	}
}
