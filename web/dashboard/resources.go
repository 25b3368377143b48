package dashboard

import (
	"net/http"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/policy/posture"
	"holdfast/resource"
	"holdfast/web/frame"
)

// resourcesPage is the data of resources.html.
type resourcesPage struct {
	frame.Page
	Filter  *filter
	At      time.Time // of the judgement
	Tabs    []statusTab
	Items   []protected
	Total   int
	Pager   pager
	Kinds   []resource.Kind
	Known   bool // the inventory has resources
	Working bool // they are being judged for the first time
}

// statusTab is a status with its resources.
type statusTab struct {
	Status      posture.Status
	Title, Link string
	Count       int
	Current     bool
}

// statusTitles are what people read.
var statusTitles = map[posture.Status]string{
	posture.Never: "Never backed up", posture.Missed: "Objective missed", posture.Unprotected: "No rule",
	posture.Unsupported: "Not possible", posture.Met: "Protected",
}

// resources serves the list of resources, those that need most first, or one of them.
func (d *Dashboard) resources(w http.ResponseWriter, r *http.Request) error {
	if arn := query(r, "arn"); arn != "" {
		return d.resource(w, r, arn)
	}
	page := resourcesPage{Page: d.live(r, "Resources"), Kinds: resource.Kinds()}
	page.Filter = filterOf(r, page.Now)
	f := resourceFilter{
		Status: one(choices(page.Filter, "status", posture.Statuses())), Kind: string(one(choices(page.Filter, "kind", resource.Kinds()))),
		Account: page.Filter.account("account"), Region: page.Filter.text("region"), Rule: page.Filter.text("rule"), words: strings.Fields(strings.ToLower(page.Filter.text("q"))),
	}
	all, err := d.postures(r.Context())
	if err != nil {
		return err
	}
	page.At, page.Known, page.Working = all.At, len(all.Items) > 0, all.Working
	if len(page.Filter.Wrong) == 0 {
		var more bool
		page.Items, page.Total, more = all.page(f, page.Filter.text("after"), pageRows)
		if more {
			page.Pager.Next = page.Filter.with("/resources", "after", page.Items[len(page.Items)-1].ARN)
		}
	}
	for _, status := range posture.Statuses() {
		page.Tabs = append(page.Tabs, statusTab{
			Status: status, Title: statusTitles[status], Link: page.Filter.with("/resources", "status", string(status)),
			Count: all.Counts[status], Current: f.Status == status,
		})
	}
	return d.render(w, "resources.html", page)
}

func one[T ~string](list []T) T {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// resourcePage is the data of resource.html.
type resourcePage struct {
	frame.Page
	Item    catalog.InventoryItem
	State   protected
	Known   bool // it is in the inventory
	Reasons []posture.Reason
	Points  []catalog.RecoveryPoint
	Jobs    []catalog.Job
	Days    []calendarDay
	Able    bool // it can be backed up now
	Reach   *reach
}

// Limits of what one resource's page shows.
const (
	maxResourcePoints = 1000
	shownPoints       = 20
	shownJobs         = 15
	calendarDays      = 56
)

// calendarDay is one day with the points begun on it.
type calendarDay struct {
	At     time.Time
	Points int
	Link   string
}

// resource serves one resource: how it is protected, by what, and from when it can be
// restored.
func (d *Dashboard) resource(w http.ResponseWriter, r *http.Request, arn string) error {
	if _, err := resource.ParseARN(arn); err != nil {
		return badRequest{"This address names no resource: " + err.Error()}
	}
	ctx := r.Context()
	page := resourcePage{Page: d.live(r, frame.ResourceName(arn))}
	item, err := d.Catalog.Resource(ctx, arn)
	page.Known = err == nil
	if page.Points, err = d.Catalog.ListPoints(ctx, catalog.PointFilter{
		ResourceARN: arn, States: []catalog.PointState{catalog.Available}, Limit: maxResourcePoints,
	}); err != nil {
		return err
	}
	if page.Jobs, err = d.Catalog.ListJobs(ctx, catalog.JobFilter{ResourceARN: arn, Limit: shownJobs}); err != nil {
		return err
	}
	if !page.Known && len(page.Points)+len(page.Jobs) == 0 {
		return catalog.ErrNotFound
	}
	if !page.Known {
		item = gone(arn, page.Points)
	}
	page.Item = item
	page.Reach = d.reachOf(item, page.Now)
	page.Able = page.Known && item.GoneAt.IsZero() && item.Unsupported == ""
	policies, err := d.answers.policies.Get(ctx)
	if err != nil {
		return err
	}
	left := pointsOf(page.Points)
	page.State = protected{ARN: arn, Name: item.Name, Points: left, Judgement: posture.New(policies.Set, page.Now).Look(item.Resource, left)}
	if item.Name != "" {
		page.Title = item.Name
	}
	page.Reasons = posture.Explain(policies.Set, item.Resource)
	page.Days = calendarOf(page.Points, page.Now, arn)
	page.Points = page.Points[:min(len(page.Points), shownPoints)]
	return d.render(w, "resource.html", page)
}

// gone describes a resource that is not in the inventory from what was recorded of it.
func gone(arn string, points []catalog.RecoveryPoint) catalog.InventoryItem {
	item := catalog.InventoryItem{Resource: resource.Resource{ARN: arn}}
	if len(points) > 0 {
		item.Resource = points[0].Source
		item.ARN, item.Kind, item.SeenAt = arn, points[0].Kind, points[0].CreatedAt
	}
	return item
}

// pointsOf sums up AVAILABLE points, newest first.
func pointsOf(points []catalog.RecoveryPoint) (p posture.Points) {
	p.Count = len(points)
	for _, point := range points {
		if point.CreatedAt.After(p.Last) {
			p.Last = point.CreatedAt
		}
		if point.ParentID != "" && point.CreatedAt.After(p.LastCopy) {
			p.LastCopy = point.CreatedAt
		}
	}
	return p
}

// calendarOf counts the points of each of the last days.
func calendarOf(points []catalog.RecoveryPoint, now time.Time, arn string) []calendarDay {
	const day = 24 * time.Hour
	today := now.Truncate(day)
	counts := map[time.Time]int{}
	for _, p := range points {
		counts[p.CreatedAt.Truncate(day)]++
	}
	days := make([]calendarDay, 0, calendarDays)
	for i := calendarDays - 1; i >= 0; i-- {
		at := today.Add(-time.Duration(i) * day)
		days = append(days, calendarDay{at, counts[at], pointsLink(arn, at, at.Add(day))})
	}
	return days
}
