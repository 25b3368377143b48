package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdfast/catalog"
	"holdfast/scheduler"
)

// diagnose runs the doctor and returns its findings by check; of several the last.
func (o *office) diagnose(code int) map[string]finding {
	o.t.Helper()
	a := o.run("doctor", "--output", "json")
	var doc struct {
		Healthy  bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil || a.code != code || doc.Healthy != (code == codeDone) {
		o.t.Fatalf("exit %d, want %d, %v: %s%s", a.code, code, err, a.stdout, a.stderr)
	}
	found := map[string]finding{}
	for _, f := range doc.Findings {
		found[f.Check] = f
		if f.Status != statusOK && (f.Remedy == "" || f.Playbook != playbook(f.Check)) {
			o.t.Errorf("%s: nothing is said about what to do: %+v", f.Check, f)
		}
	}
	return found
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	company, url := serveSimulator(t)
	o := newOffice(t)
	o.clock.now = time.Now().UTC() // the doctor compares it with the database's
	o.simulate(company, url, company.Accounts()...)
	if got := o.diagnose(codeAttention); got["leader"].Status != statusWarn || got["inventory"].Status != statusWarn || got["aws"].Status != statusOK {
		t.Errorf("nothing runs: %+v", got)
	}
	if a := o.run("inventory", "sync"); a.code != codeDone {
		t.Fatal(a)
	}
	for _, s := range []struct{ account, region string }{{"111122223333", "eu-west-1"}, {"444455556666", "eu-west-1"}} {
		o.listAgain(s.account, s.region)
	}
	_, err := o.store.AcquireLease(t.Context(), scheduler.LeaseName, "host/1", time.Hour)
	o.must(err)
	if f := o.diagnose(codeAttention)["left"]; !strings.Contains(f.Message, "444455556666 no longer belongs") {
		t.Errorf("accounts that are not configured: %+v", f)
	}
	o.simulate(company, url, append(company.Accounts(), "111122223333", "444455556666")...)
	config, err := os.ReadFile(filepath.Join(o.dir, "holdfast.yaml"))
	o.must(err)
	o.write("holdfast.yaml", strings.Replace(string(config), "  regions: [", "  regions: [eu-west-1, ", 1))
	for check, f := range o.diagnose(codeDone) {
		if f.Status != statusOK {
			t.Errorf("%s: %+v", check, f)
		}
	}
	o.spoil()
	got := o.diagnose(codeAttention)
	if f := got["breakers"]; f.Status != statusWarn || !strings.Contains(f.Message, "111122223333") {
		t.Errorf("an open breaker: %+v", f)
	}
	a := o.run("doctor", "--skip-aws")
	for _, want := range []string{jobA, jobB, "warn  breakers", "ok    leader", "docs/playbooks/doctor-breakers.md", "ok    disk"} {
		if !strings.Contains(a.stdout, want) {
			t.Errorf("%q is not in the text:\n%s", want, a.stdout)
		}
	}
	if strings.Contains(a.stdout, " aws ") {
		t.Errorf("--skip-aws asked AWS:\n%s", a.stdout)
	}
}

// Every check the source knows has a playbook, and every playbook of the doctor a check.
func TestEveryCheckOfTheDoctorHasAPlaybook(t *testing.T) {
	t.Parallel()
	checks := map[string]bool{}
	named := regexp.MustCompile(`found\.(?:ok|warn|fail)\("([a-z]+)"|tell\("([a-z]+)"|\{"([a-z]+)", e\.`)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			checks[m[1]+m[2]+m[3]] = true
		}
	}
	if len(checks) < 20 {
		t.Fatalf("found %d checks: %v", len(checks), checks)
	}
	pages, err := filepath.Glob("../docs/playbooks/doctor-*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		check := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(page), "doctor-"), ".md")
		text, err := os.ReadFile(page)
		if err != nil || !strings.HasPrefix(string(text), "# Doctor: "+check+"\n") || !strings.Contains(string(text), "\n## What to do\n") {
			t.Errorf("%s must begin with the check's name and say what to do: %v", page, err)
		}
		if !checks[check] {
			t.Errorf("%s is of no check", page)
		}
		delete(checks, check)
	}
	for check := range checks {
		t.Errorf("check %s has no page docs/playbooks/doctor-%s.md", check, check)
	}
}

// listAgain makes the old listings of the fixture current.
func (o *office) listAgain(account, region string) {
	o.t.Helper()
	scopes, err := o.store.InventoryScopes(o.t.Context())
	o.must(err)
	for _, s := range scopes {
		if s.Account == account && s.Region == region {
			o.must(o.store.SyncInventory(o.t.Context(), catalog.InventorySync{Scope: s, StartedAt: o.clock.Now(), EndedAt: o.clock.Now(), Complete: false}))
			o.must(o.store.SyncInventory(o.t.Context(), catalog.InventorySync{Scope: s, StartedAt: o.clock.Now(), EndedAt: o.clock.Now(), Complete: true}))
		}
	}
}

