package engine

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/resource"
)

// maxResourcesPerScope bounds one listing: beyond it the listing is reported incomplete
// and removes nothing.
const maxResourcesPerScope = 1_000_000

// SyncInventory lists the resources of one (account, region, kind) into the catalog. A
// listing that failed is stored as incomplete, with its class: it adds and updates what
// it saw and removes nothing. The error is that of the catalog only.
func (e *Engine) SyncInventory(ctx context.Context, scope catalog.InventoryScope) error {
	d, ok := e.drivers.Get(scope.Kind)
	if !ok {
		return fmt.Errorf("sync inventory: this build has no driver for kind %q", scope.Kind)
	}
	sync := catalog.InventorySync{Scope: scope, StartedAt: e.clock.Now()}
	target := resource.Scope{Partition: scope.Partition, Account: scope.Account, Region: scope.Region}
	err := d.Discover(ctx, target, func(r resource.Resource) error {
		if len(sync.Resources) >= maxResourcesPerScope {
			return failure.Errorf(failure.Internal, "more than %d resources in one scope", maxResourcesPerScope)
		}
		sync.Resources = append(sync.Resources, r)
		return nil
	})
	sync.EndedAt, sync.Complete = e.clock.Now(), err == nil
	if err != nil {
		sync.Class, sync.Message = failure.ClassOf(err), err.Error()
		e.log.Warn().Err(err).Str("account", scope.Account).Str("region", scope.Region).
			Str("kind", string(scope.Kind)).Msg("inventory listing failed: nothing is removed")
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return e.store.SyncInventory(ctx, sync)
}

// Retry inserts the job that tries again what the ended job id was to do.
func (e *Engine) Retry(ctx context.Context, id, by string) (catalog.Job, error) {
	old, err := e.store.Job(ctx, id)
	if err != nil {
		return catalog.Job{}, err
	}
	job, err := catalog.NewRetry(old, by, e.clock.Now())
	if err != nil {
		return catalog.Job{}, err
	}
	inserted, err := e.store.InsertJobs(ctx, []catalog.Job{job})
	if err != nil {
		return catalog.Job{}, err
	}
	if inserted == 0 {
		return catalog.Job{}, fmt.Errorf("job %s was retried already: see job %s", id, job.ID)
	}
	return job, nil
}
