package catalog

import (
	"context"
	"time"

	"holdfast/failure"
)

// LockMode is how firmly a vault is locked; the words are AWS Backup Vault Lock's.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
type LockMode string

// The modes.
const (
	Governance LockMode = "governance" // who may manage locks can weaken or remove it
	Compliance LockMode = "compliance" // nobody can, once its grace time is over
)

// MinGrace is the shortest grace time of a compliance lock, in which it can be taken back.
const MinGrace = 72 * time.Hour

// VaultLock keeps every recovery point in vaults of a name for a number of days at least,
// whatever its lifecycle, its rule or anybody says.
type VaultLock struct {
	Vault      string    `json:"vault"`
	Mode       LockMode  `json:"mode"`
	MinDays    int       `json:"min_days"`
	GraceUntil time.Time `json:"grace_until,omitzero"` // compliance: from then on it is for good
	LockedAt   time.Time `json:"locked_at"`
	LockedBy   string    `json:"locked_by"`
	Note       string    `json:"note,omitempty"`
}

// Final reports whether nobody can weaken or remove the lock any more.
func (l VaultLock) Final(now time.Time) bool {
	return l.Mode == Compliance && !now.Before(l.GraceUntil)
}

// Keeps returns until when the lock keeps a point that was completed at an instant.
func (l VaultLock) Keeps(completed time.Time) time.Time { return completed.AddDate(0, 0, l.MinDays) }

// CheckLockChange returns nil when old, which may be nil, may become next, nil to remove
// it, at now; else an error of class held, or invalid where next is no lock.
func CheckLockChange(old, next *VaultLock, now time.Time) error {
	if next != nil {
		if err := next.valid(now, old); err != nil {
			return err
		}
	}
	switch {
	case old == nil || !old.Final(now):
		return nil
	case next == nil:
		return failure.Errorf(failure.Held, "vault %s is locked in compliance mode since %s: nobody can remove the lock", old.Vault, old.GraceUntil.Format(time.RFC3339))
	case next.Mode != Compliance || next.MinDays < old.MinDays || next.GraceUntil.After(old.GraceUntil):
		return failure.Errorf(failure.Held, "vault %s is locked in compliance mode for %d days at least: the lock can be made longer and nothing else", old.Vault, old.MinDays)
	}
	return nil
}

// valid reports what is wrong with a lock by itself.
func (l *VaultLock) valid(now time.Time, old *VaultLock) error {
	longer := old != nil && old.Final(now) && l.GraceUntil.Equal(old.GraceUntil)
	switch {
	case l.Vault == "" || l.MinDays < 1 || l.MinDays > 36_500:
		return failure.Errorf(failure.Invalid, "a lock needs a vault and 1 to 36500 days, not %q and %d", l.Vault, l.MinDays)
	case l.Mode != Governance && l.Mode != Compliance:
		return failure.Errorf(failure.Invalid, "%q is no mode of a lock: use governance or compliance", l.Mode)
	case l.Mode == Compliance && !longer && l.GraceUntil.Before(now.Add(MinGrace)):
		return failure.Errorf(failure.Invalid, "the grace time of a compliance lock ends %s: it must last %d hours at least", l.GraceUntil.Format(time.RFC3339), int(MinGrace.Hours()))
	case l.Mode == Governance && !l.GraceUntil.IsZero():
		return failure.Errorf(failure.Invalid, "a governance lock has no grace time: it can always be taken back")
	}
	return nil
}

// WholeInstallation is the subject of a stop that is about all recovery points.
const WholeInstallation = "installation"

// Stop is a halt of scheduled deletions: more were due than the configured share allows in
// a day. It stays until it is approved, or until less is due.
type Stop struct {
	Subject       string    `json:"subject"` // the ARN of a resource, or WholeInstallation
	Since         time.Time `json:"since"`
	Due           int       `json:"due"` // points that would be lost in a day, beyond those made
	Of            int       `json:"of"`  // points there were
	ApprovedBy    string    `json:"approved_by,omitempty"`
	ApprovedUntil time.Time `json:"approved_until,omitzero"`
}

// Approved reports whether deletions may go on at now.
func (s Stop) Approved(now time.Time) bool { return now.Before(s.ApprovedUntil) }

// Load is what happens to recovery points of one resource, or of all, within a day.
type Load struct {
	Available int // that can be restored now
	Made      int // in the last day
	Gone      int // deleted, or being deleted, in the last day
	Planned   int // waiting deletions
}

// Net returns how many points fewer there are if due more are deleted, and how many there
// were a day ago.
func (l Load) Net(due int) (lost, of int) {
	return l.Gone + l.Planned + due - l.Made, max(l.Available+l.Gone-l.Made, 0)
}

// Exceeds reports whether deleting due more would lose more than share of what there was a
// day ago. A single point is never too much: every retention begins with one.
func (l Load) Exceeds(due int, share float64) bool {
	lost, of := l.Net(due)
	return due > 0 && lost > 1 && float64(lost) > share*float64(of)
}

// ExpiryGuard is what BeginExpiry holds a deletion against.
type ExpiryGuard struct {
	Installation string
	Now          time.Time // the clock of whoever is about to delete
}

// The bounds of what clocks may do while something is deleted.
const (
	// MaxSkew is how far the deleting process' clock may be off the database's.
	MaxSkew = 30 * time.Second
	// ClockSettle is how long nothing is deleted after a jump.
	ClockSettle = time.Hour
)

// Guards keeps what stands between a recovery point and its deletion.
type Guards interface {
	// VaultLocks returns all locks by vault.
	VaultLocks(ctx context.Context) ([]VaultLock, error)
	// SetVaultLock stores a lock, or removes the one of vault when next is nil, with a
	// vault.locked or vault.unlocked event, if CheckLockChange allows it at now.
	SetVaultLock(ctx context.Context, vault string, next *VaultLock, actor, reason string, now time.Time) error
	// ObserveClock tells that a leader saw its clock at now. When more than step has passed
	// since the last time, or less than nothing, the clock has jumped, and nothing is deleted
	// for ClockSettle. It returns from when on that is over; zero when all is well.
	ObserveClock(ctx context.Context, now time.Time, step time.Duration, actor string) (trustedFrom time.Time, err error)
	// ExpiryLoads returns the load of each of arns since then, and that of the installation.
	ExpiryLoads(ctx context.Context, installation string, arns []string, since time.Time) (map[string]Load, Load, error)
	// Stops returns every stop, oldest first.
	Stops(ctx context.Context) ([]Stop, error)
	// SetStops stores stops, new or changed, with an expiry.stopped event for each new one.
	SetStops(ctx context.Context, stops []Stop, actor string) error
	// ApproveStop lets the deletions of a subject go on until then, with an expiry.approved
	// event, or returns ErrNotFound.
	ApproveStop(ctx context.Context, subject string, until time.Time, actor, reason string) error
	// ClearStops removes those of subjects that are stopped no more, with an event each.
	ClearStops(ctx context.Context, subjects []string, actor string) error
}
