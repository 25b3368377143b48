package operator

import (
	"context"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/failure"
)

// Guards is the part of catalog.Store that the guards on deletion are kept in.
type Guards interface {
	VaultLocks(ctx context.Context) ([]catalog.VaultLock, error)
	SetVaultLock(ctx context.Context, vault string, next *catalog.VaultLock, actor, reason string, now time.Time) error
	Stops(ctx context.Context) ([]catalog.Stop, error)
	ApproveStop(ctx context.Context, subject string, until time.Time, actor, reason string) error
}

// LockRequest asks for a lock on every vault of a name.
type LockRequest struct {
	Vault     string           `json:"vault"`
	Mode      catalog.LockMode `json:"mode"`
	MinDays   int              `json:"min_days"`
	GraceDays int              `json:"grace_days,omitempty"` // compliance: until then it can be taken back; 3 or more
	Reason    string           `json:"reason,omitempty"`
}

// LockVault locks a vault, or makes its lock longer.
func (d *Desk) LockVault(ctx context.Context, r LockRequest) (catalog.VaultLock, error) {
	if err := d.Who.Check(access.LockVault); err != nil {
		return catalog.VaultLock{}, err
	}
	now := d.Clock.Now()
	lock := catalog.VaultLock{Vault: r.Vault, Mode: r.Mode, MinDays: r.MinDays, LockedAt: now, LockedBy: d.Who.Name, Note: r.Reason}
	if r.Mode == catalog.Compliance {
		lock.GraceUntil = now.AddDate(0, 0, r.GraceDays)
	}
	if old, err := d.lockOf(ctx, r.Vault); err != nil {
		return lock, err
	} else if old != nil && old.Final(now) {
		lock.GraceUntil = old.GraceUntil
	}
	return lock, asRefusal("vault", d.Store.SetVaultLock(ctx, r.Vault, &lock, d.Who.Name, r.Reason, now))
}

// UnlockVault takes a lock off that is not final.
func (d *Desk) UnlockVault(ctx context.Context, vault, reason string) error {
	if err := d.Who.Check(access.UnlockVault); err != nil {
		return err
	}
	if reason == "" {
		return refuse("reason", "is missing: say why the lock on %s goes", vault)
	}
	err := d.Store.SetVaultLock(ctx, vault, nil, d.Who.Name, reason, d.Clock.Now())
	if errors.Is(err, catalog.ErrNotFound) {
		return refuse("vault", "%s is not locked: see `holdfast vault list`", vault)
	}
	return asRefusal("vault", err)
}

func (d *Desk) lockOf(ctx context.Context, vault string) (*catalog.VaultLock, error) {
	locks, err := d.Store.VaultLocks(ctx)
	for _, l := range locks {
		if l.Vault == vault {
			return &l, err
		}
	}
	return nil, err
}

// ApproveRequest lets deletions go on that were stopped because too many were due.
type ApproveRequest struct {
	Subject string        `json:"subject"` // the ARN of a resource, or "installation"
	For     time.Duration `json:"for"`
	Reason  string        `json:"reason"`
}

// maxApproval bounds how long an approval lasts.
const maxApproval = 7 * 24 * time.Hour

// Approve lets the stopped deletions of a subject go on for a while; that of the whole
// installation covers its resources.
func (d *Desk) Approve(ctx context.Context, r ApproveRequest) error {
	if err := d.Who.Check(access.ApproveDeletions); err != nil {
		return err
	}
	var p problems
	if r.For <= 0 || r.For > maxApproval {
		p.add("for", "is %s: an approval lasts up to %d hours", r.For, int(maxApproval.Hours()))
	}
	if r.Reason == "" {
		p.add("reason", "is missing: say why so many recovery points may go")
	}
	if err := p.err(); err != nil {
		return err
	}
	err := d.Store.ApproveStop(ctx, r.Subject, d.Clock.Now().Add(r.For), d.Who.Name, r.Reason)
	if errors.Is(err, catalog.ErrNotFound) {
		return refuse("subject", "no deletions of %q are stopped: see `holdfast deletions list`", r.Subject)
	}
	return err
}

// asRefusal makes what the catalog refuses a refusal of the request.
func asRefusal(field string, err error) error {
	if failure.Is(err, failure.Held) || failure.Is(err, failure.Invalid) {
		return refuse(field, "%v", err)
	}
	return err
}
