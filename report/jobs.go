package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
)

// The kinds of job reports.
const (
	BackupJobs  Kind = "backup"
	CopyJobs    Kind = "copy"
	RestoreJobs Kind = "restore"
	ExpiryJobs  Kind = "expire"
)

// jobSpan is the period of a job report when nothing else is said: a night and a day.
const jobSpan = 24 * time.Hour

// Limits of a job report.
const (
	maxFailures = 100 // failed jobs that are listed
	maxBars     = 12  // groups in a chart
)

// jobKinds describes the job reports.
func jobKinds() []Description {
	tables := []Table{
		{Name: "groups", Title: "Jobs by group", Columns: groupColumns()},
		{Name: "classes", Title: "Why jobs failed", Columns: classColumns()},
		{Name: "timeline", Title: "When jobs were created", Columns: timelineColumns()},
		{Name: "failures", Title: "Newest jobs that did not complete", Columns: failureColumns()},
	}
	kind := func(k Kind, title, doc string) Description {
		return Description{Kind: k, Title: title, Doc: doc, Grouped: true, Span: jobSpan, Tables: tables}
	}
	return []Description{
		kind(BackupJobs, "Backup jobs", "What became of the backups that were created in the period: states, error classes, durations and the size of what they made."),
		kind(CopyJobs, "Copy jobs", "What became of the copies that were created in the period. The account is the destination's."),
		kind(RestoreJobs, "Restore jobs", "What became of the restores that were created in the period, and the size of the points they restored."),
		kind(ExpiryJobs, "Expiry jobs", "What became of the deletions that were created in the period, and the size of the points they deleted."),
	}
}

func groupColumns() []Column {
	return []Column{
		{"group", Text, "what --by groups by; `-` is none: no plan, unit or tag"},
		{"jobs", Count, "jobs that were created in the period"},
		{"completed", Count, "of these, COMPLETED"},
		{"partial", Count, "PARTIAL"},
		{"failed", Count, "FAILED"},
		{"expired", Count, "EXPIRED: the start window passed"},
		{"aborted", Count, "ABORTED"},
		{"open", Count, "CREATED, RUNNING or ABORTING now"},
		{"success", Share, "COMPLETED of all that have ended; empty when none has"},
		{"bytes", Bytes, "size of the points made, or worked on, as far as AWS told it"},
		{"p50", Duration, "median of how long AWS worked on COMPLETED jobs; percentiles are by nearest rank"},
		{"p90", Duration, "90th percentile"},
		{"p99", Duration, "99th percentile"},
		{"max", Duration, "the longest"},
	}
}

func classColumns() []Column {
	return []Column{
		{"class", Text, "error class of the last failure; `-`: none was recorded"},
		{"state", Text, "state of the jobs"},
		{"jobs", Count, "how many"},
		{"groups", Count, "in how many groups"},
		{"most", Text, "the group that has most of them"},
	}
}

func timelineColumns() []Column {
	return []Column{
		{"from", Time, "begin of the slot; slots divide the period evenly"},
		{"completed", Count, "jobs created in the slot that are COMPLETED"},
		{"ill", Count, "PARTIAL, FAILED, EXPIRED or ABORTED"},
		{"open", Count, "CREATED, RUNNING or ABORTING now"},
	}
}

func failureColumns() []Column {
	return []Column{
		{"job", Text, "id of the job"},
		{"state", Text, "its state"},
		{"class", Text, "error class"},
		{"created", Time, "when it was created"},
		{"account", Text, "its account"},
		{"region", Text, "its region"},
		{"resource", Text, "ARN of the resource"},
		{"message", Text, "what AWS or Holdfast said"},
	}
}

// Jobs is the part of the catalog job reports read.
type Jobs interface {
	catalog.Reports
	ListJobs(ctx context.Context, f catalog.JobFilter) ([]catalog.Job, error)
}

// jobFacts is everything a job report is made from.
type jobFacts struct {
	catalog.JobFigures
	slot     time.Duration
	failures []catalog.Job
}

// operationOf is the type of the jobs a report is about.
func operationOf(k Kind) driver.Operation { return driver.Operation(k) }

// gatherJobs asks the catalog.
func gatherJobs(ctx context.Context, store Jobs, q catalog.JobQuery) (f jobFacts, err error) {
	q.Slot = slotOf(q.From, q.To)
	f.slot = q.Slot
	if f.JobFigures, err = store.JobFigures(ctx, q); err != nil {
		return f, err
	}
	f.failures, err = store.ListJobs(ctx, catalog.JobFilter{
		Types: []driver.Operation{q.Type}, States: illStates(), Since: q.From, Until: q.To, Limit: maxFailures,
	})
	return f, err
}

