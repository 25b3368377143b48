package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// definition is one metric: what it is made from and its row in docs/metrics.md.
type definition struct {
	name    string
	shape   shape
	labels  []string
	buckets []float64 // seconds, histograms only
	help    string
}

type shape string

const (
	counter   shape = "counter"
	gauge     shape = "gauge"
	histogram shape = "histogram"
)

// Buckets in seconds. Jobs take minutes to a day, AWS calls milliseconds to the call timeout.
var (
	jobBuckets  = seconds(time.Second, 10*time.Second, 30*time.Second, time.Minute, 2*time.Minute, 5*time.Minute, 10*time.Minute, 20*time.Minute, 40*time.Minute, time.Hour, 2*time.Hour, 4*time.Hour, 8*time.Hour, 24*time.Hour)
	callBuckets = seconds(10*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond, 250*time.Millisecond, 500*time.Millisecond, time.Second, 2*time.Second, 5*time.Second, 15*time.Second, 30*time.Second)
)

func seconds(list ...time.Duration) []float64 {
	out := make([]float64, len(list))
	for i, d := range list {
		out[i] = d.Seconds()
	}
	return out
}

// What processes count.
var (
	buildInfo = definition{
		"holdfast_build_info", gauge, []string{"version", "goversion"}, nil,
		"Always 1; the labels say which build this process runs.",
	}
	jobsEnded = definition{
		"holdfast_jobs_ended_total", counter, []string{"type", "kind", "state", "class"}, nil,
		"Jobs that reached a terminal state in this process, by what went wrong; class is none for completed jobs.",
	}
	jobDuration = definition{
		"holdfast_job_duration_seconds", histogram, []string{"type", "kind"}, jobBuckets,
		"From the accepted start call to the end of the job, for jobs that began.",
	}
	jobWait = definition{
		"holdfast_job_wait_seconds", histogram, []string{"type", "kind"}, jobBuckets,
		"From the creation of the job to the accepted start call, for jobs that began.",
	}
	startCalls = definition{
		"holdfast_start_calls_total", counter, []string{"type", "kind", "outcome"}, nil,
		"Start calls of jobs, each attempt counted; outcome is ok or the class of the failure.",
	}
	awsCalls = definition{
		"holdfast_aws_calls_total", counter, []string{"service", "operation", "outcome"}, nil,
		"Calls to AWS, each attempt of the SDK counted; outcome is ok or the class of the failure.",
	}
	awsThrottles = definition{
		"holdfast_aws_throttles_total", counter, []string{"service", "operation"}, nil,
		"Calls AWS answered by asking us to slow down.",
	}
	awsDuration = definition{
		"holdfast_aws_call_duration_seconds", histogram, []string{"service", "operation"}, callBuckets,
		"How long AWS took to answer one attempt, good or bad.",
	}
	budgetWait = definition{
		"holdfast_budget_wait_seconds", histogram, []string{"bucket"}, callBuckets,
		"How long attempts of AWS calls waited for their turn in an API budget, before they were made or put off.",
	}
	budgetPutOff = definition{
		"holdfast_budget_put_off_total", counter, []string{"bucket"}, nil,
		"AWS calls that were not made because their API budget is used up, and told to come back.",
	}
	tasksRefused = definition{
		"holdfast_tasks_refused_total", counter, []string{"reason"}, nil,
		"Tasks a worker would not run and archived: forged (no valid signature), version (of a newer build) or payload (not readable).",
	}
	repairs = definition{
		"holdfast_repairs_total", counter, []string{"repair"}, nil,
		"What the leader had to mend after a crash or an emptied Redis, by name of the repair.",
	}
)

