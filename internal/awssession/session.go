package awssession

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/resource"
)

// session is one cache entry. Its channel is a lock that can be waited for under a
// context: many callers that need the same role at once make one AssumeRole, and none
// outwaits its own deadline.
type session struct {
	lock        chan struct{}
	credentials aws.CredentialsProvider
}

func newSession() *session { return &session{lock: make(chan struct{}, 1)} }

// get returns the credentials, opening them if nobody has. A failure is not kept.
func (s *session) get(
	ctx context.Context, open func(context.Context) (aws.CredentialsProvider, error),
) (aws.CredentialsProvider, error) {
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, failure.Errorf(failure.Transient, "wait for credentials: %w", ctx.Err())
	}
	defer func() { <-s.lock }()
	if s.credentials != nil {
		return s.credentials, nil
	}
	opened, err := open(ctx)
	if err != nil {
		return nil, err
	}
	s.credentials = opened
	return opened, nil
}

// open makes the credentials of req and checks that they belong to its account.
func (p *RoleProvider) open(ctx context.Context, req Request) (aws.CredentialsProvider, error) {
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	credentials := p.base.Credentials
	if p.options.RoleTemplate != "" {
		credentials = p.assumed(req)
	}
	if err := p.verifyOnce(ctx, req, credentials); err != nil {
		return nil, err
	}
	return credentials, nil
}

// verifyOnce verifies the first session of a role, and only makes the others: whose account
// a role is in does not depend on the policy of a session.
func (p *RoleProvider) verifyOnce(ctx context.Context, req Request, credentials aws.CredentialsProvider) error {
	role := keyOf(req)
	role.policy = ""
	p.mu.Lock()
	known := p.verified[role]
	p.mu.Unlock()
	if known {
		_, err := credentials.Retrieve(ctx)
		return err
	}
	if err := p.verify(ctx, req, credentials); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.verified) >= maxSessions {
		clear(p.verified)
	}
	p.verified[role] = true
	return nil
}

// assumed returns cached credentials of the role of req; each refresh is an AssumeRole
// at a regional endpoint, whose tokens are valid in opt-in regions too.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
func (p *RoleProvider) assumed(req Request) aws.CredentialsProvider {
	caller := req
	caller.Scope.Account = "" // AssumeRole counts against whoever asks
	client := sts.NewFromConfig(p.stsConfig(caller, p.base.Credentials))
	role := stscreds.NewAssumeRoleProvider(client, p.options.roleARN(req), func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = p.options.sessionName(req.Purpose)
		o.Duration = p.options.Duration
		if p.options.ExternalID != "" {
			o.ExternalID = aws.String(p.options.ExternalID)
		}
		if req.Policy != nil {
			o.Policy = aws.String(req.Policy.Document())
		}
	})
	return aws.NewCredentialsCache(classed{role}, func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow = expiryWindow
	})
}

// stsConfig prefers the process's own region, which is known to be enabled.
func (p *RoleProvider) stsConfig(req Request, credentials aws.CredentialsProvider) aws.Config {
	req.Scope.Region = orDefault(p.base.Region, req.Scope.Region)
	return p.configFor(req, credentials)
}

// verify asks STS who credentials belong to, so that a mistake in the role template
// cannot back up, or delete from, another account.
func (p *RoleProvider) verify(ctx context.Context, req Request, credentials aws.CredentialsProvider) error {
	client := sts.NewFromConfig(p.stsConfig(req, credentials))
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return classify("sts:GetCallerIdentity", err)
	}
	account := aws.ToString(out.Account)
	if account != req.Scope.Account {
		return failure.Errorf(failure.Credentials, "credentials are of account %s, want %s%s",
			account, req.Scope.Account, p.hint())
	}
	identity, err := resource.ParseARN(aws.ToString(out.Arn))
	if err != nil || identity.Partition != req.Scope.Partition {
		return failure.Errorf(failure.Credentials, "credentials are %s, want partition %s",
			aws.ToString(out.Arn), req.Scope.Partition)
	}
	return nil
}

func (p *RoleProvider) hint() string {
	if p.options.RoleTemplate == "" {
		return ": no role template is configured, so only the process's own account can be reached"
	}
	return ""
}

// classed gives errors of a credentials provider their class, so that they come out of
// whichever call needed the refresh as credentials or denied.
type classed struct{ aws.CredentialsProvider }

// Retrieve gets credentials from the wrapped provider.
func (c classed) Retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, final{classify("sts:AssumeRole", err)}
	}
	return credentials, nil
}

// final stops the call that needed the credentials from trying AssumeRole again as part
// of its own attempts: AssumeRole had its own, and attempts would multiply.
type final struct{ error }

// Unwrap returns the cause.
func (f final) Unwrap() error { return f.error }

// RetryableError is what the SDK's retryer asks.
func (final) RetryableError() bool { return false }

// classify keeps what is worth telling apart from "no credentials".
func classify(op string, err error) error {
	wrapped := awserr.Wrap(op, err)
	switch class := failure.ClassOf(wrapped); class {
	case failure.Denied, failure.Throttled, failure.Transient, failure.Credentials:
		return wrapped
	default:
		return &failure.Error{Class: failure.Credentials, Op: op, Code: awserr.Code(err), Err: fmt.Errorf("%s: %w", class, err)}
	}
}