// spoil opens a breaker and leaves one job stuck and one overdue.
func (o *office) spoil() {
	o.t.Helper()
	now := o.clock.Now()
	o.must(o.store.SetBreaker(o.t.Context(), catalog.Breaker{
		Account: "111122223333", OpenSince: now.Add(-time.Hour), ProbeAt: now.Add(time.Minute), Failures: 3, Message: "no such role",
	}, "worker-1"))
	age := now.Add(-time.Hour)
	o.insert(jobA, ordersARN, 0, func(j *catalog.Job) { j.CreatedAt = age })
	o.insert(jobB, ledgerARN, 0, func(j *catalog.Job) { j.CreatedAt, j.CompleteBy = age, now.Add(-time.Minute) })
	o.move(jobB, catalog.Running, nil)
}

// What is down is a failure, and does not keep the other checks from being made.
func TestDoctorFailures(t *testing.T) {
	t.Parallel()
	const closed = closedAddress
	o := newOffice(t)
	o.clock.now = time.Now().UTC()
	o.write("policy.yaml", "plans: 7\n")
	config := "installation: acme\ncatalog: {dsn: \"DSN\"}\npolicies: [policy.yaml]\nredis: {mode: single, addresses: [\"" + closed + "\"]}\n" +
		"aws: {simulator_url: \"http://" + closed + "\", regions: [eu-west-1], accounts: {ids: [\"111122223333\"]}}\n"
	o.write("holdfast.yaml", strings.ReplaceAll(config, "DSN", "sqlite:"+o.dir+"/holdfast.db"))
	got := o.diagnose(codeFailed)
	for check, want := range map[string]string{
		"policies": statusWarn, "catalog": statusOK, "redis": statusFail, "aws": statusFail, "jobs": statusOK,
	} {
		if got[check].Status != want {
			t.Errorf("%s: %+v, want %s", check, got[check], want)
		}
	}
	o.write("holdfast.yaml", strings.ReplaceAll(config, "DSN", "postgres://holdfast:hunter2@"+closed+"/holdfast?connect_timeout=2"))
	got = o.diagnose(codeFailed)
	if got["catalog"].Status != statusFail || got["redis"].Status != statusFail || strings.Contains(got["catalog"].Message, "hunter2") {
		t.Errorf("without a catalog: %+v", got)
	}
}

// closedAddress is one where nothing listens: port 1 is reserved and never handed out.
const closedAddress = "127.0.0.1:1"

func TestHealthAsksThePages(t *testing.T) {
	t.Parallel()
	ready := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if a := typed(t, "health", "--url", server.URL); a.code != codeDone || !strings.HasPrefix(a.stdout, "ok ") {
		t.Errorf("exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	if a := typed(t, "health", "--url", server.URL+"/readyz"); a.code != codeDone {
		t.Errorf("with the path: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	ready = false
	a := typed(t, "health", "--url", server.URL, "--output", "json")
	var doc healthResult
	if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil || a.code != codeFailed || doc.Healthy || !strings.Contains(doc.Checks[0].Message, "503") {
		t.Errorf("not ready: exit %d, %v, %+v", a.code, err, doc)
	}
	if a := typed(t, "health", "--url", "localhost"); a.code != codeBadInput {
		t.Errorf("an address without scheme: exit %d: %s", a.code, a.stderr)
	}
}

// Where nothing listens, a process of a fleet is as healthy as its stores; one with an
// embedded Redis has pages, so their silence is the finding.
func TestHealthWithoutPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const closed = closedAddress
	base := "installation: acme\ncatalog: {dsn: \"sqlite:" + o.dir + "/holdfast.db\"}\nweb: {listen: \"" + closed + "\"}\n" +
		"aws: {regions: [eu-west-1], accounts: {ids: [\"111122223333\"]}}\n"
	o.write("holdfast.yaml", base)
	if a := o.run("health"); a.code != codeFailed || !strings.Contains(a.stdout, "fail  web") {
		t.Errorf("embedded: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	o.write("holdfast.yaml", base+"redis: {mode: single, addresses: [\""+closed+"\"]}\n")
	a := o.run("health")
	if a.code != codeFailed || !strings.Contains(a.stdout, "ok    catalog") || !strings.Contains(a.stdout, "fail  redis") {
		t.Errorf("redis is down: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	server := newRedis(t)
	o.write("holdfast.yaml", base+"redis: {mode: single, addresses: [\""+server+"\"]}\n")
	if a := o.run("health"); a.code != codeDone {
		t.Errorf("both are up: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	if got := o.diagnoseQueue(); got["admission"].Status != statusWarn || got["workers"].Status != statusWarn {
		t.Errorf("an empty Redis: %+v", got)
	}
}

// diagnoseQueue runs the doctor for what it says of Redis.
func (o *office) diagnoseQueue() map[string]finding {
	o.t.Helper()
	a := o.run("doctor", "--skip-aws", "--output", "json")
	var doc struct{ Findings []finding }
	if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil {
		o.t.Fatal(err)
	}
	found := map[string]finding{}
	for _, f := range doc.Findings {
		found[f.Check] = f
	}
	return found
}

// newRedis starts an embedded Redis and returns its address.
func newRedis(t *testing.T) string {
	t.Helper()
	return miniredis.RunT(t).Addr()
}
