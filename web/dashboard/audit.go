package dashboard

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

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
	Seals  *seals // nil: they cannot be read just now
}

// seals say how much of the history is sealed.
type seals struct {
	Last     catalog.Seal // the newest; Number 0: there is none
	Unsealed time.Time    // of the oldest event that has no seal; zero: all have one
}

// sealsLate is how old an event may be without a seal: the leader seals every few seconds.
const sealsLate = 5 * time.Minute

// Late reports whether events wait for a seal longer than they should.
func (s seals) Late(now time.Time) bool {
	return !s.Unsealed.IsZero() && now.Sub(s.Unsealed) > sealsLate
}

// Sealed reports whether an event is in the sealed part.
func (p auditPage) Sealed(e catalog.Event) bool { return p.Seals != nil && e.Seq <= p.Seals.Last.Last }

func (d *Dashboard) readSeals(ctx context.Context) (s seals, err error) {
	if s.Last, err = d.Catalog.LastSeal(ctx); err != nil {
		return s, err
	}
	s.Last.Roll = "" // long, and of no use here
	s.Unsealed, err = d.Catalog.OldestUnsealed(ctx)
	return s, err
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
	if state, known := soon(r.Context(), d.answers.seals); known {
		page.Seals = &state
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
