package catalog

import (
	"context"
	"encoding/json"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Store is the whole contract of a catalog store; consumers take the part they use.
// Every method is safe for concurrent use, honours ctx and returns the errors named in
// mutation.go wrapped. A caller that returns nil from a write is promised that the write
// is durable.
type Store interface {
	Jobs
	Looks
	Points
	Inventory
	Schedule
	Limits
	Health
	Policies
	Logins
	Search
	Reports
	ReportSchedules
	Ledger
	Notifications
	Risks
	Guards
	Surveys
	// Installation returns the installation recorded in the catalog, recording name when
	// there is none; a different one is an error of class invalid: two installations never
	// share a catalog. With an empty name it only reads; ErrNotFound when none is recorded.
	Installation(ctx context.Context, name string) (string, error)
	// Events returns history, oldest first, after sequence number After.
	Events(ctx context.Context, f EventFilter) ([]Event, error)
	// AppendEvents adds history that belongs to no job change (a user action, a fire).
	AppendEvents(ctx context.Context, events []Event) error
	// Prune deletes jobs that ended, their events, fires and deleted points from before
	// cutoff, at most limit rows of each, and returns how many rows went. Of events it takes
	// only sealed segments that are older as a whole, and leaves an EventPruned.
	Prune(ctx context.Context, cutoff time.Time, limit int) (int, error)
	Close() error
}

// Jobs reads and changes jobs.
type Jobs interface {
	// InsertJobs inserts jobs whose id does not exist yet, with a job.created event each
	// and, for restores, copies and archive jobs, a hold on PointID in the same transaction. It
	// returns how many were new. New jobs are CREATED, or terminal when they record what could
	// not be begun. A new one of these of a point that is not AVAILABLE is refused with an
	// error of class held and none of its transaction is stored. Any number of jobs; large
	// inputs are written in several transactions of bulk statements, never a statement per
	// row.
	InsertJobs(ctx context.Context, jobs []Job) (int, error)
	// Job returns one job, or ErrNotFound.
	Job(ctx context.Context, id string) (Job, error)
	// JobsByID returns those of ids that exist, by id.
	JobsByID(ctx context.Context, ids []string) (map[string]Job, error)
	// Commit applies m and returns the job as stored (Version grown by one), waiting until
	// it is durable. ErrConflict when the version or a point's state is not as read,
	// ErrStaleEpoch when RequireEpoch does not hold. Concurrent commits share transactions.
	Commit(ctx context.Context, m Mutation) (Job, error)
	// BeginExpiry is Commit for an expiry job's first start: in one transaction on the
	// locked rows of the resource's points it checks that the point is AVAILABLE (or
	// EXPIRING by this very job), carries the installation's mark, has no hold, is not kept by
	// a vault lock, and is not the last AVAILABLE point of the resource in that account and
	// region; moves it to EXPIRING and commits m. A guard that fires returns an error of class
	// held (failure.Held) whose text says which, and changes nothing. So does a clock that
	// jumped; a process whose own clock is off gets class transient: another may do it.
	BeginExpiry(ctx context.Context, m Mutation, guard ExpiryGuard) (Job, error)
	// BeginArchive is Commit for the start of an archive job: in one transaction on the locked
	// rows of the resource's points it checks that the point is AVAILABLE and in warm storage,
	// carries the mark of installation, has no hold by a copy or restore, and is not the last
	// warm one of the resource in that account and region. A guard that fires returns an error
	// of class held whose text says which, and changes nothing.
	BeginArchive(ctx context.Context, m Mutation, installation string) (Job, error)
	// ListJobs returns jobs that match f, newest CreatedAt first, keyset-paged.
	ListJobs(ctx context.Context, f JobFilter) ([]Job, error)
	// CountJobs counts jobs by type and state among those that match f (paging is ignored).
	CountJobs(ctx context.Context, f JobFilter) (map[driver.Operation]map[State]int, error)
	// Submittable returns up to limit CREATED jobs without an open intent that were last
	// submitted under an epoch before epoch, or never, and whose RetryAt has passed,
	// restores first, then by StartBy (jobs without one last).
	Submittable(ctx context.Context, epoch int64, now time.Time, limit int) ([]Job, error)
	// Waiting counts the CREATED jobs without an intent by what decides where they wait.
	Waiting(ctx context.Context) ([]WaitingGroup, error)
	// MarkSubmitted records that jobs, as Submittable returned them, were submitted under
	// epoch and clears RetryAt; it does not change their version. It touches only CREATED
	// jobs without an intent that are still at the version read: one that was granted,
	// tried and handed back meanwhile waits for its RetryAt and must be submitted again.
	MarkSubmitted(ctx context.Context, jobs []Job, epoch int64) error
	// Holders pages through the jobs that hold slots (Job.HoldsSlot), by id after afterID.
	Holders(ctx context.Context, afterID string, limit int) ([]Job, error)
	// StartWindowPassed returns up to limit CREATED jobs without an intent whose StartBy is before now.
	StartWindowPassed(ctx context.Context, now time.Time, limit int) ([]Job, error)
	// Overdue returns up to limit RUNNING jobs whose CompleteBy is before now.
	Overdue(ctx context.Context, now time.Time, limit int) ([]Job, error)
	// CancelRequested returns up to limit jobs that are not terminal, not ABORTING and
	// have CancelRequested set.
	CancelRequested(ctx context.Context, limit int) ([]Job, error)
	// Superseded returns up to limit waiting backups (CREATED, no intent) of plan and rule
	// with FireAt before fireAt whose resource also has a backup of the fire at fireAt.
	// Copies are of points that exist and are never superseded.
	Superseded(ctx context.Context, plan, rule string, fireAt time.Time, limit int) ([]Job, error)
	// UnnotedFailures returns up to limit FAILED jobs without FailureNoted.
	UnnotedFailures(ctx context.Context, limit int) ([]Job, error)
	// SetFailureNoted marks ids; it does not change their version.
	SetFailureNoted(ctx context.Context, ids []string) error
}

// Looks finds what is due for observation.
type Looks interface {
	// DueLooks returns the groups with at least one non-terminal job whose NextLookAt has
	// passed, at most limit.
	DueLooks(ctx context.Context, now time.Time, limit int) ([]LookGroup, error)
	// DueJobs returns up to limit due jobs of group, longest due first.
	DueJobs(ctx context.Context, group LookGroup, now time.Time, limit int) ([]Job, error)
	// Postpone stores the next look and progress of jobs that are still running, in bulk;
	// it does not change their version and skips rows whose version is not Version.
	Postpone(ctx context.Context, looks []NextLook) error
}

// NextLook is one row of Postpone.
type NextLook struct {
	JobID    string
	Version  int64
	At       time.Time
	Progress int
}

// Points reads recovery points and holds.
type Points interface {
	// Point returns one recovery point, or ErrNotFound.
	Point(ctx context.Context, id string) (RecoveryPoint, error)
	// PointsByID returns those of ids that exist, by id.
	PointsByID(ctx context.Context, ids []string) (map[string]RecoveryPoint, error)
	// ListPoints returns points that match f, newest CreatedAt first, keyset-paged.
	ListPoints(ctx context.Context, f PointFilter) ([]RecoveryPoint, error)
	// CountPoints counts the points in each state.
	CountPoints(ctx context.Context) (map[PointState]int, error)
	// DuePoints returns up to limit AVAILABLE points of installation whose DeleteAt and
	// ExpireAfter have passed, that have no hold, no unfinished expiry job, and are not
	// the last AVAILABLE point of their resource in that account and region.
	DuePoints(ctx context.Context, installation string, now time.Time, limit int) ([]RecoveryPoint, error)
	// RulePoints pages through the AVAILABLE points a rule left, copies too, by id after
	// afterID. Case does not count in the names.
	RulePoints(ctx context.Context, plan, rule, afterID string, limit int) ([]RecoveryPoint, error)
	// Expirable returns those of ids that DuePoints would return if their time had come.
	Expirable(ctx context.Context, installation string, ids []string, now time.Time) ([]RecoveryPoint, error)
	// KeepUntil leaves ids out of DuePoints, but not of Expirable, until then.
	KeepUntil(ctx context.Context, ids []string, until time.Time) error
	// CountExpireAttempt raises ExpireAttempts of ids by one and sets ExpireAfter.
	CountExpireAttempt(ctx context.Context, ids []string, expireAfter time.Time) error
	// DueCold returns up to limit AVAILABLE points of installation whose ColdAt has passed,
	// that BeginArchive would let go as far as can be told beforehand.
	DueCold(ctx context.Context, installation string, now time.Time, limit int) ([]RecoveryPoint, error)
	// CountColdAttempt raises ColdAttempts of ids by one and sets ColdAt to when the next
	// attempt may be made.
	CountColdAttempt(ctx context.Context, ids []string, again time.Time) error
	// AdoptPoints inserts points that were found on AWS or in an export, each with a
	// point.adopted event; those whose id exists stay as they are. It returns how many were
	// new.
	AdoptPoints(ctx context.Context, points []RecoveryPoint, actor string) (int, error)
	// Holds returns the holds on a point, by kind and holder.
	Holds(ctx context.Context, pointID string) ([]Hold, error)
	// AddHold puts a hold on an AVAILABLE point with a hold.added event; a hold that
	// exists is left as it is. ErrNotFound without the point, ErrConflict when it is too
	// late because the point is being deleted.
	AddHold(ctx context.Context, h Hold, actor string) error
	// RemoveHold takes a hold off with a hold.removed event, or returns ErrNotFound.
	RemoveHold(ctx context.Context, pointID string, kind HoldKind, holder, actor string) error
}

// Inventory keeps what was discovered.
type Inventory interface {
	// SyncInventory stores one listing. Resources present are upserted; those of the
	// scope not in a Complete listing get GoneAt, an incomplete one removes nothing.
	SyncInventory(ctx context.Context, s InventorySync) error
	// InventoryScopes returns every scope that was ever listed.
	InventoryScopes(ctx context.Context) ([]InventoryScope, error)
	// Resources calls yield for every resource that matches f, in ARN order, in pages.
	Resources(ctx context.Context, f ResourceFilter, yield func(InventoryItem) error) error
	// Resource returns one resource by ARN, or ErrNotFound.
	Resource(ctx context.Context, arn string) (InventoryItem, error)
}

// Schedule keeps rules and their fires.
type Schedule interface {
	// SeeRule returns the state of a rule, recording it with FirstSeenAt = now when new.
	SeeRule(ctx context.Context, plan, rule string, now time.Time) (RuleState, error)
	// RecordFires inserts fires (ignored when known) and moves LastFireAt of rules that
	// were seen forward.
	RecordFires(ctx context.Context, fires []Fire) error
	// Fires returns fires newest first; plan and rule may be empty.
	Fires(ctx context.Context, plan, rule string, limit int) ([]Fire, error)
	// AcquireLease takes or renews the lease name for owner when it is free, expired (on
	// the database's clock) or already owner's. ReleaseLease gives it back.
	AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error)
	ReleaseLease(ctx context.Context, name, owner string) error
	// Lease returns the lease name as it is, without asking for it: Held when anybody has
	// it now. One nobody ever asked for is not held and has no owner.
	Lease(ctx context.Context, name string) (Lease, error)
	// Now returns the database's clock.
	Now(ctx context.Context) (time.Time, error)
}

