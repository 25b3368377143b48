package operator

import (
	"context"
	"fmt"
	"strings"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/driver"
)

// ExpireRequest asks for the deletion of a recovery point before its time.
type ExpireRequest struct {
	Order
	Point string `json:"point"`
}

// Check returns what is wrong with the request by itself.
func (r ExpireRequest) Check() []Problem {
	var p problems
	r.check(&p)
	return p
}

// Guard is one reason not to delete a point.
type Guard struct {
	Name    string `json:"name"` // state, installation, hold, lock or last
	Message string `json:"message"`
}

// Expire makes the job that deletes a point. A point with a hold, of another installation,
// or the last one of its resource in its account and region is refused; a dry run returns
// the guards instead, and what the policy wants of the point. The guards are checked again,
// in one transaction, when the deletion begins.
func (d *Desk) Expire(ctx context.Context, r ExpireRequest) (Outcome, error) {
	if err := d.allow(access.Expire, r.DryRun); err != nil {
		return Outcome{}, err
	}
	p := problems(r.Check())
	point, _, err := d.namedPoint(ctx, &p, strings.ToLower(r.Point))
	if err != nil {
		return Outcome{}, err
	}
	if err := p.err(); err != nil {
		return Outcome{}, err
	}
	job, guards, err := d.expiry(ctx, r, point)
	if err != nil {
		return Outcome{}, err
	}
	result := Outcome{Jobs: []catalog.Job{job}, Point: &point, Guards: guards}
	if r.DryRun && point.State == catalog.Available {
		verdict, err := d.FateOf(ctx, point)
		if err != nil {
			return Outcome{}, err
		}
		result.Fate = &verdict
	}
	if len(guards) > 0 && r.DryRun {
		result.Jobs = []catalog.Job{}
	} else if len(guards) > 0 {
		for _, g := range guards {
			p.add("point", "%s", g.Message)
		}
		return Outcome{}, p.err()
	}
	return d.place(ctx, r.Order, result)
}

// expiry returns the job and what forbids it. What was asked for before is not judged again.
func (d *Desk) expiry(ctx context.Context, r ExpireRequest, point catalog.RecoveryPoint) (job catalog.Job, guards []Guard, err error) {
	job = catalog.NewExpiry(point, d.Who.Name, d.Clock.Now()).After(d.UndoWindow)
	if r.IdempotencyKey != "" {
		if job.ID, err = d.id(r.Order); err != nil {
			return job, nil, err
		}
	}
	earlier, err := d.earlier(ctx, r.Order)
	if err == nil && earlier == nil {
		guards, err = d.guards(ctx, point)
	}
	return job, guards, err
}

// guards returns everything that keeps point from being deleted now.
func (d *Desk) guards(ctx context.Context, point catalog.RecoveryPoint) ([]Guard, error) {
	var found []Guard
	if point.State != catalog.Available {
		found = append(found, Guard{"state", fmt.Sprintf("%s is %s: only an AVAILABLE point can be deleted", point.ID, point.State)})
	}
	if point.Installation != d.Installation {
		found = append(found, Guard{"installation", fmt.Sprintf("%s belongs to installation %q, not to %q", point.ID, point.Installation, d.Installation)})
	}
	running, err := d.Store.ListJobs(ctx, catalog.JobFilter{
		Types: []driver.Operation{driver.Expire}, PointID: point.ID, Limit: 1,
		States: []catalog.State{catalog.Created, catalog.Running, catalog.Aborting},
	})
	if err != nil {
		return nil, err
	}
	if len(running) > 0 {
		found = append(found, Guard{"state", fmt.Sprintf("job %s is deleting %s already", running[0].ID, point.ID)})
	}
	holds, err := d.Store.Holds(ctx, point.ID)
	if err != nil {
		return nil, err
	}
	for _, h := range holds {
		found = append(found, Guard{"hold", fmt.Sprintf("%s has a %s hold by %s since %s", point.ID, h.Kind, h.Holder, instant(h.CreatedAt))})
	}
	lock, err := d.lockOf(ctx, point.Vault)
	if err != nil {
		return nil, err
	}
	if lock != nil && d.Clock.Now().Before(lock.Keeps(point.CompletedAt)) {
		found = append(found, Guard{"lock", fmt.Sprintf("the %s lock of vault %s keeps %s until %s", lock.Mode, lock.Vault, point.ID, instant(lock.Keeps(point.CompletedAt)))})
	}
	others, err := d.Store.ListPoints(ctx, catalog.PointFilter{
		States: []catalog.PointState{catalog.Available}, ResourceARN: point.ResourceARN,
		Account: point.Account, Region: point.Region, Limit: 2,
	})
	if err != nil {
		return nil, err
	}
	if len(others) == 1 && others[0].ID == point.ID {
		found = append(found, Guard{"last", fmt.Sprintf("%s is the last good point of %s in %s/%s", point.ID, point.ResourceARN, point.Account, point.Region)})
	}
	return found, nil
}
