package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/operator"
	"holdfast/resource"
	"holdfast/web/frame"
)

// The steps of a restore.
const (
	stepResource = iota
	stepPoint
	stepReview
)

// restorePage is the data of restore.html.
type restorePage struct {
	frame.Page
	Step   int
	Filter *filter
	// Resources to choose from, in the first step.
	Resources []protected
	ARN       string
	Points    []catalog.RecoveryPoint
	Best      string // id of the one of Points that most people want
	Reach     *reach // nil: no moment of the resource can be restored
	Source    source
	// Parameters are prefilled from what was recorded with the point.
	Parameters []parameter
	Calls      []call
	Wrong      map[string]string
	Key        string // of idempotency: sending the form twice restores once
}

// parameter is one value of a restore.
type parameter struct {
	Name, Value, Recorded, Doc, Wrong string
	Given                             bool // somebody wrote it
	Required                          bool
}

// Usual reports whether the parameter is shown at once: it has a value, or needs one.
func (p parameter) Usual() bool { return p.Value != "" || p.Given || p.Wrong != "" || p.Required }

// source is what a restore is of: a point, or a resource as it was at a moment.
type source struct {
	Point           string // id; "" for a moment
	ARN, Name       string
	Kind            resource.Kind
	Engine          driver.Engine
	Account, Region string
	AsOf            time.Time // when the point was begun, or the moment
}

// reach is from when to when a resource's moments can be restored, as far as is recorded:
// AWS is asked before the restore begins.
type reach struct {
	Days     int
	From, To time.Time
}

// call is one AWS call of the plan.
type call struct{ Operation, Input string }

// Limits of a restore's form.
const (
	foundResources  = 20
	foundPoints     = 50
	parameterPrefix = "p."
	maxKeyLength    = 64
)

// restore serves the steps up to the review; all of them only read.
func (d *Dashboard) restore(w http.ResponseWriter, r *http.Request) error {
	page := restorePage{Page: d.Frame.Page(r, "Restore"), Wrong: map[string]string{}}
	page.Filter = filterOf(r, page.Now)
	var err error
	switch {
	case query(r, "point") != "" || query(r, "moment") != "":
		err = d.reviewRestore(r.Context(), &page, r.URL.Query(), d.desk(r))
	case query(r, "resource") != "":
		err = d.choosePoint(r.Context(), &page)
	default:
		err = d.chooseResource(r.Context(), &page)
	}
	if err != nil {
		return err
	}
	return d.render(w, "restore.html", page)
}

// chooseResource lists the resources that match and have something to restore from.
func (d *Dashboard) chooseResource(ctx context.Context, page *restorePage) error {
	all, err := d.postures(ctx)
	if err != nil {
		return err
	}
	text := page.Filter.text("q")
	f := resourceFilter{words: strings.Fields(strings.ToLower(text))}
	if resource.ValidAccount(text) {
		f = resourceFilter{Account: text}
	}
	for i := range all.Items {
		if item := &all.Items[i]; item.Count > 0 && f.matches(item) {
			page.Resources = append(page.Resources, *item)
		}
		if len(page.Resources) == foundResources {
			break
		}
	}
	return nil
}

// choosePoint lists the points of a resource, or those up to a moment.
func (d *Dashboard) choosePoint(ctx context.Context, page *restorePage) (err error) {
	page.Step, page.ARN = stepPoint, page.Filter.text("resource")
	at := page.Filter.instant("at")
	page.Points, err = d.Catalog.ListPoints(ctx, catalog.PointFilter{
		ResourceARN: page.ARN, States: []catalog.PointState{catalog.Available}, CompletedBefore: at, Limit: foundPoints,
	})
	if err != nil {
		return err
	}
	page.Best = bestPoint(page.Points)
	item, err := d.Catalog.Resource(ctx, page.ARN)
	if errors.Is(err, catalog.ErrNotFound) { // what is gone has no continuous backups either
		return nil
	}
	page.Reach = d.reachOf(item, page.Now)
	return err
}

