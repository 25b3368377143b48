package cloud

import (
	"context"
	"fmt"

	"github.com/aws/smithy-go"
)

// Request is one API call as it reaches a service.
type Request struct {
	Service   string // the SDK's service id
	Operation string
	Place     Place
	Input     any    // the SDK's typed input
	Agent     string // the User-Agent header, which CloudTrail would record
	Token     string // the session token the request was signed with
}

// Invoke carries out one call and returns the SDK's typed output, or an error that
// unwraps to the service's typed error, a *smithy.GenericAPIError or a transport error.
func (o *Organization) Invoke(ctx context.Context, r Request) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, &smithy.CanceledError{Err: err}
	}
	s, op, err := o.route(r)
	if err != nil {
		return nil, err
	}
	fault, hit := o.faults.pick(r, s.Name)
	if hit {
		if err := o.strike(ctx, fault, s, r.Operation); err != nil {
			return nil, err
		}
	}
	if err := o.authorize(r, s, op); err != nil {
		return nil, err
	}
	now := o.clock.Now()
	if !o.options.Unthrottled && !o.buckets.take(r.Place, s.Name+":"+op.Name, op.Bucket(r.Input), now) {
		o.ledger.throttle(s.Name + ":" + op.Name)
		return nil, throttled(s.Definition)
	}
	o.ledger.accept(s.Name+":"+op.Name, r.Agent)
	c := o.call(ctx, r.Place)
	if fault.Effect == FailLater {
		c.fate = fault.words("the operation failed: injected")
	}
	if fault.Effect == PartLater {
		c.lacks = fault.words("some members are missing: injected")
	}
	out, err := s.handle(c, op, r.Input)
	switch fault.Effect {
	case LostAnswer:
		return nil, lost()
	case Stall:
		return nil, await(ctx)
	default:
		return out, err
	}
}

// route finds the operation of a request and checks that the caller exists.
func (o *Organization) route(r Request) (*hosted, Operation, error) {
	s, ok := o.byID[r.Service]
	if !ok {
		return nil, Operation{}, unsupported(r.Service, r.Operation)
	}
	op, ok := s.operations[r.Operation]
	if !ok {
		return nil, Operation{}, unsupported(s.Name, r.Operation)
	}
	active, known := o.accounts[r.Place.Account]
	switch {
	case !known:
		return nil, Operation{}, Errorf("InvalidClientTokenId", "the security token is of no account in this organization")
	case !active:
		return nil, Operation{}, denied(s.Definition, "the account is suspended")
	case !o.regions[r.Place.Region] && r.Place.Region != globalRegion:
		return nil, Operation{}, denied(s.Definition, fmt.Sprintf("region %s is not enabled for the account", r.Place.Region))
	}
	return s, op, nil
}

// globalRegion is where global services such as Organizations are called.
const globalRegion = "us-east-1"

// strike applies a fault before the call is handled; an error is the answer.
func (o *Organization) strike(ctx context.Context, f Fault, s *hosted, operation string) error {
	switch f.Effect {
	case Hang:
		return await(ctx)
	case Vanish:
		o.Remove(f.ARN)
	case Throttle:
		o.ledger.throttle(s.Name + ":" + operation)
	}
	return f.refusal(s.Definition)
}

// await lets a call hang until its caller gives up.
func await(ctx context.Context) error {
	<-ctx.Done()
	return &smithy.CanceledError{Err: ctx.Err()}
}

// handle runs the handler under the service's lock.
func (h *hosted) handle(c *Call, op Operation, input any) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return op.run(c, input)
}
