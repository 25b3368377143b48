package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/catalog/ledger"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	drivers "holdfast/driver/all"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/web/frame"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// night0 is the moment the pages are looked at.
var night0 = time.Date(2026, 3, 4, 2, 30, 0, 0, time.UTC)

const (
	home    = "111122223333"
	other   = "444455556666"
	volume  = "arn:aws:ec2:eu-west-1:" + home + ":volume/vol-"
	billing = "arn:aws:rds:eu-west-1:" + home + ":db:billing"
	// hostile is what a name or a message may hold.
	hostile = `<script>alert("x")</script>`
)

const inForce = `
plans:
  - name: nightly
    rules:
      - name: daily
        schedule_expression: "cron(0 1 * * ? *)"
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 35}
        copy_actions: [{destination_backup_vault_arn: "arn:aws:backup:eu-central-1:$account:backup-vault:dr", lifecycle: {delete_after_days: 90}}]
    selections:
      - {name: volumes, resources: ["arn:aws:ec2:*:*:volume/*"], conditions: {string_not_like: [{condition_key: "aws:ResourceTag/backup", condition_value: "no"}]}}
      - {name: databases, resources: ["arn:aws:rds:*:*:db:*"]}
`

// rig is an installation on a fixed night with one of everything.
type rig struct {
	t     *testing.T
	store *sqlstore.Store
	clock *clock.Manual
	board *Dashboard
	mux   *http.ServeMux
}

// capabilities are what the fixture's two kinds can do.
var capabilities = []policy.Capabilities{
	policy.Native(resource.EBS, "arn:*:ec2:*:*:volume/*", policy.Abilities{CopyRegion: true, CopyAccount: true}),
	policy.Native(resource.RDS, "arn:*:rds:*:*:db:*", policy.Abilities{CopyRegion: true, CopyAccount: true}),
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.NewManual(night0.Add(-96 * time.Hour)), mux: http.NewServeMux()}
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: r.clock})
	r.must(err)
	t.Cleanup(func() { _ = store.Close() })
	r.store = store
	r.stock()
	set, result := policy.Compile([]policy.File{{Name: "policies/nightly.yaml", Data: []byte(inForce)}}, capabilities)
	if set == nil {
		t.Fatal(result.Problems)
	}
	registry := drivers.New(awssession.Refuse("a test"))
	r.board = New(Options{
		Catalog: store, Drivers: registry, Capabilities: capabilities, Accounts: []string{home, other},
		Policies:    func(context.Context) (Policies, error) { return Policies{Set: set}, nil },
		DefaultCaps: admission.Caps{"account=*": 20, "restores=*": 5},
		Units: func(account string) []string {
			return map[string][]string{home: {"Workloads", "Production"}, other: {"Workloads"}}[account]
		},
		Why: func(context.Context, catalog.Job) (string, error) {
			return "All 20 slots of account=" + home + " are held.", nil
		},
		LeaseName: "leader", Clock: r.clock, Log: zerolog.Nop(),
		Frame: frame.New(frame.Options{Installation: "acme", Pages: true, Queues: true, Clock: r.clock, Log: zerolog.Nop()}),
		Office: &operator.Office{
			Installation: "acme", Partition: "aws", Store: store, Clock: r.clock, Drivers: registry, Entropy: bytes.NewReader(make([]byte, 1<<16)),
			Policies:    func(context.Context) (*policy.Set, error) { return set, nil },
			DefaultCaps: admission.Caps{"account=*": 20},
		},
	})
	t.Cleanup(r.board.Close)
	r.board.Register(r.mux)
	r.warm()
	return r
}

