package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account = "111111111111"
	home    = "eu-central-1"
	abroad  = "eu-west-1"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// world is one organization with a manual clock.
type world struct {
	*sim.Organization
	clock *clock.Manual
}

func newWorld(t testing.TB, o sim.Options) world {
	t.Helper()
	c := clock.NewManual(start)
	o.Clock, o.RetryBackoff = c, time.Millisecond
	org, err := sim.New(o)
	if err != nil {
		t.Fatalf("new organization: %v", err)
	}
	return world{org, c}
}

func config(t testing.TB, p awssession.Provider, account, region string) aws.Config {
	t.Helper()
	cfg, err := p.Config(t.Context(), awssession.Request{
		Scope: resource.Scope{Partition: "aws", Account: account, Region: region}, Purpose: resource.ForBackup,
	})
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	return cfg
}

func (w world) create(t *testing.T, b sim.Blueprint) string {
	t.Helper()
	if b.Account == "" {
		b.Account, b.Region = account, home
	}
	arn, err := w.Create(b)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return arn
}

// code returns the service's error code, "" for success.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("no API error: %v", err)
	}
	return api.ErrorCode()
}

func is[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]sim.Options{
		"account":   {Accounts: []string{"12"}},
		"partition": {Partition: "moon"},
		"quota":     {Quotas: map[string]int{"rds:ManualSnapshots": 1}},
	} {
		if _, err := sim.New(o); err == nil {
			t.Errorf("a wrong %s was taken", name)
		}
	}
}
