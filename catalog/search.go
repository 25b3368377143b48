package catalog

import (
	"context"
	"time"

	"holdfast/driver"
)

// Search is what people ask of a catalog with millions of rows. Each answer takes a
// bounded time, whatever is asked: a filter no index knows is tried on a bounded number of
// rows a page, and the page says where to look on.
type Search interface {
	// SearchJobs returns a page of the jobs that match f, newest first. Text is looked for
	// in the resources' ARNs and names, and in the jobs' other fields.
	SearchJobs(ctx context.Context, f JobFilter) (JobPage, error)
	// SearchPoints returns a page of the recovery points that match f, newest first.
	SearchPoints(ctx context.Context, f PointFilter) (PointPage, error)
	// SearchEvents returns history, newest first.
	SearchEvents(ctx context.Context, f EventSearch) (EventPage, error)
	// LastEvent returns the sequence number of the newest event, 0 without any.
	LastEvent(ctx context.Context) (int64, error)
	// Protection calls yield for every resource that has AVAILABLE points, by ARN.
	Protection(ctx context.Context, yield func(Protection) error) error
	// OpenJobs counts the jobs that have not ended by where they come from.
	OpenJobs(ctx context.Context) ([]OpenGroup, error)
	// IllJobs counts the jobs created since then that ended otherwise than COMPLETED.
	IllJobs(ctx context.Context, since time.Time) ([]IllGroup, error)
	// HeldPoints returns the holds of kind, newest first, at most limit.
	HeldPoints(ctx context.Context, kind HoldKind, limit int) ([]Hold, error)
	// HoldsOf returns the holds on points, by point.
	HoldsOf(ctx context.Context, pointIDs []string) (map[string][]Hold, error)
}

// JobPage is a page of jobs.
type JobPage struct {
	Jobs []Job
	More
}

// PointPage is a page of recovery points.
type PointPage struct {
	Points []RecoveryPoint
	More
}

// More says how a search goes on.
type More struct {
	// Next is the After of the next page; "" when there is none.
	Next string
	// Searched is how far back a search without an index has looked, when that and not a
	// full page is why there is a next one; zero otherwise.
	Searched time.Time
}

// EventSearch selects history; empty fields match everything.
type EventSearch struct {
	Type    string // the type, or its first part: job, point, hold, cap, fire, breaker
	Actor   string
	JobID   string
	PointID string
	Text    string    // in the message
	Until   time.Time // At before
	Before  int64     // sequence number of the last event of the previous page
	Limit   int       // 1 to 1000, 0 = 100
}

// EventPage is a page of history.
type EventPage struct {
	Events []Event
	// Next is the Before of the next page; 0 when there is none. Searched as in More.
	Next     int64
	Searched time.Time
}

// Protection is what is left of a resource to restore from.
type Protection struct {
	ResourceARN string
	Points      int       // AVAILABLE ones, copies too
	Last        time.Time // CreatedAt of the newest
	LastCopy    time.Time // CreatedAt of the newest copy; zero without one
}

// OpenGroup is a number of open jobs that are alike.
type OpenGroup struct {
	Type     driver.Operation
	State    State
	Account  string
	Plan     string
	Rule     string
	FireAt   time.Time
	Jobs     int
	Deadline time.Time // the earliest StartBy of CREATED jobs, CompleteBy of others
}

// IllGroup is a number of jobs that did not end well and are alike.
type IllGroup struct {
	Type    driver.Operation
	State   State
	Class   string
	Account string
	Plan    string
	Rule    string
	FireAt  time.Time
	Jobs    int
	Last    time.Time // CreatedAt of the newest
	Example string    // one of them
}
