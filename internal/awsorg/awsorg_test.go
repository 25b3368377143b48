package awsorg

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"holdfast/failure"
	"holdfast/internal/clock"
)

// fake lists its pages one by one, then fails with err if there is one.
type fake struct {
	pages [][]types.Account
	err   error
	calls int
}

func (f *fake) ListAccounts(_ context.Context, in *organizations.ListAccountsInput, _ ...func(*organizations.Options)) (*organizations.ListAccountsOutput, error) {
	f.calls++
	n := 0
	if in.NextToken != nil {
		_, _ = fmt.Sscan(*in.NextToken, &n)
	}
	if n >= len(f.pages) {
		return nil, f.err
	}
	out := &organizations.ListAccountsOutput{Accounts: f.pages[n]}
	if n+1 < len(f.pages) || f.err != nil {
		out.NextToken = aws.String(fmt.Sprint(n + 1))
	}
	return out, nil
}

func account(id string, state types.AccountState, status types.AccountStatus) types.Account {
	return types.Account{Id: &id, State: state, Status: status}
}

func newTest(f *fake) (*Organization, *clock.Manual) {
	manual := clock.NewManual(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	return newOrganization(f, manual), manual
}

func TestActiveAccountsReadsEveryPage(t *testing.T) {
	t.Parallel()
	o, _ := newTest(&fake{pages: [][]types.Account{
		{account("111111111111", types.AccountStateActive, "")},
		{}, // AWS gives empty pages with a token
		{
			account("222222222222", types.AccountStateSuspended, types.AccountStatusActive),
			account("333333333333", "", types.AccountStatusActive),
			account("444444444444", "", types.AccountStatusSuspended),
		},
	}})
	got, err := o.ActiveAccounts(t.Context())
	if err != nil {
		t.Fatalf("ActiveAccounts: %v", err)
	}
	if diff := cmp.Diff([]string{"111111111111", "333333333333"}, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func TestActiveAccountsIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]failure.Class{
		"AccessDeniedException": failure.Denied, "TooManyRequestsException": failure.Throttled,
	} {
		o, _ := newTest(&fake{
			pages: [][]types.Account{{account("111111111111", types.AccountStateActive, "")}},
			err:   &smithy.GenericAPIError{Code: code},
		})
		if got, err := o.ActiveAccounts(t.Context()); len(got) != 0 || !failure.Is(err, want) {
			t.Errorf("%s: accounts %v, error %v, want none and class %s", code, got, err, want)
		}
	}
}

func TestActiveAccountsAreKeptForAWhileAndThroughAnOutage(t *testing.T) {
	t.Parallel()
	f := &fake{pages: [][]types.Account{{account("111111111111", types.AccountStateActive, "")}}}
	o, manual := newTest(f)
	list := func() []string {
		t.Helper()
		got, err := o.ActiveAccounts(t.Context())
		if err != nil {
			t.Fatalf("ActiveAccounts: %v", err)
		}
		return got
	}
	list()
	manual.Advance(keepFor - time.Second)
	if list(); f.calls != 1 {
		t.Errorf("%d calls within %s, want 1", f.calls, keepFor)
	}
	manual.Advance(time.Second)
	f.pages[0] = append(f.pages[0], account("222222222222", types.AccountStateActive, ""))
	if got := list(); len(got) != 2 {
		t.Errorf("accounts %v after %s, want the new one too", got, keepFor)
	}
	manual.Advance(keepFor)
	f.pages, f.err = nil, &smithy.GenericAPIError{Code: "AccessDeniedException"}
	if got := list(); len(got) != 2 {
		t.Errorf("accounts %v during an outage, want the last list", got)
	}
}
