package operator

import (
	"context"
	"slices"

	"holdfast/catalog"
	"holdfast/internal/awscall"
	"holdfast/internal/awssession"
)

// maxShown bounds each list of what is shown of one job or point.
const maxShown = 1000

// JobDetails is everything there is to say about a job.
type JobDetails struct {
	Job    catalog.Job     `json:"job"`
	Events []catalog.Event `json:"events" doc:"oldest first"`
	Chain  []catalog.Job   `json:"chain" doc:"the backup the chain began with and what followed it, oldest first"`
	Calls  []awscall.Call  `json:"calls" doc:"what AWS was asked for the job, oldest first; of looks at many jobs the one that ended it"`
	// Waiting says why a job has not begun; null when it has.
	Waiting *Waiting `json:"waiting"`
	// UserAgent is the text in the user agent of every AWS call the job made, and CloudTrail
	// the queries that find those calls.
	UserAgent  string     `json:"cloudtrail_user_agent"`
	CloudTrail CloudTrail `json:"cloudtrail"`
}

// ShowJob returns everything about a job, or catalog.ErrNotFound.
func (o *Office) ShowJob(ctx context.Context, id string) (details JobDetails, err error) {
	job, err := o.Store.Job(ctx, id)
	if err != nil {
		return details, err
	}
	details = JobDetails{Job: job, Calls: []awscall.Call{}, UserAgent: awssession.UserAgentOf(job.ID), CloudTrail: cloudTrailOf(job, o.Clock.Now())}
	events, err := o.Store.Events(ctx, catalog.EventFilter{JobID: job.ID, Limit: maxShown})
	if err != nil {
		return details, err
	}
	details.Events = append([]catalog.Event{}, events...)
	for _, e := range events {
		details.Calls = append(details.Calls, awscall.Parse(e.Data).Calls...)
	}
	chain, err := o.Store.ListJobs(ctx, catalog.JobFilter{ChainID: job.ChainID, Limit: maxShown})
	if err != nil {
		return details, err
	}
	details.Chain = append([]catalog.Job{}, chain...)
	slices.Reverse(details.Chain)
	details.Waiting, err = o.WhyWaiting(ctx, job)
	return details, err
}

// PointDetails is everything there is to say about a recovery point.
type PointDetails struct {
	Point catalog.RecoveryPoint   `json:"point"`
	Fate  *Fate                   `json:"fate,omitempty" doc:"what the policy in force wants of the point, if it can be restored"`
	Holds []catalog.Hold          `json:"holds"`
	Chain []catalog.RecoveryPoint `json:"chain" doc:"every point of the chain, this one too"`
	Jobs  []catalog.Job           `json:"jobs" doc:"copies, restores and expiries of the point"`
}

// ShowPoint returns everything about a recovery point, or catalog.ErrNotFound.
func (o *Office) ShowPoint(ctx context.Context, id string) (details PointDetails, err error) {
	if details.Point, err = o.Store.Point(ctx, id); err != nil {
		return details, err
	}
	holds, err := o.Store.Holds(ctx, id)
	if err != nil {
		return details, err
	}
	chain, err := o.Store.ListPoints(ctx, catalog.PointFilter{ChainID: details.Point.ChainID, Limit: maxShown})
	if err != nil {
		return details, err
	}
	jobs, err := o.Store.ListJobs(ctx, catalog.JobFilter{PointID: id, Limit: maxShown})
	if err != nil {
		return details, err
	}
	if details.Point.State == catalog.Available {
		fate, err := o.FateOf(ctx, details.Point)
		if err != nil {
			return details, err
		}
		details.Fate = &fate
	}
	details.Holds, details.Chain = append([]catalog.Hold{}, holds...), append([]catalog.RecoveryPoint{}, chain...)
	details.Jobs = append([]catalog.Job{}, jobs...)
	return details, nil
}
