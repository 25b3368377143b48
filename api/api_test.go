package api_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/admission"
	"holdfast/api"
	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/driver/memdriver"
	"holdfast/internal/clock"
	"holdfast/login"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/report"
	"holdfast/report/ondemand"
	"holdfast/report/scheduled"
	"holdfast/resource"
	"holdfast/web/signin"
)

var noon = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

const (
	jobA   = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	jobB   = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	jobC   = "cccccccccccccccccccccccccc"
	orders = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-orders"
)

// site is an API over HTTP with a volume that has two points, and a token for each role.
type site struct {
	t      *testing.T
	url    string
	store  *sqlstore.Store
	clock  *clock.Manual
	tokens map[access.Role]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	now := clock.NewManual(noon)
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	office := &operator.Office{
		Installation: "acme", Partition: "aws", Store: store, Clock: now, Entropy: rand.Reader,
		Drivers:     driver.NewRegistry(memdriver.New(memdriver.NewCloud(memdriver.Options{Clock: now}))),
		Policies:    func(context.Context) (*policy.Set, error) { return &policy.Set{}, nil },
		DefaultCaps: admission.Caps{"account=*": 20},
	}
	keeper, err := login.New(store, now, rand.Reader, login.Cost{Time: 1, MemoryKiB: 8, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, store: store, clock: now, tokens: map[access.Role]string{}}
	for _, role := range access.Roles() {
		if s.tokens[role], _, err = keeper.CreateToken(t.Context(), string(role), role, time.Hour, "root"); err != nil {
			t.Fatal(err)
		}
	}
	gate := signin.New(signin.Options{
		Keeper: keeper, Required: true, Log: zerolog.Nop(), Open: func(*http.Request) bool { return false },
		Fail: func(w http.ResponseWriter, _ *http.Request, status int, text string) { http.Error(w, text, status) },
	})
	reports := ondemand.New(ondemand.Options{
		Clock: now, Schedules: func(context.Context) ([]scheduled.Status, error) { return nil, nil },
		Source: func(context.Context) (report.Source, error) {
			return report.Source{Store: store, Installation: "acme", Now: now.Now(), Policies: &policy.Set{}}, nil
		},
	})
	server := httptest.NewServer(gate.Handler(api.New(api.Options{Office: office, Catalog: store, Reports: reports, Clock: now, Log: zerolog.Nop()})))
	t.Cleanup(server.Close)
	s.url = server.URL + api.Prefix
	s.stock()
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) stock() {
	s.t.Helper()
	volume := resource.Resource{
		ARN: orders, Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1", Name: "vol-orders",
		Settings: json.RawMessage(`{"size_gib":100}`),
	}
	another := volume
	another.ARN = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-zebra"
	s.must(s.store.SyncInventory(s.t.Context(), catalog.InventorySync{
		Scope:     catalog.InventoryScope{Partition: "aws", Account: "111122223333", Region: "eu-west-1", Kind: resource.EBS},
		StartedAt: noon, EndedAt: noon, Complete: true, Resources: []resource.Resource{volume, another},
	}))
	for i, id := range []string{jobA, jobB, jobC} {
		job := catalog.NewBackup(id, volume, "aws", "scheduler", noon.Add(time.Duration(i-10)*time.Hour))
		_, err := s.store.InsertJobs(s.t.Context(), []catalog.Job{job})
		s.must(err)
		if id == jobC {
			continue
		}
		for _, to := range []catalog.State{catalog.Running, catalog.Completed} {
			job, err = s.store.Job(s.t.Context(), id)
			s.must(err)
			m, err := catalog.Change(job, to, job.CreatedAt.Add(time.Minute), "worker", func(j *catalog.Job) { j.Ref = driver.Ref("snap-" + id[:4]) })
			s.must(err)
			if to == catalog.Completed {
				m.Points = []catalog.RecoveryPoint{catalog.CompletedPoint(job, driver.Point{Ref: job.Ref}, volume, "acme", job.CreatedAt.Add(time.Minute))}
			}
			_, err = s.store.Commit(s.t.Context(), m)
			s.must(err)
		}
	}
}

type answer struct {
	status int
	header http.Header
	text   string
}

// ask sends a request as a role; headers are name, value, ...
func (s *site) ask(role access.Role, method, path, content string, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(content))
	s.must(err)
	if content != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token := s.tokens[role]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := (&http.Client{Timeout: 30 * time.Second}).Do(r)
	s.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	s.must(err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (s *site) want(a answer, status int, parts ...string) answer {
	s.t.Helper()
	if a.status != status {
		s.t.Errorf("answered %d, want %d: %s", a.status, status, a.text)
	}
	for _, part := range parts {
		if !strings.Contains(a.text, part) {
			s.t.Errorf("%q is not in %s", part, a.text)
		}
	}
	if a.status >= 400 && a.header.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("an error of type %s", a.header.Get("Content-Type"))
	}
	return a
}

// writes are one request of each kind that changes something.
var writes = map[access.Action][3]string{
	access.BackUp:      {"POST", "/backups", `{"resources":["` + orders + `"]}`},
	access.Copy:        {"POST", "/copies", `{"point":"` + jobA + `","region":"eu-central-1"}`},
	access.Restore:     {"POST", "/restores", `{"resource":"` + orders + `"}`},
	access.Expire:      {"POST", "/expiries", `{"point":"` + jobA + `"}`},
	access.AddHold:     {"PUT", "/points/" + jobA + "/holds/case-17", `{"note":"court"}`},
	access.RemoveHold:  {"DELETE", "/points/" + jobB + "/holds/case-18", ``},
	access.Cancel:      {"POST", "/jobs/cancel", `{"ids":["` + jobC + `"]}`},
	access.Release:     {"POST", "/jobs/release", `{"ids":["` + jobC + `"]}`},
	access.SetLimits:   {"PUT", "/limits", `{"key":"account=*","setting":"concurrency","value":3}`},
	access.LockVault:   {"PUT", "/vaults/dr/lock", `{"mode":"governance","min_days":3,"reason":"drill"}`},
	access.UnlockVault: {"DELETE", "/vaults/gold/lock?reason=over", ``},
}

// reads are the requests everybody with a role may make.
var reads = []string{
	"/accounts", "/audit", "/deletions", "/events", "/holds", "/jobs", "/jobs/by-id?id=" + jobA + "," + jobB, "/jobs/" + jobA, "/limits", "/me",
	"/points", "/points?text=orders", "/points/" + jobA, "/policies", "/resources", "/vaults",
}

// TestRolesOverHTTP makes every request as every role.
func TestRolesOverHTTP(t *testing.T) {
	t.Parallel()
	for _, role := range access.Roles() {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.must(s.store.AddHold(t.Context(), catalog.Hold{PointID: jobB, Kind: catalog.HoldLegal, Holder: "case-18", CreatedAt: noon}, "root"))
			s.must(s.store.SetVaultLock(t.Context(), "gold", &catalog.VaultLock{
				Vault: "gold", Mode: catalog.Governance, MinDays: 3, LockedAt: noon, LockedBy: "root",
			}, "root", "", noon))
			for action, w := range writes {
				if action == access.Expire { // the copy and the restore hold the points
					continue
				}
				status := http.StatusForbidden
				if access.May(role, action) {
					status = http.StatusOK
				}
				s.want(s.ask(role, w[0], w[1], w[2]), status)
			}
			approval := `{"subject":"installation","hours":2,"reason":"change 4711"}`
			if access.May(role, access.ApproveDeletions) { // and nothing is stopped
				s.want(s.ask(role, "POST", "/deletions/approve", approval), http.StatusUnprocessableEntity, `"location":"body.subject"`)
			} else {
				s.want(s.ask(role, "POST", "/deletions/approve", approval), http.StatusForbidden)
			}
			for _, path := range reads {
				s.want(s.ask(role, "GET", path, ""), http.StatusOK)
				s.want(s.ask("", "GET", path, ""), http.StatusUnauthorized)
			}
			s.want(s.ask(role, "POST", "/policies/preview", `{}`), http.StatusOK, `"taken_by_none"`)
			for _, path := range []string{"/users", "/tokens"} {
				status := http.StatusForbidden
				if access.May(role, access.ManageUsers) {
					status = http.StatusOK
				}
				s.want(s.ask(role, "GET", path, ""), status)
			}
		})
	}
}

func TestExpireOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := writes[access.Expire]
	s.want(s.ask(access.Operator, w[0], w[1], w[2]), http.StatusForbidden, "token:operator has the role operator")
	s.want(s.ask(access.Viewer, w[0], w[1], `{"point":"`+jobA+`","dry_run":true}`), http.StatusOK, `"fate"`)
	s.want(s.ask(access.Admin, w[0], w[1], w[2]), http.StatusOK, `"created":1`)
	s.want(s.ask(access.Admin, w[0], w[1], w[2]), http.StatusUnprocessableEntity, "is deleting "+jobA+" already", `"location":"body.point"`)
}

func TestReads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, part := range map[string]string{
		"/jobs?state=completed,created&kind=ebs&account=111122223333": jobA,
		"/jobs?since=2026-05-05T03:30:00Z&type=backup":                jobC,
		"/jobs/" + strings.ToUpper(jobA):                              `"chain":[`,
		"/points":                                                     jobB,
		"/points/" + jobA:                                             `"holds":[]`,
		"/resources?kind=EBS":                                         orders,
		"/events?job=" + jobA:                                         "job.created",
		"/limits":                                                     `"key":"account=*"`,
		"/accounts":                                                   `"account":"111122223333"`,
		"/policies":                                                   `"plans":[]`,
		"/me":                                                         `{"name":"token:viewer","role":"viewer","may":["view"]}`,
		"/openapi.json":                                               `"openapi":"3.1.0"`,
	} {
		s.want(s.ask(access.Viewer, "GET", path, ""), http.StatusOK, part)
	}
	plan := s.want(s.ask(access.Viewer, "POST", "/restores", `{"point":"`+jobA+`","dry_run":true}`), http.StatusOK, `"dry_run":true`, `"calls"`)
	if strings.Contains(plan.text, "$schema") {
		t.Error(plan.text)
	}
}

