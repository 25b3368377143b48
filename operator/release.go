package operator

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

func (d *Desk) release(ctx context.Context, job catalog.Job) (Change, error) {
	r := Change{ID: job.ID, State: job.State}
	if !job.State.Terminal() && !job.HoldsSlot() && job.State == catalog.Created {
		r.Result = "it holds no slot, because it has not begun: use `holdfast jobs cancel`"
		return r, nil
	}
	if job.State == catalog.Running {
		var err error
		if job, _, err = d.commitFresh(ctx, job, d.giveUp(ctx, catalog.Running, catalog.Aborting)); err != nil {
			return r, err
		}
	}
	after, done, err := d.commitFresh(ctx, job, d.giveUp(ctx, job.State, catalog.Aborted))
	r.Done, r.State = done, after.State
	switch {
	case done:
		r.Result = "released by force"
	case after.State.Terminal():
		r.Result = "it has ended already"
	default:
		r.Result = "it moved on meanwhile: try again"
	}
	return r, err
}

// giveUp returns the change of a forced release from one state to another.
func (d *Desk) giveUp(ctx context.Context, from, to catalog.State) func(catalog.Job) (catalog.Mutation, bool, error) {
	return func(j catalog.Job) (catalog.Mutation, bool, error) {
		if j.State != from || j.State.Terminal() {
			return catalog.Mutation{}, false, nil
		}
		message := releaseMessage(j, d.Who.Name)
		m, err := catalog.Change(j, to, d.Clock.Now(), d.Who.Name, func(j *catalog.Job) {
			if j.Class == "" {
				j.Class = failure.Window
			}
			j.Message = message
			j.IntentOwner = ""
		})
		if err != nil || to != catalog.Aborted {
			return m, err == nil, err
		}
		m.Events = append(m.Events, catalog.Event{
			At: d.Clock.Now(), Type: "job.released", JobID: j.ID, Actor: d.Who.Name, Class: m.Job.Class, Message: message,
		})
		return m, true, d.givePointBack(ctx, &m)
	}
}

// releaseMessage says what nobody knows any more.
func releaseMessage(j catalog.Job, by string) string {
	if j.Ref != "" {
		return fmt.Sprintf("released by force by %s; AWS may still be working on %s", by, j.Ref)
	}
	return fmt.Sprintf("released by force by %s while a call to AWS was open", by)
}

// givePointBack makes the point of a released deletion available again: deleting it once
// more is harmless, while a point nobody deletes would stay EXPIRING for ever.
func (d *Desk) givePointBack(ctx context.Context, m *catalog.Mutation) error {
	if m.Job.Type != driver.Expire {
		return nil
	}
	point, err := d.Store.Point(ctx, m.Job.PointID)
	if err != nil {
		return err
	}
	if point.State == catalog.Expiring {
		m.PointMoves = append(m.PointMoves, catalog.PointMove{PointID: point.ID, From: catalog.Expiring, To: catalog.Available})
	}
	return nil
}
