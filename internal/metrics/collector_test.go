package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/admission/budget"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/internal/metrics"
	"holdfast/internal/testkit"
)

// world is what the collector asks: every part can be changed by a test.
type world struct {
	usage    []admission.KeyUsage
	usageErr error
	queues   map[string]*asynq.QueueInfo
	queueErr error
	jobs     map[driver.Operation]map[catalog.State]int
	points   map[catalog.PointState]int
	breakers []catalog.Breaker
	countErr error
	unsealed time.Time
	counted  int
	clock    *clock.Manual
	log      bytes.Buffer
}

func newWorld() *world {
	return &world{
		usage:    []admission.KeyUsage{{Key: "account=111122223333", Cap: 40, Held: 7, Granted: 2, Waiting: 9}},
		queues:   map[string]*asynq.QueueInfo{"backup": {Pending: 3, Archived: 1, Latency: 1500 * time.Millisecond}},
		jobs:     map[driver.Operation]map[catalog.State]int{driver.Backup: {catalog.Running: 4}},
		points:   map[catalog.PointState]int{catalog.Available: 12},
		breakers: []catalog.Breaker{{Account: "1", OpenSince: midnight}, {Account: "2"}},
		clock:    clock.NewManual(midnight), unsealed: midnight.Add(-7 * time.Second),
	}
}

func (w *world) Usage(context.Context, int) ([]admission.KeyUsage, error) { return w.usage, w.usageErr }

func (w *world) Queues() (names []string, err error) {
	for name := range w.queues {
		names = append(names, name)
	}
	return names, w.queueErr
}

func (w *world) GetQueueInfo(name string) (*asynq.QueueInfo, error) {
	if info := w.queues[name]; info != nil {
		return info, nil
	}
	return nil, fmt.Errorf("queue %s: %w", name, asynq.ErrQueueNotFound)
}

func (w *world) CountJobs(context.Context, catalog.JobFilter) (map[driver.Operation]map[catalog.State]int, error) {
	w.counted++
	return w.jobs, w.countErr
}

func (w *world) CountPoints(context.Context) (map[catalog.PointState]int, error) {
	return w.points, nil
}

func (w *world) Breakers(context.Context) ([]catalog.Breaker, error) { return w.breakers, nil }

func (w *world) collector() *metrics.Collector {
	return metrics.NewCollector(w.clock, zerolog.New(&w.log), metrics.Admission(w, "account", "restores"),
		metrics.Queues(w, []string{"backup"}), metrics.Catalog(w), metrics.Waits(w, w.clock, dimensionOf), metrics.Budgets(w), metrics.Ledger(w, w.clock),
		metrics.Health(w, "leader"), metrics.Notifications(w, []string{"mail"}))
}

// Risks has two accounts with something at risk.
func (w *world) Risks(context.Context) ([]catalog.Risk, error) {
	return []catalog.Risk{{Kind: catalog.RiskRPO, Subject: "a", Count: 3}, {Kind: catalog.RiskRPO, Subject: "b", Count: 4}}, nil
}

// Lease is held.
func (w *world) Lease(_ context.Context, name string) (catalog.Lease, error) {
	return catalog.Lease{Held: name == "leader"}, nil
}

// CountNotifications has messages of a target that is configured and of one that was.
func (w *world) CountNotifications(context.Context) (map[string]map[catalog.NotificationState]int, error) {
	states := map[catalog.NotificationState]int{catalog.NotificationDead: 2}
	return map[string]map[catalog.NotificationState]int{"mail": states, "gone": states}, nil
}

// OldestUnsealed is what has waited for its seal longest.
func (w *world) OldestUnsealed(context.Context) (time.Time, error) { return w.unsealed, nil }

// Levels has one bucket in two accounts, one of them lowered.
func (w *world) Levels(context.Context, int) ([]budget.Level, error) {
	of := func(account string) budget.Key { return budget.Key{Account: account, Bucket: "ec2:CreateSnapshot"} }
	return []budget.Level{
		{Key: of("1"), Tokens: -3, Factor: 1, Line: time.Minute}, {Key: of("2"), Tokens: 90, Factor: 0.75},
	}, nil
}

// Waiting has jobs of one account that wait since a second, a minute and an hour.
func (w *world) Waiting(context.Context) ([]catalog.WaitingGroup, error) {
	group := func(operation driver.Operation, age time.Duration) catalog.WaitingGroup {
		return catalog.WaitingGroup{Account: "1", Type: operation, Jobs: 1, Oldest: midnight.Add(-age)}
	}
	return []catalog.WaitingGroup{
		group(driver.Backup, time.Minute), group(driver.Copy, time.Hour), group(driver.Restore, time.Second),
	}, nil
}

func dimensionOf(op driver.Operation) string {
	if op == driver.Restore {
		return "restores"
	}
	return "account"
}

func (w *world) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(w.collector())
	return gather(t, registry)
}

