package chaos

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/sim"
)

// mostExplained is how many findings of a seed are explained.
const mostExplained = 5

// explain tells what was found and, of the first few, what the catalog and AWS know of it.
func (r *run) explain(ctx context.Context, findings []finding) {
	for i, f := range findings {
		r.say("%s", f.text)
		if i >= mostExplained {
			continue
		}
		if f.arn != "" {
			jobs, err := r.store.ListJobs(ctx, catalog.JobFilter{ResourceARN: f.arn, Limit: 20})
			if err != nil {
				r.say("  %v", err)
			}
			for _, j := range jobs {
				f.jobs = append(f.jobs, j.ID)
			}
		}
		for _, id := range f.jobs {
			r.explainJob(ctx, id)
		}
	}
}

// explainJob tells what happened to a job and what AWS has of it.
func (r *run) explainJob(ctx context.Context, id string) {
	events, err := r.store.Events(ctx, catalog.EventFilter{JobID: id, Limit: 100})
	if err != nil {
		r.say("  %s: %v", id, err)
	}
	for _, e := range events {
		r.say("  %s", r.at(e.At, fmt.Sprintf("%s %s>%s by %s: %s %s", e.Type, e.From, e.To, e.Actor, e.Class, e.Message)))
	}
	for _, a := range r.world.History() {
		if markOf(a).JobID == id {
			r.say("  %s", r.at(a.CreatedAt, artefactText(a)))
		}
	}
}

// at puts a time on the fast clock, and when that was since the seed began as far as the
// clock was not moved since, before text.
func (r *run) at(t time.Time, text string) string {
	since := r.wall.Now().Sub(r.began).Seconds() - r.clock.Now().Sub(t).Seconds()/r.clock.Speed()
	return fmt.Sprintf("%s (%.1fs) %s", t.Format("02 15:04:05.000"), since, text)
}

func artefactText(a sim.Artefact) string {
	text := fmt.Sprintf("AWS: %s %s in %s", a.Operation, a.ARN, a.Place.Region)
	if !a.DeletedAt.IsZero() {
		text += ", deleted " + a.DeletedAt.Format("02 15:04:05.000")
	}
	return text
}
