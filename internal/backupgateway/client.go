package backupgateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/internal/clock"
)

// ServiceID is what a client's middleware stack carries, as in the SDK.
const ServiceID = "Backup Gateway"

const (
	signingName  = "backup-gateway"
	targetPrefix = "BackupOnPremises_v20210101."
	contentType  = "application/x-amz-json-1.0"
)

// Client calls AWS Backup gateway. It is safe for concurrent use.
type Client struct {
	cfg   aws.Config
	clock clock.Clock
}

// New returns a client of cfg's region and credentials.
func New(cfg aws.Config) *Client { return &Client{cfg: cfg, clock: clock.System()} }

// ListVirtualMachines returns one page of the machines of the region's hypervisors.
func (c *Client) ListVirtualMachines(ctx context.Context, in *ListVirtualMachinesInput) (*ListVirtualMachinesOutput, error) {
	return invoke[ListVirtualMachinesOutput](ctx, c, "ListVirtualMachines", in)
}

// ListTagsForResource returns the tags of a machine.
func (c *Client) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	return invoke[ListTagsForResourceOutput](ctx, c, "ListTagsForResource", in)
}

// TagResource gives a machine tags, over those it has.
func (c *Client) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return invoke[TagResourceOutput](ctx, c, "TagResource", in)
}

// invoke runs one call through a stack in the order of the SDK's own: the session's
// middleware may rely on it.
func invoke[O any](ctx context.Context, c *Client, operation string, in any) (*O, error) {
	fail := func(err error) error {
		return &smithy.OperationError{ServiceID: ServiceID, OperationName: operation, Err: err}
	}
	stack := middleware.NewStack(operation, smithyhttp.NewStackRequest)
	if err := c.build(stack, operation, func() any { return new(O) }); err != nil {
		return nil, fail(err)
	}
	for _, option := range c.cfg.APIOptions {
		if err := option(stack); err != nil {
			return nil, fail(err)
		}
	}
	var transport smithyhttp.ClientDo = c.cfg.HTTPClient
	if transport == nil {
		transport = awshttp.NewBuildableClient()
	}
	handler := middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(transport), stack)
	result, _, err := handler.Handle(middleware.ClearStackValues(ctx), in)
	if err != nil {
		return nil, fail(err)
	}
	out, ok := result.(*O)
	if !ok {
		return nil, fail(&smithy.DeserializationError{Err: &unexpectedResult{result}})
	}
	return out, nil
}

// build adds the steps every call takes.
func (c *Client) build(stack *middleware.Stack, operation string, output func() any) error {
	var retryer aws.Retryer = retry.NewStandard()
	if c.cfg.Retryer != nil {
		retryer = c.cfg.Retryer()
	}
	if c.cfg.RetryMaxAttempts > 0 {
		retryer = retry.AddWithMaxAttempts(retryer, c.cfg.RetryMaxAttempts)
	}
	metadata := &awsmiddleware.RegisterServiceMetadata{Region: c.cfg.Region, ServiceID: ServiceID, SigningName: signingName, OperationName: operation}
	steps := []error{
		stack.Initialize.Add(metadata, middleware.Before),
		stack.Serialize.Add(serializer{c.endpoint(), operation}, middleware.After),
		stack.Finalize.Add(retry.NewAttemptMiddleware(retryer, smithyhttp.RequestCloner), middleware.After),
		stack.Finalize.Add(signer{c}, middleware.After),
		stack.Deserialize.Add(deserializer{output}, middleware.After),
	}
	for _, err := range steps {
		if err != nil {
			return err
		}
	}
	return nil
}

// endpoint is the region's, or the one the configuration names.
// Source: https://docs.aws.amazon.com/general/latest/gr/bk-gateway.html
func (c *Client) endpoint() string {
	if c.cfg.BaseEndpoint != nil {
		return *c.cfg.BaseEndpoint
	}
	domain := "amazonaws.com"
	if len(c.cfg.Region) > 3 && c.cfg.Region[:3] == "cn-" {
		domain = "amazonaws.com.cn"
	}
	return "https://backup-gateway." + c.cfg.Region + "." + domain
}
