package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/cache"
	"holdfast/internal/clock"
)

// How the overview asks its sources, and what it asks for.
const (
	sourceTimeout = 5 * time.Second
	keepAnswers   = 2 * time.Second
	refreshS      = 10
	maxUsageKeys  = 100_000
)

// overview serves the front page. Each section asks for itself: one that cannot be had
// says so and the others are shown.
type overview struct {
	pages      *pages
	clock      clock.Clock
	dimensions []string

	jobs     *cache.Answer[map[driver.Operation]map[catalog.State]int]
	points   *cache.Answer[map[catalog.PointState]int]
	breakers *cache.Answer[[]catalog.Breaker]
	slots    *cache.Answer[[]admission.KeyUsage]
}

func newOverview(opts Options, pages *pages) *overview {
	o := &overview{pages: pages, clock: opts.Clock, dimensions: opts.SlotDimensions}
	if c := opts.Catalog; c != nil {
		o.jobs = kept("jobs", func(ctx context.Context) (map[driver.Operation]map[catalog.State]int, error) {
			return c.CountJobs(ctx, catalog.JobFilter{})
		})
		o.points = kept("recovery points", c.CountPoints)
		o.breakers = kept("breakers", c.Breakers)
	}
	if s := opts.Slots; s != nil {
		o.slots = kept("slots", func(ctx context.Context) ([]admission.KeyUsage, error) {
			return s.Usage(ctx, maxUsageKeys)
		})
	}
	return o
}

func kept[T any](name string, read func(context.Context) (T, error)) *cache.Answer[T] {
	return cache.New(read, cache.Options{Name: name, Keep: keepAnswers, Timeout: sourceTimeout})
}

// ServeHTTP renders the page. It answers 200 even when a source is down: the page is how
// people find out.
func (o *overview) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.pages.render(w, http.StatusOK, "overview.html", o.read(r.Context()))
}

// read asks all sources at once.
func (o *overview) read(ctx context.Context) overviewPage {
	page := overviewPage{frame: o.pages.titled("Overview"), At: stamp(o.clock.Now())}
	page.RefreshS = refreshS
	var asking sync.WaitGroup
	asking.Go(func() { page.Jobs = ask(ctx, o.jobs, jobTableOf) })
	asking.Go(func() { page.Points = ask(ctx, o.points, pointTableOf) })
	asking.Go(func() { page.Breakers = ask(ctx, o.breakers, breakerTableOf) })
	asking.Go(func() {
		page.Slots = ask(ctx, o.slots, func(list []admission.KeyUsage) slotTable { return slotTableOf(list, o.dimensions) })
	})
	asking.Wait()
	return page
}

// ask makes a section of a source's answer; nil when this process has no such source.
func ask[T, Table any](ctx context.Context, source *cache.Answer[T], tableOf func(T) Table) *section[Table] {
	if source == nil {
		return nil
	}
	answer, err := source.Get(ctx)
	if err != nil {
		return &section[Table]{Error: err.Error()}
	}
	return &section[Table]{Table: tableOf(answer)}
}
