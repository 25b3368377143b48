package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A term is part of an expression together with what it means, written without any of
// the production code: the oracle asks the meaning minute by minute.
type term struct {
	text string
	has  func(v int) bool
}

// drawTerm makes one element of a plain field.
func drawTerm(t *rapid.T, low, high int) term {
	value := rapid.IntRange(low, high)
	size := high - low + 1
	a, b, n := value.Draw(t, "a"), value.Draw(t, "b"), rapid.IntRange(1, size).Draw(t, "n")
	inside := func(v int) bool {
		if a <= b {
			return a <= v && v <= b
		}
		return v >= a || v <= b
	}
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		return term{fmt.Sprint(a), func(v int) bool { return v == a }}
	case 1:
		return term{fmt.Sprintf("%d-%d", a, b), inside}
	case 2:
		return term{fmt.Sprintf("%d-%d/%d", a, b, n), func(v int) bool { return inside(v) && (v-a+size)%size%n == 0 }}
	case 3:
		return term{fmt.Sprintf("%d/%d", a, n), func(v int) bool { return v >= a && (v-a)%n == 0 }}
	default:
		return term{fmt.Sprintf("*/%d", n), func(v int) bool { return (v-low)%n == 0 }}
	}
}

// drawField makes a whole plain field, often *, so that some expressions run often.
func drawField(t *rapid.T, name string, low, high int) term {
	if rapid.IntRange(0, 2).Draw(t, name+" all") == 0 {
		return term{"*", func(int) bool { return true }}
	}
	var texts []string
	var terms []term
	for range rapid.IntRange(1, 3).Draw(t, name+" items") {
		item := drawTerm(t, low, high)
		texts, terms = append(texts, item.text), append(terms, item)
	}
	return term{strings.Join(texts, ","), func(v int) bool {
		for _, item := range terms {
			if item.has(v) {
				return true
			}
		}
		return false
	}}
}

func lastDay(d time.Time) int {
	for d.AddDate(0, 0, 1).Month() == d.Month() {
		d = d.AddDate(0, 0, 1)
	}
	return d.Day()
}

func workday(d time.Time) bool { return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday }

// nearest finds the workday for nW by trying distances outwards.
func nearest(d time.Time, n int) int {
	for _, distance := range []int{0, -1, 1, -2, 2} {
		day := n + distance
		at := time.Date(d.Year(), d.Month(), day, 0, 0, 0, 0, time.UTC)
		if n <= lastDay(d) && day >= 1 && at.Month() == d.Month() && workday(at) {
			return day
		}
	}
	return 0
}

// drawDays makes both day fields and the meaning of the pair for a date.
func drawDays(t *rapid.T) (ofMonth, ofWeek string, has func(d time.Time) bool) {
	n, k := rapid.IntRange(1, 31).Draw(t, "day"), rapid.IntRange(1, 5).Draw(t, "week")
	w := rapid.IntRange(1, 7).Draw(t, "weekday")
	isWeekday := func(d time.Time) bool { return int(d.Weekday())+1 == w }
	switch rapid.IntRange(0, 8).Draw(t, "day form") {
	case 0:
		return "L", "?", func(d time.Time) bool { return d.Day() == lastDay(d) }
	case 1:
		return "LW", "?", func(d time.Time) bool { return d.Day() == nearest(d, lastDay(d)) }
	case 2:
		return fmt.Sprintf("%dW", n), "?", func(d time.Time) bool { return d.Day() == nearest(d, n) }
	case 3:
		back := min(n, 30)
		return fmt.Sprintf("L-%d", back), "?", func(d time.Time) bool { return d.Day() == lastDay(d)-back }
	case 4:
		return "?", fmt.Sprintf("%dL", w), func(d time.Time) bool { return isWeekday(d) && d.Day() > lastDay(d)-7 }
	case 5:
		return "?", fmt.Sprintf("%d#%d", w, k), func(d time.Time) bool { return isWeekday(d) && (d.Day()+6)/7 == k }
	case 6:
		f := drawField(t, "day-of-week", 1, 7)
		return "?", f.text, func(d time.Time) bool { return f.has(int(d.Weekday()) + 1) }
	default:
		f := drawField(t, "day-of-month", 1, 31)
		return f.text, "?", func(d time.Time) bool { return f.has(d.Day()) }
	}
}

