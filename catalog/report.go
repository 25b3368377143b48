package catalog

import (
	"context"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Reports aggregates jobs and points where they lie, for reports on millions of them.
type Reports interface {
	// JobFigures counts and measures the jobs q selects, all at one moment.
	JobFigures(ctx context.Context, q JobQuery) (JobFigures, error)
	// Places calls yield with what AVAILABLE points there are of each resource,
	// account, region and vault, by ARN. No call of the store may be made inside yield.
	Places(ctx context.Context, yield func(PointPlace) error) error
	// Chains calls yield with every backup of a rule, begun since then, that left a point,
	// and what became of the copies the rule asked for, by ARN, plan, rule and At. No call
	// of the store may be made inside yield.
	Chains(ctx context.Context, since time.Time, yield func(Chain) error) error
	// OpenResources calls yield with every resource and rule that have a backup or copy that
	// has not ended. No call of the store may be made inside yield.
	OpenResources(ctx context.Context, yield func(arn, plan, rule string) error) error
	// RestoreTimes returns the last restore of each resource that completed, among those
	// created since then, by ARN of the resource the point was made from.
	RestoreTimes(ctx context.Context, since time.Time) ([]RestoreTime, error)
	// Storage sums the sizes of points by plan, kind and region: what is AVAILABLE now and at
	// the moments in at, the first of which is now, and what was begun since then.
	Storage(ctx context.Context, at []time.Time, since time.Time) ([]Storage, error)
	// OldestPoint returns when AWS began the oldest point known; zero without any.
	OldestPoint(ctx context.Context) (time.Time, error)
	// Rules returns every rule that was ever seen, by plan and name.
	Rules(ctx context.Context) ([]RuleState, error)
}

// PointPlace is the AVAILABLE points of one resource in one vault of an account and region.
type PointPlace struct {
	ResourceARN, Account, Region string
	Vault                        string // its label; "" where there is none
	Points                       int64
	Encrypted                    int64     // of these
	Newest                       time.Time // when AWS began the newest of them
	Bytes                        int64
	// Shortest is the shortest life of those whose lifecycle ends; zero: none does.
	Shortest time.Duration
}

// RestoreTime is how long the last completed restore of a resource took.
type RestoreTime struct {
	ResourceARN string
	EndedAt     time.Time
	Took        time.Duration // from the accepted start call to the end
}

// Chain is a backup of a rule with its copies. Copies to one account and region count as
// one, whatever the vault.
type Chain struct {
	ResourceARN, Plan, Rule string
	At                      time.Time // what it holds: when AWS began the backup
	// GoodAt is since when it can be restored at its last hop: when the backup and all its
	// copies were complete. Zero: a copy is missing or under way.
	GoodAt time.Time
	Kept   bool // one of its points is AVAILABLE
}

// Dimension is what the rows of a report are grouped by.
type Dimension string

// The dimensions.
const (
	ByNothing Dimension = ""        // one group
	ByAccount Dimension = "account" // the job's account, for a copy that of the destination
	ByUnit    Dimension = "unit"    // the innermost organizational unit of the account
	ByPlan    Dimension = "plan"    // the name of the plan; "" for what somebody asked for
	ByTag     Dimension = "tag"     // the value of a tag of the resource; "" without the tag
)

// Grouping is a dimension with what it needs.
type Grouping struct {
	By    Dimension
	Tag   string            // key of the tag, for ByTag
	Units map[string]string // path of the unit by account, for ByUnit
}

// JobQuery selects the jobs of one type that were created in [From, To).
type JobQuery struct {
	Type     driver.Operation
	From, To time.Time
	Grouping Grouping
	Slot     time.Duration // length of the slots the period is divided into
}

// JobFigures is what there is to say of many jobs.
type JobFigures struct {
	Totals    []JobTotal    // by group, state and class, in this order
	Durations []JobDuration // of the groups with COMPLETED jobs, by group
	Overall   JobDuration   // of all groups together; Jobs is 0 when none is COMPLETED
	Slots     []JobSlot     // by slot and state
}

// JobTotal is a number of jobs of one group, state and class.
type JobTotal struct {
	Group string
	State State
	Class failure.Class // of the last failure; "" when there was none
	Jobs  int64
	// Bytes is the size of the points the jobs made, or for restores and expiries worked
	// on, as far as AWS told it.
	Bytes int64
}

// JobDuration tells how long AWS worked on COMPLETED jobs, from the accepted start call to the end.
// P50, P90 and P99 are nearest-rank percentiles: the least duration that at least so many
// of a hundred jobs did not exceed.
type JobDuration struct {
	Group              string
	Jobs               int64
	P50, P90, P99, Max time.Duration
}

// JobSlot is a number of jobs created in one slot of a period.
type JobSlot struct {
	Slot  int // from 0, which begins at the query's From
	State State
	Jobs  int64
}

// Storage is what the points of one plan, kind and region take.
type Storage struct {
	Plan   string // "" for what somebody asked for
	Kind   resource.Kind
	Region string
	Points int64 // AVAILABLE
	// Left has the bytes of these whose lifecycle will not have ended at each of the moments
	// asked about.
	Left []int64
	// Added are the bytes of points that were begun lately, whatever became of them, and
	// AddedForever of these what no lifecycle ends. AddedLife is how long the others live
	// on average, zero without any.
	Added, AddedForever int64
	AddedLife           time.Duration
}