// Every list goes on where the page before ended.
func TestPaging(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	history, err := s.store.Events(t.Context(), catalog.EventFilter{Limit: 1000})
	s.must(err)
	for path, want := range map[string]int{"/jobs": 3, "/points": 2, "/resources": 2, "/events": len(history)} {
		total, after := 0, ""
		for range 50 {
			a := s.want(s.ask(access.Viewer, "GET", path+"?limit=1"+after, ""), http.StatusOK)
			var page map[string]any
			s.must(json.Unmarshal([]byte(a.text), &page))
			total += len(page[path[1:]].([]any))
			if page["next"] == nil {
				break
			}
			after = fmt.Sprint("&after=", page["next"])
			if n, ok := page["next"].(float64); ok {
				after = fmt.Sprintf("&after=%d", int(n))
			}
		}
		if total != want {
			t.Errorf("%s: %d rows, want %d", path, total, want)
		}
	}
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before, err := s.store.LastEvent(t.Context())
	s.must(err)
	cases := []struct {
		method, path, content string
		status                int
	}{
		{"GET", "/jobs?limit=1001", "", 422},
		{"GET", "/jobs?limit=0", "", 422},
		{"GET", "/jobs?state=lost&kind=tape&type=move", "", 422},
		{"GET", "/jobs?colour=red", "", 422},
		{"GET", "/jobs?account=1", "", 422},
		{"GET", "/jobs?since=yesterday", "", 422},
		{"GET", "/jobs?after=nosuchjob", "", 404},
		{"GET", "/jobs/nosuchjob", "", 404},
		{"GET", "/jobs/" + strings.Repeat("a", 200), "", 422},
		{"GET", "/jobs/..%2f..%2fetc%2fpasswd", "", 404},
		{"GET", "/points/%00", "", 404},
		{"GET", "/nothing", "", 404},
		{"POST", "/jobs/cancel", `{"ids":[]}`, 422},
		{"POST", "/jobs/cancel", `{"ids":["nosuchjob"]}`, 422},
		{"POST", "/jobs/cancel", `{"ids":["` + jobC + `"],"force":true}`, 422},
		{"POST", "/jobs/cancel", `[`, 400},
		{"POST", "/jobs/cancel", ``, 400},
		{"POST", "/backups", `{"resources":["'; DROP TABLE jobs; --"]}`, 422},
		{"POST", "/backups", `{"resources":["x"],"plan":"y","rule":"z","delete_after":-1}`, 422},
		{"POST", "/backups", `{"resources":` + strings.Repeat("[", 100_000) + `}`, 400},
		{"POST", "/backups", `{"resources":["` + strings.Repeat("x", 2<<20) + `"]}`, 413},
		{"POST", "/restores", `{"point":"` + jobA + `","parameters":{"colour":"red","size":"1"}}`, 422},
		{"PUT", "/limits", `{"key":"account=1","setting":"speed","value":-5}`, 422},
		{"PUT", "/points/" + jobA + "/holds/..%2fx", `{}`, 422},
	}
	for _, c := range cases {
		for _, key := range []string{"", "some key"} {
			var headers []string
			if key != "" {
				headers = []string{"Idempotency-Key", key + c.path + c.content[:min(len(c.content), 20)]}
			}
			a := s.ask(access.Admin, c.method, c.path, c.content, headers...)
			if a.status != c.status || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("%s %s %.60s: %d %s, want %d: %.200s", c.method, c.path, c.content, a.status, a.header.Get("Content-Type"), c.status, a.text)
			}
		}
	}
	s.want(s.ask("", "GET", "/jobs", ""), http.StatusUnauthorized, "holdfast token create")
	s.want(s.ask("", "POST", "/backups", `{}`), http.StatusUnauthorized)
	if after, err := s.store.LastEvent(t.Context()); err != nil || after != before {
		t.Errorf("hostile requests left %d events, %v", after-before, err)
	}
}