// Limits keeps caps and the admission epoch.
type Limits interface {
	// Caps returns every cap and the version of the whole table, which grows with each change.
	Caps(ctx context.Context) ([]Cap, int64, error)
	// SetCap stores a cap with a cap.set event. ifVersion, when >= 0, must equal the row's
	// version (0 = must not exist), else ErrConflict. A limit below 0 removes the row; that
	// it is not there is no error. A row's version is the table's when it was changed.
	SetCap(ctx context.Context, key string, limit int, by string, ifVersion int64) (Cap, error)
	// Epoch returns the admission epoch, 0 before the first.
	Epoch(ctx context.Context) (int64, error)
	// BumpEpoch raises the epoch by one if it equals from, and returns the new value, else
	// ErrConflict. Commits that require an older epoch and had not ended before fail.
	BumpEpoch(ctx context.Context, from int64) (int64, error)
}

// Health keeps the breakers of accounts.
type Health interface {
	// Breakers returns every breaker that was ever set, by account.
	Breakers(ctx context.Context) ([]Breaker, error)
	// Breaker returns the breaker of account; one never set is closed.
	Breaker(ctx context.Context, account string) (Breaker, error)
	// SetBreaker stores b; a change between open and closed appends a breaker.opened or
	// breaker.closed event.
	SetBreaker(ctx context.Context, b Breaker, actor string) error
}

