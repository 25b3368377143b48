package simharness

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/driver/conformance"
	"holdfast/internal/awssession"
)

// wire is the network between the SDK clients of a driver and the organization. It is the
// session provider the driver gets.
type wire struct {
	kind     Kind
	sessions awssession.Provider

	mu     sync.Mutex
	count  conformance.Calls
	next   int
	faults map[int]*conformance.Fault
}

func newWire(k Kind, sessions awssession.Provider) *wire {
	return &wire{kind: k, sessions: sessions, faults: map[int]*conformance.Fault{}}
}

// Config returns the organization's configuration with the wire in it.
func (w *wire) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	cfg, err := w.sessions.Config(ctx, req)
	// The last to put itself in front is the first to see a request.
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), w.plug)
	return cfg, err
}

func (w *wire) plug(stack *middleware.Stack) error {
	pages := middleware.InitializeMiddlewareFunc("SmallPages", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		in.Parameters = smallPages(in.Parameters)
		return next.HandleInitialize(ctx, in)
	})
	// Behind the retries: each attempt is a request of its own, as on a real network.
	faults := middleware.DeserializeMiddlewareFunc("InjectedFaults", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return w.request(ctx, in, next)
	})
	return errors.Join(stack.Initialize.Add(pages, middleware.Before), stack.Deserialize.Add(faults, middleware.Before))
}

// smallPages returns the input with its page size cut. AWS may return fewer items than
// asked for, so a driver must be content with that.
func smallPages(input any) any {
	v := reflect.ValueOf(input)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return input
	}
	cut := reflect.New(v.Elem().Type())
	cut.Elem().Set(v.Elem())
	for _, name := range []string{"MaxResults", "MaxRecords", "MaxItems", "MaxBuckets", "Limit"} {
		field := cut.Elem().FieldByName(name)
		if field.IsValid() && field.Type() == reflect.TypeFor[*int32]() && (field.IsNil() || field.Elem().Int() > pageItems) {
			field.Set(reflect.ValueOf(aws.Int32(pageItems)))
		}
	}
	return cut.Interface()
}

func (w *wire) request(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, meta middleware.Metadata, err error) {
	operation := awsmiddleware.GetOperationName(ctx)
	f := w.arrive(operation)
	switch f.Effect {
	case conformance.Refuse:
		return out, meta, w.refusal(f)
	case conformance.Hang:
		<-ctx.Done()
		return out, meta, &smithy.CanceledError{Err: ctx.Err()}
	}
	out, meta, err = next.HandleDeserialize(ctx, in)
	if f.Effect == conformance.Lose {
		return middleware.DeserializeOutput{}, meta, &smithyhttp.RequestSendError{Err: errLost}
	}
	return out, meta, err
}

// errLost is what a caller sees of a request whose answer did not arrive.
var errLost = errors.New("read: connection reset by peer")

// mutates tells by its name whether an operation changes anything.
func mutates(operation string) bool {
	for _, verb := range []string{"Describe", "List", "Get"} {
		if strings.HasPrefix(operation, verb) {
			return false
		}
	}
	return true
}

// arrive counts a request and returns the fault it meets.
func (w *wire) arrive(operation string) conformance.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count.All++
	if mutates(operation) {
		w.count.Mutating++
	}
	for id, f := range w.faults {
		switch {
		case !slices.Contains(w.kind.Calls[f.Method], operation), f.Effect == conformance.Lose && !mutates(operation):
		case f.Skip > 0:
			f.Skip--
		case f.Times == 1:
			delete(w.faults, id)
			return *f
		default:
			f.Times = max(f.Times-1, 0)
			return *f
		}
	}
	return conformance.Fault{}
}

func (w *wire) inject(f conformance.Fault) (lift func(), err error) {
	if len(w.kind.Calls[f.Method]) == 0 {
		return nil, fmt.Errorf("no calls are named for %s", f.Method)
	}
	if _, known := w.code(f.Class); f.Effect == conformance.Refuse && !known {
		return nil, fmt.Errorf("no error code of class %s is named", f.Class)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	id := w.next
	w.faults[id] = &f
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.faults, id)
	}, nil
}

func (w *wire) calls() conformance.Calls {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}
