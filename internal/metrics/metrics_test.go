package metrics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/metrics"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// gather returns every series of Holdfast's as "name{label=value,...} value"; a histogram
// gives its count and sum.
func gather(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := strings.TrimPrefix(family.GetName(), "holdfast_") + labels(m.GetLabel())
			switch {
			case m.Histogram != nil:
				got[name+" count"] = float64(m.GetHistogram().GetSampleCount())
				got[name+" sum"] = m.GetHistogram().GetSampleSum()
			case m.Counter != nil:
				got[name] = m.GetCounter().GetValue()
			default:
				got[name] = m.GetGauge().GetValue()
			}
		}
	}
	return got
}

func labels[L interface {
	GetName() string
	GetValue() string
}](list []L) string {
	pairs := make([]string, 0, len(list))
	for _, l := range list {
		pairs = append(pairs, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

var midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func ended(operation driver.Operation, state catalog.State, class failure.Class, wait, took time.Duration) catalog.Job {
	return catalog.Job{
		Type: operation, Kind: resource.EBS, State: state, Class: class,
		CreatedAt: midnight, StartedAt: midnight.Add(wait), EndedAt: midnight.Add(wait + took),
	}
}

func TestJobEnded(t *testing.T) {
	t.Parallel()
	neverBegan := ended(driver.Backup, catalog.Expired, failure.Window, 0, time.Hour)
	neverBegan.StartedAt = time.Time{}
	table := map[string]struct {
		job  catalog.Job
		want map[string]float64
	}{
		"completed after a throttle": {
			ended(driver.Backup, catalog.Completed, failure.Throttled, time.Minute, 10*time.Minute),
			map[string]float64{
				"jobs_ended_total{class=none,kind=ebs,state=COMPLETED,type=backup}": 1,
				"job_wait_seconds{kind=ebs,type=backup} count":                      1,
				"job_wait_seconds{kind=ebs,type=backup} sum":                        60,
				"job_duration_seconds{kind=ebs,type=backup} count":                  1,
				"job_duration_seconds{kind=ebs,type=backup} sum":                    600,
			},
		},
		"never began": {neverBegan, map[string]float64{
			"jobs_ended_total{class=window,kind=ebs,state=EXPIRED,type=backup}": 1,
		}},
		"clocks apart": {
			ended(driver.Copy, catalog.Failed, failure.KMS, -time.Second, time.Second),
			map[string]float64{
				"jobs_ended_total{class=kms,kind=ebs,state=FAILED,type=copy}": 1,
				"job_wait_seconds{kind=ebs,type=copy} count":                  1,
				"job_wait_seconds{kind=ebs,type=copy} sum":                    0,
				"job_duration_seconds{kind=ebs,type=copy} count":              1,
				"job_duration_seconds{kind=ebs,type=copy} sum":                1,
			},
		},
		"outside the closed lists": {
			catalog.Job{Type: "shred", Kind: "abacus", State: "LOST", Class: "bored"},
			map[string]float64{"jobs_ended_total{class=other,kind=other,state=other,type=other}": 1},
		},
	}
	for name, row := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := prometheus.NewRegistry()
			metrics.New(registry).JobEnded(row.job)
			if diff := cmp.Diff(row.want, gather(t, registry)); diff != "" {
				t.Errorf("series (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCounters(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := metrics.New(registry)
	job := ended(driver.Restore, catalog.Running, "", 0, 0)
	m.StartCalled(job, "")
	m.StartCalled(job, failure.Quota)
	for _, class := range []failure.Class{"", failure.Throttled, failure.Throttled} {
		m.AWSCall(awssession.Call{
			Account: "111122223333", Service: "ec2", Operation: "CreateSnapshot", Class: class, Duration: 500 * time.Millisecond,
		})
	}
	m.Paced(awssession.Pace{Bucket: "ec2:CreateSnapshot", Waited: time.Second})
	m.Paced(awssession.Pace{Bucket: "ec2:CreateSnapshot", Waited: 2 * time.Second, PutOff: true})
	m.Repair("stale_grant", 3)
	m.TaskRefused("forged")
	m.Repair("nothing", 0)
	m.Build("v1.2.3")
	got := gather(t, registry)
	for name := range got {
		if strings.HasPrefix(name, "build_info{") && strings.HasSuffix(name, "version=v1.2.3}") {
			delete(got, name) // it also names the Go version
		}
	}
	want := map[string]float64{
		"start_calls_total{kind=ebs,outcome=ok,type=restore}":                     1,
		"tasks_refused_total{reason=forged}":                                      1,
		"start_calls_total{kind=ebs,outcome=quota,type=restore}":                  1,
		"aws_calls_total{operation=CreateSnapshot,outcome=ok,service=ec2}":        1,
		"aws_calls_total{operation=CreateSnapshot,outcome=throttled,service=ec2}": 2,
		"aws_throttles_total{operation=CreateSnapshot,service=ec2}":               2,
		"aws_call_duration_seconds{operation=CreateSnapshot,service=ec2} count":   3,
		"aws_call_duration_seconds{operation=CreateSnapshot,service=ec2} sum":     1.5,
		"budget_wait_seconds{bucket=ec2:CreateSnapshot} count":                    2,
		"budget_wait_seconds{bucket=ec2:CreateSnapshot} sum":                      3,
		"budget_put_off_total{bucket=ec2:CreateSnapshot}":                         1,
		"repairs_total{repair=stale_grant}":                                       3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	golden.Text(t, "../../docs/metrics.md", metrics.Reference())
}

// TestReferenceIsComplete makes every metric show at least once and compares the names,
// types and labels with the page.
func TestReferenceIsComplete(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := metrics.New(registry)
	m.Build("v1")
	m.JobEnded(ended(driver.Backup, catalog.Completed, "", time.Minute, time.Minute))
	m.StartCalled(catalog.Job{}, "")
	m.AWSCall(awssession.Call{Class: failure.Throttled})
	m.Paced(awssession.Pace{PutOff: true})
	m.TaskRefused("forged")
	m.Repair("x", 1)
	w := newWorld()
	registry.MustRegister(w.collector())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	page := metrics.Reference()
	for _, family := range families {
		kind := strings.ToLower(family.GetType().String())
		if !strings.Contains(page, fmt.Sprintf("| `%s` | %s | ", family.GetName(), kind)) {
			t.Errorf("%s, a %s, is not in the reference", family.GetName(), kind)
		}
		if !strings.Contains(page, family.GetHelp()) {
			t.Errorf("the meaning of %s is not in the reference", family.GetName())
		}
		for _, l := range family.GetMetric()[0].GetLabel() {
			if row := rowOf(page, family.GetName()); !strings.Contains(row, "`"+l.GetName()+"`") {
				t.Errorf("label %s of %s is not in its row: %s", l.GetName(), family.GetName(), row)
			}
		}
	}
	if rows := strings.Count(page, "\n| `holdfast_"); rows != len(families) {
		t.Errorf("the reference has %d metrics, a busy process shows %d", rows, len(families))
	}
}

func rowOf(page, name string) string {
	_, rest, _ := strings.Cut(page, "| `"+name+"`")
	row, _, _ := strings.Cut(rest, "\n")
	return strings.ReplaceAll(row, "` `", "``")
}

func TestNewRegistry(t *testing.T) {
	t.Parallel()
	families, err := metrics.NewRegistry().Gather()
	if err != nil || len(families) == 0 {
		t.Errorf("the runtime's own metrics: %d, %v", len(families), err)
	}
}
