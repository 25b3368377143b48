package dashboard

import (
	"context"
	"fmt"
	"time"

	"holdfast/admission"
	"holdfast/admission/budget"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/cache"
	"holdfast/internal/clock"
	"holdfast/policy/posture"
)

// How often the sources of figures are asked, on the machine's clock: at most one time in
// ten is spent asking, and pages get the last answer meanwhile.
const (
	keepFigures  = 900 * time.Millisecond
	keepPosture  = 3 * time.Second
	keepPolicies = 5 * time.Second
	stale        = 2 * time.Minute
	// patience is how long a page waits for figures that are older than that, before it
	// shows the old ones and their age; counts beside a list are left out instead.
	patience      = 150 * time.Millisecond
	sourceTimeout = 15 * time.Second
	// postureTimeout is how long the judgement of all resources may take, firstPosture how
	// long a page waits for the first one.
	postureTimeout = 5 * time.Minute
	firstPosture   = 2 * time.Second
	maxUsageKeys   = 100_000
	maxBudgets     = 10_000
)

// answers are figures about the whole installation, asked once for all pages.
type answers struct {
	totals   *cache.Answer[map[driver.Operation]map[catalog.State]int]
	points   *cache.Answer[map[catalog.PointState]int]
	night    *cache.Answer[night]
	slots    *cache.Answer[[]admission.KeyUsage]
	budgets  *cache.Answer[[]budget.Level]
	policies *cache.Answer[Policies]
	seals    *cache.Answer[seals]
	posture  *cache.Answer[*postures]
}

func (d *Dashboard) newAnswers() answers {
	a := answers{
		totals: kept("job counts", keepFigures, func(ctx context.Context) (map[driver.Operation]map[catalog.State]int, error) {
			return d.Catalog.CountJobs(ctx, catalog.JobFilter{})
		}),
		points:   kept("recovery point counts", keepFigures, d.Catalog.CountPoints),
		night:    kept("the night's figures", keepFigures, d.readNight),
		policies: kept("policies", keepPolicies, d.Policies),
		seals:    kept("the seals", keepFigures, d.readSeals),
		posture:  cache.New(d.readPosture, cache.Options{Name: "the state of protection", Keep: keepPosture, Stale: stale, Patience: patience, Timeout: postureTimeout}),
	}
	if d.Slots != nil {
		a.slots = kept("slots", keepFigures, func(ctx context.Context) ([]admission.KeyUsage, error) { return d.Slots.Usage(ctx, maxUsageKeys) })
	}
	if d.Budgets != nil {
		a.budgets = kept("API budgets", keepFigures, func(ctx context.Context) ([]budget.Level, error) { return d.Budgets.Levels(ctx, maxBudgets) })
	}
	return a
}

// postures returns how well every resource is protected. While that is worked out for the
// first time there is nothing, and pages say so and ask again.
func (d *Dashboard) postures(ctx context.Context) (*postures, error) {
	wait, cancel := context.WithTimeout(ctx, firstPosture)
	defer cancel()
	all, err := d.answers.posture.Get(wait)
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		return &postures{Counts: map[posture.Status]int{}, Working: true}, nil
	}
	return all, err
}

func kept[T any](name string, keep time.Duration, read func(context.Context) (T, error)) *cache.Answer[T] {
	return cache.New(read, cache.Options{Name: name, Keep: keep, Stale: stale, Patience: patience, Timeout: sourceTimeout})
}

// soon returns an answer that is there within patience. Without one a list does without
// its counts: they come with the next update of the page.
func soon[T any](ctx context.Context, a *cache.Answer[T]) (T, bool) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, err := a.Get(wait)
	return value, err == nil
}

// night is what happens now and happened lately.
type night struct {
	At       time.Time // when it was read
	read     time.Time // the same on the machine's clock, which a demo's is faster than
	Since    time.Time
	Open     []catalog.OpenGroup
	Ill      []catalog.IllGroup
	Fires    []catalog.Fire
	Breakers []catalog.Breaker
	Caps     []catalog.Cap
	Scopes   []catalog.InventoryScope
	Leader   catalog.Lease
}

// The periods of the figures.
const (
	tonight  = 24 * time.Hour
	history  = 14 * 24 * time.Hour
	maxFires = 1000
)

// readNight asks the catalog for what the first page shows.
func (d *Dashboard) readNight(ctx context.Context) (n night, err error) {
	n.At, n.read = d.Clock.Now(), clock.System().Now()
	n.Since = n.At.Add(-tonight)
	for _, step := range []struct {
		name string
		read func() error
	}{
		{"open jobs", func() (err error) { n.Open, err = d.Catalog.OpenJobs(ctx); return err }},
		{"failed jobs", func() (err error) { n.Ill, err = d.Catalog.IllJobs(ctx, d.Clock.Now().Add(-history)); return err }},
		{"fires", func() (err error) { n.Fires, err = d.Catalog.Fires(ctx, "", "", maxFires); return err }},
		{"breakers", func() (err error) { n.Breakers, err = d.Catalog.Breakers(ctx); return err }},
		{"caps", func() (err error) { n.Caps, _, err = d.Catalog.Caps(ctx); return err }},
		{"inventory", func() (err error) { n.Scopes, err = d.Catalog.InventoryScopes(ctx); return err }},
		{"leader", func() (err error) { n.Leader, err = d.Catalog.Lease(ctx, d.LeaseName); return err }},
	} {
		if err := step.read(); err != nil {
			return n, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return n, nil
}
