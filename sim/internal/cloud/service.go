package cloud

import (
	"reflect"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"holdfast/resource"
)

// Service is one simulated AWS service. The organization calls its methods and handlers
// one at a time, so that a service needs no locks of its own.
type Service interface {
	// Definition returns the service's static facts.
	Definition() Definition
	// Artefacts returns every artefact ever made, deleted ones included, as of now.
	Artefacts(now time.Time) []Artefact
	// Create puts a resource into the organization as if it had always been there and
	// returns its ARN.
	Create(c *Call, b Blueprint) (arn string, err error)
	// Remove makes the resource or artefact with an ARN vanish, as if somebody else
	// had deleted it; it reports whether there was one.
	Remove(c *Call, arn string) bool
}

// Definition is what a service says about itself.
type Definition struct {
	// ID is the SDK's service id, which a client's middleware stack carries: EC2, DynamoDB.
	ID string
	// Name is the IAM prefix the ledger uses: ec2, dynamodb. Services of one name are
	// views of one state.
	Name string
	// Kinds are the resource kinds Create understands.
	Kinds []resource.Kind
	// ThrottleCode and ThrottleStatus are how the service refuses a call that is over
	// its rate. Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
	ThrottleCode   string
	ThrottleStatus int
	// Quotas are the service's limits that are not rates, by name (rds:manual-snapshots),
	// with AWS's defaults. Options.Quotas may override them.
	Quotas map[string]int
	// Operations are the API operations that exist here; any other is refused loudly.
	Operations []Operation
	// Errors has one value of each typed error the service returns, so that a remote
	// client can be given the same type.
	Errors []smithy.APIError
}

// Operation is one API operation of a service.
type Operation struct {
	Name      string
	Bucket    func(input any) Bucket
	NewInput  func() any
	NewOutput func() any
	run       func(c *Call, input any) (any, error)
}

// Op makes the operation whose SDK input type is I, limited by bucket. A handler must
// not keep or change what its input points to, nor hand out state that changes later.
func Op[I, O any](bucket Bucket, handler func(*Call, *I) (*O, error)) Operation {
	name := strings.TrimSuffix(reflect.TypeFor[I]().Name(), "Input")
	return Operation{
		Name:      name,
		Bucket:    func(any) Bucket { return bucket },
		NewInput:  func() any { return new(I) },
		NewOutput: func() any { return new(O) },
		run: func(c *Call, input any) (any, error) {
			typed, ok := input.(*I)
			if !ok {
				return nil, Errorf("InternalFailure", "%s got an input of type %T", name, input)
			}
			out, err := handler(c, typed)
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// BucketBy returns the operation with a bucket chosen by the input.
func BucketBy[I any](op Operation, choose func(*I) Bucket) Operation {
	op.Bucket = func(input any) Bucket {
		typed, ok := input.(*I)
		if !ok {
			return Bucket{}
		}
		return choose(typed)
	}
	return op
}

// Blueprint describes a resource to create.
type Blueprint struct {
	Kind    resource.Kind
	Account string
	Region  string
	Name    string
	Tags    map[string]string
	SizeGiB int
	// Encrypted makes a resource under the account's default key for the service.
	Encrypted bool
	// CustomerKey makes the key of an Encrypted one the customer's own, which other
	// accounts may use.
	CustomerKey bool
	// Continuous makes AWS keep continuous backups of it, where that is not so anyway.
	Continuous bool
	// Odd makes the variant of the kind that cannot be backed up as such, where there
	// is one (for RDS: members of clusters; for Aurora: Multi-AZ DB clusters).
	Odd bool
}