// What the collector asks for. These are the same in every process of an installation.
var (
	admissionSlots = definition{
		"holdfast_admission_slots", gauge, []string{"dimension", "account", "state"}, nil,
		"Jobs of an account: waiting for a slot, held (granted ones included), granted (not begun yet). Dimension restores is the accounts' separate slots for restores.",
	}
	admissionCap = definition{
		"holdfast_admission_cap", gauge, []string{"dimension", "account"}, nil,
		"Slots of an account; 0 pauses it, +Inf is no limit.",
	}
	admissionOldest = definition{
		"holdfast_admission_oldest_wait_seconds", gauge, []string{"dimension", "account"}, nil,
		"How long the job has waited that has waited longest in an account; accounts where nothing waits have none.",
	}
	budgetRate = definition{
		"holdfast_budget_rate_ratio", gauge, []string{"bucket"}, nil,
		"Part of the configured rate an API budget uses, the lowest of all accounts and regions; below 1 AWS has throttled lately.",
	}
	budgetTokens = definition{
		"holdfast_budget_tokens", gauge, []string{"bucket"}, nil,
		"Calls an API budget would let through at once, the fewest of all accounts and regions; below 0 they are reserved ahead.",
	}
	budgetLine = definition{
		"holdfast_budget_line_seconds", gauge, []string{"bucket"}, nil,
		"How long an API budget would put a call off now, the longest of all accounts and regions.",
	}
	queueTasks = definition{
		"holdfast_queue_tasks", gauge, []string{"queue", "state"}, nil,
		"Tasks in an asynq queue by their state there.",
	}
	queueLatency = definition{
		"holdfast_queue_latency_seconds", gauge, []string{"queue"}, nil,
		"How long the oldest pending task of a queue has waited.",
	}
	catalogJobs = definition{
		"holdfast_catalog_jobs", gauge, []string{"type", "state"}, nil,
		"Jobs in the catalog.",
	}
	catalogPoints = definition{
		"holdfast_recovery_points", gauge, []string{"state"}, nil,
		"Recovery points in the catalog.",
	}
	breakersOpen = definition{
		"holdfast_breakers_open", gauge, nil, nil,
		"Accounts that start nothing because their role fails.",
	}
	ledgerUnsealed = definition{
		"holdfast_ledger_unsealed_seconds", gauge, nil, nil,
		"Age of the oldest event of the ledger that no seal has yet; it grows when no leader seals.",
	}
	atRisk = definition{
		"holdfast_at_risk", gauge, []string{"risk"}, nil,
		"What will be lost if nobody acts: rpo counts resources whose newest due backup or copy did not succeed, window jobs whose start window closes within 15 minutes while they wait, undeletable recovery points that could not be deleted three times, leader is 1 when workers have found no leader for two minutes, report scheduled reports that could not be written.",
	}
	leader = definition{
		"holdfast_leader", gauge, nil, nil,
		"1 while a scheduler holds the lease and does the leader's work, 0 while none does.",
	}
	notifications = definition{
		"holdfast_notifications", gauge, []string{"target", "state"}, nil,
		"Messages to a target of notifications by their state: OPEN collects, SENDING is in the queue, DELIVERED, DEAD was given up. Pruned with the history.",
	}
	scrapeError = definition{
		"holdfast_scrape_error", gauge, []string{"source"}, nil,
		"1 while a source cannot be asked or its answer is cut short; its metrics are missing or incomplete then.",
	}
	scrapeDuration = definition{
		"holdfast_scrape_duration_seconds", gauge, []string{"source"}, nil,
		"How long the last question to a source took.",
	}
)

// definitions returns every metric in the order of docs/metrics.md.
func definitions() []definition {
	return []definition{
		buildInfo, jobsEnded, jobDuration, jobWait, startCalls, awsCalls, awsThrottles, awsDuration,
		budgetWait, budgetPutOff, repairs, tasksRefused,
		admissionSlots, admissionCap, admissionOldest, budgetRate, budgetTokens, budgetLine, queueTasks, queueLatency, catalogJobs, catalogPoints, breakersOpen, ledgerUnsealed,
		atRisk, leader, notifications,
		scrapeError, scrapeDuration,
	}
}

func (d definition) desc() *prometheus.Desc {
	return prometheus.NewDesc(d.name, d.help, d.labels, nil)
}

func (d definition) counterVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.name, Help: d.help}, d.labels)
}

func (d definition) gaugeVec() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.name, Help: d.help}, d.labels)
}

func (d definition) histogramVec() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.name, Help: d.help, Buckets: d.buckets}, d.labels)
}
