package retention

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Point is one recovery point as far as retention is concerned.
type Point struct {
	ID        string
	CreatedAt time.Time
	// Series names what the point can stand in for: the resource and where the point lies.
	// Counts are per series, and the newest good point of a series is never deleted.
	Series string
	// DeleteAt is the end of the lifecycle stamped on the point when it was made; zero
	// leaves it to the policy's DeleteAfterDays.
	DeleteAt time.Time
	// Unusable says why the point cannot be restored, as in "state FAILED"; empty for good
	// points. Unusable ones are kept and count for nothing.
	Unusable string
	// Held says who forbids the deletion, whatever the policy says; empty: nobody.
	Held string
}

// Decision says whether a point is kept and why. A kept point has every reason that keeps
// it, a point to delete the reason why each part of the policy does not.
type Decision struct {
	Point   Point
	Keep    bool
	Reasons []string // each begins with the name of the setting it comes from
}

// Decide says for every point whether policy keeps it at now. The order of points does
// not matter; decisions come by series, newest first. Deleting what is to be deleted and
// deciding again at the same time decides the same about the rest.
func Decide(policy Policy, points []Point, now time.Time) []Decision {
	decisions := make([]Decision, len(points))
	for i, p := range points {
		decisions[i].Point = p
	}
	slices.SortFunc(decisions, func(a, b Decision) int { return order(a.Point, b.Point) })
	for rest := decisions; len(rest) > 0; {
		end := slices.IndexFunc(rest, func(d Decision) bool { return d.Point.Series != rest[0].Point.Series })
		if end < 0 {
			end = len(rest)
		}
		decideSeries(policy, rest[:end], now)
		rest = rest[end:]
	}
	return decisions
}

// order is by series, then newest first; ids decide between points of one instant.
func order(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Series, b.Series), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// decideSeries decides about the points of one series, newest first.
func decideSeries(policy Policy, series []Decision, now time.Time) {
	counters := policy.counters()
	newest := true // no good point has been seen yet
	for i := range series {
		d := &series[i]
		switch p := d.Point; {
		case p.Unusable != "":
			d.keep("not_decided: %s; it counts for nothing", p.Unusable)
		case p.CreatedAt.After(now):
			d.keep("not_decided: it was created after now, clocks disagree; it counts for nothing")
		default:
			d.byPolicy(policy, counters, now)
			if newest && !d.Keep {
				d.keepAlone("only_good_point: the newest good point is never deleted")
			}
			newest = false
		}
		if held := d.Point.Held; held != "" {
			d.keepAlone("hold: " + held)
		}
	}
}

// byPolicy asks every part of the policy.
func (d *Decision) byPolicy(policy Policy, counters []*counter, now time.Time) {
	if policy.Forever() && d.Point.DeleteAt.IsZero() {
		d.keep("for_ever: neither delete_after_days nor retention is set")
		return
	}
	var against []string
	if end, ends := policy.end(d.Point); ends {
		if now.Before(end) {
			d.keep("delete_after_days: until %s", end.UTC().Format(time.RFC3339))
		} else {
			against = append(against, "delete_after_days: over since "+end.UTC().Format(time.RFC3339))
		}
	}
	for _, c := range counters {
		if reason, keeps := c.take(d.Point); keeps {
			d.keep("%s", reason)
		} else {
			against = append(against, reason)
		}
	}
	if !d.Keep {
		d.Reasons = against
	}
}

// keep adds a reason to keep the point.
func (d *Decision) keep(format string, args ...any) {
	d.Keep, d.Reasons = true, append(d.Reasons, fmt.Sprintf(format, args...))
}

// keepAlone keeps a point no part of the policy keeps: why not is of no interest then.
func (d *Decision) keepAlone(reason string) {
	if !d.Keep {
		d.Reasons = nil
	}
	d.Keep, d.Reasons = true, append(d.Reasons, reason)
}

// end returns when the lifecycle of p is over; ends is false when age says nothing.
func (p Policy) end(point Point) (at time.Time, ends bool) {
	switch {
	case !point.DeleteAt.IsZero():
		return point.DeleteAt, true
	case p.DeleteAfterDays > 0:
		return point.CreatedAt.Add(time.Duration(p.DeleteAfterDays) * 24 * time.Hour), true
	}
	return time.Time{}, false
}
