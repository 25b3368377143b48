package metrics

import (
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// Label values for what has no name of its own. other keeps a value from outside the
// closed lists from growing the number of series.
const (
	none  = "none"
	ok    = "ok"
	other = "other"
)

// Metrics counts what happens in this process. Its methods fit the hooks of engine,
// scheduler and awssession, cost microseconds and are safe for concurrent use.
type Metrics struct {
	build       *prometheus.GaugeVec
	jobsEnded   *prometheus.CounterVec
	jobDuration *prometheus.HistogramVec
	jobWait     *prometheus.HistogramVec
	startCalls  *prometheus.CounterVec
	awsCalls    *prometheus.CounterVec
	throttles   *prometheus.CounterVec
	awsDuration *prometheus.HistogramVec
	repairs     *prometheus.CounterVec
	budgetWait  *prometheus.HistogramVec
	putOff      *prometheus.CounterVec
	refused     *prometheus.CounterVec
}

// NewRegistry returns a registry that already has the Go runtime's and the process' own
// metrics.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// New registers the metrics of a process. It panics if they are registered already.
func New(registerer prometheus.Registerer) *Metrics {
	m := &Metrics{
		build: buildInfo.gaugeVec(), jobsEnded: jobsEnded.counterVec(), jobDuration: jobDuration.histogramVec(),
		jobWait: jobWait.histogramVec(), startCalls: startCalls.counterVec(), awsCalls: awsCalls.counterVec(),
		throttles: awsThrottles.counterVec(), awsDuration: awsDuration.histogramVec(), repairs: repairs.counterVec(),
		budgetWait: budgetWait.histogramVec(), putOff: budgetPutOff.counterVec(), refused: tasksRefused.counterVec(),
	}
	registerer.MustRegister(m.build, m.jobsEnded, m.jobDuration, m.jobWait, m.startCalls,
		m.awsCalls, m.throttles, m.awsDuration, m.repairs, m.budgetWait, m.putOff, m.refused)
	return m
}

// TaskRefused counts a task a worker would not run. It is the hook worker.Options.OnRefused.
func (m *Metrics) TaskRefused(reason string) { m.refused.WithLabelValues(reason).Inc() }

// Build says which version this process runs.
func (m *Metrics) Build(version string) { m.build.WithLabelValues(version, runtime.Version()).Set(1) }

// JobEnded counts a job that reached a terminal state and, if it had begun, how long it
// waited and took. It is the hook engine.Options.OnEnd.
func (m *Metrics) JobEnded(job catalog.Job) {
	operation, kind := labelsOf(job)
	// A completed job keeps the class of an attempt that failed before; nothing went wrong.
	class := none
	if job.State != catalog.Completed && job.Class != "" {
		class = among(failure.Classes(), job.Class)
	}
	m.jobsEnded.WithLabelValues(operation, kind, among(catalog.States(), job.State), class).Inc()
	if job.StartedAt.IsZero() {
		return
	}
	observe(m.jobWait.WithLabelValues(operation, kind), job.StartedAt.Sub(job.CreatedAt))
	observe(m.jobDuration.WithLabelValues(operation, kind), job.EndedAt.Sub(job.StartedAt))
}

// StartCalled counts a start call; class is empty when AWS accepted it. It is the hook
// engine.Options.OnStart.
func (m *Metrics) StartCalled(job catalog.Job, class failure.Class) {
	operation, kind := labelsOf(job)
	m.startCalls.WithLabelValues(operation, kind, outcome(class)).Inc()
}

// AWSCall counts one attempt of one AWS call. Service and operation come from the SDK's
// clients, so there are as many as Holdfast uses. It is the observer of awssession.
func (m *Metrics) AWSCall(call awssession.Call) {
	m.awsCalls.WithLabelValues(call.Service, call.Operation, outcome(call.Class)).Inc()
	if call.Throttled() {
		m.throttles.WithLabelValues(call.Service, call.Operation).Inc()
	}
	observe(m.awsDuration.WithLabelValues(call.Service, call.Operation), call.Duration)
}

// Paced counts one attempt that asked an API budget. There are as many buckets as the
// table of package budget has for the calls Holdfast makes. It is the observer of
// awssession's pacer.
func (m *Metrics) Paced(pace awssession.Pace) {
	observe(m.budgetWait.WithLabelValues(pace.Bucket), pace.Waited)
	if pace.PutOff {
		m.putOff.WithLabelValues(pace.Bucket).Inc()
	}
}

// Repair counts n repairs of one name. It is the hook scheduler.Options.OnRepair; the
// names are the scheduler's own.
func (m *Metrics) Repair(name string, n int) {
	if n > 0 {
		m.repairs.WithLabelValues(name).Add(float64(n))
	}
}

func labelsOf(job catalog.Job) (operation, kind string) {
	return among(operations(), job.Type), among(resource.Kinds(), job.Kind)
}

func operations() []driver.Operation {
	return []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire, driver.Archive}
}

func outcome(class failure.Class) string {
	if class == "" {
		return ok
	}
	return among(failure.Classes(), class)
}

// among returns value when it is in the closed list, else other.
func among[T ~string](list []T, value T) string {
	if slices.Contains(list, value) {
		return string(value)
	}
	return other
}

// observe records d in seconds. Clocks of two machines may be apart: never less than 0.
func observe(h prometheus.Observer, d time.Duration) { h.Observe(max(d, 0).Seconds()) }
