// Package dashboard serves the pages an operator works with: what happens now and what
// needs a person, jobs, resources, recovery points, restores, policies, accounts and
// history. Pages are rendered here, stay readable without scripts, and fetch themselves
// again when something happened.
package dashboard

import (
	"context"
	"embed"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/admission/budget"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
	"holdfast/producer"
	"holdfast/report/ondemand"
	"holdfast/web/frame"
)

//go:embed templates
var templateFiles embed.FS

// templates are parsed once; a mistake in them fails every test of the package.
var templates = frame.Templates(templateFiles, functions, "templates/*.html")

// Catalog is the part of catalog.Store the pages read.
type Catalog interface {
	catalog.Search
	Job(ctx context.Context, id string) (catalog.Job, error)
	JobsByID(ctx context.Context, ids []string) (map[string]catalog.Job, error)
	ListJobs(ctx context.Context, f catalog.JobFilter) ([]catalog.Job, error)
	CountJobs(ctx context.Context, f catalog.JobFilter) (map[driver.Operation]map[catalog.State]int, error)
	Events(ctx context.Context, f catalog.EventFilter) ([]catalog.Event, error)
	Point(ctx context.Context, id string) (catalog.RecoveryPoint, error)
	ListPoints(ctx context.Context, f catalog.PointFilter) ([]catalog.RecoveryPoint, error)
	CountPoints(ctx context.Context) (map[catalog.PointState]int, error)
	Resource(ctx context.Context, arn string) (catalog.InventoryItem, error)
	Resources(ctx context.Context, f catalog.ResourceFilter, yield func(catalog.InventoryItem) error) error
	InventoryScopes(ctx context.Context) ([]catalog.InventoryScope, error)
	Fires(ctx context.Context, plan, rule string, limit int) ([]catalog.Fire, error)
	Breakers(ctx context.Context) ([]catalog.Breaker, error)
	Caps(ctx context.Context) ([]catalog.Cap, int64, error)
	Waiting(ctx context.Context) ([]catalog.WaitingGroup, error)
	Lease(ctx context.Context, name string) (catalog.Lease, error)
	LastSeal(ctx context.Context) (catalog.Seal, error)
	OldestUnsealed(ctx context.Context) (time.Time, error)
}

// Slots is the part of admission.Controller the pages read.
type Slots interface {
	Usage(ctx context.Context, limit int) ([]admission.KeyUsage, error)
}

// Budgets are the API budgets in use.
type Budgets interface {
	Levels(ctx context.Context, limit int) ([]budget.Level, error)
}

// Policies is what is in force.
type Policies struct {
	Set      *policy.Set // nil with problems
	Problems []policy.Problem
	Warnings []policy.Problem
	Files    []policy.File
	// Organization is the tree of an organization's policies; nil without one.
	Organization *orgpolicy.Target
	// Withheld says which groups of accounts have an invalid organization policy.
	Withheld []string
}

// Options are what the pages are made of.
type Options struct {
	Catalog Catalog
	Slots   Slots   // nil: this process has no Redis
	Budgets Budgets // nil: calls are not paced
	Drivers *driver.Registry
	// Policies reads what is in force.
	Policies     func(ctx context.Context) (Policies, error)
	Capabilities []policy.Capabilities
	// DefaultCaps hold where nobody has set a cap.
	DefaultCaps admission.Caps
	Units       producer.Units
	// Accounts are those of the configuration, and their units.
	Accounts []string
	// Why says why a job that has not begun waits; nil: nobody can.
	Why func(ctx context.Context, job catalog.Job) (string, error)
	// Office is where actions are carried out.
	Office *operator.Office
	// Reports makes reports.
	Reports *ondemand.Maker
	// LeaseName is the lease of the leader.
	LeaseName string
	Frame     *frame.Frame
	Clock     clock.Clock
	Log       zerolog.Logger
}

// Dashboard serves the pages. Make one with New and end it with Close.
type Dashboard struct {
	Options
	hub     *hub
	answers answers
}

// New returns the pages.
func New(opts Options) *Dashboard {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	d := &Dashboard{Options: opts}
	d.hub = newHub(opts.Catalog.LastEvent, opts.Log)
	d.answers = d.newAnswers()
	return d
}

// Close ends what is live.
func (d *Dashboard) Close() { d.hub.close() }

// LivePath is where pages hear that something happened.
const LivePath = "/live"

// Live returns the stream of what happened. It answers for as long as somebody listens,
// so it must not count against requests in flight.
func (d *Dashboard) Live() http.Handler { return d.hub }

// page is a handler that may fail.
type page func(w http.ResponseWriter, r *http.Request) error

// routes are the pages and what they post to. Methods are told apart here and not by the
// mux, whose 405 would be bare text.
func (d *Dashboard) routes() map[string]map[string]page {
	get := func(p page) map[string]page { return map[string]page{http.MethodGet: p} }
	post := func(p page) map[string]page { return map[string]page{http.MethodPost: p} }
	return map[string]map[string]page{
		"/{$}": get(d.now), "/jobs": {http.MethodGet: d.jobs, http.MethodPost: d.changeJobs}, "/jobs/{id}": get(d.job),
		"/resources": get(d.resources), "/backup": post(d.backUp), "/points": get(d.points), "/points/{id}": get(d.point),
		"/points/{id}/hold": post(d.hold), "/points/{id}/unhold": post(d.unhold),
		"/restore":  {http.MethodGet: d.restore, http.MethodPost: d.confirmRestore},
		"/policies": get(d.policies), "/policies/try": post(d.try),
		"/accounts": get(d.accounts), "/accounts/{id}": get(d.account), "/caps": post(d.setCap),
		"/reports": get(d.reports), "/reports/{kind}": get(d.reportFile),
		"/audit": get(d.audit), "/queues": get(d.queues),
	}
}

// Register adds the pages to mux.
func (d *Dashboard) Register(mux *http.ServeMux) {
	for path, methods := range d.routes() {
		mux.Handle(path, d.serve(methods))
	}
}

// pageTimeout bounds what a page asks of the catalog.
const pageTimeout = 20 * time.Second

// serve answers with the page of the request's method, or with what went wrong.
func (d *Dashboard) serve(methods map[string]page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		p, ok := methods[method]
		if !ok {
			d.Frame.NotAllowed(w, r, slices.Sorted(maps.Keys(methods)))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), pageTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		if method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				d.fail(w, r, formError(err))
				return
			}
		}
		if err := p(w, r); err != nil {
			d.fail(w, r, err)
		}
	})
}

// render writes a page of this package.
func (d *Dashboard) render(w http.ResponseWriter, name string, data any) error {
	d.Frame.Render(w, http.StatusOK, templates, name, data)
	return nil
}

// live returns the frame of a page that fetches itself again.
func (d *Dashboard) live(r *http.Request, title string) frame.Page {
	p := d.Frame.Page(r, title)
	p.Live = true
	return p
}

// query returns a query parameter without white space around it.
func query(r *http.Request, name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }
