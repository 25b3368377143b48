package tracing

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"holdfast/catalog"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
)

// Provider returns sessions whose calls for a job are spans below the job's. Calls that
// are for many jobs at once, as looks and listings, are none.
func (t *Tracer) Provider(sessions awssession.Provider) awssession.Provider {
	if t == nil || sessions == nil {
		return sessions
	}
	return traced{t, sessions}
}

type traced struct {
	tracer   *Tracer
	sessions awssession.Provider
}

// Config returns the configuration of the sessions within, traced.
func (s traced) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	cfg, err := s.sessions.Config(ctx, req)
	if err == nil {
		cfg.APIOptions = append(slices.Clip(cfg.APIOptions), s.tracer.attach(req))
	}
	return cfg, err
}

// attach returns the API option that makes a span of each call, around the SDK's retries.
func (t *Tracer) attach(req awssession.Request) func(*middleware.Stack) error {
	call := middleware.InitializeMiddlewareFunc("holdfast:trace", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		job, traceID := awssession.JobFrom(ctx), awssession.TraceFrom(ctx)
		if job == "" || traceID == "" {
			return next.HandleInitialize(ctx, in)
		}
		service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
		ctx, span := t.tracer.Start(withIDs(under(ctx, traceID, catalog.SpanID(job)), "", ""), service+"."+operation,
			trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
				attribute.String("rpc.system", "aws-api"), attribute.String("rpc.service", service), attribute.String("rpc.method", operation),
				attribute.String("cloud.account.id", req.Scope.Account), attribute.String("cloud.region", req.Scope.Region),
				attribute.String("holdfast.job", job)))
		defer span.End()
		out, metadata, err := next.HandleInitialize(ctx, in)
		if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
			span.SetAttributes(attribute.String("aws.request_id", id))
		}
		if err != nil {
			span.SetStatus(codes.Error, string(awserr.Classify(err)))
		}
		return out, metadata, err
	})
	return func(stack *middleware.Stack) error { return stack.Initialize.Add(call, middleware.Before) }
}
