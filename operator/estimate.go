package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/producer"
	"holdfast/resource"
)

// Estimate is when a waiting job may get its slots, and how that was computed.
type Estimate struct {
	Seconds float64 `json:"seconds"`
	How     string  `json:"how"`
}

// After is Seconds as a duration.
func (e *Estimate) After() time.Duration { return time.Duration(e.Seconds * float64(time.Second)) }

// maxAlike bounds how many jobs of a line are counted.
const maxAlike = 1000

// recentJobs is how many ended jobs say how long one takes.
const recentJobs = 50

// filterAlike finds the jobs that do the same in the same place.
func filterAlike(job catalog.Job) catalog.JobFilter {
	return catalog.JobFilter{
		Account: job.Account, Region: job.Region, Limit: maxAlike,
		Kinds: []resource.Kind{job.Kind}, Types: []driver.Operation{job.Type},
	}
}

// estimate adds to w how many jobs go first and how long that may take: the last of the
// full keys decides.
func (o *Office) estimate(ctx context.Context, job catalog.Job, w *Waiting) error {
	if len(w.FullKeys) == 0 {
		return nil
	}
	groups, err := o.Store.Waiting(ctx)
	if err != nil {
		return err
	}
	took, n, err := o.meanDuration(ctx, job)
	if err != nil {
		return err
	}
	mine := producer.NewRequest(job, o.Units)
	for _, key := range w.FullKeys {
		before := *w.Ahead
		if key.Key.Dimension() != admission.ResourceDimension {
			before = turnsBefore(mine, *w.Ahead, sharing(groups, key.Key, o.Units))
		}
		if w.Before == nil || before > *w.Before {
			w.Before = &before
		}
		if n == 0 || key.Cap < 1 {
			continue
		}
		e := &Estimate{
			Seconds: float64(before+1) / float64(key.Cap) * took.Seconds(),
			How: fmt.Sprintf("(%s before it + itself) / %s of %s x %s, the mean of the last %s like it",
				Counted(before, "job"), Counted(key.Cap, "slot"), key.Key, DurationText(took), Counted(n, "completed job")),
		}
		if w.Estimate == nil || e.Seconds > w.Estimate.Seconds {
			w.Estimate = e
		}
	}
	return nil
}

// meanDuration returns how long jobs like this one took lately, and of how many that is
// the mean.
func (o *Office) meanDuration(ctx context.Context, job catalog.Job) (time.Duration, int, error) {
	f := filterAlike(job)
	f.States, f.Limit = []catalog.State{catalog.Completed}, recentJobs
	jobs, err := o.Store.ListJobs(ctx, f)
	var sum time.Duration
	n := 0
	for _, j := range jobs {
		if !j.StartedAt.IsZero() {
			sum += j.EndedAt.Sub(j.StartedAt)
			n++
		}
	}
	if n == 0 {
		return 0, 0, err
	}
	return sum / time.Duration(n), n, err
}

// queued is the number of jobs in one line.
type queued struct {
	admission.Request
	jobs int
}

// sharing returns the lines that need key.
func sharing(groups []catalog.WaitingGroup, key admission.Key, units producer.Units) []queued {
	var lines []queued
	for _, g := range groups {
		r := producer.NewRequest(g.Job(), units)
		for _, k := range r.Keys {
			if k == key {
				lines = append(lines, queued{r, g.Jobs})
			}
		}
	}
	return lines
}

// turnsBefore counts the jobs that get a slot before one with ahead others before it in
// its own line: lines of an account take turns, accounts take turns, restores go first.
// Weights are left out. It is pure.
func turnsBefore(mine admission.Request, ahead int, lines []queued) int {
	before, own, accounts := 0, ahead, map[string]int{}
	for _, l := range lines {
		switch {
		case l.Ring != mine.Ring && l.Ring == admission.Express:
			before += l.jobs // all of them
		case l.Ring != mine.Ring, l.Group == mine.Group:
		case l.Account == mine.Account:
			own += min(l.jobs, ahead+1)
		default:
			accounts[l.Account] += l.jobs
		}
	}
	before += own
	for _, jobs := range accounts {
		before += min(jobs, own+1)
	}
	return before
}

// keysText names full keys with what is held and waited for.
func keysText(keys []admission.KeyUsage) string {
	texts := make([]string, len(keys))
	for i, k := range keys {
		name := string(k.Key)
		if k.Key.Dimension() == admission.ResourceDimension {
			name = "its resource"
		}
		texts[i] = fmt.Sprintf("%s (%d of %d held)", name, k.Held, k.Cap)
	}
	return strings.Join(texts, " and ")
}
