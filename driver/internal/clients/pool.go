// Package clients keeps the SDK clients of one driver, one for each scope and purpose.
package clients

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// maxClients bounds a pool. A client carries the SDK's retry budget and connections, so
// it is worth keeping; an arbitrary one is dropped beyond the bound and built again
// when needed.
const maxClients = 4096

// Pool builds clients of type C on first use. It is safe for concurrent use.
type Pool[C any] struct {
	sessions awssession.Provider
	build    func(aws.Config) C

	mu      sync.Mutex
	clients map[awssession.Request]C
}

// NewPool returns an empty pool that gets configurations from sessions and turns each
// into a client with build.
func NewPool[C any](sessions awssession.Provider, build func(aws.Config) C) *Pool[C] {
	return &Pool[C]{sessions: sessions, build: build, clients: map[awssession.Request]C{}}
}

// Get returns the client for scope and purpose. A context that has ended gets an error
// of class transient and no client, so a driver that starts with Get makes no call on a
// cancelled context. Errors of the session provider keep their class.
func (p *Pool[C]) Get(ctx context.Context, scope resource.Scope, purpose resource.Purpose) (C, error) {
	var none C
	if err := ctx.Err(); err != nil {
		return none, failure.Errorf(failure.Transient, "before calling AWS: %w", err)
	}
	req := awssession.Request{Scope: scope, Purpose: purpose}
	if client, ok := p.cached(req); ok {
		return client, nil
	}
	cfg, err := p.sessions.Config(ctx, req)
	if err != nil {
		return none, err
	}
	return p.keep(req, p.build(cfg)), nil
}

func (p *Pool[C]) cached(req awssession.Request) (C, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	client, ok := p.clients[req]
	return client, ok
}

// keep stores client unless another caller was faster, and returns the one kept.
func (p *Pool[C]) keep(req awssession.Request, client C) C {
	p.mu.Lock()
	defer p.mu.Unlock()
	if first, ok := p.clients[req]; ok {
		return first
	}
	if len(p.clients) >= maxClients {
		for victim := range p.clients {
			delete(p.clients, victim)
			break
		}
	}
	p.clients[req] = client
	return client
}
