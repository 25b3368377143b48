// Package awssession yields the SDK configuration for one account, region and purpose.
// aws.Config is the only AWS type that crosses packages; a driver builds its clients
// from it, and tests and the demo point it at the simulated organization.
package awssession

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/resource"
)

// Request asks for a configuration whose calls go to Scope with credentials for Purpose.
type Request struct {
	Scope   resource.Scope
	Purpose resource.Purpose
	// Policy, if set, narrows the session to what it allows.
	Policy *SessionPolicy
}

// Provider returns SDK configurations. Implementations cache credentials, are safe for
// concurrent use, and return errors of class credentials when the role cannot be
// assumed, denied when the caller may not assume it, transient when STS is unreachable.
type Provider interface {
	Config(ctx context.Context, req Request) (aws.Config, error)
}

type (
	jobKey      struct{}
	returnKey   struct{}
	patienceKey struct{}
	traceKey    struct{}
)

// WithJob returns a context whose mutating AWS calls carry job id in the SDK's user
// agent, so that a CloudTrail event can be joined to the job that made it.
func WithJob(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, jobKey{}, id)
}

// JobFrom returns the job id put there by WithJob, or "".
func JobFrom(ctx context.Context) string {
	id, _ := ctx.Value(jobKey{}).(string)
	return id
}

// WithTrace returns a context whose AWS calls belong to the trace id, if traces are on.
func WithTrace(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, traceKey{}, id)
}

// TraceFrom returns the trace id put there by WithTrace, or "".
func TraceFrom(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
}

// WithReturn returns a context for the calls of a job that was told to come back now: they
// do not stand in line again behind jobs that came later.
func WithReturn(ctx context.Context) context.Context {
	return context.WithValue(ctx, returnKey{}, true)
}

func returning(ctx context.Context) bool { return ctx.Value(returnKey{}) != nil }

// WithPatience returns a context whose calls wait up to d for their turn in an API budget,
// however often they have to ask: for who has nothing to go back to, such as a command
// that lists a whole account.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// patience returns what WithPatience has put there, 0 without.
func patience(ctx context.Context) time.Duration {
	d, _ := ctx.Value(patienceKey{}).(time.Duration)
	return d
}
