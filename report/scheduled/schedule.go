package scheduled

import (
	"context"
	"fmt"
	"time"

	"holdfast/policy"
	"holdfast/report"
)

// Report is a report that is made by itself.
type Report struct {
	Name          string
	Kind, By      string
	Schedule      policy.Schedule
	Period        time.Duration // before the fire; 0: what the kind usually is about
	Format, Table string
	Place         Place
	// Content, when set, makes the file instead of a report.
	Content func(ctx context.Context) ([]byte, error)
}

// file names the file of a fire; it is the same whoever writes it.
func (r Report) file(installation string, fire time.Time) string {
	return fmt.Sprintf("%s-%s-%s.%s", installation, r.Name, fire.UTC().Format("20060102T150405Z"), r.Format)
}

// wish is what the report of a fire is about.
func (r Report) wish(fire time.Time) report.Wish {
	w := report.Wish{Kind: r.Kind, By: r.By}
	d, _ := report.Find(r.Kind)
	if d.Present {
		return w
	}
	period := r.Period
	if period == 0 {
		period = d.Span
	}
	w.From, w.To = fire.Add(-period), fire
	return w
}

// newest returns the last fire after from that is not after now, the zero time when there
// is none. It looks back further and further, so that a schedule that fires every minute
// costs no more after a year without a scheduler.
func newest(s policy.Schedule, from, now time.Time) (fire time.Time) {
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour, 31 * 24 * time.Hour, now.Sub(from)} {
		begin := now.Add(-back)
		if begin.Before(from) {
			begin = from
		}
		for at, ok := s.Next(begin); ok && !at.After(now); at, ok = s.Next(at) {
			fire = at
		}
		if !fire.IsZero() || begin.Equal(from) {
			return fire
		}
	}
	return fire
}

// pause is how long a place that failed n times is left alone: a minute doubling to an hour.
func pause(n int) time.Duration { return min(time.Minute<<min(n-1, 6), time.Hour) }
