package engine

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// End moves job, as read from the catalog, to a terminal state without an artefact of
// its own, gives an expiring point back when its deletion did not happen, and then frees
// the slot. Somebody else having changed the job first is not an error.
func (e *Engine) End(ctx context.Context, job catalog.Job, to catalog.State, class failure.Class, message string) error {
	m, err := catalog.Change(job, to, e.clock.Now(), e.opts.Owner, func(j *catalog.Job) {
		j.Class, j.Message = class, message
	})
	if err != nil {
		return err
	}
	if err := e.givePointBack(ctx, &m); err != nil {
		return err
	}
	if _, err := e.commit(ctx, m); err != nil {
		return ignoreConflict(fmt.Errorf("end job %s: %w", job.ID, err))
	}
	return e.release(ctx, job.ID)
}

// givePointBack adds EXPIRING -> AVAILABLE to the end of an expiry that deleted nothing.
func (e *Engine) givePointBack(ctx context.Context, m *catalog.Mutation) error {
	if m.Job.Type != driver.Expire || m.Job.Attempts == 0 || m.Job.State == catalog.Completed {
		return nil
	}
	point, err := e.store.Point(ctx, m.Job.PointID)
	if err != nil {
		return fmt.Errorf("load point %s: %w", m.Job.PointID, err)
	}
	if point.State == catalog.Expiring {
		m.PointMoves = append(m.PointMoves, catalog.PointMove{
			PointID: point.ID, From: catalog.Expiring, To: catalog.Available,
		})
	}
	return nil
}
