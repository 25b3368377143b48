package report

import (
	"fmt"
	"strings"
	"time"

	"holdfast/catalog"
)

// Wish is a report as somebody asks for it; what is empty gets the usual.
type Wish struct {
	Kind     string
	From, To time.Time
	By       string // account, unit, plan or tag=KEY
}

// Fault is what is wrong with one field of a wish: kind, from, to or by.
type Fault struct{ Field, Message string }

// MaxPeriod is the longest period a report is about: history is kept as long by default.
const MaxPeriod = 400 * 24 * time.Hour

// Request turns a wish into a request at now, or says everything that is wrong with it.
// units is the innermost unit of each account.
func (w Wish) Request(units map[string]string, now time.Time) (Request, []Fault) {
	kind, known := Find(w.Kind)
	if !known {
		return Request{}, []Fault{{"kind", fmt.Sprintf("%q is no kind of report: name one of %s", w.Kind, strings.Join(Names(), ", "))}}
	}
	req := Request{Kind: kind.Kind, From: w.From, To: w.To, By: w.By}
	faults := w.periodFaults(kind, now)
	if req.To.IsZero() {
		req.To = now
	}
	if req.From.IsZero() {
		req.From = req.To.Add(-kind.Span)
	}
	if faults == nil && !kind.Present && req.To.Sub(req.From) > MaxPeriod {
		faults = append(faults, Fault{"from", fmt.Sprintf("the period has %d days: a report is about %d at most", int(req.To.Sub(req.From).Hours()/24), int(MaxPeriod.Hours()/24))})
	}
	switch {
	case !kind.Grouped && w.By != "":
		faults = append(faults, Fault{"by", fmt.Sprintf("report %s has rows of its own: leave it out", kind.Kind)})
	case kind.Grouped:
		if req.By == "" {
			req.By = string(catalog.ByAccount)
		}
		var err error
		if req.Grouping, err = ParseGrouping(req.By, units); err != nil {
			faults = append(faults, Fault{"by", err.Error()})
		}
	}
	return req, faults
}

func (w Wish) periodFaults(kind Description, now time.Time) []Fault {
	switch {
	case kind.Present && !(w.From.IsZero() && w.To.IsZero()):
		return []Fault{{"from", fmt.Sprintf("report %s is about the present: leave from and to out", kind.Kind)}}
	case w.From.After(now):
		return []Fault{{"from", instantText(w.From) + " is in the future"}}
	case !w.To.IsZero() && !w.From.Before(w.To):
		return []Fault{{"from", fmt.Sprintf("%s is not before %s, the end of the period", instantText(w.From), instantText(w.To))}}
	}
	return nil
}

func instantText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