// drawn is a random schedule and its meaning for a local time.
type drawn struct {
	expression string
	due        func(local time.Time) bool
}

func drawSchedule(t *rapid.T) drawn {
	minute, hour, month := drawField(t, "minute", 0, 59), drawField(t, "hour", 0, 23), drawField(t, "month", 1, 12)
	ofMonth, ofWeek, day := drawDays(t)
	return drawn{
		expression: fmt.Sprintf("cron(%s %s %s %s %s *)", minute.text, hour.text, ofMonth, month.text, ofWeek),
		due: func(l time.Time) bool {
			date := time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, time.UTC)
			return minute.has(l.Minute()) && hour.has(l.Hour()) && month.has(int(l.Month())) && day(date)
		},
	}
}

// drawInstant picks any instant whose year can be named everywhere, or one close to a change of clocks.
func drawInstant(t *rapid.T, location *time.Location) time.Time {
	at := time.Unix(rapid.Int64Range(2*24*3600, 4_000_000_000).Draw(t, "unix"), 0)
	if _, change := at.In(location).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "at a change") {
		at = change.Add(time.Duration(rapid.Int64Range(-4*3600, 3*3600).Draw(t, "seconds from change")) * time.Second)
	}
	return at
}

const clockFormat = "2006-01-02 15:04"

// slowNext walks minute by minute. A local time seen before, up to 26 hours ago, is the
// second pass and does not count.
func slowNext(d drawn, location *time.Location, after time.Time, horizon time.Duration) (time.Time, bool) {
	for at := after.Truncate(time.Minute).Add(time.Minute); at.Sub(after) < horizon; at = at.Add(time.Minute) {
		if local := at.In(location); d.due(local) && !shownBefore(local) {
			return at, true
		}
	}
	return time.Time{}, false
}

func shownBefore(local time.Time) bool {
	if start, _ := local.ZoneBounds(); local.Sub(start) > 26*time.Hour {
		return false
	}
	for earlier := time.Minute; earlier <= 26*time.Hour; earlier += time.Minute {
		if local.Add(-earlier).Format(clockFormat) == local.Format(clockFormat) {
			return true
		}
	}
	return false
}

// Zones with ordinary, half-hour, southern, date-line and suspended changes of clocks.
var oracleZones = []string{
	"Etc/UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu",
	"Africa/Casablanca", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Pacific/Chatham", "Antarctica/Troll",
	"Pacific/Kwajalein", "Asia/Pyongyang", "America/Caracas",
}

func TestNextMatchesMinuteByMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawSchedule(t)
		zone := rapid.SampledFrom(oracleZones).Draw(t, "zone")
		s, _, err := ParseSchedule(d.expression, zone)
		if err != nil {
			t.Fatalf("%s: %v", d.expression, err)
		}
		const horizon = 9 * 24 * time.Hour
		after := drawInstant(t, s.location)
		for range 4 {
			got, ok := s.Next(after)
			want, found := slowNext(d, s.location, after, horizon)
			if found && !ok || found && !got.Equal(want) || !found && ok && got.Sub(after) < horizon {
				t.Fatalf("%s %s after %v: got %v %v, want %v %v", d.expression, zone,
					after.UTC(), got, ok, want.UTC(), found)
			}
			if !found {
				return
			}
			after = got
		}
	})
}

func TestNextStrictlyIncreases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, _, err := ParseSchedule(drawSchedule(t).expression, rapid.SampledFrom(oracleZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := drawInstant(t, s.location)
		for range 50 {
			next, ok := s.Next(at)
			if !ok {
				return
			}
			// Nothing is due between a run and the next, so asking just before gives the same.
			between, _ := s.Next(next.Add(-time.Second))
			if !next.After(at) || !between.Equal(next) {
				t.Fatalf("%s: after %v came %v, just before it %v", s, at, next, between)
			}
			at = next
		}
	})
}
