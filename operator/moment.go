package operator

import (
	"cmp"
	"context"
	"errors"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

// restoreMoment makes the job that restores a resource of the inventory as it was at r.At.
// What continuous backups cannot reach is refused here, by what was recorded last; the
// driver asks AWS again before it begins.
func (d *Desk) restoreMoment(ctx context.Context, r RestoreRequest) (Outcome, error) {
	item, err := d.Store.Resource(ctx, r.Resource)
	if errors.Is(err, catalog.ErrNotFound) {
		return Outcome{}, refuse("resource", "%s is not in the inventory, and what is deleted has no continuous backups any more: restore a recovery point, without --point-in-time", r.Resource)
	}
	if err != nil {
		return Outcome{}, err
	}
	drv, ok := d.Drivers.For(item.Kind, driver.Native)
	if !ok || !drv.Descriptor().PointInTime {
		return Outcome{}, refuse("point_in_time", "%s cannot be restored to a moment: leave it out to restore the newest recovery point before", item.Kind)
	}
	id, err := d.id(r.Order)
	if err != nil {
		return Outcome{}, err
	}
	scope := resource.Scope{Partition: d.Partition, Account: item.Account, Region: cmp.Or(r.Region, item.Region)}
	if scope.Region != item.Region && !drv.Descriptor().RestoreRegion || r.Account != "" && r.Account != item.Account {
		return Outcome{}, refuse("region", "continuous backups of %s are in %s/%s and can only be restored there", r.Resource, item.Account, item.Region)
	}
	job := catalog.NewMomentRestore(id, item.Resource, driver.Native, scope, r.At.UTC(), r.Parameters, d.Who.Name, d.Clock.Now())
	plan, err := d.planRestore(job, item.Resource, driver.Point{})
	if err != nil {
		return Outcome{}, err
	}
	return d.place(ctx, r.Order, Outcome{Jobs: []catalog.Job{job}, Plan: plan})
}
