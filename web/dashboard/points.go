package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
	"holdfast/web/frame"
)

// pointsPage is the data of points.html.
type pointsPage struct {
	frame.Page
	Filter  *filter
	Points  []catalog.RecoveryPoint
	Holds   map[string][]catalog.Hold
	Tabs    []pointTab
	Pager   pager
	States  []catalog.PointState
	Kinds   []resource.Kind
	Engines []driver.Engine
}

type pointTab struct {
	Title, Link string
	Count       int
	Known       bool // they have been counted
	Current     bool
}

var pointStates = []catalog.PointState{catalog.Available, catalog.Expiring, catalog.Deleted}

// pointsLink leads to the points of a resource begun in a period.
func pointsLink(arn string, from, to time.Time) string {
	return "/points?" + url.Values{"resource": {arn}, "since": {from.Format(time.RFC3339)}, "until": {to.Format(time.RFC3339)}}.Encode()
}

// points serves the list of recovery points.
func (d *Dashboard) points(w http.ResponseWriter, r *http.Request) error {
	page := pointsPage{
		Page: d.live(r, "Recovery points"), Holds: map[string][]catalog.Hold{},
		States: pointStates, Kinds: resource.Kinds(), Engines: driver.Engines(),
	}
	page.Filter = filterOf(r, page.Now)
	f := page.Filter.pointFilter()
	if len(page.Filter.Wrong) == 0 {
		found, err := d.Catalog.SearchPoints(r.Context(), f)
		switch {
		case errors.Is(err, catalog.ErrNotFound):
			page.Filter.bad("after", "the page before ended with a point that is gone: begin again")
		case err != nil:
			return err
		}
		page.Points, page.Pager = found.Points, page.Filter.pager("/points", found.More)
		ids := make([]string, len(page.Points))
		for i, p := range page.Points {
			ids[i] = p.ID
		}
		if page.Holds, err = d.Catalog.HoldsOf(r.Context(), ids); err != nil {
			return err
		}
	}
	counts, known := soon(r.Context(), d.answers.points)
	for _, state := range pointStates {
		page.Tabs = append(page.Tabs, pointTab{string(state), "/points?state=" + string(state), counts[state], known, page.Filter.Has("state", string(state))})
	}
	return d.render(w, "points.html", page)
}

func (f *filter) pointFilter() catalog.PointFilter {
	return catalog.PointFilter{
		States: choices(f, "state", pointStates), Kinds: choices(f, "kind", resource.Kinds()), Engines: choices(f, "engine", driver.Engines()),
		Account: f.account("account"), Region: f.text("region"), ResourceARN: f.text("resource"),
		Plan: f.text("plan"), Rule: f.text("rule"), Vault: f.text("vault"), ChainID: strings.ToLower(f.text("chain")),
		Held: f.Value("held") != "", Text: f.text("q"), Since: f.instant("since"), Until: f.instant("until"),
		After: strings.ToLower(f.text("after")), Limit: pageRows,
	}
}

// pointPage is the data of point.html.
type pointPage struct {
	frame.Page
	Point    catalog.RecoveryPoint
	Holds    []catalog.Hold
	Chain    []catalog.RecoveryPoint // the point and its copies
	Events   []catalog.Event
	Jobs     []catalog.Job // that copy, restore or delete it
	Restores bool          // its kind can be restored
	Last     bool          // it is the last good one where it lies
	ColdAt   time.Time     // when it moves to cold storage; zero: never, or its job is forgotten
	Wrong    map[string]string
	Legal    bool // somebody holds it
	HoldName string
}

// point serves the page of one recovery point.
func (d *Dashboard) point(w http.ResponseWriter, r *http.Request) error {
	page, err := d.readPoint(r)
	if err != nil {
		return err
	}
	return d.render(w, "point.html", page)
}

func (d *Dashboard) readPoint(r *http.Request) (page pointPage, err error) {
	ctx := r.Context()
	p, err := d.Catalog.Point(ctx, strings.ToLower(r.PathValue("id")))
	if err != nil {
		return page, err
	}
	page = pointPage{Page: d.live(r, "Recovery point of "+frame.ResourceName(p.ResourceARN)), Point: p, Wrong: map[string]string{}}
	if page.Chain, err = d.Catalog.ListPoints(ctx, catalog.PointFilter{ChainID: p.ChainID, Limit: maxChain}); err != nil {
		return page, err
	}
	slices.Reverse(page.Chain)
	if page.Events, err = d.Catalog.Events(ctx, catalog.EventFilter{PointID: p.ID, Limit: maxTimeline}); err != nil {
		return page, err
	}
	if page.Jobs, err = d.Catalog.ListJobs(ctx, catalog.JobFilter{PointID: p.ID, Limit: shownJobs}); err != nil {
		return page, err
	}
	maker, err := d.Catalog.Job(ctx, p.ID)
	if err == nil && maker.Spec.ColdAfter > 0 {
		page.ColdAt = p.CreatedAt.AddDate(0, 0, maker.Spec.ColdAfter)
	}
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return page, err
	}
	holds, err := d.Catalog.HoldsOf(ctx, []string{p.ID})
	if err != nil {
		return page, err
	}
	page.Holds = holds[p.ID]
	page.Legal = slices.ContainsFunc(page.Holds, func(h catalog.Hold) bool { return h.Kind == catalog.HoldLegal })
	others, err := d.Catalog.ListPoints(ctx, catalog.PointFilter{
		ResourceARN: p.ResourceARN, Account: p.Account, Region: p.Region, States: []catalog.PointState{catalog.Available}, Limit: 2,
	})
	page.Last = p.State == catalog.Available && len(others) == 1
	if drv, ok := d.Drivers.For(p.Kind, p.Engine); ok {
		_, page.Restores = drv.(driver.Restorer)
	}
	return page, err
}