// reachOf returns which moments of a resource can be restored; nil for none.
func (d *Dashboard) reachOf(item catalog.InventoryItem, now time.Time) *reach {
	drv, _ := d.Drivers.For(item.Kind, driver.Native)
	rewinder, ok := drv.(driver.Rewinder)
	if !ok || !item.GoneAt.IsZero() {
		return nil
	}
	days := rewinder.MomentDays(item.Resource)
	if days == 0 {
		return nil
	}
	return &reach{Days: days, From: now.AddDate(0, 0, -days), To: now}
}

// bestPoint returns the id of the newest point that is no copy: it lies where the resource
// is, so that everything recorded fits. Where there are copies only, the newest of them.
func bestPoint(newestFirst []catalog.RecoveryPoint) string {
	for _, p := range newestFirst {
		if p.ParentID == "" {
			return p.ID
		}
	}
	if len(newestFirst) == 0 {
		return ""
	}
	return newestFirst[0].ID
}

// given returns the parameters somebody wrote. Fields left as recorded are no overrides.
func given(values url.Values) map[string]string {
	parameters := map[string]string{}
	for name, list := range values {
		if name, ok := strings.CutPrefix(name, parameterPrefix); ok && len(list) > 0 && list[0] != "" && list[0] != values.Get("r."+name) {
			parameters[name] = strings.TrimSpace(list[0])
		}
	}
	return parameters
}

// sourceOf reads what a form wants to restore.
func (d *Dashboard) sourceOf(ctx context.Context, f *filter) (source, error) {
	if id := f.text("point"); id != "" {
		p, err := d.Catalog.Point(ctx, strings.ToLower(id))
		return source{p.ID, p.ResourceARN, p.Source.Name, p.Kind, p.Engine, p.Account, p.Region, p.CreatedAt}, err
	}
	item, err := d.Catalog.Resource(ctx, f.text("resource"))
	return source{"", item.ARN, item.Name, item.Kind, driver.Native, item.Account, item.Region, f.instant("moment")}, err
}

// request asks for a restore of s.
func (s source) request(order operator.Order, parameters map[string]string) operator.RestoreRequest {
	r := operator.RestoreRequest{Order: order, Point: s.Point, Parameters: parameters}
	if s.Point == "" {
		r.Resource, r.At, r.PointInTime = s.ARN, s.AsOf, true
	}
	return r
}

// reviewRestore asks for a dry run: the parameters and the exact calls. A moment that
// cannot be restored leads back to where it was chosen.
func (d *Dashboard) reviewRestore(ctx context.Context, page *restorePage, values url.Values, desk *operator.Desk) (err error) {
	page.Filter.values = values
	if page.Source, err = d.sourceOf(ctx, page.Filter); err != nil {
		return err
	}
	page.Step, page.ARN = stepReview, page.Source.ARN
	if page.Key, err = d.formKey(values.Get("key"), page.Now); err != nil {
		return err
	}
	if page.Filter.Wrong["moment"] != "" {
		return d.choosePoint(ctx, page)
	}
	overrides := given(values)
	recorded, wrong, err := d.dryRun(ctx, page, desk, nil)
	if err != nil {
		return err
	}
	plan := recorded
	if len(overrides) > 0 {
		if plan, wrong, err = d.dryRun(ctx, page, desk, overrides); err != nil {
			return err
		}
	}
	page.Wrong = wrong
	if text := wrong["at"]; text != "" && page.Source.Point == "" {
		page.Filter.bad("moment", "%s", text)
		return d.choosePoint(ctx, page)
	}
	page.describe(d.facts(page.Source).Restore, recorded, plan, overrides)
	return nil
}

// formKey returns the idempotency key of a form: the one it came with, or a new one.
func (d *Dashboard) formKey(key string, now time.Time) (string, error) {
	if key != "" && len(key) <= maxKeyLength {
		return key, nil
	}
	return catalog.NewManualID(d.Office.Entropy, now)
}

