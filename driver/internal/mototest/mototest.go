// Package mototest runs a driver against moto, an AWS emulator that has its own idea of
// AWS, over the real wire and through AssumeRole. Only tests import it.
//
// moto finishes every operation at once and enforces nothing, so what takes time, fails
// or is refused is checked on the simulated organization instead.
package mototest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"holdfast/driver"
	"holdfast/internal/awssession"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

// The accounts and regions of the tests. moto makes an account when a role in it is
// assumed; they differ from the one its static credentials belong to.
var (
	Home  = resource.Scope{Partition: "aws", Account: "111111111111", Region: "us-east-1"}
	Other = resource.Scope{Partition: "aws", Account: "222222222222", Region: "us-east-1"}
	Away  = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-west-1"}
)

// setUp is the purpose under which tests make resources themselves.
const setUp resource.Purpose = "test"

// Lab is a running moto and sessions for any account in it.
type Lab struct {
	Sessions awssession.Provider

	mu    sync.Mutex
	calls map[resource.Purpose]map[string]bool
}

// New starts a moto for the test.
func New(t *testing.T) *Lab {
	t.Helper()
	lab := &Lab{calls: map[resource.Purpose]map[string]bool{}}
	sessions, err := awssession.NewProvider(t.Context(), awssession.Options{
		Installation: "mototest", ExternalID: "external",
		RoleTemplate: "arn:{partition}:iam::{account}:role/holdfast-{purpose}",
		Observer:     lab.observe,
		Base: &aws.Config{
			Region: Home.Region, BaseEndpoint: aws.String(testkit.Moto(t).URL),
			Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
		},
	})
	if err != nil {
		t.Fatalf("sessions: %v", err)
	}
	lab.Sessions = sessions
	return lab
}

// Config returns a configuration for the test's own calls in scope.
func (l *Lab) Config(t *testing.T, scope resource.Scope) aws.Config {
	t.Helper()
	cfg, err := l.Sessions.Config(t.Context(), awssession.Request{Scope: scope, Purpose: setUp})
	if err != nil {
		t.Fatalf("session of %v: %v", scope, err)
	}
	return cfg
}

func (l *Lab) observe(call awssession.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls[call.Purpose] == nil {
		l.calls[call.Purpose] = map[string]bool{}
	}
	l.calls[call.Purpose][call.Service+":"+call.Operation] = true
}

// CheckActions fails the test if the driver made a call that its descriptor does not list
// among the actions of the role the call was made with.
func (l *Lab) CheckActions(t *testing.T, d driver.Descriptor) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, purpose := range resource.Purposes() {
		for _, action := range slices.Sorted(maps.Keys(l.calls[purpose])) {
			if action != "sts:GetCallerIdentity" && action != "sts:AssumeRole" && !slices.Contains(d.Actions[purpose], action) {
				t.Errorf("%s called %s in the role for %s, which does not list it", d.Kind, action, purpose)
			}
		}
	}
}

// Mark returns the mark of job id, of now.
func Mark(id string, source resource.Resource) driver.Mark {
	return driver.Mark{
		Installation: "mototest", JobID: (id + "zzzzzzzzzzzzzzzzzzzzzzzzzz")[:26], SourceARN: source.ARN,
		Plan: "plan", Rule: "rule", CreatedAt: started, DeleteAfter: started.Add(24 * time.Hour),
	}
}

// Discover returns what the driver finds in scope.
func Discover(t *testing.T, d driver.Driver, scope resource.Scope) []resource.Resource {
	t.Helper()
	var found []resource.Resource
	err := d.Discover(t.Context(), scope, func(r resource.Resource) error {
		found = append(found, r)
		return nil
	})
	if err != nil {
		t.Fatalf("discover: %v", err)
	}
	return found
}

// Artefacts returns what the driver lists in scope.
func Artefacts(t *testing.T, d driver.Driver, scope resource.Scope) []driver.Artefact {
	t.Helper()
	var found []driver.Artefact
	err := d.List(t.Context(), scope, func(a driver.Artefact) error {
		found = append(found, a)
		return nil
	})
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	return found
}

// Look returns the status of one operation and fails the test if it was not observed.
func Look(t *testing.T, d driver.Driver, scope resource.Scope, op driver.Operation, ref driver.Ref) driver.Status {
	t.Helper()
	seen, err := d.Look(context.WithoutCancel(t.Context()), driver.LookRequest{
		Scope: scope, Operation: op, Refs: []driver.Ref{ref}, Since: started,
	})
	if err != nil {
		t.Fatalf("look at %s %s: %v", op, ref, err)
	}
	status, ok := seen[ref]
	if !ok {
		t.Fatalf("look at %s %s: not observed", op, ref)
	}
	return status
}
