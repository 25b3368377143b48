package awssession

import (
	"context"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"holdfast/internal/clock"
)

// DropLate is an API option that sends no call whose deadline has passed. The deadline of a
// context is kept by a timer, and a process that was stopped in its tracks and goes on may
// get as far as the network before its timers do: its call would be carried out although
// others have taken it for given up since. It is asked last, when the request is signed.
func DropLate(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("holdfast:late", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if late(ctx, clock.System().Now()) {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, &smithy.CanceledError{Err: context.DeadlineExceeded}
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

// late reports whether the deadline of ctx has passed, by the wall clock too: the other one
// stands still while a machine is suspended.
func late(ctx context.Context, now time.Time) bool {
	deadline, ok := ctx.Deadline()
	return ok && (!now.Before(deadline) || !now.Round(0).Before(deadline.Round(0)))
}
