package engine

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// endMutation is the one transaction that ends job as v says: its state, and with it the
// recovery point, the holds and the follow-up jobs.
func (e *Engine) endMutation(ctx context.Context, job catalog.Job, v verdict, status driver.Status) (catalog.Mutation, error) {
	now := e.clock.Now()
	m, err := catalog.Change(job, v.to, now, e.opts.Owner, func(j *catalog.Job) {
		j.Class, j.Message = v.class, v.message
		if v.to == catalog.Completed {
			j.Progress = 100
		}
	})
	if err != nil {
		return catalog.Mutation{}, err
	}
	if v.to != catalog.Completed && v.to != catalog.Partial {
		return m, e.givePointBack(ctx, &m)
	}
	switch job.Type {
	case driver.Backup, driver.Copy:
		return m, e.addPoint(ctx, &m, status.Point)
	case driver.Expire:
		m.PointMoves = append(m.PointMoves, catalog.PointMove{
			PointID: job.PointID, From: catalog.Expiring, To: catalog.Deleted,
		})
	case driver.Archive:
		m.PointMoves = append(m.PointMoves, catalog.PointMove{
			PointID: job.PointID, From: catalog.Available, To: catalog.Available, Cold: true,
		})
	}
	return m, nil
}

// addPoint adds the recovery point a backup or copy left, and the copies that follow it.
func (e *Engine) addPoint(ctx context.Context, m *catalog.Mutation, seen driver.Point) error {
	source, err := e.recordedSource(ctx, m.Job)
	if err != nil {
		return fmt.Errorf("load source of job %s: %w", m.Job.ID, err)
	}
	now := m.Job.EndedAt
	point := catalog.CompletedPoint(m.Job, seen, source, e.opts.Installation, now)
	if d, ok := e.drivers.For(m.Job.Kind, m.Job.Engine); ok {
		facts := d.Descriptor()
		if facts.ColdStorage && !facts.ColdByAWS {
			point.ColdAt = m.Job.ColdAt()
		}
		m.FollowUps = catalog.FollowUpCopies(m.Job, point, facts, now)
	}
	m.Points = append(m.Points, point)
	return nil
}

// recordedSource returns the resource to record in the point. A resource that has left
// the inventory since is recorded by its names alone: the backup is still good.
func (e *Engine) recordedSource(ctx context.Context, job catalog.Job) (resource.Resource, error) {
	op, err := e.prepare(ctx, job)
	if failure.Is(err, failure.NotFound) {
		return named(job), nil
	}
	return op.source, err
}

// named is the resource of a job as far as the job itself knows it.
func named(job catalog.Job) resource.Resource {
	return resource.Resource{ARN: job.ResourceARN, Kind: job.Kind, Account: job.Account, Region: job.Region}
}