// All problems of a request are told at once, each with its field.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want(s.ask(access.Admin, "POST", "/copies", `{"point":"none","region":"mars","account":"1","delete_after":0}`), http.StatusUnprocessableEntity,
		`"body.delete_after"`, `"body.account"`, `"body.region"`, `"body.point"`)
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := writes[access.BackUp]
	key := []string{"Idempotency-Key", "monday"}
	first := s.want(s.ask(access.Operator, w[0], w[1], w[2], key...), http.StatusOK, `"created":1`)
	again := s.want(s.ask(access.Operator, w[0], w[1], w[2], key...), http.StatusOK)
	if again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("again: %v %s", again.header, again.text)
	}
	s.want(s.ask(access.Operator, w[0], w[1], `{"plan":"x"}`, key...), http.StatusUnprocessableEntity, "was used for another request")
	s.want(s.ask(access.Admin, w[0], w[1], w[2], key...), http.StatusOK, `"created":1`) // another's key
	s.want(s.ask(access.Operator, w[0], w[1], w[2], "Idempotency-Key", strings.Repeat("k", 300)), http.StatusUnprocessableEntity)
	s.clock.Advance(59 * time.Minute)
	var asking sync.WaitGroup
	for range 6 {
		asking.Go(func() {
			a := s.ask(access.Operator, w[0], w[1], w[2], "Idempotency-Key", "together")
			if a.status != http.StatusOK && a.status != http.StatusConflict {
				t.Errorf("answered %d: %s", a.status, a.text)
			}
		})
	}
	asking.Wait()
	jobs, err := s.store.ListJobs(t.Context(), catalog.JobFilter{States: []catalog.State{catalog.Created}})
	s.must(err)
	if len(jobs) != 4 { // jobC, one of each actor's first key, and one of all who asked together
		t.Errorf("%d jobs", len(jobs))
	}
}

func TestLimitConflictOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	set := `{"key":"account=*","setting":"concurrency","value":3,"expect_version":0}`
	s.want(s.ask(access.Operator, "PUT", "/limits", set), http.StatusOK, `"concurrency":3`)
	s.want(s.ask(access.Operator, "PUT", "/limits", set), http.StatusConflict, "token:operator set it to 3")
	s.want(s.ask(access.Operator, "PUT", "/limits", `{"key":"account=*","setting":"concurrency","value":null}`), http.StatusOK, `"origin":"default"`)
}
