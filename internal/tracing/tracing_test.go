package tracing_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/internal/tracing"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
)

var night = time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC)

// receiver is an OTLP collector in the process.
type receiver struct {
	url   string
	mu    sync.Mutex
	spans map[string]*v1.Span // by name
	dupes int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{spans: map[string]*v1.Span{}}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &export); err != nil || request.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", request.URL.Path, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, resource := range export.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					if r.spans[span.GetName()] != nil {
						r.dupes++
					}
					r.spans[span.GetName()] = span
				}
			}
		}
	}))
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func tracer(t *testing.T, url string, sample float64) *tracing.Tracer {
	t.Helper()
	tr, err := tracing.New(t.Context(), tracing.Options{Endpoint: url, Installation: "acme", Version: "v1", Sample: sample})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func backup() catalog.Job {
	r := resource.Resource{ARN: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", Kind: resource.EBS, Account: account, Region: region}
	j := catalog.NewBackup(catalog.JobID("traced"), r, "aws", "scheduler", night.Add(time.Second))
	j.Plan, j.Rule, j.FireAt = "daily", "nightly", night
	j.State, j.StartedAt, j.EndedAt = catalog.Completed, night.Add(time.Minute), night.Add(5*time.Minute)
	return j
}

func copyOf(job catalog.Job) catalog.Job {
	p := catalog.RecoveryPoint{ID: job.ID, ChainID: job.ChainID, Kind: job.Kind, Plan: job.Plan, Rule: job.Rule}
	c := catalog.NewCopy(catalog.JobID("its copy"), p, catalog.CopySpec{Account: account, Region: "eu-central-1"}, nil, "scheduler", job.EndedAt)
	c.FireAt, c.State, c.Class, c.Message, c.EndedAt = job.FireAt, catalog.Failed, failure.KMS, "the key is disabled", job.EndedAt.Add(time.Minute)
	return c
}

// TestChainIsOneTrace lets three processes that know nothing of each other send their part
// of a chain: the call, the end of the backup, the end of the copy.
func TestChainIsOneTrace(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	job := backup()
	one, two, three := tracer(t, r.url, 1), tracer(t, r.url, 1), tracer(t, r.url, 1)
	call(t, one, job)
	two.JobEnded(job)
	three.JobEnded(copyOf(job))
	for _, tr := range []*tracing.Tracer{one, two, three} {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	}
	names := map[string]string{} // of spans, by id
	for name, span := range r.spans {
		names[hex.EncodeToString(span.GetSpanId())] = name
		if got := hex.EncodeToString(span.GetTraceId()); got != job.TraceID() {
			t.Errorf("%s is of trace %s, not of the chain's %s", name, got, job.TraceID())
		}
	}
	tree := map[string]string{}
	for name, span := range r.spans {
		if name != "wait" && name != "aws" { // both jobs have them
			tree[name] = names[hex.EncodeToString(span.GetParentSpanId())]
		}
	}
	want := map[string]string{
		"fire daily/nightly": "", "backup ebs": "fire daily/nightly", "EC2.CreateSnapshot": "backup ebs", "copy ebs": "backup ebs",
	}
	if diff := cmp.Diff(want, tree); diff != "" {
		t.Errorf("span below span (-want +got):\n%s", diff)
	}
	failed := r.spans["copy ebs"]
	if failed.GetStatus().GetCode() != v1.Status_STATUS_CODE_ERROR || failed.GetStatus().GetMessage() != "the key is disabled" {
		t.Errorf("the failed copy has status %v", failed.GetStatus())
	}
	if got := time.Unix(0, int64(r.spans["backup ebs"].GetEndTimeUnixNano())).UTC(); !got.Equal(job.EndedAt) {
		t.Errorf("the backup ends at %s in the trace, at %s in the catalog", got, job.EndedAt)
	}
}

// call makes a call for job and one that is for nobody in particular.
func call(t *testing.T, tr *tracing.Tracer, job catalog.Job) {
	t.Helper()
	org, err := sim.New(sim.Options{Clock: clock.NewManual(night), Accounts: []string{account}, Regions: []string{region}})
	if err != nil {
		t.Fatal(err)
	}
	arn, err := org.Create(sim.Blueprint{Kind: resource.EBS, Account: account, Region: region, SizeGiB: 1})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := tr.Provider(org.Provider()).Config(t.Context(), awssession.Request{Scope: resource.Scope{Partition: "aws", Account: account, Region: region}})
	if err != nil {
		t.Fatal(err)
	}
	client := ec2.NewFromConfig(cfg)
	if _, err := client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
		t.Fatal(err)
	}
	volume := arn[len("arn:aws:ec2:"+region+":"+account+":volume/"):]
	ctx := awssession.WithTrace(awssession.WithJob(t.Context(), job.ID), job.TraceID())
	if _, err := client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &volume}); err != nil {
		t.Fatal(err)
	}
}

// Of a chain everything is sent or nothing, whichever process decides.
func TestSamplingKeepsChainsWhole(t *testing.T) {
	t.Parallel()
	sent := map[bool]int{}
	for n := range 40 {
		job := backup()
		job.ID = catalog.JobID("sampled", fmt.Sprint(n))
		job.ChainID = job.ID
		r := newReceiver(t)
		one, two := tracer(t, r.url, 0.5), tracer(t, r.url, 0.5)
		one.JobEnded(job)
		two.JobEnded(copyOf(job))
		_, _ = one.Close(), two.Close()
		backed, copied := r.spans["backup ebs"] != nil, r.spans["copy ebs"] != nil
		if backed != copied {
			t.Errorf("chain %d: backup sent %v, copy sent %v", n, backed, copied)
		}
		sent[backed]++
	}
	if sent[true] == 0 || sent[false] == 0 {
		t.Errorf("of 40 chains %d are sent: the sample of a half does nothing", sent[true])
	}
}

// Restores and expiries come weeks later and are traces of their own.
func TestRestoreIsItsOwnTrace(t *testing.T) {
	t.Parallel()
	job := backup()
	restore := job
	restore.ID, restore.Type = catalog.JobID("restore"), driver.Restore
	if restore.TraceID() == job.TraceID() || len(job.TraceID()) != 32 {
		t.Errorf("trace ids %s and %s", restore.TraceID(), job.TraceID())
	}
}

func TestNoTracerDoesNothing(t *testing.T) {
	t.Parallel()
	var none *tracing.Tracer
	none.JobEnded(backup())
	if err := none.Close(); err != nil || none.Provider(nil) != nil {
		t.Errorf("%v", err)
	}
}
