package awssession

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/middleware"

	"holdfast/internal/clock"
	"holdfast/resource"
)

// maxSessions bounds the cached sessions: five hundred accounts with every purpose of eight
// kinds. Beyond it an arbitrary one is dropped and made again when needed.
const maxSessions = 20_000

// RoleProvider is the Provider of a real organization: one assumed role per account and
// purpose, with a session of it for each session policy, cached until shortly before it
// expires. A role is checked once to be in the account it was asked for.
type RoleProvider struct {
	options  Options
	base     aws.Config
	clock    clock.Clock
	mu       sync.Mutex
	sessions map[sessionKey]*session
	verified map[sessionKey]bool // without policies
}

var _ Provider = (*RoleProvider)(nil)

type sessionKey struct {
	partition, account string
	purpose            resource.Purpose
	policy             string // name of the session policy, "" for none
}

// keyOf returns the cache key of req.
func keyOf(req Request) sessionKey {
	key := sessionKey{partition: req.Scope.Partition, account: req.Scope.Account, purpose: req.Purpose}
	if req.Policy != nil {
		key.policy = req.Policy.Name
	}
	return key
}

// NewProvider loads the process's own AWS configuration once (the SDK's usual chain,
// AWS_ENDPOINT_URL included) unless Options.Base is given. It makes no call to AWS
// services; a wrong role shows at the first Config.
func NewProvider(ctx context.Context, options Options) (*RoleProvider, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("AWS sessions: %w", err)
	}
	options.Duration = orDefault(options.Duration, defaultDuration)
	options.Timeout = orDefault(options.Timeout, defaultTimeout)
	base := options.Base
	if base == nil {
		loaded, err := config.LoadDefaultConfig(ctx, endpoint(options)...)
		if err != nil {
			return nil, fmt.Errorf("load AWS configuration: %w", err)
		}
		base = &loaded
	}
	shared := base.Copy()
	if shared.HTTPClient == nil {
		// One pool of connections for all clients, instead of one for each.
		shared.HTTPClient = awshttp.NewBuildableClient()
	}
	return &RoleProvider{
		options: options, base: shared, clock: clock.System(),
		sessions: map[sessionKey]*session{}, verified: map[sessionKey]bool{},
	}, nil
}

// endpoint returns the load options that send calls where Options says.
func endpoint(options Options) []func(*config.LoadOptions) error {
	if options.EndpointURL == "" {
		return nil
	}
	return []func(*config.LoadOptions) error{config.WithBaseEndpoint(options.EndpointURL)}
}

// Config returns the configuration for req. The first request of an account, purpose and
// session policy assumes the role; later ones are answered from the cache. The first of a
// role asks STS who we became.
// Its errors have class credentials, denied, throttled or transient.
func (p *RoleProvider) Config(ctx context.Context, req Request) (aws.Config, error) {
	if p.options.WithoutSessionPolicies || p.options.RoleTemplate == "" {
		req.Policy = nil // the process's own credentials cannot be narrowed
	}
	session := p.session(keyOf(req))
	credentials, err := session.get(ctx, func(ctx context.Context) (aws.CredentialsProvider, error) {
		return p.open(ctx, req)
	})
	if err != nil {
		return aws.Config{}, fmt.Errorf("session for account %s, purpose %s: %w", req.Scope.Account, req.Purpose, err)
	}
	return p.configFor(req, credentials), nil
}

// Base returns the configuration of the process's own credentials in region, for calls
// that concern the organization rather than one account; an empty region keeps the
// configured one.
func (p *RoleProvider) Base(region string) aws.Config {
	req := Request{Scope: resource.Scope{Region: region}}
	if region == "" {
		req.Scope.Region = p.base.Region
	}
	return p.configFor(req, p.base.Credentials)
}

func (p *RoleProvider) configFor(req Request, credentials aws.CredentialsProvider) aws.Config {
	cfg := p.base.Copy()
	cfg.Region, cfg.Credentials = req.Scope.Region, credentials
	cfg.APIOptions = append([]func(*middleware.Stack) error{NameJobs, DropLate, dropRefused(credentials), recordCalls(req)}, cfg.APIOptions...)
	if p.options.Observer != nil {
		cfg.APIOptions = append(cfg.APIOptions, observeAttempts(req, p.clock, p.options.Observer))
	}
	if p.options.Pacer != nil {
		cfg.APIOptions = append(cfg.APIOptions, p.options.Pacer.attach(req))
	}
	return cfg
}

// session returns the one entry of key, making room for it if the cache is full.
func (p *RoleProvider) session(key sessionKey) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.sessions[key]; ok {
		return found
	}
	if len(p.sessions) >= maxSessions {
		for victim := range p.sessions {
			delete(p.sessions, victim)
			break
		}
	}
	fresh := newSession()
	p.sessions[key] = fresh
	return fresh
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
