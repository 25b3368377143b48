package cloud

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"

	"holdfast/failure"
	"holdfast/internal/awssession"
)

// provider hands out configurations whose clients talk to an Invoker.
type provider struct {
	target  Invoker
	backoff time.Duration
}

// Provider returns a session provider for the organization's accounts.
func (o *Organization) Provider() awssession.Provider {
	return NewProvider(o, o.options.RetryBackoff)
}

// NewProvider returns a session provider whose clients call target. The credentials name
// the account and nothing else; backoff caps the SDK's waits between attempts, 0 leaves
// them as they are.
func NewProvider(target Invoker, backoff time.Duration) awssession.Provider {
	return &provider{target: target, backoff: backoff}
}

// Config returns a configuration for the account and region of the request. Whether the
// account exists and may be used shows at the first call.
func (p *provider) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	if err := ctx.Err(); err != nil {
		return aws.Config{}, failure.Errorf(failure.Transient, "simulated session for %s: %w", req.Scope.Account, err)
	}
	account := req.Scope.Account
	cfg := aws.Config{
		Region: req.Scope.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: "SIMULATED" + account, SecretAccessKey: "simulated", AccountID: account,
				SessionToken: string(req.Purpose), Source: "simulated organization",
			}, nil
		}),
		APIOptions: []func(*middleware.Stack) error{awssession.NameJobs, awssession.DropLate, plug(p.target, account)},
	}
	if p.backoff > 0 {
		cfg.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = p.backoff })
		}
	}
	return cfg, nil
}
