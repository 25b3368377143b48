package dashboard

import (
	"errors"
	"net/http"
	"strings"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
	"holdfast/web/frame"
)

// jobsPage is the data of jobs.html.
type jobsPage struct {
	frame.Page
	Filter  *filter
	Jobs    []catalog.Job
	Counts  []stateCount
	Pager   pager
	States  []catalog.State
	Types   []driver.Operation
	Kinds   []resource.Kind
	Classes []failure.Class
	Engines []driver.Engine
	// Rare says that a field is used that most people leave alone.
	Rare bool
}

// stateCount is a tab: the jobs of all types in a state.
type stateCount struct {
	State   catalog.State
	Jobs    int
	Known   bool // they have been counted
	Link    string
	Current bool
}

var operations = []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire, driver.Archive}

// rareFields are behind "More filters".
var rareFields = []string{"id", "engine", "rule", "by", "resource", "point", "chain", "retry_of", "fire", "until"}

// jobFilter reads the filter of the page of jobs.
func (f *filter) jobFilter() catalog.JobFilter {
	text := f.text("q")
	if id := f.text("id"); id != "" {
		text = strings.TrimSpace(text + " " + id)
	}
	return catalog.JobFilter{
		Types: choices(f, "type", operations), States: choices(f, "state", catalog.States()),
		Kinds: choices(f, "kind", resource.Kinds()), Classes: choices(f, "class", failure.Classes()),
		Engines: choices(f, "engine", driver.Engines()),
		Account: f.account("account"), Region: f.text("region"), ResourceARN: f.text("resource"),
		Plan: f.text("plan"), Rule: f.text("rule"), CreatedBy: f.text("by"), RetryOf: strings.ToLower(f.text("retry_of")),
		ChainID: strings.ToLower(f.text("chain")), PointID: strings.ToLower(f.text("point")),
		FireAt: f.instant("fire"), Since: f.instant("since"), Until: f.instant("until"),
		Text: text, After: strings.ToLower(f.text("after")), Limit: pageRows,
	}
}

// jobs serves the list of jobs.
func (d *Dashboard) jobs(w http.ResponseWriter, r *http.Request) error {
	page := jobsPage{
		Page: d.live(r, "Jobs"), States: catalog.States(), Types: operations, Kinds: resource.Kinds(),
		Classes: failure.Classes(), Engines: driver.Engines(),
	}
	page.Filter = filterOf(r, page.Now)
	f := page.Filter.jobFilter()
	page.Rare = page.Filter.Any(rareFields...)
	if len(page.Filter.Wrong) == 0 {
		found, err := d.Catalog.SearchJobs(r.Context(), f)
		switch {
		case errors.Is(err, catalog.ErrNotFound):
			page.Filter.bad("after", "the page before ended with a job that is gone: begin again")
		case err != nil:
			return err
		}
		page.Jobs, page.Pager = found.Jobs, page.Filter.pager("/jobs", found.More)
	}
	counts, known := soon(r.Context(), d.answers.totals)
	page.Counts = tabsOf(counts, known, page.Filter)
	return d.render(w, "jobs.html", page)
}

// pager returns the end of a page.
func (f *filter) pager(path string, more catalog.More) (p pager) {
	if more.Next != "" {
		p.Next = f.with(path, "after", more.Next)
	}
	if !more.Searched.IsZero() {
		p.Searched = frame.Stamp(more.Searched)
	}
	return p
}

// tabsOf counts all jobs by state.
func tabsOf(counts map[driver.Operation]map[catalog.State]int, known bool, f *filter) []stateCount {
	list := make([]stateCount, 0, len(catalog.States()))
	for _, state := range catalog.States() {
		tab := stateCount{State: state, Known: known, Link: "/jobs?state=" + string(state), Current: len(f.values["state"]) == 1 && f.Has("state", string(state))}
		for _, byState := range counts {
			tab.Jobs += byState[state]
		}
		list = append(list, tab)
	}
	return list
}
