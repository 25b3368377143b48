package policy

import (
	"math/bits"
	"time"
)

// civil is a minute as a wall clock shows it, without a zone.
type civil struct{ year, month, day, hour, minute int }

// Next returns the first instant strictly after the given one at which the schedule is
// due, in UTC; ok is false when there is none up to the end of 2199. A local time that
// clocks skip does not run; one they show twice runs once, on the first pass.
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func (s Schedule) Next(after time.Time) (at time.Time, ok bool) {
	if s.location == nil {
		return time.Time{}, false
	}
	local := after.In(s.location)
	from := civil{local.Year(), int(local.Month()), local.Day(), local.Hour(), local.Minute()}
	if from.year < minYear { // also keeps negative years out of the bit sets
		from = civil{year: minYear, month: 1, day: 1}
	}
	for {
		found, ok := s.from(from)
		if !ok {
			return time.Time{}, false
		}
		if at, exists := firstInstant(found, s.location); exists && at.After(after) {
			return at, true
		}
		from = found
		from.minute++ // 60 is fine: inDay goes on with the next hour
	}
}

// from returns the first wall-clock minute at or after c that all fields take.
func (s *Schedule) from(c civil) (civil, bool) {
	for ; c.year <= maxYear; c = (civil{year: c.year + 1, month: 1, day: 1}) {
		if !s.years.has(c.year - minYear) {
			continue
		}
		if found, ok := s.inYear(c); ok {
			return found, true
		}
	}
	return civil{}, false
}

// inYear and the functions below go from the year inwards. Each takes a civil time whose
// inner fields are where to begin in the first period; later periods begin at their start.
func (s *Schedule) inYear(c civil) (civil, bool) {
	for ; c.month <= 12; c = (civil{year: c.year, month: c.month + 1, day: 1}) {
		if s.months>>c.month&1 == 0 {
			continue
		}
		if found, ok := s.inMonth(c); ok {
			return found, true
		}
	}
	return civil{}, false
}

func (s *Schedule) inMonth(c civil) (civil, bool) {
	days := s.days.in(c.year, c.month) >> c.day << c.day // earlier days drop out
	for ; days != 0; days &= days - 1 {
		if day := bits.TrailingZeros32(days); day > c.day {
			c.day, c.hour, c.minute = day, 0, 0
		}
		if found, ok := s.inDay(c); ok {
			return found, true
		}
	}
	return civil{}, false
}

func (s *Schedule) inDay(c civil) (civil, bool) {
	hours := s.hours >> c.hour << c.hour
	for ; hours != 0; hours &= hours - 1 {
		if hour := bits.TrailingZeros64(hours); hour > c.hour {
			c.hour, c.minute = hour, 0
		}
		if minutes := s.minutes >> c.minute << c.minute; minutes != 0 {
			c.minute = bits.TrailingZeros64(minutes)
			return c, true
		}
	}
	return civil{}, false
}

// maxOffset is more than any offset from UTC has been since 1970.
const maxOffset = 24 * time.Hour

// firstInstant returns the earliest instant at which clocks in the zone show c; ok is
// false when they skip it. time.Date does not promise which of two passes it picks, so
// the offsets in force around c are tried in order.
func firstInstant(c civil, location *time.Location) (at time.Time, ok bool) {
	wall := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, 0, 0, time.UTC)
	last := wall.Add(maxOffset)
	for probe := wall.Add(-maxOffset).In(location); !probe.IsZero() && !probe.After(last); probe = nextOffset(probe) {
		_, offset := probe.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, shown := at.In(location).Zone(); shown == offset {
			return at, true
		}
	}
	return time.Time{}, false
}

// nextOffset returns when the zone next changes its offset after t, zero when it never
// does. On the last day of a leap year beyond the zone's table ZoneBounds says that the
// period ended with the day before; a day further on it is right again.
func nextOffset(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		return t.Add(24 * time.Hour)
	}
	return end
}