// dryRun returns what a restore would do; what is wrong with it is not an error.
func (d *Dashboard) dryRun(ctx context.Context, page *restorePage, desk *operator.Desk, overrides map[string]string) (*driver.RestorePlan, map[string]string, error) {
	out, err := desk.Restore(ctx, page.Source.request(operator.Order{DryRun: true, IdempotencyKey: page.Key}, overrides))
	if err == nil {
		return out.Plan, map[string]string{}, nil
	}
	wrong, err := wrongOf(err)
	return nil, wrong, err
}

// facts returns what the driver that restores says of itself.
func (d *Dashboard) facts(s source) driver.Descriptor {
	drv, ok := d.Drivers.For(s.Kind, s.Engine)
	if !ok {
		return driver.Descriptor{}
	}
	return drv.Descriptor()
}

// describe joins what the kind knows, what was recorded and what somebody wrote.
func (p *restorePage) describe(known []driver.Parameter, recorded, plan *driver.RestorePlan, overrides map[string]string) {
	if recorded == nil {
		recorded = &driver.RestorePlan{}
	}
	names, required := map[string]string{}, map[string]bool{}
	for _, k := range known {
		names[k.Name], required[k.Name] = k.Description, k.Required
	}
	for name := range recorded.Parameters {
		if _, ok := names[name]; !ok {
			names[name] = ""
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := parameter{
			Name: name, Doc: names[name], Required: required[name], Wrong: p.about(name),
			Recorded: recorded.Parameters[name], Value: recorded.Parameters[name],
		}
		if value, ok := overrides[name]; ok {
			f.Value, f.Given = value, true
		}
		p.Parameters = append(p.Parameters, f)
	}
	if plan == nil {
		return
	}
	for _, c := range plan.Calls {
		var input any
		text := string(c.Input)
		if json.Unmarshal(c.Input, &input) == nil {
			if pretty, err := json.MarshalIndent(input, "", "  "); err == nil {
				text = string(pretty)
			}
		}
		p.Calls = append(p.Calls, call{c.Operation, text})
	}
}

// about returns what the drivers' refusals say of one parameter: they begin with its name.
func (p *restorePage) about(name string) string {
	for text := range strings.SplitSeq(p.Wrong["parameters"], "; ") {
		if strings.HasPrefix(text, name+" ") || strings.HasPrefix(text, name+":") {
			return text
		}
	}
	return ""
}

// confirmRestore makes the job and leads to its page, which follows it to the end.
func (d *Dashboard) confirmRestore(w http.ResponseWriter, r *http.Request) error {
	page := restorePage{Page: d.Frame.Page(r, "Restore"), Filter: filterOf(r, d.Clock.Now()), Wrong: map[string]string{}}
	page.Filter.values = r.PostForm
	from, err := d.sourceOf(r.Context(), page.Filter)
	if err != nil {
		return err
	}
	out, err := d.desk(r).Restore(r.Context(), from.request(operator.Order{IdempotencyKey: r.PostFormValue("key")}, given(r.PostForm)))
	if err == nil {
		notice := "restore"
		if out.Created == 0 {
			notice = "duplicate"
		}
		return done(w, r, "/jobs/"+out.Jobs[0].ID, notice)
	}
	wrong, err := wrongOf(err)
	if err != nil {
		return err
	}
	if err := d.reviewRestore(r.Context(), &page, r.PostForm, d.desk(r)); err != nil {
		return err
	}
	if len(page.Wrong) == 0 {
		page.Wrong = wrong
	}
	d.Frame.Render(w, http.StatusUnprocessableEntity, templates, "restore.html", page)
	return nil
}

// Others are refusals that are of no field of the form.
func (p restorePage) Others() (list []string) {
	for _, field := range slices.Sorted(maps.Keys(p.Wrong)) {
		if field != "parameters" && p.Wrong[field] != "" {
			list = append(list, p.Wrong[field])
		}
	}
	return list
}
