package cloud

import (
	"net/http"
	"sync"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Effect is what a fault does to a call.
type Effect string

// The effects.
const (
	// Throttle refuses the call with the service's own throttling error.
	Throttle Effect = "throttle"
	// ServerError answers 500 without doing anything.
	ServerError Effect = "server-error"
	// Denied refuses the call as IAM would. Without an operation it is a role that was
	// taken away.
	Denied Effect = "denied"
	// Expired refuses the call as one with credentials that have run out.
	Expired Effect = "expired"
	// LostAnswer does what was asked and then breaks the connection. The SDK retries
	// such a call unless told not to, as it would against AWS.
	LostAnswer Effect = "lost-answer"
	// Hang does nothing and answers only when the caller gives up.
	Hang Effect = "hang"
	// Stall does what was asked and never answers: the caller gives up, and cannot know.
	Stall Effect = "stall"
	// FailLater accepts the call; the operation it begins ends in failure. A fault with it
	// should name an operation: calls that begin nothing use it up.
	FailLater Effect = "fail-later"
	// PartLater accepts the call; what AWS Backup then makes lacks some members of a
	// composite resource. Other services pay no heed.
	PartLater Effect = "part-later"
	// Vanish removes Fault.ARN just before the call is handled.
	Vanish Effect = "vanish"
)

// Fault is one planned fault. Empty fields match every call.
type Fault struct {
	Service   string `json:"service,omitempty"`   // ec2
	Operation string `json:"operation,omitempty"` // CreateSnapshot
	Account   string `json:"account,omitempty"`
	Region    string `json:"region,omitempty"`
	// Times is how many calls it hits; 0 means every one until it is lifted.
	Times  int    `json:"times,omitempty"`
	Effect Effect `json:"effect"`
	ARN    string `json:"arn,omitempty"` // for Vanish
	// Message replaces the usual words of the error or failure.
	Message string `json:"message,omitempty"`
}

func (f Fault) matches(r Request, service string) bool {
	return (f.Service == "" || f.Service == service) &&
		(f.Operation == "" || f.Operation == r.Operation) &&
		(f.Account == "" || f.Account == r.Place.Account) &&
		(f.Region == "" || f.Region == r.Place.Region)
}

// Rates are the chances, 0 to 1, that any call is hit.
type Rates struct {
	Throttle    float64
	ServerError float64
	LostAnswer  float64
	FailLater   float64
}

type plannedFault struct {
	Fault
	fired int
}

// faults decides which fault, if any, hits a call.
type faults struct {
	mu      sync.Mutex
	planned []*plannedFault
	rates   Rates
	seed    *seed
}

// Inject plans a fault. Faults are tried in the order they were planned and one call is
// hit by at most one.
func (o *Organization) Inject(f Fault) {
	o.faults.mu.Lock()
	defer o.faults.mu.Unlock()
	o.faults.planned = append(o.faults.planned, &plannedFault{Fault: f})
}

// Lift takes back every planned fault of an effect for an account ("" for those of all
// accounts), fired or not.
func (o *Organization) Lift(effect Effect, account string) {
	o.faults.mu.Lock()
	defer o.faults.mu.Unlock()
	kept := o.faults.planned[:0]
	for _, p := range o.faults.planned {
		if p.Effect != effect || p.Account != account {
			kept = append(kept, p)
		}
	}
	o.faults.planned = kept
}

// SetRates replaces the chances of random faults.
func (o *Organization) SetRates(r Rates) {
	o.faults.mu.Lock()
	defer o.faults.mu.Unlock()
	o.faults.rates = r
}

// Unfired returns the planned faults that never hit a call, or hit fewer than Times. A
// test that plans a fault should fail when it is in here at the end.
func (o *Organization) Unfired() []Fault {
	o.faults.mu.Lock()
	defer o.faults.mu.Unlock()
	var left []Fault
	for _, p := range o.faults.planned {
		if p.fired < max(p.Times, 1) {
			left = append(left, p.Fault)
		}
	}
	return left
}

// pick returns the fault that hits a call; ok is false for none.
func (f *faults) pick(r Request, service string) (hit Fault, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.planned {
		if p.Times > 0 && p.fired >= p.Times || !p.matches(r, service) {
			continue
		}
		p.fired++
		return p.Fault, true
	}
	if f.rates == (Rates{}) {
		return Fault{}, false
	}
	return f.random(r, service)
}

// random draws one number per call and lays the rates side by side on it.
func (f *faults) random(r Request, service string) (Fault, bool) {
	x := f.seed.chance("fault|" + r.Place.Account + "|" + r.Place.Region + "|" + service + ":" + r.Operation)
	for _, rate := range []struct {
		chance float64
		effect Effect
	}{
		{f.rates.Throttle, Throttle}, {f.rates.ServerError, ServerError},
		{f.rates.LostAnswer, LostAnswer}, {f.rates.FailLater, FailLater},
	} {
		if x < rate.chance {
			return Fault{Effect: rate.effect}, true
		}
		x -= rate.chance
	}
	return Fault{}, false
}

// refusal returns the error of a fault that answers instead of the service; nil for the
// effects that let the call through.
func (f Fault) refusal(d Definition) error {
	switch f.Effect {
	case Throttle:
		return throttled(d)
	case ServerError:
		return &statusError{&smithy.GenericAPIError{Code: "InternalFailure", Message: f.words("an internal error occurred"), Fault: smithy.FaultServer}, http.StatusInternalServerError}
	case Denied:
		return denied(d, f.words("not authorized to perform this operation: injected"))
	case Expired:
		return &statusError{Errorf(expiredCode(d), "%s", f.words("the security token included in the request is expired")), http.StatusForbidden}
	default:
		return nil
	}
}

func (f Fault) words(otherwise string) string {
	if f.Message != "" {
		return f.Message
	}
	return otherwise
}

func throttled(d Definition) error {
	return &statusError{Errorf(d.ThrottleCode, "Rate exceeded"), d.ThrottleStatus}
}

// denied spells the refusal as the service does: EC2 has a code of its own.
func denied(d Definition, message string) error {
	code := "AccessDenied"
	switch d.Name {
	case "ec2":
		code = "UnauthorizedOperation"
	case "dynamodb", "fsx", "organizations", "storagegateway":
		code = "AccessDeniedException"
	}
	return &statusError{Errorf(code, "%s", message), http.StatusForbidden}
}

// expiredCode is what a service calls credentials that have run out.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CommonErrors.html,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
func expiredCode(d Definition) string {
	switch d.Name {
	case "ec2":
		return "RequestExpired"
	case "backup", "backup-gateway", "dynamodb", "fsx", "organizations", "storagegateway":
		return "ExpiredTokenException"
	default:
		return "ExpiredToken"
	}
}

func lost() error { return &smithyhttp.RequestSendError{Err: errLost} }
