package awssession

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// dropRefused returns an API option that forgets cached credentials AWS no longer takes
// (the role's sessions were revoked, say), so that the next call assumes the role anew
// instead of failing until they expire. The call that was refused still fails.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
func dropRefused(credentials aws.CredentialsProvider) func(*middleware.Stack) error {
	cache, cached := credentials.(*aws.CredentialsCache)
	return func(stack *middleware.Stack) error {
		if _, sends := stack.Finalize.Get("Retry"); !sends || !cached {
			return nil
		}
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("holdfast:refused", func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleFinalize(ctx, in)
			if err != nil && awserr.Classify(err) == failure.Credentials {
				cache.Invalidate()
			}
			return out, metadata, err
		}), "Retry", middleware.After)
	}
}
