package report

import (
	"cmp"
	"slices"
	"time"

	"holdfast/catalog"
)

func jobFigures(total *groupRow) []Figure {
	ill := total.states[catalog.Partial] + total.states[catalog.Failed] + total.states[catalog.Expired] + total.states[catalog.Aborted]
	tone := Good
	if ill > 0 {
		tone = Bad
	}
	figures := []Figure{
		{"jobs", "Jobs", Value{Count, total.jobs}, Neutral},
		{"success", "Completed of those that ended", Value{Share, total.success()}, tone},
		{"ill", "Did not complete", Value{Count, ill}, tone},
		{"open", "Open", Value{Count, total.open()}, Neutral},
		{"bytes", "Size", Value{Bytes, total.bytes}, Neutral},
	}
	if total.hasTook {
		figures = append(figures,
			Figure{"p50", "Median duration", Value{Duration, total.took.P50}, Neutral},
			Figure{"p99", "99 % took at most", Value{Duration, total.took.P99}, Neutral})
	}
	return figures
}

// classKey is what a row of the table of classes is about.
type classKey struct {
	class string
	state catalog.State
}

func classCells(totals []catalog.JobTotal) [][]any {
	type found struct {
		jobs int64
		in   map[string]int64
	}
	byClass := map[classKey]*found{}
	for _, t := range totals {
		if !slices.Contains(illStates(), t.State) {
			continue
		}
		key := classKey{orDash(string(t.Class)), t.State}
		if byClass[key] == nil {
			byClass[key] = &found{in: map[string]int64{}}
		}
		byClass[key].jobs += t.Jobs
		byClass[key].in[t.Group] += t.Jobs
	}
	var rows [][]any
	for key, f := range byClass {
		rows = append(rows, []any{key.class, string(key.state), f.jobs, int64(len(f.in)), orDash(mostOf(f.in))})
	}
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(cmp.Compare(b[2].(int64), a[2].(int64)), cmp.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(string), b[1].(string)))
	})
	return rows
}

// mostOf returns the key with the largest number, the first by name of several.
func mostOf(counts map[string]int64) (most string) {
	first := true
	for name, n := range counts {
		if first || n > counts[most] || n == counts[most] && name < most {
			most, first = name, false
		}
	}
	return most
}

// slotCount is one row of the timeline.
type slotCount struct{ completed, ill, open int64 }

// timeline counts per slot, with the empty slots in between.
func timeline(f jobFacts, slots int) []slotCount {
	counts := make([]slotCount, slots)
	for _, s := range f.Slots {
		if s.Slot < 0 || s.Slot >= slots {
			continue
		}
		switch c := &counts[s.Slot]; {
		case s.State == catalog.Completed:
			c.completed += s.Jobs
		case s.State.Terminal():
			c.ill += s.Jobs
		default:
			c.open += s.Jobs
		}
	}
	return counts
}

// slotsOf is how many slots the period has.
func slotsOf(from, to time.Time, slot time.Duration) int {
	return int((to.Sub(from) + slot - 1) / slot)
}

// timelineCells leaves out the slots in which nothing was created.
func timelineCells(from time.Time, f jobFacts) [][]any {
	last := 0
	for _, s := range f.Slots {
		last = max(last, s.Slot+1)
	}
	var rows [][]any
	for i, c := range timeline(f, last) {
		if c != (slotCount{}) {
			rows = append(rows, []any{from.Add(time.Duration(i) * f.slot), c.completed, c.ill, c.open})
		}
	}
	return rows
}

func failureCells(jobs []catalog.Job) [][]any {
	rows := make([][]any, len(jobs))
	for i, j := range jobs {
		rows[i] = []any{j.ID, string(j.State), orDash(string(j.Class)), j.CreatedAt, j.Account, j.Region, j.ResourceARN, j.Message}
	}
	return rows
}

func timelineChart(from, to time.Time, f jobFacts) Chart {
	counts := timeline(f, slotsOf(from, to, f.slot))
	chart := Chart{Title: "Jobs by when they were created", Shape: Columns, Type: Count, Series: jobSeries(len(counts))}
	for i, c := range counts {
		chart.Labels = append(chart.Labels, slotLabel(from.Add(time.Duration(i)*f.slot), f.slot))
		chart.Series[0].Values[i] = float64(c.completed)
		chart.Series[1].Values[i] = float64(c.ill)
		chart.Series[2].Values[i] = float64(c.open)
	}
	return chart
}

func jobSeries(n int) []Series {
	return []Series{
		{Name: "completed", Tone: Good, Values: make([]float64, n)},
		{Name: "did not complete", Tone: Bad, Values: make([]float64, n)},
		{Name: "open", Tone: Neutral, Values: make([]float64, n)},
	}
}

// slotLabel names a slot as briefly as its length allows.
func slotLabel(at time.Time, slot time.Duration) string {
	if slot >= 24*time.Hour {
		return at.UTC().Format("Jan 2")
	}
	return at.UTC().Format("Jan 2 15:04")
}

// groupChart shows the groups with most jobs that did not complete, then with most jobs.
func groupChart(groups []*groupRow, by string) Chart {
	ill := func(g *groupRow) int64 { return g.jobs - g.open() - g.states[catalog.Completed] }
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b *groupRow) int {
		return cmp.Or(cmp.Compare(ill(b), ill(a)), cmp.Compare(b.jobs, a.jobs))
	})
	sorted = sorted[:min(len(sorted), maxBars)]
	chart := Chart{Title: "Jobs by " + by, Shape: Bars, Type: Count, Series: jobSeries(len(sorted))}
	if len(groups) > maxBars {
		chart.Title += ", those with most trouble"
	}
	for i, g := range sorted {
		chart.Labels = append(chart.Labels, orDash(g.name))
		chart.Series[0].Values[i] = float64(g.states[catalog.Completed])
		chart.Series[1].Values[i] = float64(ill(g))
		chart.Series[2].Values[i] = float64(g.open())
	}
	return chart
}

// classChart shows the table of classes.
func classChart(classes Table) Chart {
	chart := Chart{Title: "Why jobs did not complete", Shape: Bars, Type: Count, Series: []Series{{Name: "jobs", Tone: Bad}}}
	for _, row := range classes.Rows[:min(len(classes.Rows), maxBars)] {
		chart.Labels = append(chart.Labels, row[0].(string)+", "+row[1].(string))
		chart.Series[0].Values = append(chart.Series[0].Values, float64(row[2].(int64)))
	}
	return chart
}
