package clients

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// sessions answers with the account as region, counting requests.
type sessions struct {
	asked int
	err   error
}

func (s *sessions) Config(_ context.Context, req awssession.Request) (aws.Config, error) {
	s.asked++
	return aws.Config{Region: req.Scope.Account}, s.err
}

func region(cfg aws.Config) *string { return &cfg.Region }

func TestPoolBuildsOnceForScopeAndPurpose(t *testing.T) {
	t.Parallel()
	provider := &sessions{}
	pool := NewPool(provider, region)
	scope := resource.Scope{Account: "1"}
	get := func(scope resource.Scope, purpose resource.Purpose) *string {
		t.Helper()
		client, err := pool.Get(context.Background(), scope, purpose)
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		return client
	}
	first := get(scope, resource.ForBackup)
	if get(scope, resource.ForBackup) != first || *first != "1" {
		t.Error("a second Get gave another client")
	}
	if get(scope, resource.ForExpire) == first || get(resource.Scope{Account: "2"}, resource.ForBackup) == first {
		t.Error("another purpose or scope shares the client")
	}
	if provider.asked != 3 {
		t.Errorf("provider was asked %d times, want 3", provider.asked)
	}
}

func TestPoolIsBounded(t *testing.T) {
	t.Parallel()
	pool := NewPool(&sessions{}, region)
	for i := range maxClients + 10 {
		if _, err := pool.Get(context.Background(), resource.Scope{Account: strconv.Itoa(i)}, resource.ForBackup); err != nil {
			t.Fatalf("Get: %v", err)
		}
	}
	if len(pool.clients) != maxClients {
		t.Errorf("pool holds %d clients, want %d", len(pool.clients), maxClients)
	}
}

func TestPoolErrors(t *testing.T) {
	t.Parallel()
	denied := failure.Errorf(failure.Denied, "no")
	provider := &sessions{err: denied}
	pool := NewPool(provider, region)
	if _, err := pool.Get(context.Background(), resource.Scope{}, resource.ForBackup); !errors.Is(err, denied) {
		t.Errorf("Get = %v, want the provider's error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pool.Get(ctx, resource.Scope{}, resource.ForBackup); !failure.Is(err, failure.Transient) {
		t.Errorf("Get on a cancelled context = %v, want class transient", err)
	}
	if provider.asked != 1 {
		t.Errorf("provider was asked %d times, want 1: not on a cancelled context", provider.asked)
	}
}
