package operator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// The bounds of what may be asked for.
const (
	// MaxDeleteAfter is a hundred years in days; a longer wish is a typing mistake.
	MaxDeleteAfter = 36500
	// MaxKey is the most bytes an idempotency key has.
	MaxKey = 256
	// MaxNamed is the most jobs or resources one request names.
	MaxNamed = 1000
)

// check notes what is wrong with the part all orders have.
func (o Order) check(p *problems) {
	if n := len(o.IdempotencyKey); n > MaxKey {
		p.add("idempotency_key", "has %d characters: use 1 to %d", n, MaxKey)
	}
}

// checkDays notes a retention that cannot be meant. nil keeps for ever.
func (p *problems) checkDays(days *int) {
	if days != nil && (*days < 1 || *days > MaxDeleteAfter) {
		p.add("delete_after", "is %d: use 1 to %d days, or leave it out to keep the point for ever", *days, MaxDeleteAfter)
	}
}

func valueOf(days *int) int {
	if days == nil {
		return 0
	}
	return *days
}

// id returns the id of a job somebody asked for: derived from the key when there is one,
// else fresh; empty in a dry run, where a fresh one would mean nothing.
func (d *Desk) id(o Order) (string, error) {
	if o.IdempotencyKey != "" {
		return catalog.JobID("manual", d.Installation, o.IdempotencyKey), nil
	}
	if o.DryRun {
		return "", nil
	}
	return catalog.NewManualID(d.Entropy, d.Clock.Now())
}

// earlier returns the job an order made before under the same key; nil when there is none.
// Such an order asks for nothing new, so what has happened to its point since then does not
// matter.
func (d *Desk) earlier(ctx context.Context, o Order) (*catalog.Job, error) {
	if o.IdempotencyKey == "" {
		return nil, nil //nolint:nilnil // no key, no earlier job
	}
	id, err := d.id(o)
	if err != nil {
		return nil, err
	}
	job, err := d.Store.Job(ctx, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil //nolint:nilnil // the key is new
	}
	return &job, err
}

// place stores the jobs unless it is a dry run. A key that was used for something else is
// refused: it would silently do nothing.
func (d *Desk) place(ctx context.Context, o Order, r Outcome) (Outcome, error) {
	if r.DryRun = o.DryRun; r.DryRun {
		return r, nil
	}
	ids := make([]string, len(r.Jobs))
	for i, job := range r.Jobs {
		ids[i] = job.ID
	}
	if err := d.checkReuse(ctx, ids, r.Jobs); err != nil {
		return r, err
	}
	created, err := d.Store.InsertJobs(ctx, r.Jobs)
	if failure.Is(err, failure.Held) {
		return r, refuse("", "%v: nothing was changed", err)
	}
	if err != nil {
		return r, fmt.Errorf("insert jobs: %w", err)
	}
	stored, err := d.Store.JobsByID(ctx, ids)
	if err != nil {
		return r, fmt.Errorf("read the jobs back: %w", err)
	}
	for i, id := range ids {
		r.Jobs[i] = stored[id]
	}
	r.Created = created
	return r, d.countExpiry(ctx, r)
}

// expireAgainAfter is when the leader may try a point again whose deletion somebody asked
// for and that was not deleted.
const expireAgainAfter = 24 * time.Hour

// countExpiry counts a new deletion, so that the next one gets another id.
func (d *Desk) countExpiry(ctx context.Context, r Outcome) error {
	if r.Created == 0 || r.Jobs[0].Type != driver.Expire {
		return nil
	}
	return d.Store.CountExpireAttempt(ctx, []string{r.Jobs[0].PointID}, d.Clock.Now().Add(expireAgainAfter))
}

// checkReuse refuses jobs whose id exists for other work.
func (d *Desk) checkReuse(ctx context.Context, ids []string, jobs []catalog.Job) error {
	existing, err := d.Store.JobsByID(ctx, ids)
	if err != nil {
		return fmt.Errorf("look for earlier jobs: %w", err)
	}
	var p problems
	for _, job := range jobs {
		if old, ok := existing[job.ID]; ok && !sameWork(old, job) {
			p.add("idempotency_key", "was used for job %s, a %s of %s with other parameters: use another key", old.ID, old.Type, old.ResourceARN)
		}
	}
	return p.err()
}

// sameWork reports whether two jobs ask for the same thing.
func sameWork(a, b catalog.Job) bool {
	return a.Type == b.Type && a.ResourceARN == b.ResourceARN && a.PointID == b.PointID &&
		a.Account == b.Account && a.Region == b.Region &&
		a.Spec.Vault == b.Spec.Vault && a.Spec.DeleteAfter == b.Spec.DeleteAfter && a.Spec.KMSKeyID == b.Spec.KMSKeyID &&
		a.Spec.RestoreAt.Equal(b.Spec.RestoreAt) &&
		slices.Equal(a.Spec.Copies, b.Spec.Copies) && maps.Equal(a.Spec.Parameters, b.Spec.Parameters)
}

// namedPoint returns the recovery point a request names; ok is false when there is none,
// which is noted. The error is the catalog's only.
func (d *Desk) namedPoint(ctx context.Context, p *problems, id string) (point catalog.RecoveryPoint, ok bool, err error) {
	if id == "" {
		p.add("point", "is missing: see `holdfast points list`")
		return point, false, nil
	}
	point, err = d.Store.Point(ctx, id)
	if errors.Is(err, catalog.ErrNotFound) {
		p.add("point", "there is no recovery point %q: see `holdfast points list`", id)
		return point, false, nil
	}
	return point, err == nil, err
}

// factsOf returns what the driver that made point says of itself, nothing without one.
func (d *Desk) factsOf(point catalog.RecoveryPoint) driver.Descriptor {
	if drv, ok := d.Drivers.For(point.Kind, point.Engine); ok {
		return drv.Descriptor()
	}
	return driver.Descriptor{}
}
