package retention

import (
	"fmt"
	"time"
)

// period is a stretch of the calendar of which the newest point stands for all.
type period struct {
	key  string // the setting that counts it
	name func(local time.Time) string
}

// The periods by which points are counted; the names order and read well.
var (
	hourly  = period{"keep_hourly", func(t time.Time) string { return t.Format("2006-01-02 15h") }}
	daily   = period{"keep_daily", func(t time.Time) string { return t.Format("2006-01-02") }}
	monthly = period{"keep_monthly", func(t time.Time) string { return t.Format("2006-01") }}
	yearly  = period{"keep_yearly", func(t time.Time) string { return t.Format("2006") }}
	weekly  = period{"keep_weekly", func(t time.Time) string {
		year, week := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}}
)

// counter keeps the newest point of each of the last periods. Points come newest first.
type counter struct {
	period
	most     int
	location *time.Location
	used     int
	current  string // the period of the last point seen
	newest   string // the point that stands for it
}

// counters returns one for each part of the policy that counts.
func (p Policy) counters() (counters []*counter) {
	add := func(period period, most int) {
		if most > 0 {
			counters = append(counters, &counter{period: period, most: most, location: p.location()})
		}
	}
	add(period{key: "keep_last"}, p.KeepLast)
	add(hourly, p.KeepHourly)
	add(daily, p.KeepDaily)
	add(weekly, p.KeepWeekly)
	add(monthly, p.KeepMonthly)
	add(yearly, p.KeepYearly)
	return counters
}

// take says whether the counter keeps p, and why or why not.
func (c *counter) take(p Point) (reason string, keeps bool) {
	if c.name == nil {
		return c.last()
	}
	name := c.name(p.CreatedAt.In(c.location))
	switch {
	case name == c.current:
		return fmt.Sprintf("%s: %s is newer in %s", c.key, c.newest, name), false
	case c.used == c.most:
		return fmt.Sprintf("%s: %s is beyond the last %d with a point", c.key, name, c.most), false
	}
	c.used++
	c.current, c.newest = name, p.ID
	return fmt.Sprintf("%s: newest of %s (%d of %d)", c.key, name, c.used, c.most), true
}

// last counts points, not periods.
func (c *counter) last() (reason string, keeps bool) {
	if c.used == c.most {
		return fmt.Sprintf("%s: beyond the last %d", c.key, c.most), false
	}
	c.used++
	return fmt.Sprintf("%s: %d of %d", c.key, c.used, c.most), true
}
