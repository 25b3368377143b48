package operator

import (
	"context"
	"errors"
	"testing"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/clock"
)

// moving is a store in which somebody else changes the job between every read and the
// first two writes.
type moving struct {
	Store
	now       catalog.Job
	conflicts int
}

func (m *moving) Job(_ context.Context, _ string) (catalog.Job, error) { return m.now, nil }

func (m *moving) Commit(_ context.Context, change catalog.Mutation) (catalog.Job, error) {
	if m.conflicts > 0 {
		m.conflicts--
		return catalog.Job{}, catalog.ErrConflict
	}
	return change.Job, nil
}

func (m *moving) InsertJobs(context.Context, []catalog.Job) (int, error) {
	return 0, failure.Errorf(failure.Held, "the point is EXPIRING")
}

func (m *moving) JobsByID(context.Context, []string) (map[string]catalog.Job, error) { return nil, nil }

func deskAt(m *moving) *Desk {
	o := &Office{Store: m, Clock: clock.NewManual(clock.System().Now())}
	return o.For(access.Actor{Name: "ana", Role: access.Admin})
}

// Somebody else changing the job at the same time does not lose the cancellation.
func TestChangesSurviveConflicts(t *testing.T) {
	t.Parallel()
	m := &moving{now: catalog.Job{ID: "j", State: catalog.Running, Ref: "snap-1"}, conflicts: 2}
	r, err := deskAt(m).cancel(t.Context(), catalog.Job{ID: "j", State: catalog.Created})
	if err != nil || !r.Done || r.State != catalog.Running {
		t.Errorf("cancel = %+v, %v", r, err)
	}
	m.conflicts = maxConflicts
	if _, err := deskAt(m).cancel(t.Context(), m.now); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("after %d conflicts: %v", maxConflicts, err)
	}
	m.now.State, m.conflicts = catalog.Completed, 1
	if r, err := deskAt(m).release(t.Context(), catalog.Job{ID: "j", State: catalog.Running, Ref: "snap-1"}); err != nil || r.Done || r.State != catalog.Completed {
		t.Errorf("release of a job that completed meanwhile = %+v, %v", r, err)
	}
}

// What only the catalog sees is refused as what is seen before is.
func TestCatalogsRefusal(t *testing.T) {
	t.Parallel()
	_, err := deskAt(&moving{}).place(t.Context(), Order{}, Outcome{Jobs: []catalog.Job{{ID: "j"}}})
	var r *Refusal
	if !errors.As(err, &r) || r.Error() != "the point is EXPIRING: nothing was changed" {
		t.Errorf("got %v", err)
	}
}
