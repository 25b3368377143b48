package cloud

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"

	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
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

// Base returns the configuration of a process in the management account, for a provider
// that assumes roles itself, as it would at AWS.
func (o *Organization) Base(region string) aws.Config {
	management := awssession.Request{Scope: resource.Scope{Account: o.options.Accounts[0], Region: region}}
	return (&provider{target: o, backoff: o.options.RetryBackoff}).config(management)
}

// Config returns a configuration for the account and region of the request. Whether the
// account exists and may be used shows at the first call.
func (p *provider) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	if err := ctx.Err(); err != nil {
		return aws.Config{}, failure.Errorf(failure.Transient, "simulated session for %s: %w", req.Scope.Account, err)
	}
	cfg := p.config(req)
	cfg.APIOptions = append(cfg.APIOptions, awssession.NameJobs, awssession.DropLate)
	return cfg, nil
}

func (p *provider) config(req awssession.Request) aws.Config {
	account := req.Scope.Account
	token := sessionOf(req).Token()
	cfg := aws.Config{
		Region: req.Scope.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: "SIMULATED" + account, SecretAccessKey: "simulated", AccountID: account,
				SessionToken: token, Source: "simulated organization",
			}, nil
		}),
		APIOptions: []func(*middleware.Stack) error{plug(p.target, account)},
	}
	if p.backoff > 0 {
		cfg.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = p.backoff })
		}
	}
	return cfg
}