func illStates() []catalog.State {
	return []catalog.State{catalog.Partial, catalog.Failed, catalog.Expired, catalog.Aborted}
}

// maxSlots is how many slots a timeline has at most.
const maxSlots = 60

// slotOf is the shortest of some round lengths that divides the period into few enough.
func slotOf(from, to time.Time) time.Duration {
	for _, slot := range []time.Duration{
		time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
		2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
	} {
		if to.Sub(from) <= maxSlots*slot {
			return slot
		}
	}
	return 30 * 24 * time.Hour
}

// jobReport turns the facts into tables and pictures.
func jobReport(r *Report, f jobFacts) {
	groups := groupRows(f)
	total := sumGroups(groups, f.Overall)
	r.Figures = jobFigures(total)
	r.Tables = fill(r.Kind, groupCells(groups), classCells(f.Totals), timelineCells(r.From, f), failureCells(f.failures))
	r.Charts = []Chart{timelineChart(r.From, r.To, f), groupChart(groups, r.By)}
	if charts := classChart(r.Tables[1]); len(charts.Labels) > 0 {
		r.Charts = append(r.Charts, charts)
	}
	if len(f.failures) == maxFailures {
		r.Notes = append(r.Notes, fmt.Sprintf("Only the newest %d jobs that did not complete are listed; `holdfast jobs list --type %s --state failed,expired,aborted,partial` has them all.", maxFailures, r.Kind))
	}
}

// fill puts rows into the tables of a kind.
func fill(kind Kind, rows ...[][]any) []Table {
	d, _ := Find(string(kind))
	tables := slices.Clone(d.Tables)
	for i := range tables {
		tables[i].Rows = rows[i]
	}
	return tables
}

// groupRow is one row of the main table.
type groupRow struct {
	name    string
	jobs    int64
	states  map[catalog.State]int64
	bytes   int64
	took    catalog.JobDuration
	hasTook bool
}

func (g *groupRow) open() int64 {
	return g.states[catalog.Created] + g.states[catalog.Running] + g.states[catalog.Aborting]
}

// success is the share of COMPLETED among what ended; nil when nothing did.
func (g *groupRow) success() any {
	ended := g.jobs - g.open()
	if ended == 0 {
		return nil
	}
	return float64(g.states[catalog.Completed]) / float64(ended)
}

func (g *groupRow) add(t catalog.JobTotal) {
	g.jobs += t.Jobs
	g.bytes += t.Bytes
	g.states[t.State] += t.Jobs
}

func groupRows(f jobFacts) []*groupRow {
	byName := map[string]*groupRow{}
	var rows []*groupRow
	for _, t := range f.Totals {
		row := byName[t.Group]
		if row == nil {
			row = &groupRow{name: t.Group, states: map[catalog.State]int64{}}
			byName[t.Group] = row
			rows = append(rows, row)
		}
		row.add(t)
	}
	for _, d := range f.Durations {
		if row := byName[d.Group]; row != nil { // a job may have been created between two queries
			row.took, row.hasTook = d, true
		}
	}
	slices.SortFunc(rows, func(a, b *groupRow) int { return strings.Compare(a.name, b.name) })
	return rows
}

func sumGroups(groups []*groupRow, overall catalog.JobDuration) *groupRow {
	total := &groupRow{states: map[catalog.State]int64{}}
	for _, g := range groups {
		total.jobs += g.jobs
		total.bytes += g.bytes
		for state, n := range g.states {
			total.states[state] += n
		}
	}
	total.took, total.hasTook = overall, overall.Jobs > 0
	return total
}

func groupCells(groups []*groupRow) [][]any {
	rows := make([][]any, len(groups))
	for i, g := range groups {
		row := []any{
			orDash(g.name), g.jobs, g.states[catalog.Completed], g.states[catalog.Partial], g.states[catalog.Failed],
			g.states[catalog.Expired], g.states[catalog.Aborted], g.open(), g.success(), g.bytes, nil, nil, nil, nil,
		}
		if g.hasTook {
			copy(row[10:], []any{g.took.P50, g.took.P90, g.took.P99, g.took.Max})
		}
		rows[i] = row
	}
	return rows
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
