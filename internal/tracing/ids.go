package tracing

import (
	"context"
	"crypto/rand"

	"go.opentelemetry.io/otel/trace"
)

// wanted are the ids the next span shall have; empty ones are random.
type wanted struct {
	trace trace.TraceID
	span  trace.SpanID
}

type wantedKey struct{}

// withIDs returns a context in which the next span gets the given ids, in hexadecimal.
func withIDs(ctx context.Context, traceID, spanID string) context.Context {
	var w wanted
	w.trace, _ = trace.TraceIDFromHex(traceID) // invalid ones are zero, and random then
	w.span, _ = trace.SpanIDFromHex(spanID)
	return context.WithValue(ctx, wantedKey{}, w)
}

// under returns a context below a span that some process sends, or has sent.
func under(ctx context.Context, traceID, spanID string) context.Context {
	t, _ := trace.TraceIDFromHex(traceID)
	s, _ := trace.SpanIDFromHex(spanID)
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: t, SpanID: s, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

// ids is the generator of ids: those that are wanted, else random ones.
type ids struct{}

// NewIDs implements sdktrace.IDGenerator.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	w, _ := ctx.Value(wantedKey{}).(wanted)
	if !w.trace.IsValid() {
		_, _ = rand.Read(w.trace[:]) // never fails: crypto/rand
	}
	return w.trace, g.NewSpanID(ctx, w.trace)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	w, _ := ctx.Value(wantedKey{}).(wanted)
	if !w.span.IsValid() {
		_, _ = rand.Read(w.span[:])
	}
	return w.span
}
