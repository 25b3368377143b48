package cloud

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Invoker carries out calls: an Organization, or a connection to one in another process.
type Invoker interface {
	Invoke(ctx context.Context, r Request) (any, error)
}

type inputKey struct{}

// plug returns the middleware that answers a client's calls for one account from target.
// The typed input is kept at the end of Initialize, when the SDK has filled in tokens and
// presigned addresses; serialisation, signing and retries run as always; and the front of
// Deserialize answers in place of the network.
func plug(target Invoker, account string) func(*middleware.Stack) error {
	keep := middleware.InitializeMiddlewareFunc("SimulatedInput", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(middleware.WithStackValue(ctx, inputKey{}, in.Parameters), in)
	})
	answer := middleware.DeserializeMiddlewareFunc("SimulatedAnswer", func(
		ctx context.Context, in middleware.DeserializeInput, _ middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		agent := ""
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			agent = request.Header.Get("User-Agent")
		}
		return respond(ctx, target, account, agent)
	})
	return func(stack *middleware.Stack) error {
		if err := stack.Initialize.Add(keep, middleware.After); err != nil {
			return fmt.Errorf("plug the simulated organization in: %w", err)
		}
		if err := stack.Deserialize.Add(answer, middleware.Before); err != nil {
			return fmt.Errorf("plug the simulated organization in: %w", err)
		}
		return nil
	}
}

func respond(ctx context.Context, target Invoker, account, agent string) (out middleware.DeserializeOutput, meta middleware.Metadata, err error) {
	requestID := nextRequestID()
	awsmiddleware.SetRequestIDMetadata(&meta, requestID)
	out.Result, err = target.Invoke(ctx, Request{
		Service:   awsmiddleware.GetServiceID(ctx),
		Operation: awsmiddleware.GetOperationName(ctx),
		Place:     Place{Account: account, Region: awsmiddleware.GetRegion(ctx)},
		Input:     middleware.GetStackValue(ctx, inputKey{}),
		Agent:     agent,
	})
	if err == nil {
		out.RawResponse = accepted
	}
	return out, meta, asSDK(err, requestID)
}

// accepted is the answer of the wire to every call that succeeds.
var accepted = &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}}

var requests atomic.Uint64

// nextRequestID returns a request id in the shape of AWS's.
func nextRequestID() string {
	digits := strconv.FormatUint(requests.Add(1), 16)
	return "00000000-0000-4000-8000-" + "000000000000"[min(len(digits), 12):] + digits
}
