package cost

import (
	"time"

	"holdfast/catalog"
)

const (
	gib = 1 << 30
	day = 24 * time.Hour
	// Month is how far apart the steps of a forecast are.
	Month = 365 * day / 12
	// Window is how much of the past says how much is added: shorter when there is less.
	Window = 30 * day
)

// Line is the storage of one plan, kind and region with its cost.
type Line struct {
	catalog.Storage
	GiBMonth float64 // the price; 0 when there is none
	Priced   bool
	// Bytes has what there will be after so many months, the present first.
	Bytes []float64
}

// Dollars returns the cost of a month as it is after so many months.
func (l Line) Dollars(month int) float64 { return l.Bytes[month] / gib * l.GiBMonth }

// Horizons are the moments a forecast is about: now and the ends of the next months.
func Horizons(now time.Time, months int) []time.Time {
	all := make([]time.Time, months+1)
	for i := range all {
		all[i] = now.Add(time.Duration(i) * Month)
	}
	return all
}

// Estimate prices storage and says how it will grow: points that exist go when their
// lifecycle ends, and as much is added every day as was lately, which lives as long as what
// was added lately. observed is how long that "lately" was.
func Estimate(storage []catalog.Storage, prices Prices, observed time.Duration) []Line {
	lines := make([]Line, len(storage))
	days := max(observed, day).Hours() / 24
	for i, s := range storage {
		line := Line{Storage: s}
		line.GiBMonth, line.Priced = prices.Of(s.Kind, s.Region)
		for month, left := range s.Left {
			ahead := (time.Duration(month) * Month).Hours() / 24
			life := ahead
			if s.AddedLife > 0 {
				life = min(life, s.AddedLife.Hours()/24)
			}
			added := float64(s.AddedForever)/days*ahead + float64(s.Added-s.AddedForever)/days*life
			line.Bytes = append(line.Bytes, float64(left)+added)
		}
		lines[i] = line
	}
	return lines
}
