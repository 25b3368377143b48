package dashboard

import (
	"net/http"
	"slices"
	"strings"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/awscall"
	"holdfast/web/frame"
)

// jobPage is the data of job.html.
type jobPage struct {
	frame.Page
	Job    catalog.Job
	Chain  []catalog.Job // from the backup to the last copy, and what became of them
	Events []catalog.Event
	Retry  string // id of the job that tries this one again; "" when there is none
	Remedy string
	Cause  string // why it waits; "" when it does not
	// UserAgent is what CloudTrail's userAgent field holds for the job's calls.
	UserAgent string
	Point     bool // it left a recovery point
}

// Limits of what one job's page shows.
const (
	maxTimeline = 500
	maxChain    = 200
)

// job serves the page of one job.
func (d *Dashboard) job(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	job, err := d.Catalog.Job(ctx, strings.ToLower(r.PathValue("id")))
	if err != nil {
		return err
	}
	page := jobPage{Page: d.live(r, strings.ToUpper(string(job.Type[0:1]))+string(job.Type[1:])+" of "+frame.ResourceName(job.ResourceARN)), Job: job, UserAgent: "holdfast-job/" + job.ID}
	page.Live = !job.State.Terminal()
	if page.Events, err = d.Catalog.Events(ctx, catalog.EventFilter{JobID: job.ID, Limit: maxTimeline}); err != nil {
		return err
	}
	if page.Chain, err = d.Catalog.ListJobs(ctx, catalog.JobFilter{ChainID: job.ChainID, Limit: maxChain}); err != nil {
		return err
	}
	slices.Reverse(page.Chain)
	for _, other := range page.Chain {
		if other.RetryOf == job.ID {
			page.Retry = other.ID
		}
	}
	page.Point = job.State == catalog.Completed && (job.Type == driver.Backup || job.Type == driver.Copy)
	if job.Class != "" && job.State != catalog.Completed {
		page.Remedy = job.Class.Remedy()
	}
	if job.State == catalog.Created && !job.IntentOpen() && d.Why != nil {
		if page.Cause, err = d.Why(ctx, job); err != nil {
			page.Cause = "not known: " + err.Error()
		}
	}
	return d.render(w, "job.html", page)
}

// Retryable reports whether there is something to try again.
func (p jobPage) Retryable() bool {
	return p.Job.State.Terminal() && p.Job.State != catalog.Completed && p.Retry == ""
}

// Cancelable reports whether there is something to cancel.
func (p jobPage) Cancelable() bool {
	return !p.Job.State.Terminal() && p.Job.State != catalog.Aborting && !p.Job.CancelRequested
}

// Bar is how far AWS says the job is.
func (p jobPage) Bar() bar { return barOf(int(whole), 0, max(p.Job.Progress, 0), 0) }

// Calls are what AWS was asked for the job, oldest first.
func (p jobPage) Calls() (calls []awscall.Call) {
	for _, e := range p.Events {
		calls = append(calls, awscall.Parse(e.Data).Calls...)
	}
	return calls
}

// EventMood returns how an event's mark is drawn.
func (jobPage) EventMood(e catalog.Event) string {
	switch {
	case e.Class != "" || e.To == string(catalog.Failed) || e.To == string(catalog.Expired):
		return "is-bad"
	case e.To == string(catalog.Completed) || e.To == string(catalog.Available):
		return "is-good"
	default:
		return ""
	}
}
