package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
)

// Report is a finished report.
type Report struct {
	Kind         Kind
	Title        string
	Installation string
	From, To     time.Time // the period; a report on the present has From = To
	MadeAt       time.Time
	By           string // how rows are grouped, as in --by; "" for kinds that have their own rows
	Figures      []Figure
	Charts       []Chart
	Tables       []Table // the first is the report, the others explain it
	Notes        []string
}

// Figure is a number to read first.
type Figure struct {
	Name  string // stable, for programs
	Title string
	Value Value
	Tone  Tone
}

// Tone says whether something is as it should be.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Good    Tone = "good"
	Warning Tone = "warning"
	Bad     Tone = "bad"
)

// Table is rows under columns that are the same in every report of a kind.
type Table struct {
	Name    string // stable, for --table and JSON
	Title   string
	Columns []Column
	Rows    [][]any // of the type the column's Type says; nil where there is nothing to say
	// Left is how many rows there were beyond those kept.
	Left int
}

// Column is one column of a table.
type Column struct {
	Name string // in CSV and JSON
	Type Type
	Doc  string
}

// Type says what the values of a column are and how they are written.
type Type string

// The types. In CSV and JSON a time is RFC 3339, a duration a number of seconds, a share a
// number from 0 to 1, and money a number of US dollars.
const (
	Text     Type = "text"     // string
	Count    Type = "count"    // int64
	Bytes    Type = "bytes"    // int64
	Duration Type = "duration" // time.Duration
	Share    Type = "share"    // float64
	Time     Type = "time"     // time.Time
	Money    Type = "money"    // float64
	Outcome  Type = "outcome"  // string, drawn by what it says: see OutcomeTone
)

// Value is one value with its type.
type Value struct {
	Type Type
	Is   any
}

// Chart is a picture of some of the numbers.
type Chart struct {
	Title  string
	Shape  Shape
	Labels []string // of the bars
	Series []Series
	Type   Type // of the values
}

// Shape is how a chart is drawn.
type Shape string

// The shapes.
const (
	Columns Shape = "columns" // stacked upright bars, over time
	Bars    Shape = "bars"    // stacked lying bars, by name
	Line    Shape = "line"    // a line a series, over time
)

// Series are the values of one colour, one per label.
type Series struct {
	Name   string
	Tone   Tone
	Dashed bool // a forecast
	Values []float64
}

// Kind names what a report is about.
type Kind string

// Description tells of a kind of report: what `holdfast report` lists and docs/reports.md
// has.
type Description struct {
	Kind    Kind
	Title   string
	Doc     string        // one or two sentences
	Grouped bool          // --by says what the rows are
	Present bool          // tells of the present rather than of a period
	Span    time.Duration // of the period when nothing else is said
	Tables  []Table
}

// Find returns the description of the kind called name; ok is false when there is none.
func Find(name string) (d Description, ok bool) {
	i := slices.IndexFunc(Kinds(), func(d Description) bool { return string(d.Kind) == name })
	if i < 0 {
		return Description{}, false
	}
	return Kinds()[i], true
}

// TableNames lists the tables of a kind.
func (d Description) TableNames() []string {
	names := make([]string, len(d.Tables))
	for i, t := range d.Tables {
		names[i] = t.Name
	}
	return names
}

// Names lists the kinds.
func Names() []string {
	names := make([]string, 0, len(Kinds()))
	for _, d := range Kinds() {
		names = append(names, string(d.Kind))
	}
	return names
}

// Table returns the report's table of that name; "" is the first one.
func (r Report) Table(name string) (Table, error) {
	var names []string
	for _, t := range r.Tables {
		if t.Name == name || name == "" {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Table{}, fmt.Errorf("report %s has no table %q: it has %s", r.Kind, name, strings.Join(names, ", "))
}

// ParseGrouping reads what --by takes: account, unit, plan or tag=KEY. units is the
// innermost unit of each account.
func ParseGrouping(by string, units map[string]string) (catalog.Grouping, error) {
	switch by {
	case string(catalog.ByAccount), string(catalog.ByPlan):
		return catalog.Grouping{By: catalog.Dimension(by)}, nil
	case string(catalog.ByUnit):
		if len(units) == 0 {
			return catalog.Grouping{}, fmt.Errorf("the configuration puts no account into a unit: set aws.accounts.units, or group by account, plan or tag=KEY")
		}
		return catalog.Grouping{By: catalog.ByUnit, Units: units}, nil
	}
	if key, ok := strings.CutPrefix(by, "tag="); ok && key != "" && len(key) <= maxTagKey {
		return catalog.Grouping{By: catalog.ByTag, Tag: key}, nil
	}
	return catalog.Grouping{}, fmt.Errorf("%q is no way to group: use account, unit, plan or tag=KEY", by)
}

// maxTagKey is the length of the longest tag key.
// Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
const maxTagKey = 128
