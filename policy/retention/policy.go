package retention

import (
	"time"
)

// MaxCount is the most a count may be; it bounds mistakes such as seconds for days.
const MaxCount = 36_500

// Policy says which points to keep. A point is kept when any part of it keeps the point;
// a part that is zero keeps nothing. The zero Policy keeps everything for ever.
type Policy struct {
	// DeleteAfterDays keeps what is younger, in days of 24 hours since it was created.
	// Points of a rule with a lifecycle carry the resulting time themselves (Point.DeleteAt).
	DeleteAfterDays int
	// KeepLast keeps the newest points.
	KeepLast int
	// The others keep the newest point of each of the last n hours, days, ISO weeks, months
	// and years that have one.
	KeepHourly, KeepDaily, KeepWeekly, KeepMonthly, KeepYearly int
	// Location is the zone in which hours, days, weeks, months and years begin; nil is UTC.
	Location *time.Location
}

// Counts reports whether the policy keeps points by their number: then age alone no
// longer decides.
func (p Policy) Counts() bool {
	return p.KeepLast+p.KeepHourly+p.KeepDaily+p.KeepWeekly+p.KeepMonthly+p.KeepYearly > 0
}

// Forever reports whether the policy keeps everything.
func (p Policy) Forever() bool { return !p.Counts() && p.DeleteAfterDays == 0 }

// Timezone returns the IANA name of the policy's zone.
func (p Policy) Timezone() string { return p.location().String() }

// Equal reports whether both policies keep the same points.
func (p Policy) Equal(q Policy) bool {
	same := p.Timezone() == q.Timezone()
	p.Location, q.Location = nil, nil
	return same && p == q
}

func (p Policy) location() *time.Location {
	if p.Location == nil {
		return time.UTC
	}
	return p.Location
}