// want checks that got has each series with its value.
func want(t *testing.T, got, series map[string]float64) {
	t.Helper()
	part := map[string]float64{}
	for name := range series {
		if value, ok := got[name]; ok {
			part[name] = value
		}
	}
	if diff := cmp.Diff(series, part); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	want(t, newWorld().scrape(t), map[string]float64{
		"admission_slots{account=111122223333,dimension=account,state=waiting}": 9,
		"admission_slots{account=111122223333,dimension=account,state=granted}": 2,
		"admission_slots{account=111122223333,dimension=account,state=held}":    7,
		"admission_cap{account=111122223333,dimension=account}":                 40,
		"admission_oldest_wait_seconds{account=1,dimension=account}":            3600,
		"admission_oldest_wait_seconds{account=1,dimension=restores}":           1,
		"budget_rate_ratio{bucket=ec2:CreateSnapshot}":                          0.75,
		"budget_tokens{bucket=ec2:CreateSnapshot}":                              -3,
		"budget_line_seconds{bucket=ec2:CreateSnapshot}":                        60,
		"queue_tasks{queue=backup,state=pending}":                               3,
		"queue_tasks{queue=backup,state=archived}":                              1,
		"queue_tasks{queue=backup,state=active}":                                0,
		"queue_latency_seconds{queue=backup}":                                   1.5,
		"catalog_jobs{state=RUNNING,type=backup}":                               4,
		"catalog_jobs{state=FAILED,type=expire}":                                0,
		"recovery_points{state=AVAILABLE}":                                      12,
		"at_risk{risk=rpo}":                                                     7,
		"at_risk{risk=window}":                                                  0,
		"leader{}":                                                              1,
		"notifications{state=DEAD,target=mail}":                                 2,
		"notifications{state=OPEN,target=mail}":                                 0,
		"breakers_open{}":                                                       1,
		"scrape_error{source=admission}":                                        0,
		"scrape_error{source=queues}":                                           0,
		"scrape_error{source=catalog}":                                          0,
	})
}

func TestAdmissionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.usage = []admission.KeyUsage{
		{Key: "account=1", Cap: -1, Held: 1},
		{Key: "quota-ebs-backup=1/eu-west-1", Cap: 5, Held: 1},
		{Key: "resource=abcdef", Cap: 1, Held: 1},
		{Key: "restores=1", Cap: 0},
	}
	got := w.scrape(t)
	want(t, got, map[string]float64{
		"admission_cap{account=1,dimension=account}":  math.Inf(1),
		"admission_cap{account=1,dimension=restores}": 0,
	})
	for name := range got {
		if strings.Contains(name, "abcdef") || strings.Contains(name, "quota") {
			t.Errorf("%s: its number is not bounded by the accounts", name)
		}
	}
}

func TestFailingSourceCostsItsOwnMetrics(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	table := map[string]struct {
		breakIt func(*world)
		source  string
		gone    string
	}{
		"admission": {func(w *world) { w.usageErr = down }, "admission", "admission_slots"},
		"queues":    {func(w *world) { w.queueErr = down }, "queues", "queue_tasks"},
		"catalog":   {func(w *world) { w.countErr = down }, "catalog", "catalog_jobs"},
	}
	for name, row := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			row.breakIt(w)
			got := w.scrape(t)
			errorsSeen := 0.0
			for _, source := range []string{"admission", "queues", "catalog"} {
				errorsSeen += got["scrape_error{source="+source+"}"]
			}
			if got["scrape_error{source="+row.source+"}"] != 1 || errorsSeen != 1 {
				t.Errorf("scrape errors: %v", got)
			}
			for series := range got {
				if strings.HasPrefix(series, row.gone) {
					t.Errorf("%s is shown although its source failed", series)
				}
			}
			if line := w.log.String(); !strings.Contains(line, down.Error()) || !strings.Contains(line, row.source) {
				t.Errorf("the log does not say what failed and why: %s", line)
			}
		})
	}
}

func TestTooManyQueuesAreCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 60 {
		w.queues[fmt.Sprintf("stray%d", i)] = &asynq.QueueInfo{Pending: 1}
	}
	got := w.scrape(t)
	shown := 0
	for name := range got {
		if strings.HasPrefix(name, "queue_latency_seconds") {
			shown++
		}
	}
	if shown != 50 {
		t.Errorf("%d queues shown, want 50", shown)
	}
	want(t, got, map[string]float64{
		"queue_tasks{queue=backup,state=pending}": 3, "scrape_error{source=queues}": 1,
	})
}

func TestScrapesShareAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld()
	registry := prometheus.NewRegistry()
	registry.MustRegister(w.collector())
	for range 5 {
		gather(t, registry)
	}
	if w.counted != 1 {
		t.Errorf("5 scrapes at once cost the catalog %d counts", w.counted)
	}
	w.clock.Advance(6 * time.Second)
	gather(t, registry)
	if w.counted != 2 {
		t.Errorf("after 6 s the answer is still the old one")
	}
}

func TestFailureIsLoggedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	registry := prometheus.NewRegistry()
	registry.MustRegister(w.collector())
	w.usageErr = errors.New("connection refused")
	for range 3 {
		gather(t, registry)
		w.clock.Advance(time.Minute)
	}
	w.usageErr = nil
	gather(t, registry)
	if lines := strings.Count(w.log.String(), "\n"); lines != 2 {
		t.Errorf("three failed scrapes and a good one gave %d lines, want 2:\n%s", lines, w.log.String())
	}
}

// TestQueuesOfRedis reads the queues of asynq's own inspector on the embedded Redis.
func TestQueuesOfRedis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: testkit.Miniredis(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	producer := asynq.NewClientFromRedisClient(client)
	for _, queue := range []string{"backup", "backup", "stray"} {
		if _, err := producer.Enqueue(asynq.NewTask("backup:start", []byte("{}")), asynq.Queue(queue)); err != nil {
			t.Fatal(err)
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.NewCollector(nil, zerolog.Nop(),
		metrics.Queues(asynq.NewInspectorFromRedisClient(client), []string{"backup", "copy"})))
	want(t, gather(t, registry), map[string]float64{
		"queue_tasks{queue=backup,state=pending}": 2,
		"queue_tasks{queue=copy,state=pending}":   0,
		"queue_tasks{queue=stray,state=pending}":  1,
		"scrape_error{source=queues}":             0,
	})
}
