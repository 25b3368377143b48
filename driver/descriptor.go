package driver

import (
	"fmt"
	"strings"
	"time"

	"holdfast/resource"
)

// Descriptor is the single source of truth about a kind. The CLI's list, the IAM
// policies, the admission defaults and the documentation are derived from it.
type Descriptor struct {
	Kind resource.Kind
	// Engine is the machinery the driver works through; "" is Native.
	Engine Engine
	// Title is the name AWS's console uses, e.g. "EBS volume".
	Title string
	// ARNPattern matches the ARNs of the kind's resources, e.g. arn:*:ec2:*:*:volume/*.
	ARNPattern string
	// CopyRegion and CopyAccount say which copies Copy can make; both false without Copier.
	CopyRegion, CopyAccount bool
	// CopyPath is how a copy gets into another region of another account.
	CopyPath CopyPath
	// CustomerKeyAbroad is whether only what is encrypted with a customer managed key, or
	// not at all, can be copied into another account. Point.KMSKeyID then tells a key that
	// AWS manages (IsAWSManagedKey), and such a point is first copied with TransitKey.
	CustomerKeyAbroad bool
	// LookMax is how many references one Look may ask for.
	LookMax int
	// Settle is how long an empty answer of Find may be wrong, per operation. Zero: Find
	// is consistent or the operation has an AWS token, so that starting it again at any
	// time makes nothing twice.
	Settle map[Operation]time.Duration
	// Repeatable are the operations that AWS begins once per token, with how long AWS knows
	// a token: so long after an interruption Start, Copy or Restore is called again where
	// Find shows nothing.
	Repeatable map[Operation]time.Duration
	// Unmarked is whether what AWS makes of a repeatable operation is hard to find by its
	// mark: Find is then not asked before the token has lapsed.
	Unmarked bool
	// ColdStorage is whether a Lifecycle may move points to cold storage, Archive whether
	// only for rules that opt in to archives.
	ColdStorage, Archive bool
	// ColdByAWS is whether AWS itself moves a point when the Lifecycle it was made with says
	// so. Otherwise the engine has a job for it, and the driver is a ColdMover.
	ColdByAWS bool
	// BackupOptions are the names of the options a backup takes, each "enabled" or "disabled".
	BackupOptions []string
	// PointInTime is whether a restore may be of any moment (RestoreRequest.At).
	PointInTime bool
	// RestoreRegion is whether a restore may be made in another region than its point lies in.
	RestoreRegion bool
	// Steady is whether AWS cannot stop a backup of the kind, though Cancel is there.
	Steady bool
	// Actions are the IAM actions each purpose needs, service:Action, sorted.
	Actions map[resource.Purpose][]string
	// Unseen are those of Actions that the conformance checks never see needed, each with
	// why the role needs it all the same: AWS asks for it on the caller's behalf, or only
	// some restores do.
	Unseen map[string]string
	// Quotas are AWS's limits on operations in progress.
	Quotas []Quota
	// Restore lists the parameters a restore takes.
	Restore []Parameter
}

// CopyPath is how a copy gets into another region of another account. What lies in
// between is a recovery point like any other, of a copy job of its own.
type CopyPath string

// The paths.
const (
	OneStep      CopyPath = ""              // one copy changes both
	AccountFirst CopyPath = "account-first" // into the account, and from there to the region
	RegionFirst  CopyPath = "region-first"  // to the region, and from there into the account
)

// Via returns the place in between on the way from one scope to another; ok is false when
// one copy is enough.
func (p CopyPath) Via(from, to resource.Scope) (via resource.Scope, ok bool) {
	if p == OneStep || from.Account == to.Account || from.Region == to.Region {
		return resource.Scope{}, false
	}
	via = to
	if p == AccountFirst {
		via.Region = from.Region
	} else {
		via.Account = from.Account
	}
	return via, true
}

// Quota is one AWS limit on operations of the kind in progress at once, per account and
// region (of the destination for copies).
type Quota struct {
	Operation Operation
	Limit     int
	Source    string // the page that says so
}

// Parameter is one value a restore takes.
type Parameter struct {
	Name        string // as in --set NAME=VALUE, snake_case
	Description string
	// Recorded is whether a value is recorded at backup time.
	Recorded bool
	// Required is whether a restore without a recorded value needs it from the user.
	Required bool
}

// ParameterError lists everything wrong with the parameters of a restore, and with the
// moment it is to restore.
type ParameterError struct {
	Kind     resource.Kind
	Problems []string // one sentence each, naming the parameter
	Moment   string   // why the moment cannot be restored; empty when it can
}

// Error joins the problems into one line.
func (e *ParameterError) Error() string {
	all := e.Problems
	if e.Moment != "" {
		all = append([]string{e.Moment}, all...)
	}
	return fmt.Sprintf("restore of %s: %s", e.Kind, strings.Join(all, "; "))
}