// warm waits for every figure once, so that no page is made without them.
func (r *rig) warm() {
	ctx, a := r.t.Context(), r.board.answers
	_, err := a.posture.Get(ctx)
	r.must(err)
	_, err = a.totals.Get(ctx)
	r.must(err)
	_, err = a.points.Get(ctx)
	r.must(err)
	_, err = a.seals.Get(ctx)
	r.must(err)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// at moves the clock to so long before the night.
func (r *rig) at(before time.Duration) time.Time {
	if wait := night0.Add(-before).Sub(r.clock.Now()); wait > 0 {
		r.clock.Advance(wait)
	}
	return r.clock.Now()
}

// The jobs of the fixture; a letter 26 times is an id.
func jobID(letter string) string { return strings.Repeat(letter, 26) }

// stock fills the catalog.
func (r *rig) stock() {
	r.t.Helper()
	ctx := r.t.Context()
	resources := []resource.Resource{
		{ARN: volume + "orders", Name: "orders", Kind: resource.EBS, Tags: map[string]string{"team": "shop"}, Settings: json.RawMessage(`{"size_gib":100,"type":"gp3","availability_zone":"eu-west-1a"}`)},
		{ARN: volume + "search", Name: hostile, Kind: resource.EBS, Settings: json.RawMessage(`{"size_gib":20}`)},
		{ARN: volume + "fresh", Name: "fresh", Kind: resource.EBS},
		{ARN: volume + "scratch", Name: "scratch", Kind: resource.EBS, Tags: map[string]string{"backup": "no"}},
	}
	database := resource.Resource{
		ARN: billing, Name: "billing", Kind: resource.RDS,
		Settings: json.RawMessage(`{"engine":"postgres","engine_version":"16.4","instance_class":"db.t3.small","allocated_gib":50,"storage_type":"gp3","backup_retention_days":7,"subnet_group":"private"}`),
	}
	for kind, list := range map[resource.Kind][]resource.Resource{resource.EBS: resources, resource.RDS: {database}} {
		for i := range list {
			list[i].Account, list[i].Region = home, "eu-west-1"
		}
		now := r.clock.Now()
		r.must(r.store.SyncInventory(ctx, catalog.InventorySync{
			Scope:     catalog.InventoryScope{Partition: "aws", Account: home, Region: "eu-west-1", Kind: kind},
			StartedAt: now, EndedAt: now, Complete: true, Resources: list,
		}))
	}
	database.Account, database.Region = home, "eu-west-1"
	r.must(r.store.RecordFires(ctx, []catalog.Fire{
		{Plan: "nightly", Rule: "daily", At: night0.Add(-90 * time.Minute), State: catalog.FirePlanned, PlannedAt: night0.Add(-90 * time.Minute), Jobs: 4},
	}))
	r.complete(r.backup("a", resources[1], 73*time.Hour), resources[1])
	point := r.complete(r.backup("b", resources[0], 85*time.Minute), resources[0])
	r.complete(r.backup("c", database, 80*time.Minute), database)
	r.copy("d", point)
	r.fail(r.backup("e", resources[1], 50*time.Minute))
	r.start(r.backup("f", resources[2], 45*time.Minute))
	r.backup("g", database, 40*time.Minute)
	r.at(30 * time.Minute)
	r.must(r.store.AddHold(ctx, catalog.Hold{PointID: point.ID, Kind: catalog.HoldLegal, Holder: "case-17", CreatedAt: r.clock.Now(), Note: hostile}, "ana"))
	_, err := r.store.SetCap(ctx, "account="+home, 12, "ana", -1)
	r.must(err)
	r.must(r.store.SetBreaker(ctx, catalog.Breaker{Account: other, OpenSince: r.at(25 * time.Minute), ProbeAt: night0.Add(time.Minute), Failures: 3, Message: "sts:AssumeRole: AccessDenied " + hostile}, "scheduler"))
	_, err = ledger.SealAll(ctx, r.store, ledger.Keys{Current: []byte("a key of a test")}, r.at(20*time.Minute))
	r.must(err)
	_, err = r.store.SetCap(ctx, "restores=*", 6, "ben", -1)
	r.must(err)
	r.at(0)
}

// backup inserts a backup so long before the night.
func (r *rig) backup(letter string, source resource.Resource, before time.Duration) catalog.Job {
	r.t.Helper()
	job := catalog.NewBackup(jobID(letter), source, "aws", "scheduler", r.at(before))
	job.Plan, job.Rule, job.FireAt = "nightly", "daily", r.clock.Now().Truncate(time.Hour)
	job.StartBy, job.CompleteBy = job.FireAt.Add(8*time.Hour), job.FireAt.AddDate(0, 0, 7)
	job.Spec.Vault, job.Spec.DeleteAfter, job.Spec.ColdAfter = "default", 135, 7
	_, err := r.store.InsertJobs(r.t.Context(), []catalog.Job{job})
	r.must(err)
	return job
}

// move commits the next state of a job.
func (r *rig) move(id string, to catalog.State, edit func(*catalog.Job), more func(*catalog.Mutation)) catalog.Job {
	r.t.Helper()
	job, err := r.store.Job(r.t.Context(), id)
	r.must(err)
	m, err := catalog.Change(job, to, r.clock.Now(), "worker-1", edit)
	r.must(err)
	if more != nil {
		more(&m)
	}
	job, err = r.store.Commit(r.t.Context(), m)
	r.must(err)
	return job
}

func (r *rig) start(job catalog.Job) catalog.Job {
	r.t.Helper()
	return r.move(job.ID, catalog.Running, func(j *catalog.Job) {
		j.Ref, j.StartedAt, j.Attempts, j.Progress = driver.Ref("snap-"+j.ID[:8]), r.clock.Now(), 1, 40
	}, nil)
}

func (r *rig) complete(job catalog.Job, source resource.Resource) catalog.RecoveryPoint {
	r.t.Helper()
	job = r.start(job)
	r.clock.Advance(2 * time.Minute)
	seen := driver.Point{Ref: job.Ref, ARN: "arn:aws:ec2:eu-west-1::snapshot/" + string(job.Ref), CreatedAt: job.CreatedAt, SizeBytes: 100 << 30, Encrypted: true, KMSKeyID: "alias/backup"}
	p := catalog.CompletedPoint(job, seen, source, "acme", r.clock.Now())
	r.move(job.ID, catalog.Completed, nil, func(m *catalog.Mutation) { m.Points = []catalog.RecoveryPoint{p} })
	return p
}

func (r *rig) copy(letter string, p catalog.RecoveryPoint) {
	r.t.Helper()
	job := catalog.NewCopy(jobID(letter), p, catalog.CopySpec{Account: home, Region: "eu-central-1", Vault: "dr", DeleteAfter: 90}, nil, "scheduler", r.at(70*time.Minute))
	_, err := r.store.InsertJobs(r.t.Context(), []catalog.Job{job})
	r.must(err)
	job, err = r.store.Job(r.t.Context(), job.ID)
	r.must(err)
	r.complete(job, p.Source)
}

func (r *rig) fail(job catalog.Job) {
	r.t.Helper()
	r.move(job.ID, catalog.Failed, func(j *catalog.Job) {
		j.Class, j.Message, j.Attempts = failure.Denied, "ec2:CreateSnapshot: UnauthorizedOperation: "+hostile, 1
	}, nil)
}

// page is what came back for a request.
type pageAnswer struct {
	status int
	header http.Header
	body   string
}

// as is who asks.
func as(r *http.Request, role access.Role) *http.Request {
	viewer := frame.Viewer{Actor: access.Actor{Name: "ana", Role: role}}
	return r.WithContext(access.With(frame.WithViewer(r.Context(), viewer), viewer.Actor))
}

func (r *rig) serve(request *http.Request) pageAnswer {
	request.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, request)
	return pageAnswer{w.Code, w.Header(), w.Body.String()}
}

func (r *rig) get(path string, role access.Role) pageAnswer {
	return r.serve(as(httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, path, http.NoBody), role))
}

func (r *rig) post(path string, role access.Role, form url.Values) pageAnswer {
	request := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.serve(as(request, role))
}
