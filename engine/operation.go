package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// operation is a job with what its driver calls need.
type operation struct {
	job    catalog.Job
	driver driver.Driver
	mark   driver.Mark
	source resource.Resource     // the resource, from the inventory or as recorded in the point
	point  catalog.RecoveryPoint // the point copied, restored or deleted
}

// operationOf returns job with its driver and mark, without loading anything. It fails
// only when this build has no driver for the kind.
func (e *Engine) operationOf(job catalog.Job) (operation, error) {
	d, ok := e.drivers.For(job.Kind, job.Engine)
	if !ok {
		return operation{}, failure.Errorf(failure.Unsupported, "this build has no driver for kind %q and engine %q", job.Kind, job.Engine)
	}
	return operation{job: job, driver: d, mark: job.Mark(e.opts.Installation)}, nil
}

// traceable returns what is needed to find out what an interrupted start of job did: the
// job itself, so that a resource which left the inventory keeps no intent open; for a
// deletion its point too.
func (e *Engine) traceable(ctx context.Context, job catalog.Job) (operation, error) {
	if ofPoint(job) {
		return e.prepare(ctx, job)
	}
	return e.operationOf(job)
}

// ofPoint reports whether job changes a point that is there and makes nothing of its own.
func ofPoint(job catalog.Job) bool { return job.Type == driver.Expire || job.Type == driver.Archive }

// prepare loads what job's calls need beside. Errors of class not_found and unsupported
// are final for the job.
func (e *Engine) prepare(ctx context.Context, job catalog.Job) (operation, error) {
	op, err := e.operationOf(job)
	if err != nil {
		return operation{}, err
	}
	if job.Type == driver.Backup || !job.Spec.RestoreAt.IsZero() {
		item, err := e.store.Resource(ctx, job.ResourceARN)
		if errors.Is(err, catalog.ErrNotFound) {
			return operation{}, failure.Errorf(failure.NotFound, "%s is not in the inventory: run `holdfast inventory sync`", job.ResourceARN)
		}
		op.source = item.Resource
		return op, err
	}
	point, err := e.store.Point(ctx, job.PointID)
	if errors.Is(err, catalog.ErrNotFound) {
		return operation{}, failure.Errorf(failure.NotFound, "recovery point %s is not in the catalog", job.PointID)
	}
	op.point, op.source = point, point.Source
	return op, err
}

// start makes the call that begins the operation.
func (op operation) start(ctx context.Context) (driver.Ref, error) {
	switch op.job.Type {
	case driver.Backup:
		return op.driver.Start(ctx, driver.StartRequest{
			Scope: op.job.Scope(), Mark: op.mark, Resource: op.source, Tags: op.job.Spec.Tags,
			Vault: op.job.Spec.Vault, Lifecycle: op.lifecycle(), Options: op.job.Spec.Options,
		})
	case driver.Copy:
		copier, ok := op.driver.(driver.Copier)
		if !ok {
			return "", failure.Errorf(failure.Unsupported, "%s cannot be copied by the %s engine", op.job.Kind, driver.EngineOf(op.driver))
		}
		return copier.Copy(ctx, op.copyRequest())
	case driver.Restore:
		restorer, ok := op.driver.(driver.Restorer)
		if !ok {
			return "", failure.Errorf(failure.Unsupported, "%s cannot be restored by the %s engine", op.job.Kind, driver.EngineOf(op.driver))
		}
		if !op.job.Spec.RestoreAt.IsZero() && !op.driver.Descriptor().PointInTime {
			return "", failure.Errorf(failure.Unsupported, "%s cannot be restored to a moment by the %s engine", op.job.Kind, driver.EngineOf(op.driver))
		}
		return restorer.Restore(ctx, op.restoreRequest())
	case driver.Expire:
		return op.point.Ref, op.driver.Delete(ctx, driver.DeleteRequest{
			Scope: op.point.Scope(), Installation: op.mark.Installation, Ref: op.point.Ref,
		})
	case driver.Archive:
		mover, ok := op.driver.(driver.ColdMover)
		if !ok {
			return "", failure.Errorf(failure.Unsupported, "%s cannot be moved to cold storage by the %s engine", op.job.Kind, driver.EngineOf(op.driver))
		}
		return op.point.Ref, mover.MoveToCold(ctx, driver.ColdRequest{
			Scope: op.point.Scope(), Installation: op.mark.Installation, Ref: op.point.Ref, Lifecycle: op.lifecycle(),
		})
	default:
		return "", failure.Errorf(failure.Internal, "unknown job type %q", op.job.Type)
	}
}

