package dashboard

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"holdfast/report"
	"holdfast/report/format"
	"holdfast/report/scheduled"
	"holdfast/web/frame"
)

// reportsPage is the data of reports.html.
type reportsPage struct {
	frame.Page
	Filter *filter
	Kinds  []report.Description
	Kind   *report.Description // nil: none is chosen
	// File is the address of the report's page by itself, JSON that of its data.
	File, JSON string
	Tables     []tableLink
	Schedules  []scheduled.Status
}

// tableLink leads to one table as CSV.
type tableLink struct{ Title, Address string }

// reports serves the choice of a report and shows the one that is chosen.
func (d *Dashboard) reports(w http.ResponseWriter, r *http.Request) error {
	page := reportsPage{Page: d.Frame.Page(r, "Reports"), Kinds: report.Kinds()}
	page.Wide = true
	page.Filter = filterOf(r, page.Now)
	schedules, err := d.Reports.Schedules(r.Context())
	if err != nil {
		return err
	}
	page.Schedules = schedules
	if page.Filter.text("kind") != "" {
		d.choose(&page)
	}
	return d.render(w, "reports.html", page)
}

// choose fills in the page of a report, or what is wrong with the wish for it.
func (d *Dashboard) choose(page *reportsPage) {
	wish := wishOf(page.Filter)
	for _, fault := range d.Reports.Check(wish) {
		page.Filter.bad(fault.Field, "%s", fault.Message)
	}
	if len(page.Filter.Wrong) > 0 {
		return
	}
	kind, _ := report.Find(wish.Kind)
	page.Kind = &kind
	page.File = fileAddress(page.Filter, format.HTML, "")
	page.JSON = fileAddress(page.Filter, format.JSON, "")
	for _, t := range kind.Tables {
		page.Tables = append(page.Tables, tableLink{t.Title, fileAddress(page.Filter, format.CSV, t.Name)})
	}
}

func wishOf(f *filter) report.Wish {
	return report.Wish{Kind: f.text("kind"), From: f.instant("from"), To: f.instant("to"), By: f.text("by")}
}

// fileAddress is where the report a filter chooses is in another shape.
func fileAddress(f *filter, shape, table string) string {
	q := url.Values{"format": {shape}}
	if table != "" {
		q.Set("table", table)
	}
	for _, name := range []string{"from", "to", "by"} {
		if value := f.Value(name); value != "" {
			q.Set(name, value)
		}
	}
	return "/reports/" + url.PathEscape(f.Value("kind")) + "?" + q.Encode()
}

// reportPolicy is the content security policy of a report by itself: its own style, no
// scripts, nothing from elsewhere; our pages may show it inside.
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// reportFile serves one report as a page by itself, or as a file to keep.
func (d *Dashboard) reportFile(w http.ResponseWriter, r *http.Request) error {
	f := filterOf(r, d.Clock.Now())
	f.values.Set("kind", r.PathValue("kind"))
	shape := f.text("format")
	if shape == "" {
		shape = format.HTML
	}
	if !slices.Contains(format.Names(), shape) {
		return badRequest{fmt.Sprintf("%.40q is none of %s.", shape, strings.Join(format.Names(), ", "))}
	}
	wish := wishOf(f)
	for _, fault := range d.Reports.Check(wish) {
		f.bad(fault.Field, "%s", fault.Message)
	}
	for _, field := range []string{"kind", "from", "to", "by"} {
		if text := f.Wrong[field]; text != "" {
			return badRequest{field + ": " + text}
		}
	}
	made, err := d.Reports.Make(r.Context(), wish)
	if err != nil {
		return err
	}
	if _, err := made.Table(f.text("table")); err != nil {
		return badRequest{err.Error()}
	}
	return writeReport(w, made, shape, f.text("table"))
}

// writeReport answers with the whole report, or with an error before anything is sent.
func writeReport(w http.ResponseWriter, made report.Report, shape, table string) error {
	var file bytes.Buffer
	if err := format.Write(&file, made, shape, table); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", format.MediaType(shape))
	h.Set("Content-Security-Policy", reportPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	if shape != format.HTML {
		name := strings.Trim(fmt.Sprintf("%s-%s-%s", made.Installation, made.Kind, table), "-")
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"."+shape))
	}
	_, _ = w.Write(file.Bytes())
	return nil
}
