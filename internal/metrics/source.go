package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
)

// maxUsageKeys bounds what one question about slots may return; an organization has
// thousands of accounts and a few keys for each.
const maxUsageKeys = 100_000

// maxQueues bounds how many queues are asked about; Holdfast has a handful.
const maxQueues = 50

// Usage is what Admission needs of admission.Controller.
type Usage interface {
	Usage(ctx context.Context, limit int) ([]admission.KeyUsage, error)
}

// Admission reads waiting, granted, held and cap of every account's keys. dimensions are
// the dimensions of admission keys whose values are accounts; other keys are left out,
// because their number is not bounded by the number of accounts.
func Admission(usage Usage, dimensions ...string) Source {
	slots, limit := admissionSlots.desc(), admissionCap.desc()
	wanted := map[string]bool{}
	for _, d := range dimensions {
		wanted[d] = true
	}
	return Source{"admission", func(ctx context.Context) (list []prometheus.Metric, err error) {
		keys, err := usage.Usage(ctx, maxUsageKeys)
		if err != nil {
			return nil, fmt.Errorf("read slot usage: %w", err)
		}
		for _, u := range keys {
			dimension, account, _ := strings.Cut(string(u.Key), "=")
			if !wanted[dimension] {
				continue
			}
			list = append(list,
				constant(slots, float64(u.Waiting), dimension, account, "waiting"),
				constant(slots, float64(u.Granted), dimension, account, "granted"),
				constant(slots, float64(u.Held), dimension, account, "held"),
				constant(limit, capValue(u.Cap), dimension, account))
		}
		if len(keys) >= maxUsageKeys {
			err = fmt.Errorf("more than %d admission keys: the rest is not shown", maxUsageKeys)
		}
		return list, err
	}}
}

// Waits reads since when jobs wait, by account. dimension returns the one an operation is
// counted in.
func Waits(store Waiting, c clock.Clock, dimension func(driver.Operation) string) Source {
	desc := admissionOldest.desc()
	return Source{"waits", func(ctx context.Context) ([]prometheus.Metric, error) {
		groups, err := store.Waiting(ctx)
		if err != nil {
			return nil, fmt.Errorf("count waiting jobs: %w", err)
		}
		type series struct{ dimension, account string }
		oldest := map[series]time.Time{}
		for _, g := range groups {
			key := series{dimension(g.Type), g.Account}
			if at, known := oldest[key]; !known || g.Oldest.Before(at) {
				oldest[key] = g.Oldest
			}
		}
		list := make([]prometheus.Metric, 0, len(oldest))
		for key, at := range oldest {
			list = append(list, constant(desc, max(c.Now().Sub(at), 0).Seconds(), key.dimension, key.account))
		}
		return list, nil
	}}
}

// Waiting is what Waits needs of catalog.Store.
type Waiting interface {
	Waiting(ctx context.Context) ([]catalog.WaitingGroup, error)
}

// capValue makes no limit infinite, so that held / cap is 0 there and not negative.
func capValue(slots int) float64 {
	if slots < 0 {
		return math.Inf(1)
	}
	return float64(slots)
}

// Inspector is what Queues needs of asynq.Inspector. It knows no context, so a hanging
// Redis costs one waiting goroutine until the client's own timeout.
type Inspector interface {
	Queues() ([]string, error)
	GetQueueInfo(queue string) (*asynq.QueueInfo, error)
}

// Queues reads the depth of asynq's queues. names are always shown, a queue asynq has not
// seen yet with nothing in it; others that exist in Redis are added.
func Queues(inspector Inspector, names []string) Source {
	return Source{"queues", func(context.Context) ([]prometheus.Metric, error) {
		infos, err := inspect(inspector, names)
		return queueMetrics(infos), err
	}}
}

func inspect(inspector Inspector, names []string) (map[string]*asynq.QueueInfo, error) {
	existing, err := inspector.Queues()
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	infos := make(map[string]*asynq.QueueInfo, len(names)+len(existing))
	for _, name := range names {
		infos[name] = &asynq.QueueInfo{}
	}
	var cut error
	for _, name := range existing {
		if infos[name] == nil && len(infos) >= maxQueues {
			cut = fmt.Errorf("more than %d queues: the rest is not shown", maxQueues)
			continue
		}
		info, err := inspector.GetQueueInfo(name)
		if errors.Is(err, asynq.ErrQueueNotFound) {
			continue // deleted since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("inspect queue %s: %w", name, err)
		}
		infos[name] = info
	}
	return infos, cut
}

func queueMetrics(infos map[string]*asynq.QueueInfo) (list []prometheus.Metric) {
	depth, latency := queueTasks.desc(), queueLatency.desc()
	for name, info := range infos {
		for state, n := range map[string]int{
			"pending": info.Pending, "active": info.Active, "scheduled": info.Scheduled, "retry": info.Retry,
			"archived": info.Archived, "completed": info.Completed, "aggregating": info.Aggregating,
		} {
			list = append(list, constant(depth, float64(n), name, state))
		}
		list = append(list, constant(latency, info.Latency.Seconds(), name))
	}
	return list
}

// Unsealed is what Ledger needs of catalog.Store.
type Unsealed interface {
	OldestUnsealed(ctx context.Context) (time.Time, error)
}

// Ledger reads how far the seals are behind.
func Ledger(store Unsealed, c clock.Clock) Source {
	return Source{"ledger", func(ctx context.Context) ([]prometheus.Metric, error) {
		oldest, err := store.OldestUnsealed(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for unsealed events: %w", err)
		}
		age := time.Duration(0)
		if !oldest.IsZero() {
			age = max(c.Now().Sub(oldest), 0)
		}
		return []prometheus.Metric{constant(ledgerUnsealed.desc(), age.Seconds())}, nil
	}}
}

// Counts is what Catalog needs of catalog.Store.
type Counts interface {
	CountJobs(ctx context.Context, f catalog.JobFilter) (map[driver.Operation]map[catalog.State]int, error)
	CountPoints(ctx context.Context) (map[catalog.PointState]int, error)
	Breakers(ctx context.Context) ([]catalog.Breaker, error)
}

// Catalog reads jobs, recovery points and open breakers.
func Catalog(counts Counts) Source {
	return Source{"catalog", func(ctx context.Context) ([]prometheus.Metric, error) {
		jobs, err := counts.CountJobs(ctx, catalog.JobFilter{})
		if err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		points, err := counts.CountPoints(ctx)
		if err != nil {
			return nil, fmt.Errorf("count recovery points: %w", err)
		}
		breakers, err := counts.Breakers(ctx)
		if err != nil {
			return nil, fmt.Errorf("load breakers: %w", err)
		}
		return catalogMetrics(jobs, points, breakers), nil
	}}
}

// catalogMetrics shows zeros too: an alert on a series that comes and goes misses its
// first value.
func catalogMetrics(jobs map[driver.Operation]map[catalog.State]int, points map[catalog.PointState]int,
	breakers []catalog.Breaker,
) (list []prometheus.Metric) {
	jobsDesc, pointsDesc := catalogJobs.desc(), catalogPoints.desc()
	for _, operation := range operations() {
		for _, state := range catalog.States() {
			list = append(list, constant(jobsDesc, float64(jobs[operation][state]), string(operation), string(state)))
		}
	}
	for _, state := range []catalog.PointState{catalog.Available, catalog.Expiring, catalog.Deleted} {
		list = append(list, constant(pointsDesc, float64(points[state]), string(state)))
	}
	open := 0
	for _, b := range breakers {
		if b.Open() {
			open++
		}
	}
	return append(list, constant(breakersOpen.desc(), float64(open)))
}
