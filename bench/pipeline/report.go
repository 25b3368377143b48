package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// document is everything one run found.
type document struct {
	Machine   machine `json:"machine"`
	Jobs      int     `json:"jobs"`
	Resources int     `json:"resources"`
	Rounds    int     `json:"rounds"` // figures are medians of these
	Results   results `json:"results"`
}

// machine is where it ran.
type machine struct {
	CPUs int    `json:"cpus"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	Go   string `json:"go"`
}

// results are sections by name, section figures by name.
type (
	results map[string]section
	section map[string]figure
)

// figure is one number with its unit and, where there is one, its aim.
type figure struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Aim   *aim    `json:"aim,omitempty"`
	Met   *bool   `json:"met,omitempty"`
}

// aim is a bound; exactly one of its fields is set.
type aim struct {
	AtLeast float64 `json:"at_least,omitempty"`
	AtMost  float64 `json:"at_most,omitempty"`
}

func (a aim) String() string {
	if a.AtLeast > 0 {
		return fmt.Sprintf(">= %g", a.AtLeast)
	}
	return fmt.Sprintf("<= %g", a.AtMost)
}

func (a aim) met(value float64) bool {
	if a.AtLeast > 0 {
		return value >= a.AtLeast
	}
	return value <= a.AtMost
}

// The units.
const (
	perSecond = "jobs/s"
	ratio     = "ratio"
	bytesUnit = "bytes"
	callsUnit = "calls"
	cpuUnit   = "µs/job"
)

// plain is a figure without an aim.
func plain(value float64, unit string) figure { return figure{Value: value, Unit: unit} }

// aimed is a figure with one.
func aimed(value float64, unit string, a aim) figure {
	met := a.met(value)
	return figure{Value: value, Unit: unit, Aim: &a, Met: &met}
}

// against adds what part of another section's figure value is. Without that section in
// the run there is nothing to compare with.
func (s section) against(before results, other, name, as string, value float64, a *aim) {
	yardstick, ok := before[other][name]
	if !ok || yardstick.Value == 0 {
		return
	}
	s[as] = plain(value/yardstick.Value, ratio)
	if a != nil {
		s[as] = aimed(value/yardstick.Value, ratio, *a)
	}
}

// medians returns the median of every figure over the rounds. All rounds have the same
// figures.
func medians(rounds []results) results {
	merged := results{}
	for name, first := range rounds[0] {
		merged[name] = section{}
		for key, f := range first {
			values := make([]float64, len(rounds))
			for i, r := range rounds {
				values[i] = r[name][key].Value
			}
			slices.Sort(values)
			f.Value = (values[(len(values)-1)/2] + values[len(values)/2]) / 2
			if f.Aim != nil {
				f = aimed(f.Value, f.Unit, *f.Aim)
			}
			merged[name][key] = f
		}
	}
	return merged
}

func (d document) writeText(w io.Writer) error {
	fmt.Fprintf(w, "%d CPUs, %s/%s, %s; %d jobs, %d resources, median of %d\n\n",
		d.Machine.CPUs, d.Machine.OS, d.Machine.Arch, d.Machine.Go, d.Jobs, d.Resources, d.Rounds)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "measurement\tfigure\tvalue\tunit\taim\t")
	for _, name := range slices.SortedFunc(maps.Keys(d.Results), byOrder) {
		for _, key := range slices.Sorted(maps.Keys(d.Results[name])) {
			f := d.Results[name][key]
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t\n", name, key, f.number(), f.Unit, f.verdict())
		}
	}
	return tw.Flush()
}

// byOrder sorts sections as they were measured.
func byOrder(a, b string) int {
	return cmp.Compare(slices.Index(names(), a), slices.Index(names(), b))
}

func (f figure) number() string {
	if f.Unit == perSecond || f.Unit == bytesUnit {
		return fmt.Sprintf("%.0f", f.Value)
	}
	return fmt.Sprintf("%.2f", f.Value)
}

// verdict says what the aim is and whether it is met.
func (f figure) verdict() string {
	switch {
	case f.Aim == nil:
		return ""
	case *f.Met:
		return f.Aim.String() + " met"
	default:
		return f.Aim.String() + " MISSED"
	}
}
