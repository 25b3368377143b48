package conformance

import (
	"context"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Harness makes worlds for the checks. It is safe for concurrent use.
type Harness interface {
	// Facts tells what the checks must know about the kind. It makes no call.
	Facts() Facts
	// World returns a fresh world that shares nothing with the others.
	World(ctx context.Context) (World, error)
}

// Facts is what the checks cannot learn from the driver's Descriptor.
type Facts struct {
	// DiscoverPage, ListPage and LookPage are how many items the driver gets with one
	// call of the listing behind each method.
	DiscoverPage, ListPage, LookPage int
	// FailedAs is how AWS shows an operation that failed, where that is not
	// driver.Failed: driver.Gone for a kind whose failed artefacts vanish.
	FailedAs driver.State
	// Tagged is whether the kind's recovery points carry tags. Where they do not, only
	// installation and job id survive, in the name.
	Tagged bool
	// Refusals are the error classes, beyond those every call can meet, with which AWS
	// may refuse a method.
	Refusals map[Method][]failure.Class
	// CopyKey is the KMS key for encrypted copies in World.Away.
	CopyKey string
	// Exempt names checks that cannot apply to the kind, each with the reason.
	Exempt map[string]string
}

// World is an AWS with two regions of one account, and another account. Methods other than Driver may be
// called while the driver works; only what a method says changes anything.
type World interface {
	// Driver returns a new driver over this world, as a second process would have.
	Driver() driver.Driver
	// Home is where resources are made, Away where copies go.
	Home() resource.Scope
	Away() resource.Scope
	// Other is the region of Home in another account.
	Other() resource.Scope
	// Now is the world's time.
	Now() time.Time
	// AddResources makes n unencrypted resources in Home, with tags, and returns ARN,
	// kind, scope, name and tags of each as Discover must report them.
	AddResources(ctx context.Context, n int) ([]resource.Resource, error)
	// AddForeignPoint makes a completed recovery point of r without Holdfast's mark, as a
	// person with the console would.
	AddForeignPoint(ctx context.Context, r resource.Resource) (driver.Ref, error)
	// RemovePoint deletes a recovery point behind the driver's back.
	RemovePoint(ctx context.Context, scope resource.Scope, ref driver.Ref) error
	// Points and Resources return what is there, also what the driver cannot see yet.
	Points(ctx context.Context, scope resource.Scope) ([]Item, error)
	Resources(ctx context.Context, scope resource.Scope) ([]Item, error)
	// Advance lets every operation in progress end.
	Advance(ctx context.Context) error
	// Age lets a time pass that is long beside any operation, such as days.
	Age(ctx context.Context, d time.Duration) error
	// Settle lets the consistency lag pass.
	Settle(ctx context.Context) error
	// FailNext makes the next operation of this type end in failure on the AWS side.
	FailNext(ctx context.Context, op driver.Operation) error
	// Inject makes the AWS calls of one method meet a fault until lift is called.
	Inject(f Fault) (lift func(), err error)
	// Calls counts the requests that reached AWS so far, refused ones too.
	Calls() Calls
}

// Item is a recovery point or resource that exists in a world.
type Item struct {
	Ref  driver.Ref
	Name string // the name AWS shows, where it has one beside the reference
	Tags map[string]string
	// SharedWith has the other accounts that may copy it.
	SharedWith []string
}

// Calls counts requests that reached AWS.
type Calls struct{ All, Mutating int }

// Method names a method of driver.Driver, driver.Copier or driver.Restorer.
type Method string

// The methods faults can be injected into.
const (
	Discover Method = "Discover"
	Start    Method = "Start"
	Find     Method = "Find"
	Look     Method = "Look"
	List     Method = "List"
	Delete   Method = "Delete"
	Copy     Method = "Copy"
	Restore  Method = "Restore"
	Archive  Method = "Archive" // the calls of MoveToCold
	// Share is the calls by which Copy lets another account have the source, FinishCopy
	// those that take it back.
	Share      Method = "Share"
	FinishCopy Method = "FinishCopy"
)

// Effect is what a fault does to a call.
type Effect string

// The effects.
const (
	// Refuse answers with an error of Fault.Class; nothing happens.
	Refuse Effect = "refuse"
	// Lose lets a mutating call happen and loses the answer: the caller sees a broken
	// connection. Calls that change nothing are left alone.
	Lose Effect = "lose"
	// Hang never answers: the call ends with its context.
	Hang Effect = "hang"
)

// Fault is what the calls of one method meet.
type Fault struct {
	Method Method
	Effect Effect
	Class  failure.Class // for Refuse
	Skip   int           // calls of the method let through first
	Times  int           // calls that meet it then; 0 means all until it is lifted
}
