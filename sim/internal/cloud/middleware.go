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

// plug returns the middleware that answers a client's calls from target, for the account of
// the session that signed them, or for account.
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
		r := Request{Place: Place{Account: account}, Token: tokenOf(in.Request)}
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			r.Agent = request.Header.Get("User-Agent")
		}
		if caller, ok := parseToken(r.Token); ok {
			r.Place.Account = caller.Account
		}
		return respond(ctx, target, r)
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

// respond fills in of r what ctx knows, and answers with what became of it.
func respond(ctx context.Context, target Invoker, r Request) (out middleware.DeserializeOutput, meta middleware.Metadata, err error) {
	requestID := nextRequestID()
	awsmiddleware.SetRequestIDMetadata(&meta, requestID)
	r.Service, r.Operation = awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	r.Place.Region, r.Input = awsmiddleware.GetRegion(ctx), middleware.GetStackValue(ctx, inputKey{})
	out.Result, err = target.Invoke(ctx, r)
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
