package cli

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/api"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/login"
	"holdfast/operator"
	"holdfast/web/signin"
)

// serve puts the API of the office behind a login and returns its address and the tokens.
func (o *office) serve() (address string, tokens map[access.Role]string) {
	o.t.Helper()
	cfg, err := config.Load(filepath.Join(o.dir, "holdfast.yaml"), nil)
	o.must(err)
	d := &desk{store: o.store, cfg: cfg, drivers: app.PlanningDrivers(cfg), env: Env{Stderr: &bytes.Buffer{}}}
	office := app.NewOffice(cfg, o.store, o.clock, d.drivers, d.policies)
	keeper, err := login.New(o.store, o.clock, rand.Reader, login.Cost{Time: 1, MemoryKiB: 8, Threads: 1})
	o.must(err)
	tokens = map[access.Role]string{}
	for _, role := range access.Roles() {
		tokens[role], _, err = keeper.CreateToken(o.t.Context(), string(role), role, 24*time.Hour, "root")
		o.must(err)
	}
	gate := signin.New(signin.Options{
		Keeper: keeper, Required: true, Log: zerolog.Nop(), Open: func(*http.Request) bool { return false },
		Fail: func(w http.ResponseWriter, _ *http.Request, status int, text string) { http.Error(w, text, status) },
	})
	server := httptest.NewServer(gate.Handler(api.New(api.Options{Office: office, Catalog: o.store, Clock: o.clock, Log: zerolog.Nop()})))
	o.t.Cleanup(server.Close)
	return server.URL, tokens
}

// through runs a command with a server and no configuration.
func (o *office) through(address, token string, args ...string) answer {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(o.t.Context(), Env{
		Args:  append(append([]string{"holdfast"}, args...), "--server", address, "--token", token),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Environ: []string{"USER=eve"}, Clock: o.clock,
	})
	return answer{code, strings.ReplaceAll(stdout.String(), o.dir, "DIR"), strings.ReplaceAll(stderr.String(), o.dir, "DIR")}
}

// TestServerSaysTheSame runs commands here and through a server: they print the same.
func TestServerSaysTheSame(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	address, tokens := o.serve()
	o.write("bad.yaml", "plans:\n  - name: p\n    rules: []\n")
	bad := filepath.Join(o.dir, "bad.yaml")
	for _, line := range []string{
		"jobs list", "jobs list --state completed --kind ebs --since 3d --limit 2", "jobs list --output json", "jobs list --after " + jobA,
		"points list --resource " + ordersARN, "points list --before 30h --output json",
		"backup --resource " + ordersARN + " --dry-run", "backup --plan production --rule nightly --dry-run",
		"backup --plan production --dry-run", "backup --resource " + goneARN,
		"copy --point " + jobB + " --region eu-central-1 --dry-run", "copy --point none --region mars",
		"restore --point " + jobB + " --idempotency-key r --dry-run", "restore --resource " + ordersARN + " --set colour=red",
		"restore --point none", "expire --point " + jobC + " --dry-run", "expire --point " + jobC,
		"jobs cancel nosuchjob", "jobs cancel", "jobs retry " + jobA,
		"jobs show " + jobA, "jobs show " + strings.ToUpper(jobB) + " --output json", "jobs show",
		"points show " + jobB, "points show " + jobA + " --output json", "points show",
		"limits show", "limits show --output json", "limits set account=* concurrency=7 --dry-run", "limits set acount=1 concurrency=-3 --expect-version -1",
		"limits set account=111122223333 concurrency=7 --expect-version 9",
		"hold list", "hold add --point " + jobA + " --name case-17 --reason court", "hold list --output json", "hold add --point none --name ../x",
		"hold remove --point " + jobA + " --name none",
		"vault list", "vault list --output json",
		"vault lock --vault default --mode soft --min-days 0", "vault unlock --vault dr", "vault unlock --vault dr --reason over", "vault unlock --vault a/b --reason over",
		"deletions list", "deletions approve --subject none --for 2h --reason why", "deletions approve --subject none --for 999h",
		"inventory list", "inventory list --unprotected --output json", "inventory list --kind ebs --gone --limit 2", "inventory list --kind none",
		"accounts list", "accounts list --output json",
		"audit list --actor scheduler --limit 3", "audit list --job " + jobA + " --since 30h", "audit list --text nothing --output json",
		"policy preview", "policy preview --allow none,twice --limit 1 --output json", "policy preview " + bad, "policy preview " + bad + " --output json",
	} {
		here, there := o.run(say(line)...), o.through(address, tokens[access.Admin], say(line)...)
		if here != there {
			t.Errorf("%s\nhere:  %+v\nthere: %+v", line, here, there)
		}
	}
}

