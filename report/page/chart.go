package page

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"holdfast/report"
)

// The measures of a picture, in its own units.
const (
	width      = 1060.0
	plotHeight = 190.0
	axisWidth  = 64.0 // left of upright bars and lines
	legendRow  = 22.0
	barRow     = 24.0
	labelWidth = 230.0 // left of lying bars
	valueWidth = 90.0  // right of lying bars
	maxLabels  = 10    // below upright bars
	labelChars = 32
)

// draw returns a chart as inline SVG. Every text in it is escaped.
func draw(c report.Chart) template.HTML {
	d := &drawing{chart: c}
	switch c.Shape {
	case report.Bars:
		d.bars()
	case report.Line:
		d.lines()
	default:
		d.columns()
	}
	svg := fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>`, width, d.height, html.EscapeString(c.Title), d.out.String())
	return template.HTML(svg) //nolint:gosec // G203: every text was escaped
}

// drawing is a picture under way.
type drawing struct {
	chart  report.Chart
	out    strings.Builder
	height float64
}

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(&d.out, format, args...) }

func (d *drawing) text(x, y float64, anchor, class, text string) {
	d.add(`<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(text))
}

// class is the colour of a series.
func class(s report.Series, n int) string {
	if s.Tone != report.Neutral {
		return string(s.Tone)
	}
	return []string{"plain", "other"}[n%2]
}

// legend names the colours when there are several.
func (d *drawing) legend() float64 {
	if len(d.chart.Series) < 2 {
		return 8
	}
	x := 0.0
	for i, s := range d.chart.Series {
		d.add(`<rect class="%s" x="%.1f" y="3" width="11" height="11" rx="2"/>`, class(s, i), x)
		d.text(x+16, 13, "start", "label", s.Name)
		x += 34 + 6.6*float64(len(s.Name))
	}
	return legendRow + 6
}

// value writes a number of the chart's type.
func (d *drawing) value(v float64) string {
	switch d.chart.Type {
	case report.Count, report.Bytes:
		return report.Value{Type: d.chart.Type, Is: int64(math.Round(v))}.String()
	default:
		return report.Value{Type: d.chart.Type, Is: v}.String()
	}
}

// totals are the sums of the stacked values.
func totals(c report.Chart) []float64 {
	sums := make([]float64, len(c.Labels))
	for _, s := range c.Series {
		for i, v := range s.Values {
			sums[i] += v
		}
	}
	return sums
}

// ceiling is a round number at or above the largest value.
func ceiling(values []float64, whole bool) float64 {
	most := maxOf(values)
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, factor := range []float64{1, 2, 3, 4, 5, 6, 8, 10} {
		if top := factor * step; top >= most && (!whole || top >= 2) {
			return top
		}
	}
	return 10 * step
}

// grid draws lines across the plot with their values.
func (d *drawing) grid(top, most float64) {
	parts := 4
	if d.chart.Type == report.Count && most < 4 {
		parts = int(most)
	}
	for i := range parts + 1 {
		y := top + plotHeight - plotHeight*float64(i)/float64(parts)
		d.add(`<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, axisWidth, y, width, y)
		d.text(axisWidth-8, y+4, "end", "", d.value(most*float64(i)/float64(parts)))
	}
}

// below names some of the columns.
func (d *drawing) below(top, step float64) {
	every := (len(d.chart.Labels) + maxLabels - 1) / maxLabels
	for i, label := range d.chart.Labels {
		if i%every == 0 && axisWidth+step*(float64(i)+.5) < width-30 {
			d.text(axisWidth+step*(float64(i)+.5), top+plotHeight+18, "middle", "", label)
		}
	}
	d.height = top + plotHeight + 28
}

// columns draws stacked upright bars.
func (d *drawing) columns() {
	c := d.chart
	top := d.legend()
	most := ceiling(totals(c), c.Type == report.Count)
	d.grid(top, most)
	step := (width - axisWidth) / float64(len(c.Labels))
	bar := min(step*.82, 40)
	for i, label := range c.Labels {
		y := top + plotHeight
		for n, s := range c.Series {
			high := plotHeight * s.Values[i] / most
			if high <= 0 {
				continue
			}
			high = max(high, 1)
			y -= high
			d.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %s %s</title></rect>`,
				class(s, n), axisWidth+step*float64(i)+(step-bar)/2, y, bar, high, html.EscapeString(label), d.value(s.Values[i]), html.EscapeString(s.Name))
		}
	}
	d.below(top, step)
}

// bars draws stacked lying bars, each with its name and sum.
func (d *drawing) bars() {
	c := d.chart
	top := d.legend()
	sums := totals(c)
	most := maxOf(sums)
	if c.Type == report.Share {
		most = 1
	}
	room := width - labelWidth - valueWidth
	for i, label := range c.Labels {
		y, x := top+barRow*float64(i), labelWidth
		d.text(labelWidth-10, y+15, "end", "label", clip(label))
		for n, s := range c.Series {
			long := room * s.Values[i] / most
			if long <= 0 {
				continue
			}
			long = max(long, 1.5)
			d.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="16" rx="2"><title>%s: %s %s</title></rect>`,
				class(s, n), x, y+3, long, html.EscapeString(label), d.value(s.Values[i]), html.EscapeString(s.Name))
			x += long
		}
		d.text(x+8, y+15, "start", "", d.value(sums[i]))
	}
	d.height = top + barRow*float64(len(c.Labels)) + 4
}

// maxOf returns the largest value, 1 when none is above 0.
func maxOf(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	if most <= 0 {
		return 1
	}
	return most
}

// clip shortens a label from the front: the ends of names differ.
func clip(label string) string {
	runes := []rune(label)
	if len(runes) <= labelChars {
		return label
	}
	return "…" + string(runes[len(runes)-labelChars+1:])
}

// lines draws a line a series.
func (d *drawing) lines() {
	c := d.chart
	top := d.legend()
	var all []float64
	for _, s := range c.Series {
		all = append(all, s.Values...)
	}
	most := ceiling(all, c.Type == report.Count)
	d.grid(top, most)
	step := (width - axisWidth) / float64(max(len(c.Labels), 1))
	for n, s := range c.Series {
		var points []string
		for i, v := range s.Values {
			if !math.IsNaN(v) {
				points = append(points, fmt.Sprintf("%.1f,%.1f", axisWidth+step*(float64(i)+.5), top+plotHeight-plotHeight*v/most))
			}
		}
		dashed := ""
		if s.Dashed {
			dashed = " dashed"
		}
		d.add(`<polyline class="%s%s" points="%s"/>`, class(s, n), dashed, strings.Join(points, " "))
	}
	d.below(top, step)
}

// columnTitle is a column's name for people.
func columnTitle(c report.Column) string {
	switch c.Name {
	case "p50":
		return "median"
	case "p90":
		return "90 % within"
	case "p99":
		return "99 % within"
	}
	return strings.ReplaceAll(c.Name, "_", " ")
}
