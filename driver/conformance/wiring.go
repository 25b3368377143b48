package conformance

import (
	"context"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Tried is a Driver that tells how to try it.
type Tried interface {
	driver.Driver
	// Wiring returns what a harness must know of the kind. It makes no call.
	Wiring() Wiring
}

// Wiring is what a harness must know of a kind beyond its Descriptor.
type Wiring struct {
	// Tagged is whether recovery points carry tags.
	Tagged bool
	// Calls names the API operations behind each method; faults meet these.
	Calls map[Method][]string
	// Codes has the service's error code of each class AWS refuses creating calls with.
	Codes map[failure.Class]string
	// Foreign makes a recovery point of r as a person with the console would, without a
	// mark, and returns what the driver would call it.
	Foreign func(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error)
	// FailedAs is how AWS shows an operation that failed, if not as failed.
	FailedAs driver.State
	// Exempt names checks that cannot apply to the kind, with the reasons.
	Exempt map[string]string
	// Unsupported names abilities that AWS does not have for the kind and engine, with the
	// reasons. An ability that is neither here nor the driver's is missing.
	Unsupported map[Ability]string
	// Emulated has what the emulator moto does right of it, as tests show; Make makes the
	// least resource of the kind there and returns its name, nil where moto makes none.
	Emulated []Ability
	Make     func(ctx context.Context, scope resource.Scope) (name string, err error)
}
