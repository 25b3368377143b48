package catalog

import (
	"errors"
	"fmt"
	"time"
)

// Errors of a store.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("catalog: not found")
	// ErrConflict: the row is not at the version the caller read; read again.
	ErrConflict = errors.New("catalog: changed by somebody else")
	// ErrStaleEpoch: the admission epoch moved on since the job was granted.
	ErrStaleEpoch = errors.New("catalog: admission epoch moved on")
)

// Mutation is one compare-and-set change of a job together with everything that must
// happen in the same transaction. Make one with Change.
type Mutation struct {
	// Job is the row as it shall be; Job.Version is the version that was read. What the job
	// works on, where it comes from and what was asked for (Spec, StartBy, CompleteBy) stay
	// as they were inserted.
	Job Job
	// From is the state the caller read.
	From State
	// RequireEpoch, when not 0, makes the commit fail with ErrStaleEpoch unless the
	// admission epoch still has this value. The check and the commit are one transaction.
	RequireEpoch int64
	// Actor is who makes the change; the events the store adds itself carry it.
	Actor string
	// Events are appended. Change adds the one for the state change.
	Events []Event
	// Points are inserted (ignored when the id exists), each with a point.state event.
	Points []RecoveryPoint
	// PointMoves change the state of points, each with a point.state event; a point not in
	// From fails the commit with ErrConflict.
	PointMoves []PointMove
	// ReleaseHolder, when not empty, removes the holds of that job.
	ReleaseHolder string
	// FollowUps are inserted as InsertJobs does (Points of this mutation exist by then).
	FollowUps []Job
}

// PointMove is a compare-and-set change of a point's state.
type PointMove struct {
	PointID     string
	From, To    PointState
	ExpireAfter time.Time // when not zero, stored as the point's ExpireAfter
	Cold        bool      // the point lies in cold storage from now on
}

// Change returns the mutation that moves job, as read from the store, to state to and
// applies edit to the copy that will be stored. It fails when the transition table
// forbids the move. A move to a terminal state sets EndedAt, clears what only an open job
// has (Epoch, RetryAt, NextLookAt) and releases the holds the job has.
func Change(job Job, to State, now time.Time, actor string, edit func(*Job)) (Mutation, error) {
	if err := CheckTransition(job.State, to); err != nil {
		return Mutation{}, fmt.Errorf("job %s: %w", job.ID, err)
	}
	m := Mutation{Job: job, From: job.State, Actor: actor}
	m.Job.State = to
	if edit != nil {
		edit(&m.Job)
	}
	if to.Terminal() {
		m.Job.EndedAt = now
		m.Job.Epoch, m.Job.RetryAt, m.Job.NextLookAt = 0, time.Time{}, time.Time{}
		m.ReleaseHolder = job.ID
	}
	if to != job.State {
		m.Events = append(m.Events, Event{
			At: now, Type: "job.state", JobID: job.ID, Actor: actor,
			From: string(job.State), To: string(to), Class: m.Job.Class, Message: m.Job.Message,
		})
	}
	return m, nil
}
