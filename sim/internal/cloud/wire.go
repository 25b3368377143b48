package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/smithy-go"
)

// WireCall is one call on its way to an organization in another process.
type WireCall struct {
	Place     Place           `json:"place"`
	Service   string          `json:"service"`
	Operation string          `json:"operation"`
	Input     json.RawMessage `json:"input"`
	Agent     string          `json:"agent,omitempty"`
	Token     string          `json:"token,omitempty"`
}

// WireAnswer is what came of it: an output or an error.
type WireAnswer struct {
	Output json.RawMessage `json:"output,omitempty"`
	Error  *WireError      `json:"error,omitempty"`
}

// WireError is an error that a remote client must see as a local one would.
type WireError struct {
	// Lost is a broken connection; the other fields are empty then.
	Lost    bool   `json:"lost,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status,omitempty"` // 0: 400
	Server  bool   `json:"server,omitempty"` // the fault is the service's
	// Detail has the fields of the service's typed error.
	Detail json.RawMessage `json:"detail,omitempty"`
}

// Answer carries out a call that came over the wire.
func (o *Organization) Answer(ctx context.Context, w WireCall) WireAnswer {
	_, op, err := o.route(Request{Service: w.Service, Operation: w.Operation, Place: w.Place})
	if err != nil {
		return WireAnswer{Error: encodeError(err)}
	}
	input := op.NewInput()
	if err := json.Unmarshal(w.Input, input); err != nil {
		return WireAnswer{Error: encodeError(Errorf("SerializationException", "decode the input: %v", err))}
	}
	out, err := o.Invoke(ctx, Request{Service: w.Service, Operation: w.Operation, Place: w.Place, Input: input, Agent: w.Agent, Token: w.Token})
	if err != nil {
		return WireAnswer{Error: encodeError(err)}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return WireAnswer{Error: encodeError(Errorf("InternalFailure", "encode the output: %v", err))}
	}
	return WireAnswer{Output: raw}
}

func encodeError(err error) *WireError {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return &WireError{Lost: true}
	}
	w := &WireError{Code: api.ErrorCode(), Message: api.ErrorMessage(), Server: api.ErrorFault() == smithy.FaultServer}
	if with, ok := errors.AsType[*statusError](err); ok {
		w.Status = with.status
	}
	if raw, err := json.Marshal(api); err == nil { // the SDK's errors are plain structs
		w.Detail = raw
	}
	return w
}

// Vocabulary knows the types of a set of services, for the client's end of the wire.
type Vocabulary struct {
	operations map[string]Operation // service id, space, operation
	errors     map[string]smithy.APIError
}

// NewVocabulary returns the vocabulary of services.
func NewVocabulary(services []Service) *Vocabulary {
	v := &Vocabulary{operations: map[string]Operation{}, errors: map[string]smithy.APIError{}}
	for _, s := range services {
		d := s.Definition()
		for _, op := range d.Operations {
			v.operations[d.ID+" "+op.Name] = op
		}
		for _, e := range d.Errors {
			v.errors[d.ID+" "+e.ErrorCode()] = e
		}
	}
	return v
}

// Encode puts a request on the wire. It refuses operations the services do not have.
func (v *Vocabulary) Encode(r Request) (WireCall, error) {
	if _, ok := v.operations[r.Service+" "+r.Operation]; !ok {
		return WireCall{}, unsupported(r.Service, r.Operation)
	}
	raw, err := json.Marshal(r.Input)
	if err != nil {
		return WireCall{}, fmt.Errorf("encode the input of %s:%s: %w", r.Service, r.Operation, err)
	}
	return WireCall{Place: r.Place, Service: r.Service, Operation: r.Operation, Input: raw, Agent: r.Agent, Token: r.Token}, nil
}

// Decode takes the answer to a request off the wire: the typed output, or the typed error.
func (v *Vocabulary) Decode(r Request, a WireAnswer) (any, error) {
	if a.Error != nil {
		return nil, v.decodeError(r.Service, *a.Error)
	}
	out := v.operations[r.Service+" "+r.Operation].NewOutput()
	if err := json.Unmarshal(a.Output, out); err != nil {
		return nil, fmt.Errorf("decode the output of %s:%s: %w", r.Service, r.Operation, err)
	}
	return out, nil
}

func (v *Vocabulary) decodeError(service string, w WireError) error {
	if w.Lost {
		return lost()
	}
	fault := smithy.FaultClient
	if w.Server {
		fault = smithy.FaultServer
	}
	err := error(&smithy.GenericAPIError{Code: w.Code, Message: w.Message, Fault: fault})
	if prototype, ok := v.errors[service+" "+w.Code]; ok {
		if typed := like(prototype, w.Detail); typed != nil {
			err = typed
		}
	}
	if w.Status != 0 {
		err = &statusError{err, w.Status}
	}
	return err
}

// like makes a new error of the prototype's type with the fields of detail, nil when
// that is not what it was made from.
func like(prototype smithy.APIError, detail json.RawMessage) error {
	made := reflect.New(reflect.TypeOf(prototype).Elem()).Interface()
	var typed error
	if json.Unmarshal(detail, made) == nil {
		typed, _ = made.(error)
	}
	return typed
}
