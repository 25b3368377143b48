package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// insertChunk is how many jobs one transaction of InsertJobs holds: enough to make the
// flush at its end cheap, few enough not to keep other writers waiting long.
const insertChunk = 2000

// InsertJobs implements catalog.Jobs.
func (s *Store) InsertJobs(ctx context.Context, jobs []catalog.Job) (int, error) {
	ordered := slices.Clone(jobs)
	// One order for everybody: two processes planning the same fire cannot deadlock.
	slices.SortStableFunc(ordered, func(a, b catalog.Job) int { return strings.Compare(a.ID, b.ID) })
	ordered = slices.CompactFunc(ordered, func(a, b catalog.Job) bool { return a.ID == b.ID })
	for i := range ordered {
		if err := insertable(&ordered[i]); err != nil {
			return 0, err
		}
	}
	total := 0
	for chunk := range slices.Chunk(ordered, insertChunk) {
		added := 0
		err := s.update(ctx, "insert jobs", func(ctx context.Context, q session) (err error) {
			if err := q.pass(ctx); err != nil {
				return err
			}
			if err := q.checkSources(ctx, chunk); err != nil {
				return err
			}
			added, err = q.addJobs(ctx, chunk)
			return err
		})
		if err != nil {
			return total, err
		}
		total += added
	}
	return total, nil
}

// insertable checks what every new job must be and gives it its first version. A job may
// be born ended, to record what could not even be begun.
func insertable(j *catalog.Job) error {
	j.Version = 1
	switch {
	case j.ID == "" || j.Type == "" || j.CreatedAt.IsZero():
		return failure.Errorf(failure.Internal, "insert job %q: id, type and creation time are required", j.ID)
	case j.State != catalog.Created && !j.State.Terminal():
		return failure.Errorf(failure.Internal, "insert job %s: a new job cannot be %s", j.ID, j.State)
	}
	return nil
}

// sourceHold returns the kind of hold the job needs on the point it reads, if any.
func sourceHold(j catalog.Job) (catalog.HoldKind, bool) {
	switch {
	case j.PointID == "" || j.State.Terminal():
		return "", false
	case j.Type == driver.Copy:
		return catalog.HoldCopy, true
	case j.Type == driver.Restore:
		return catalog.HoldRestore, true
	case j.Type == driver.Archive:
		return catalog.HoldArchive, true
	default:
		return "", false
	}
}

// checkSources refuses copies and restores of points that are not AVAILABLE, and locks
// those that are, so that no expiry begins before the holds are in.
func (q session) checkSources(ctx context.Context, jobs []catalog.Job) error {
	var readers []catalog.Job
	for _, j := range jobs {
		if _, reads := sourceHold(j); reads {
			readers = append(readers, j)
		}
	}
	if len(readers) == 0 {
		return nil
	}
	view, err := q.sources(ctx, readers)
	if err != nil {
		return err
	}
	for _, j := range readers {
		if err := view.checkSource(j, view.points[j.PointID].state); err != nil {
			return err
		}
	}
	return nil
}

// sources reads what checkSource needs to know about jobs that read a point.
func (q session) sources(ctx context.Context, readers []catalog.Job) (*view, error) {
	v := newView()
	ids, points := make([]string, len(readers)), make([]string, len(readers))
	for i, j := range readers {
		ids[i], points[i] = j.ID, j.PointID
	}
	if err := v.lockPoints(ctx, q, points, q.shared()); err != nil {
		return nil, err
	}
	return v, v.findJobs(ctx, q, ids)
}

// checkSource refuses job unless it exists already or its point, in state, is AVAILABLE.
func (v *view) checkSource(job catalog.Job, state catalog.PointState) error {
	if v.known[job.ID] || state == catalog.Available {
		return nil
	}
	if state == "" {
		return failure.Errorf(failure.Held, "%s job %s: recovery point %s is not in the catalog", job.Type, job.ID, job.PointID)
	}
	return failure.Errorf(failure.Held, "%s job %s: recovery point %s is %s", job.Type, job.ID, job.PointID, state)
}

// newJobs are jobs that are being inserted, with what belongs to each of them.
type newJobs struct {
	jobs   []catalog.Job
	open   []catalog.Job // those that have not ended
	holds  []catalog.Hold
	events []catalog.Event
}

// newJobsOf gathers what belongs to jobs, none of which exist yet. A job named twice
// counts once.
func newJobsOf(jobs []catalog.Job) newJobs {
	var n newJobs
	n.jobs = slices.Clone(jobs)
	slices.SortStableFunc(n.jobs, func(a, b catalog.Job) int { return strings.Compare(a.ID, b.ID) })
	n.jobs = slices.CompactFunc(n.jobs, func(a, b catalog.Job) bool { return a.ID == b.ID })
	n.open, _ = splitOpen(n.jobs)
	for _, j := range n.jobs {
		n.events = append(n.events, catalog.Event{
			At: j.CreatedAt, Type: "job.created", JobID: j.ID, Actor: j.CreatedBy,
			To: string(j.State), Class: j.Class, Message: j.Message,
		})
		if kind, reads := sourceHold(j); reads {
			n.holds = append(n.holds, catalog.Hold{PointID: j.PointID, Kind: kind, Holder: j.ID, CreatedAt: j.CreatedAt})
		}
	}
	return n
}

// writes adds the statements that insert n, without the events.
func (n newJobs) writes(w *writer) {
	insertRows(w, "insert jobs", "jobs", jobColumns, n.jobs)
	n.belongings(w)
}

// belongings adds the statements that insert what belongs to the jobs of n.
func (n newJobs) belongings(w *writer) {
	insertRows(w, "insert open jobs", "open_jobs", openColumns, n.open)
	insertMissing(w, "insert holds", "holds", holdColumns, n.holds)
}

// addJobs inserts those of jobs that are new, with their holds and events, and returns
// how many were.
func (q session) addJobs(ctx context.Context, jobs []catalog.Job) (int, error) {
	added, err := insert(ctx, q, "jobs", jobColumns, jobs, "id", "id")
	if err != nil {
		return 0, fmt.Errorf("insert jobs: %w", err)
	}
	isNew := make(map[string]bool, len(added))
	for _, id := range added {
		isNew[id] = true
	}
	n := newJobsOf(slices.DeleteFunc(slices.Clone(jobs), func(j catalog.Job) bool { return !isNew[j.ID] }))
	w := writer{dialect: q.dialect}
	n.belongings(&w)
	if err := q.run(ctx, w); err != nil {
		return 0, err
	}
	return len(added), q.addEvents(ctx, n.events)
}

// addEvents appends to the history. The transaction must have passed the gate.
func (q session) addEvents(ctx context.Context, events []catalog.Event) error {
	w := writer{dialect: q.dialect}
	insertRows(&w, "append events", "events", eventColumns, events)
	return q.run(ctx, w)
}
