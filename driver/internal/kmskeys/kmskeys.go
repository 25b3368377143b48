// Package kmskeys names KMS keys so that their names tell who manages them. A key that AWS
// manages never leaves its account, so what is encrypted with it must be encrypted with
// another before it can; describe calls show of either kind the ARN alone.
//
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
package kmskeys

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// maxKnown bounds what is remembered; an organization has a few keys per account and region.
const maxKnown = 100_000

// Action is what the discover role needs for Names.
const Action = "kms:DescribeKey"

// codes has what the shared table does not tell for certain.
// Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html#API_DescribeKey_Errors
var codes = awserr.Table{
	"NotFoundException":             failure.NotFound,
	"InvalidArnException":           failure.Invalid,
	"DependencyTimeoutException":    failure.Transient,
	"KMSInternalException":          failure.Transient,
	"KMSInvalidStateException":      failure.KMS,
	"UnsupportedOperationException": failure.Unsupported,
}

type api interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
}

// Names knows the keys of one AWS service. Who manages a key never changes, so it asks once
// per key. It is safe for concurrent use; a nil one leaves every key as it is.
type Names struct {
	service string
	clients *clients.Pool[api]

	mu    sync.Mutex
	known map[string]string
}

// New returns names for the keys that the service of a short name, ebs or rds, encrypts with.
func New(sessions awssession.Provider, service string) *Names {
	return &Names{
		service: service, known: map[string]string{},
		clients: clients.NewPool(sessions, func(cfg aws.Config) api { return kms.NewFromConfig(cfg) }),
	}
}

// Of returns driver.AWSManagedKey for a key that AWS manages in scope, and any other key as
// it is, also where the role may not ask: that the key is AWS's then shows when something is
// to be shared. Errors of other classes are to be tried again.
func (n *Names) Of(ctx context.Context, scope resource.Scope, key string) (string, error) {
	if n == nil || key == "" || driver.IsAWSManagedKey(key) || elsewhere(scope, key) {
		return key, nil
	}
	if name, ok := n.cached(key); ok {
		return name, nil
	}
	client, err := n.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(key)})
	err = awserr.Wrap(Action, err, codes)
	switch {
	case failure.Is(err, failure.Denied), err != nil && !failure.RuleOf(failure.ClassOf(err)).Retry:
		return n.keep(key, key), nil
	case err != nil:
		return "", err
	case out.KeyMetadata != nil && out.KeyMetadata.KeyManager == types.KeyManagerTypeAws:
		return n.keep(key, driver.AWSManagedKey(scope, n.service)), nil
	}
	return n.keep(key, key), nil
}

// ARN returns the ARN of the key that a call names by ARN, alias or id in scope, acting for
// purpose. One that is not there is an error of class kms.
func (n *Names) ARN(ctx context.Context, scope resource.Scope, purpose resource.Purpose, key string) (string, error) {
	if arn, err := resource.ParseARN(key); err == nil && strings.HasPrefix(arn.Resource, "key/") {
		return key, nil
	}
	client, err := n.clients.Get(ctx, scope, purpose)
	if err != nil {
		return "", err
	}
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(key)})
	switch err = awserr.Wrap(Action, err, codes); {
	case failure.Is(err, failure.NotFound):
		return "", failure.Errorf(failure.KMS, "account %s has no key %s in %s: make one there: %w", scope.Account, key, scope.Region, err)
	case err != nil:
		return "", err
	case out.KeyMetadata == nil:
		return "", failure.Errorf(failure.Internal, "AWS describes key %s without metadata", key)
	}
	return aws.ToString(out.KeyMetadata.Arn), nil
}

// elsewhere reports whether an ARN names a key of another account, which cannot be AWS's.
func elsewhere(scope resource.Scope, key string) bool {
	arn, err := resource.ParseARN(key)
	return err == nil && arn.Account != scope.Account
}

// Point returns p with its key named.
func (n *Names) Point(ctx context.Context, scope resource.Scope, p driver.Point) (driver.Point, error) {
	if !p.Encrypted {
		return p, nil
	}
	var err error
	p.KMSKeyID, err = n.Of(ctx, scope, p.KMSKeyID)
	return p, err
}

// Statuses names the keys of the points that Look has seen complete.
func (n *Names) Statuses(ctx context.Context, scope resource.Scope, seen map[driver.Ref]driver.Status) error {
	for ref, status := range seen {
		if status.State != driver.Succeeded && status.State != driver.Partial {
			continue
		}
		point, err := n.Point(ctx, scope, status.Point)
		if err != nil {
			return err
		}
		status.Point = point
		seen[ref] = status
	}
	return nil
}

func (n *Names) cached(key string) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, ok := n.known[key]
	return name, ok
}

func (n *Names) keep(key, name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= maxKnown {
		clear(n.known)
	}
	n.known[key] = name
	return name
}
