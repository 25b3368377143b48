package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/report/cost"
)

// Cost is the kind of the report on storage and its cost.
const Cost Kind = "cost"

// forecastMonths is how far the forecast looks.
const forecastMonths = 12

func costKind() Description {
	return Description{
		Kind: Cost, Title: "Storage and cost, an estimate", Present: true,
		Doc: "What recovery points take and may cost per plan, with a forecast. Always an estimate: sizes are those AWS told, prices come from a file.",
		Tables: []Table{
			{Name: "plans", Title: "Plans", Columns: []Column{
				{"plan", Text, "name of the plan; `-`: what somebody asked for"},
				{"points", Count, "recovery points that can be restored, copies too"},
				{"bytes", Bytes, "their size as AWS told it; snapshots share blocks, so that is more than AWS bills"},
				{"month", Money, "estimated cost of a month as it is now, US dollars"},
				{"in_3_months", Money, "the same in three months"},
				{"in_6_months", Money, "in six months"},
				{"in_12_months", Money, "in twelve months"},
			}},
			{Name: "details", Title: "By plan, kind and region", Columns: []Column{
				{"plan", Text, "name of the plan; `-`: what somebody asked for"},
				{"kind", Text, "kind of the resources"},
				{"region", Text, "where the points lie"},
				{"points", Count, "recovery points that can be restored"},
				{"bytes", Bytes, "their size"},
				{"gib_month", Money, "price of a GiB for a month, rounded to cents here; empty: the file has none"},
				{"month", Money, "estimated cost of a month as it is now"},
				{"added", Bytes, "size of the points begun in the last 30 days, or since the first point"},
				{"lives", Duration, "how long these are kept on average; empty: for ever, or there are none"},
			}},
			{Name: "forecast", Title: "Forecast", Columns: []Column{
				{"at", Time, "moment of the forecast; the first is the present"},
				{"bytes", Bytes, "size of all points then"},
				{"month", Money, "estimated cost of a month then"},
			}},
		},
	}
}

func makeCost(ctx context.Context, src Source, _ Request, r *Report) error {
	oldest, err := src.Store.OldestPoint(ctx)
	if err != nil {
		return err
	}
	observed := min(src.Now.Sub(oldest), cost.Window)
	storage, err := src.Store.Storage(ctx, cost.Horizons(src.Now, forecastMonths), src.Now.Add(-observed))
	if err != nil {
		return err
	}
	lines := cost.Estimate(storage, src.Prices, observed)
	sums, all := costSums(lines)
	r.Tables = fill(Cost, planCells(sums), detailCells(lines), forecastCells(src.Now, all))
	r.Figures = []Figure{
		{"points", "Recovery points", Value{Count, all.points}, Neutral},
		{"bytes", "Size", Value{Bytes, int64(all.bytes[0])}, Neutral},
		{"month", "A month now, estimated", Value{Money, all.dollars[0]}, Neutral},
		{"in_12_months", "A month in a year, estimated", Value{Money, all.dollars[forecastMonths]}, Neutral},
	}
	r.Charts = costCharts(src.Now, sums, all)
	r.Notes = append(r.Notes, costNotes(src.Prices, lines, observed)...)
	return nil
}

// costSum is the storage of one plan, or of everything, after each month.
type costSum struct {
	plan           string
	points         int64
	bytes, dollars []float64
}

func newCostSum(plan string) *costSum {
	return &costSum{plan: plan, bytes: make([]float64, forecastMonths+1), dollars: make([]float64, forecastMonths+1)}
}

func (s *costSum) add(l cost.Line) {
	s.points += l.Points
	for month := range s.bytes {
		s.bytes[month] += l.Bytes[month]
		s.dollars[month] += l.Dollars(month)
	}
}

// costSums sums lines by plan, in their order, and altogether.
func costSums(lines []cost.Line) (plans []*costSum, all *costSum) {
	all = newCostSum("")
	for _, l := range lines {
		if len(plans) == 0 || plans[len(plans)-1].plan != orDash(l.Plan) {
			plans = append(plans, newCostSum(orDash(l.Plan)))
		}
		plans[len(plans)-1].add(l)
		all.add(l)
	}
	return plans, all
}

func planCells(sums []*costSum) (rows [][]any) {
	for _, s := range sums {
		rows = append(rows, []any{s.plan, s.points, int64(s.bytes[0]), s.dollars[0], s.dollars[3], s.dollars[6], s.dollars[12]})
	}
	return rows
}

func detailCells(lines []cost.Line) (rows [][]any) {
	for _, l := range lines {
		row := []any{orDash(l.Plan), string(l.Kind), l.Region, l.Points, l.Left[0], nil, nil, l.Added, nil}
		if l.Priced {
			row[5], row[6] = l.GiBMonth, l.Dollars(0)
		}
		if l.AddedLife > 0 {
			row[8] = l.AddedLife
		}
		rows = append(rows, row)
	}
	return rows
}

func forecastCells(now time.Time, all *costSum) (rows [][]any) {
	for month, at := range cost.Horizons(now, forecastMonths) {
		rows = append(rows, []any{at, int64(all.bytes[month]), all.dollars[month]})
	}
	return rows
}

func costCharts(now time.Time, sums []*costSum, all *costSum) []Chart {
	line := Chart{Title: "A month's cost, estimated, and its forecast", Shape: Line, Type: Money, Series: []Series{{Name: "US dollars a month", Dashed: true, Values: all.dollars}}}
	for _, at := range cost.Horizons(now, forecastMonths) {
		line.Labels = append(line.Labels, at.UTC().Format("Jan 2006"))
	}
	sums = slices.Clone(sums)
	slices.SortStableFunc(sums, func(a, b *costSum) int { return cmp.Compare(b.dollars[0], a.dollars[0]) })
	sums = sums[:min(len(sums), maxBars)]
	bars := Chart{Title: "A month's cost by plan, estimated", Shape: Bars, Type: Money, Series: []Series{{Name: "US dollars a month"}}}
	for _, s := range sums {
		bars.Labels = append(bars.Labels, s.plan)
		bars.Series[0].Values = append(bars.Series[0].Values, s.dollars[0])
	}
	return []Chart{line, bars}
}

func costNotes(prices cost.Prices, lines []cost.Line, observed time.Duration) []string {
	from := "your price file, as of " + prices.AsOf
	if prices.Default {
		from = "list prices of AWS for US East (N. Virginia) written down as of " + prices.AsOf + "; replace them with --prices"
	}
	notes := []string{
		"This is an estimate, not a bill: AWS bills snapshots by the blocks that changed, and cold storage, transfer, requests, free allowances and discounts are not in it. Prices are " + from + ".",
		fmt.Sprintf("The forecast lets what exists go when its lifecycle ends, and adds every day as much as in the last %s, kept as long.", durationText(max(observed, 24*time.Hour))),
	}
	if slices.ContainsFunc(lines, func(l cost.Line) bool { return !l.Priced && l.Points > 0 }) {
		notes = append(notes, "Some storage has no price in the file and costs nothing here: see the details without a price.")
	}
	return notes
}
