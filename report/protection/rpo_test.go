package protection

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func hour(n float64) time.Time { return day.Add(time.Duration(n * float64(time.Hour))) }

func TestMeter(t *testing.T) {
	t.Parallel()
	const objective = 24 * time.Hour
	for name, tc := range map[string]struct {
		since            float64
		goods            []Good
		measured, within float64 // hours of the 72 from hour 0 on
	}{
		"a backup a day, each an hour old when it is good": {-100, []Good{{hour(-1), hour(0)}, {hour(22), hour(23)}, {hour(45), hour(46)}}, 72, 23 + 23 + 23},
		"one night missed":               {-100, []Good{{hour(-1), hour(0)}, {hour(47), hour(48)}}, 72, 23 + 23},
		"nothing ever":                   {-100, nil, 72, 0},
		"new resource, in time":          {60, []Good{{hour(70), hour(71)}}, 12, 12},
		"new resource, no backup yet":    {24, nil, 48, 24},
		"known after the period":         {80, nil, 0, 0},
		"good before, and never again":   {-100, []Good{{hour(-20), hour(-19)}}, 72, 4},
		"the last hop took a day":        {-100, []Good{{hour(-1), hour(24)}}, 72, 0},
		"an older one becomes good late": {-100, []Good{{hour(-1), hour(0)}, {hour(-10), hour(1)}}, 72, 23},
		"good after the period":          {-100, []Good{{hour(-1), hour(0)}, {hour(71), hour(73)}}, 72, 23},
	} {
		m := NewMeter(objective, hour(tc.since), hour(0), hour(72))
		for _, g := range tc.goods {
			m.Add(g)
		}
		got := m.Result()
		if got.Measured.Hours() != tc.measured || got.Within.Hours() != tc.within {
			t.Errorf("%s: %v of %v within, want %vh of %vh", name, got.Within, got.Measured, tc.within, tc.measured)
		}
	}
}

// TestMeterAgreesWithTheDefinition looks at every minute of the period.
func TestMeterAgreesWithTheDefinition(t *testing.T) {
	t.Parallel()
	minute := func(n int) time.Time { return day.Add(time.Duration(n) * time.Minute) }
	rapid.Check(t, func(t *rapid.T) {
		objective := time.Duration(rapid.IntRange(1, 300).Draw(t, "objective")) * time.Minute
		since, from, long := rapid.IntRange(-500, 500).Draw(t, "since"), 0, rapid.IntRange(0, 400).Draw(t, "long")
		goods := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Good {
			at := rapid.IntRange(-400, 400).Draw(t, "at")
			return Good{minute(at), minute(at + rapid.IntRange(0, 200).Draw(t, "took"))}
		}), 0, 8).Draw(t, "goods")
		slices.SortFunc(goods, func(a, b Good) int { return a.From.Compare(b.From) })
		m := NewMeter(objective, minute(since), minute(from), minute(from+long))
		for _, g := range goods {
			m.Add(g)
		}
		var want Compliance
		for n := max(from, since); n < from+long; n++ {
			newest := minute(since)
			for _, g := range goods {
				if !g.From.After(minute(n)) && g.At.After(newest) {
					newest = g.At
				}
			}
			want.Measured += time.Minute
			if minute(n).Before(newest.Add(objective)) {
				want.Within += time.Minute
			}
		}
		if got := m.Result(); got != want {
			t.Fatalf("measured %v, minute by minute %v", got, want)
		}
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		c            Compliance
		target, want float64
	}{
		"untouched":    {Compliance{100, 100}, 0.9, 1},
		"half":         {Compliance{100, 95}, 0.9, 0.5},
		"spent":        {Compliance{100, 90}, 0.9, 0},
		"overspent":    {Compliance{100, 80}, 0.9, -1},
		"unmeasured":   {Compliance{}, 0.9, 1},
		"no budget":    {Compliance{100, 99}, 1, -1},
		"nothing good": {Compliance{1000, 0}, 0.999, -99},
	} {
		if got := tc.c.BudgetLeft(tc.target); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%s: %v left, want %v", name, got, tc.want)
		}
	}
}

func TestStand(t *testing.T) {
	t.Parallel()
	const objective = 24 * time.Hour
	now := hour(20)
	for name, tc := range map[string]struct {
		objective    time.Duration
		newest, next time.Time
		underway     bool
		want         Standing
	}{
		"no objective":                   {0, time.Time{}, time.Time{}, false, NoObjective},
		"the next run is in time":        {objective, hour(0), hour(24), false, Within},
		"the next run is too late":       {objective, hour(0), hour(25), false, AtRisk},
		"too late, but one is under way": {objective, hour(0), hour(25), true, Within},
		"never again":                    {objective, hour(0), time.Time{}, false, AtRisk},
		"too old":                        {objective, hour(-5), hour(21), true, Breached},
	} {
		if got := Stand(tc.objective, tc.newest, now, tc.next, tc.underway); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
