package awssession

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/internal/awscall"
	"holdfast/internal/awserr"
	"holdfast/internal/clock"
)

// Recorded returns sessions whose calls are noted by the awscall.Recorder of their context,
// if it has one. Those of NewProvider do so by themselves.
func Recorded(sessions Provider) Provider { return recorded{sessions} }

type recorded struct{ sessions Provider }

// Config returns the configuration of the sessions within, with calls noted.
func (s recorded) Config(ctx context.Context, req Request) (aws.Config, error) {
	cfg, err := s.sessions.Config(ctx, req)
	if err == nil {
		cfg.APIOptions = append(slices.Clip(cfg.APIOptions), recordCalls(req))
	}
	return cfg, err
}

// recordCalls returns the API option that notes every attempt that was sent. It is the
// outermost of what handles an answer: neither signing nor waiting for a budget is in its
// time, and a call that was never sent is not noted.
func recordCalls(req Request) func(*middleware.Stack) error {
	note := middleware.DeserializeMiddlewareFunc("holdfast:record", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		recorder := awscall.From(ctx)
		if recorder == nil {
			return next.HandleDeserialize(ctx, in)
		}
		at, began := recorder.Clock().Now(), clock.System().Now()
		out, metadata, err := next.HandleDeserialize(ctx, in)
		call := awscall.Call{
			Operation: serviceOf(ctx) + ":" + awsmiddleware.GetOperationName(ctx),
			Account:   req.Scope.Account, Region: req.Scope.Region,
			Attempt: attemptOf(in.Request), At: at.UTC(),
			Millis: float64(clock.System().Now().Sub(began).Round(10*time.Microsecond)) / float64(time.Millisecond),
		}
		call.RequestID, _ = awsmiddleware.GetRequestIDMetadata(metadata)
		if answer, ok := out.RawResponse.(*smithyhttp.Response); ok && answer != nil {
			call.Status = answer.StatusCode
		}
		if err != nil {
			call.Code, call.Status = cmp.Or(awserr.Code(err), awscall.NoAnswer), cmp.Or(awserr.Status(err), call.Status)
			call.RequestID = cmp.Or(awserr.RequestID(err), call.RequestID)
		}
		recorder.Add(call)
		return out, metadata, err
	})
	return func(stack *middleware.Stack) error {
		if _, sends := stack.Finalize.Get("Retry"); !sends {
			return nil
		}
		return stack.Deserialize.Add(note, middleware.Before)
	}
}

// attemptOf returns which attempt a request is, by the header the SDK's retries set.
func attemptOf(request any) int {
	attempt := 1
	if r, ok := request.(*smithyhttp.Request); ok {
		_, _ = fmt.Sscanf(r.Header.Get("Amz-Sdk-Request"), "attempt=%d", &attempt)
	}
	return attempt
}
