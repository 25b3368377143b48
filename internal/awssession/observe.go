package awssession

import (
	"context"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// Call is one attempt of one AWS call; a call the SDK tried three times is three.
type Call struct {
	Account   string
	Region    string
	Purpose   resource.Purpose
	Service   string        // as in IAM actions: ec2, rds, dynamodb, sts
	Operation string        // CreateSnapshot
	Class     failure.Class // empty: it succeeded
	Duration  time.Duration
}

// Throttled reports whether AWS asked us to slow down.
func (c Call) Throttled() bool { return c.Class == failure.Throttled }

// observeAttempts returns an API option that reports every attempt to observe, with the
// account, region and purpose of req. It sits below the SDK's retries.
func observeAttempts(req Request, clk clock.Clock, observe func(Call)) func(*middleware.Stack) error {
	report := func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
		middleware.FinalizeOutput, middleware.Metadata, error,
	) {
		start := clk.Now()
		out, metadata, err := next.HandleFinalize(ctx, in)
		call := Call{
			Account: req.Scope.Account, Region: req.Scope.Region, Purpose: req.Purpose,
			Service:   serviceOf(ctx),
			Operation: awsmiddleware.GetOperationName(ctx),
			Duration:  clk.Now().Sub(start),
		}
		if err != nil {
			call.Class = awserr.Classify(err)
		}
		observe(call)
		return out, metadata, err
	}
	return func(stack *middleware.Stack) error {
		// Presigning a copy's source URL runs the stack without retries and sends nothing.
		if _, sends := stack.Finalize.Get("Retry"); !sends {
			return nil
		}
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("holdfast:observe", report), "Retry", middleware.After)
	}
}

// partOf has the SDK's service ids of APIs that are a part of another service's, by that
// service's id: they have its prefix in IAM, its endpoints and its rate limits.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
var partOf = map[string]string{"Neptune": "RDS", "DocDB": "RDS"}

// serviceOf returns the service of a call as in IAM actions: ec2, dynamodb, sts.
func serviceOf(ctx context.Context) string {
	id := awsmiddleware.GetServiceID(ctx)
	if whole, ok := partOf[id]; ok {
		id = whole
	}
	return strings.ToLower(strings.ReplaceAll(id, " ", ""))
}

// UserAgentOf is what the user agent of every call made for a job has, and CloudTrail
// records.
func UserAgentOf(jobID string) string { return "holdfast-job/" + jobID }

// NameJobs is an API option that adds UserAgentOf the job to the User-Agent header of
// calls made under WithJob.
func NameJobs(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("holdfast:job", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		request, ok := in.Request.(*smithyhttp.Request)
		if id := JobFrom(ctx); ok && id != "" {
			request.Header.Set("User-Agent", strings.TrimSpace(request.Header.Get("User-Agent")+" "+UserAgentOf(id)))
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}
