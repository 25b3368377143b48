package awsorg

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/internal/clock"
)

// pages answers ListAccounts with one page after the other, an empty one among them, as
// the service does.
type pages struct {
	accounts [][]types.Account
	calls    int
	err      error
}

func (p *pages) ListAccounts(_ context.Context, in *organizations.ListAccountsInput, _ ...func(*organizations.Options)) (*organizations.ListAccountsOutput, error) {
	p.calls++
	if p.err != nil {
		return nil, p.err
	}
	n := len(aws.ToString(in.NextToken))
	out := &organizations.ListAccountsOutput{Accounts: p.accounts[n]}
	if n+1 < len(p.accounts) {
		out.NextToken = aws.String("xxxxxxxxxx"[:n+1])
	}
	return out, nil
}

func account(id string, state types.AccountState, status types.AccountStatus) types.Account {
	return types.Account{Id: aws.String(id), State: state, Status: status}
}

func TestActiveAccounts(t *testing.T) {
	t.Parallel()
	api := &pages{accounts: [][]types.Account{
		{account("111111111111", types.AccountStateActive, ""), account("222222222222", types.AccountStateSuspended, types.AccountStatusActive)},
		{},
		{account("333333333333", "", types.AccountStatusActive), account("444444444444", "", types.AccountStatusSuspended)},
	}}
	c := clock.NewManual(time.Unix(0, 0))
	org := newOrganization(api, c)
	want := []string{"111111111111", "333333333333"}
	for range 2 { // the second answer is kept
		got, err := org.ActiveAccounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if api.calls != 3 {
		t.Errorf("%d calls, want 3", api.calls)
	}
	c.Advance(keepFor)
	api.err = errors.New("organizations is down")
	if got, err := org.ActiveAccounts(t.Context()); err != nil || len(got) != 2 {
		t.Errorf("with Organizations down: %v, %v; want the last list", got, err)
	}
}

func TestActiveAccountsFailsWithoutAnyList(t *testing.T) {
	t.Parallel()
	org := newOrganization(&pages{err: errors.New("down")}, clock.NewManual(time.Unix(0, 0)))
	if _, err := org.ActiveAccounts(t.Context()); err == nil {
		t.Error("no list and no error")
	}
}
