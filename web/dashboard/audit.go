package dashboard

import (
	"net/http"
	"strconv"
	"strings"

	"holdfast/catalog"
	"holdfast/web/frame"
)

// auditPage is the data of audit.html.
type auditPage struct {
	frame.Page
	Filter *filter
	Events []catalog.Event
	Pager  pager
	Types  []string
}

// eventTypes are the sorts of history the filter offers; any other type may be written
// into the address.
var eventTypes = []string{"job", "point", "hold", "cap", "fire", "breaker"}

// audit serves the history, newest first.
func (d *Dashboard) audit(w http.ResponseWriter, r *http.Request) error {
	page := auditPage{Page: d.live(r, "Audit"), Types: eventTypes}
	page.Filter = filterOf(r, page.Now)
	f := catalog.EventSearch{
		Type: page.Filter.text("type"), Actor: page.Filter.text("actor"), Text: page.Filter.text("q"),
		JobID: strings.ToLower(page.Filter.text("job")), PointID: strings.ToLower(page.Filter.text("point")),
		Until: page.Filter.instant("until"), Before: page.Filter.number("after"), Limit: 2 * pageRows,
	}
	if len(page.Filter.Wrong) == 0 {
		found, err := d.Catalog.SearchEvents(r.Context(), f)
		if err != nil {
			return err
		}
		page.Events = found.Events
		if found.Next > 0 {
			page.Pager.Next = page.Filter.with("/audit", "after", strconv.FormatInt(found.Next, 10))
		}
		if !found.Searched.IsZero() {
			page.Pager.Searched = frame.Stamp(found.Searched)
		}
	}
	return d.render(w, "audit.html", page)
}

// number reads a number that is not negative.
func (f *filter) number(name string) int64 {
	value := f.text(name)
	if value == "" {
		return 0
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		f.bad(name, "write a whole number")
		return 0
	}
	return n
}

// queues serves the queue browser inside the frame.
func (d *Dashboard) queues(w http.ResponseWriter, r *http.Request) error {
	page := d.Frame.Page(r, "Queues")
	page.Wide = true
	return d.render(w, "queues.html", page)
}
