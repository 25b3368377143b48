package awssession

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/internal/awscall"
	"holdfast/internal/clock"
	"holdfast/resource"
)

var untimed = cmpopts.IgnoreFields(awscall.Call{}, "Millis")

// recordedCalls makes a session under a recorder, and a call with it, and returns what was
// noted.
func recordedCalls(t *testing.T, fake *fakeSTS) []awscall.Call {
	t.Helper()
	ctx, recorder := awscall.Record(context.Background(), clock.NewManual(noon))
	p := newTestProvider(t, fake, nil)
	if cfg, err := p.Config(ctx, request("111122223333", resource.ForBackup)); err == nil {
		_, _ = sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	}
	return recorder.Calls().Calls
}

func TestCallsAreRecorded(t *testing.T) {
	t.Parallel()
	identity := awscall.Call{
		Operation: "sts:GetCallerIdentity", Account: "111122223333", Region: "eu-central-1", RequestID: "req-2", Status: 200, Attempt: 1, At: noon,
	}
	again := identity
	again.Region, again.RequestID = "us-east-1", "req-3"
	want := []awscall.Call{
		{Operation: "sts:AssumeRole", Region: "eu-central-1", RequestID: "req-1", Status: 200, Attempt: 1, At: noon}, identity, again,
	}
	if diff := cmp.Diff(want, recordedCalls(t, &fakeSTS{}), untimed); diff != "" {
		t.Error(diff)
	}
}

// Every attempt is a call of its own, with what AWS said to it.
func TestAttemptsAreRecorded(t *testing.T) {
	t.Parallel()
	got := recordedCalls(t, &fakeSTS{deny: "Throttling"})
	if len(got) != retry.DefaultMaxAttempts {
		t.Fatalf("%d calls: %+v", len(got), got)
	}
	last := awscall.Call{
		Operation: "sts:AssumeRole", Region: "eu-central-1", RequestID: "req-3", Status: 403, Code: "Throttling", Attempt: 3, At: noon,
	}
	if diff := cmp.Diff(last, got[2], untimed); diff != "" {
		t.Error(diff)
	}
}

func TestUnansweredCallsAreRecorded(t *testing.T) {
	t.Parallel()
	p := newTestProvider(t, &fakeSTS{}, func(o *Options) {
		o.Base.BaseEndpoint = aws.String("http://127.0.0.1:1")
		o.Base.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	})
	ctx, recorder := awscall.Record(context.Background(), clock.NewManual(noon))
	if _, err := p.Config(ctx, request("111122223333", resource.ForBackup)); err == nil {
		t.Fatal("nobody answered")
	}
	got := recorder.Calls().Calls
	if len(got) != 1 || got[0].Code != awscall.NoAnswer || got[0].Status != 0 || got[0].RequestID != "" {
		t.Errorf("%+v", got)
	}
}

// Nothing is noted without a recorder, and other sessions note as those of NewProvider do.
func TestRecordedSessions(t *testing.T) {
	t.Parallel()
	plain := newTestProvider(t, &fakeSTS{}, func(o *Options) { o.RoleTemplate = "" })
	cfg, err := Recorded(fixed{plain.Base("")}).Config(context.Background(), request(baseAccount, resource.ForBackup))
	if err != nil {
		t.Fatal(err)
	}
	client := sts.NewFromConfig(cfg)
	ctx, recorder := awscall.Record(context.Background(), clock.NewManual(noon))
	for _, ctx := range []context.Context{ctx, context.Background()} {
		if _, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range recorder.Calls().Calls {
		if call.Operation != "sts:GetCallerIdentity" {
			t.Errorf("%+v", call)
		}
	}
	if _, err := Recorded(Refuse("no")).Config(ctx, request(baseAccount, resource.ForBackup)); err == nil {
		t.Error("a refusal got lost")
	}
}

type fixed struct{ cfg aws.Config }

func (f fixed) Config(context.Context, Request) (aws.Config, error) { return f.cfg, nil }
