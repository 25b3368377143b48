// Package tracing sends OpenTelemetry traces over OTLP: one of each chain, from the fire
// of a rule to the last copy, with the calls to AWS in between. Ids follow from the ids of
// jobs, so the spans that different processes send fit together without anything passing
// between them. A span of a job is sent when the job has ended, by whoever ended it.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"holdfast/catalog"
	"holdfast/driver"
)

// Limits of what waits to be sent; what is beyond is dropped, never waited for.
const (
	exportTimeout = 10 * time.Second
	closeTimeout  = 5 * time.Second
	maxQueued     = 8192
	batchSize     = 512
)

// Options say where traces go.
type Options struct {
	Endpoint     string // http://collector:4318
	Installation string
	Version      string
	Sample       float64 // part of the traces that are sent, 0 to 1; whole chains or nothing
}

// Tracer sends spans. A nil one does nothing.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// New returns a tracer that sends in the background; an endpoint that does not answer
// costs the traces and nothing else.
func New(ctx context.Context, opts Options) (*Tracer, error) {
	address, err := url.JoinPath(opts.Endpoint, "v1/traces") // which the library adds to its variable only
	if err != nil {
		return nil, fmt.Errorf("traces to %s: %w", opts.Endpoint, err)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address), otlptracehttp.WithTimeout(exportTimeout))
	if err != nil {
		return nil, fmt.Errorf("traces to %s: %w", opts.Endpoint, err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(maxQueued), sdktrace.WithMaxExportBatchSize(batchSize), sdktrace.WithExportTimeout(exportTimeout)),
		sdktrace.WithSampler(sdktrace.TraceIDRatioBased(opts.Sample)), sdktrace.WithIDGenerator(ids{}),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "holdfast"), attribute.String("service.version", opts.Version),
			attribute.String("service.namespace", opts.Installation),
		)),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("holdfast")}, nil
}

// Close sends what waits, within a few seconds.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return errors.Join(t.provider.ForceFlush(ctx), t.provider.Shutdown(ctx))
}

// JobEnded sends the span of a job that has ended, with what it waited and what AWS took;
// the first backup of a chain brings the span of its rule's fire. It is the hook
// engine.Options.OnEnd.
func (t *Tracer) JobEnded(job catalog.Job) {
	if t == nil {
		return
	}
	parent := parentOf(job)
	if job.Type == driver.Backup && !job.FireAt.IsZero() && job.RetryOf == "" {
		t.span(context.Background(), job.TraceID(), parent, "fire "+job.Plan+"/"+job.Rule, job.FireAt, job.CreatedAt,
			attribute.String("holdfast.plan", job.Plan), attribute.String("holdfast.rule", job.Rule))
	}
	ctx := context.Background()
	if parent != "" {
		ctx = under(ctx, job.TraceID(), parent)
	}
	ctx, span := t.tracer.Start(withIDs(ctx, job.TraceID(), catalog.SpanID(job.ID)), string(job.Type)+" "+string(job.Kind),
		trace.WithTimestamp(job.CreatedAt), trace.WithAttributes(attributesOf(job)...))
	if job.State != catalog.Completed {
		span.SetStatus(codes.Error, job.Message)
	}
	if job.StartedAt.IsZero() {
		t.child(ctx, "wait", job.CreatedAt, job.EndedAt)
	} else {
		t.child(ctx, "wait", job.CreatedAt, job.StartedAt)
		t.child(ctx, "aws", job.StartedAt, job.EndedAt)
	}
	span.End(trace.WithTimestamp(job.EndedAt))
}

// parentOf returns the span the job's is below: of the fire, or of the job it follows.
func parentOf(job catalog.Job) string {
	switch {
	case job.Type != driver.Backup && job.Type != driver.Copy:
		return ""
	case job.RetryOf != "":
		return catalog.SpanID(job.RetryOf)
	case job.ParentID != "":
		return catalog.SpanID(job.ParentID) // a point has the id of the job that made it
	case !job.FireAt.IsZero():
		return catalog.SpanID("fire " + job.ChainID)
	default:
		return ""
	}
}

// span sends one whole span with the given id and no parent.
func (t *Tracer) span(ctx context.Context, traceID, id, name string, from, to time.Time, attributes ...attribute.KeyValue) {
	_, span := t.tracer.Start(withIDs(ctx, traceID, id), name, trace.WithTimestamp(from), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(to))
}

func (t *Tracer) child(ctx context.Context, name string, from, to time.Time) {
	_, span := t.tracer.Start(withIDs(ctx, "", ""), name, trace.WithTimestamp(from))
	span.End(trace.WithTimestamp(to))
}

func attributesOf(job catalog.Job) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("holdfast.job", job.ID), attribute.String("holdfast.chain", job.ChainID),
		attribute.String("holdfast.type", string(job.Type)), attribute.String("holdfast.kind", string(job.Kind)),
		attribute.String("holdfast.state", string(job.State)), attribute.String("holdfast.class", string(job.Class)),
		attribute.String("holdfast.plan", job.Plan), attribute.String("holdfast.rule", job.Rule),
		attribute.String("cloud.account.id", job.Account), attribute.String("cloud.region", job.Region),
		attribute.String("cloud.resource_id", job.ResourceARN), attribute.Int("holdfast.attempts", job.Attempts),
	}
}