// copyRequest is the driver's view of a copy job.
func (op operation) copyRequest() driver.CopyRequest {
	return driver.CopyRequest{
		Scope: op.job.Scope(), Mark: op.mark, Source: op.point.Point(), SourceScope: op.point.Scope(),
		Resource: op.source, KMSKeyID: op.job.Spec.KMSKeyID, Tags: op.job.Spec.Tags,
		Vault: op.job.Spec.Vault, Lifecycle: op.lifecycle(),
	}
}

func (op operation) lifecycle() driver.Lifecycle {
	return driver.Lifecycle{ColdAfterDays: op.job.Spec.ColdAfter, DeleteAfterDays: op.job.Spec.DeleteAfter}
}

// restoreRequest is the driver's view of a restore job.
func (op operation) restoreRequest() driver.RestoreRequest {
	return driver.RestoreRequest{
		Scope: op.job.Scope(), Mark: op.mark, Point: op.point.Point(), At: op.job.Spec.RestoreAt,
		Resource: op.source, Overrides: op.job.Spec.Parameters,
	}
}

// find looks for what an earlier start of the job made; of a job that changes its point,
// whether that took effect.
func (op operation) find(ctx context.Context) (driver.Ref, error) {
	if ofPoint(op.job) {
		return op.findChanged(ctx)
	}
	return op.driver.Find(ctx, driver.FindRequest{
		Scope: op.job.Scope(), Operation: op.job.Type, Mark: op.mark, Since: op.job.CreatedAt,
	})
}

// findChanged returns the point's reference when AWS shows it changed: gone for a deletion,
// in cold storage or on its way for an archive job. Otherwise it is not_found and the call is
// simply made again.
func (op operation) findChanged(ctx context.Context) (driver.Ref, error) {
	ref := op.point.Ref
	statuses, err := op.driver.Look(ctx, driver.LookRequest{
		Scope: op.point.Scope(), Operation: op.job.Type, Refs: []driver.Ref{ref}, Since: op.job.CreatedAt,
	})
	if err != nil {
		return "", err
	}
	status, seen := statuses[ref]
	moves := op.job.Type == driver.Archive && seen && (status.State == driver.Succeeded || status.State == driver.Pending)
	if moves || op.job.Type == driver.Expire && status.State == driver.Gone {
		return ref, nil
	}
	return "", failure.Errorf(failure.NotFound, "recovery point %s is as it was", op.job.PointID)
}

// visibility is how long anything on AWS may stay out of sight, whatever the kind says.
const visibility = 2 * time.Minute

// settle is how long an empty answer of find may be wrong. Where AWS takes a token, another
// start would be harmless at once, but handing the job back frees its slot, and that must
// not happen while AWS is at work unseen. A change of a point is looked for by name and made again.
func (op operation) settle() time.Duration {
	if ofPoint(op.job) {
		return 0
	}
	return max(op.driver.Descriptor().Settle[op.job.Type], visibility)
}

// finishes reports whether what the job made needs a last touch once it is there.
func (op operation) finishes() bool {
	_, copies := op.driver.(driver.CopyMarker)
	return op.job.Type == driver.Restore || op.job.Type == driver.Copy && copies
}

// finish applies what can only be set on what was made: a restored resource's settings, a
// copy's mark.
func (op operation) finish(ctx context.Context, made driver.Point) error {
	if op.job.Type == driver.Copy {
		return op.driver.(driver.CopyMarker).MarkCopy(ctx, op.copyRequest(), made)
	}
	restorer, ok := op.driver.(driver.Restorer)
	if !ok {
		return fmt.Errorf("driver %s is no restorer", op.job.Kind)
	}
	return restorer.FinishRestore(ctx, op.restoreRequest(), op.job.Ref)
}
