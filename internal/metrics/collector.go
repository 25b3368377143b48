package metrics

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdfast/internal/cache"
	"holdfast/internal/clock"
)

// How the collector asks its sources.
const (
	keepAnswers   = 5 * time.Second // scrapes within this time share an answer
	sourceTimeout = 4 * time.Second // below Prometheus' usual scrape timeout of 10 s
)

// Source is something the collector asks when it is scraped. Make one with Admission,
// Queues or Catalog.
type Source struct {
	name string
	// read may return metrics and an error: what could be had, and what is missing.
	read func(ctx context.Context) ([]prometheus.Metric, error)
}

// Collector asks its sources on each scrape, all at once. A source that fails or hangs
// costs its own metrics and sets holdfast_scrape_error; the scrape goes on. Answers are
// kept for a few seconds, longer for slow sources, so that scrapes cannot wear a database
// out however many there are.
type Collector struct {
	sources []*source
	log     zerolog.Logger
}

type source struct {
	name   string
	answer *cache.Answer[reading]
	failed atomic.Bool // the last scrape had an error, which is in the log
}

// reading is one answer of a source and how long it took.
type reading struct {
	metrics []prometheus.Metric
	took    time.Duration
}

// NewCollector returns a collector over sources; register it once per process. clk is the
// machine's clock, or nil. The log gets a line when a source begins to fail and when it is
// well again.
func NewCollector(clk clock.Clock, log zerolog.Logger, sources ...Source) *Collector {
	if clk == nil {
		clk = clock.System()
	}
	c := &Collector{log: log}
	for _, s := range sources {
		read := func(ctx context.Context) (reading, error) {
			start := clk.Now()
			list, err := s.read(ctx)
			return reading{list, clk.Now().Sub(start)}, err
		}
		c.sources = append(c.sources, &source{name: s.name, answer: cache.New(read, cache.Options{
			Name: s.name, Keep: keepAnswers, Timeout: sourceTimeout, Clock: clk,
		})})
	}
	return c
}

// Describe sends nothing: which series there are depends on the installation.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks the sources and sends what they answer.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	var asking sync.WaitGroup
	for _, s := range c.sources {
		asking.Go(func() { c.collect(s, out) })
	}
	asking.Wait()
}

func (c *Collector) collect(s *source, out chan<- prometheus.Metric) {
	got, err := s.answer.Get(context.Background())
	for _, m := range got.metrics {
		out <- m
	}
	c.note(s, err)
	if err != nil {
		out <- constant(scrapeError.desc(), 1, s.name)
		return
	}
	out <- constant(scrapeError.desc(), 0, s.name)
	out <- constant(scrapeDuration.desc(), got.took.Seconds(), s.name)
}

// note logs when a source begins to fail or is well again, not each scrape between.
func (c *Collector) note(s *source, err error) {
	switch failed := s.failed.Swap(err != nil); {
	case err != nil && !failed:
		c.log.Warn().Err(err).Str("source", s.name).Msg("metrics of a source are missing")
	case err == nil && failed:
		c.log.Info().Str("source", s.name).Msg("metrics of a source are back")
	}
}

// constant is a gauge with a value read just now. The number of labels is fixed by the
// definition, so a mismatch is a bug the first scrape of any test shows.
func constant(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