// What is changed through a server is changed, by the token.
func TestChangesThroughAServer(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	address, tokens := o.serve()
	for _, step := range []struct{ line, part string }{
		{"hold add --point " + jobA + " --name case-17 --reason court", "case-17"},
		{"hold remove --point " + jobA + " --name case-17", "no holds"},
		{"vault lock --vault dr/eu --mode governance --min-days 3 --reason drill", "token:admin"},
		{"vault unlock --vault dr/eu --reason over", "no vault is locked"},
		{"limits set account=111122223333 concurrency=7", "7 operations in progress"},
		{"limits show", "set by token:admin, version 1"},
		{"audit list --actor token:admin --type vault", "drill"},
	} {
		if a := o.through(address, tokens[access.Admin], say(step.line)...); a.code != codeDone || !strings.Contains(a.stdout, step.part) {
			t.Errorf("%s\nwant %q in %+v", step.line, step.part, a)
		}
	}
	for _, line := range []string{"jobs show nosuchjob", "points show nosuchpoint"} {
		if a := o.through(address, tokens[access.Viewer], say(line)...); a.code != codeBadInput || !strings.Contains(a.stderr, "of "+address) {
			t.Errorf("%s: %+v", line, a)
		}
	}
}

// An operator restores with a token alone; the history says which.
func TestRestoreThroughAServer(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	address, tokens := o.serve()
	a := o.through(address, tokens[access.Restorer], "restore", "--point", jobB, "--output", "json")
	var r operator.Outcome
	if err := json.Unmarshal([]byte(a.stdout), &r); err != nil || a.code != 0 || r.Created != 1 || len(r.Plan.Calls) == 0 {
		t.Fatalf("%+v", a)
	}
	job := o.job(r.Jobs[0].ID)
	if job.CreatedBy != "token:restorer" || job.State != catalog.Created {
		t.Errorf("the job is %+v", job)
	}
	o.clock.onSleep = func(nth int) {
		switch nth {
		case 1:
			o.move(job.ID, catalog.Running, nil)
		case 2:
			o.move(job.ID, catalog.Completed, nil)
		}
	}
	if a := o.through(address, tokens[access.Viewer], "jobs", "wait", job.ID); a.code != 0 || !strings.Contains(a.stdout, "COMPLETED") {
		t.Errorf("%+v", a)
	}
	for _, refused := range []struct{ token, part string }{
		{tokens[access.Viewer], "token:viewer has the role viewer, which may not restore"}, {"hf_wrong", "A valid token is needed"}, {"", "A valid token is needed"},
	} {
		if a := o.through(address, refused.token, "restore", "--point", jobB); a.code != codeFailed || !strings.Contains(a.stderr, refused.part) {
			t.Errorf("%+v", a)
		}
	}
}

func TestServerFlagsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("token", "hf_secret\n")
	for _, c := range []struct {
		args []string
		part string
	}{
		{[]string{"--server", "backup.example.com"}, "is no address of a server"},
		{[]string{"--server", "https://user:word@backup.example.com"}, "is no address of a server"},
		{[]string{"--server", "http://127.0.0.1:1", "--token", "x", "--token-file", filepath.Join(o.dir, "token")}, "either --token or --token-file"},
		{[]string{"--server", "http://127.0.0.1:1", "--token-file", filepath.Join(o.dir, "none")}, "no such file"},
	} {
		if a := o.run(append(say("jobs list"), c.args...)...); a.code != codeBadInput || !strings.Contains(a.stderr, c.part) {
			t.Errorf("%v: %+v", c.args, a)
		}
	}
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	if a := o.run("jobs", "list", "--server", other.URL); a.code != codeFailed || !strings.Contains(a.stderr, "not as Holdfast's API does") {
		t.Errorf("%+v", a)
	}
}