// Policies keeps what must outlive a change of policies.
type Policies interface {
	// LastValidPolicies returns the last valid effective policy of each target of an
	// organization, by target.
	LastValidPolicies(ctx context.Context) (map[string]json.RawMessage, error)
	// SetLastValidPolicies replaces all of them in one transaction.
	SetLastValidPolicies(ctx context.Context, documents map[string]json.RawMessage) error
}

// JobFilter selects jobs; empty fields match everything.
type JobFilter struct {
	Types       []driver.Operation
	States      []State
	Kinds       []resource.Kind
	Classes     []failure.Class
	Engines     []driver.Engine
	Account     string
	Region      string
	ResourceARN string
	Plan        string
	Rule        string
	ChainID     string
	PointID     string
	CreatedBy   string
	RetryOf     string
	FireAt      time.Time
	Text        string    // SearchJobs only: words that must all be found
	Since       time.Time // CreatedAt at or after
	Until       time.Time // CreatedAt before
	After       string    // id of the last job of the previous page; ErrNotFound when it is gone
	Limit       int       // 1 to 1000, 0 = 100
}

// PointFilter selects recovery points; empty fields match everything.
type PointFilter struct {
	States          []PointState
	Kinds           []resource.Kind
	Account         string
	Region          string
	Engines         []driver.Engine
	ResourceARN     string
	Plan            string
	Rule            string
	Vault           string
	ChainID         string
	Held            bool      // only those with a hold
	Text            string    // SearchPoints only: words that must all be found
	Since           time.Time // CreatedAt at or after
	Until           time.Time // CreatedAt before
	CompletedBefore time.Time // CompletedAt at or before
	After           string    // id of the last point of the previous page
	Limit           int       // 1 to 1000, 0 = 100
}

// ResourceFilter selects resources; empty fields match everything.
type ResourceFilter struct {
	Kinds       []resource.Kind
	Account     string
	Region      string
	After       string // ARN of the last resource seen
	IncludeGone bool
}

// EventFilter selects events.
type EventFilter struct {
	JobID   string
	PointID string
	After   int64 // sequence number
	// Through is the last sequence number that is wanted, 0 for no limit. What Settled
	// returned is read without waiting for transactions that are under way.
	Through int64
	Limit   int // 1 to 1000, 0 = 100
}
