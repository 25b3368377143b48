package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/config"
	"holdfast/resource"
	"holdfast/tasks"
)

const minimal = `installation: test
aws:
  regions: [eu-west-1]
  accounts:
    ids: ["111122223333"]
`

// write stores a configuration in a fresh directory and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holdfast.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// problems loads text and returns what is wrong, with the directory cut off.
func problems(t *testing.T, text string, environ ...string) []string {
	t.Helper()
	path := write(t, text)
	_, err := config.Load(path, environ)
	if err == nil {
		return nil
	}
	var e *config.Error
	if !errors.As(err, &e) {
		t.Fatalf("Load returned %T, want *config.Error", err)
	}
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, strings.ReplaceAll(p.String(), path, "f"))
	}
	return lines
}

func TestLoadMinimal(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, minimal), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Installation != "test" || c.Worker.Concurrency != 32 || c.Catalog.DSN != "sqlite:holdfast.db" ||
		c.Scheduler.LookInterval != 10*time.Second || c.Worker.Queues["restore"] != tasks.Queues()["restore"] {
		t.Errorf("values are not as in the file and the defaults: %+v", c)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings: %v", c.Warnings)
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	path := write(t, minimal+"log: {level: warn, format: console}\n")
	c, err := config.Load(path, []string{
		"HOLDFAST_LOG_LEVEL=debug", "HOLDFAST_LOG_FORMAT=", "HOLDFAST_KINDS=ebs, rds",
		"HOLDFAST_WORKER_QUEUES=restore=3,look=1", "HOLDFAST_CONFIG=elsewhere", "HOME=/nowhere",
		"AWS_ENDPOINT_URL=http://127.0.0.1:5000",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]string{}
	for _, s := range c.Effective() {
		got[s.Key] = [2]string{s.Text, strings.ReplaceAll(s.Origin, path, "f")}
	}
	for key, want := range map[string][2]string{
		"installation":     {"test", "f:1"},
		"log.level":        {"debug", "env HOLDFAST_LOG_LEVEL"},
		"log.format":       {"console", "f:6"},
		"kinds":            {"ebs,rds", "env HOLDFAST_KINDS"},
		"worker.queues":    {"look=1,restore=3", "env HOLDFAST_WORKER_QUEUES"},
		"aws.endpoint_url": {"http://127.0.0.1:5000", "env AWS_ENDPOINT_URL"},
		"scheduler.tick":   {"1s", "default"},
		"aws.roles.session_duration": {
			"1h", "default",
		},
	} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
	if diff := cmp.Diff([]resource.Kind{resource.EBS, resource.RDS}, c.Kinds); diff != "" {
		t.Error(diff)
	}
}

func TestOwnVariableWinsOverAWS(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, minimal), []string{"AWS_ENDPOINT_URL=http://a:1", "HOLDFAST_AWS_ENDPOINT_URL=http://b:1"})
	if err != nil {
		t.Fatal(err)
	}
	if c.AWS.EndpointURL != "http://b:1" {
		t.Errorf("endpoint is %s", c.AWS.EndpointURL)
	}
}

func TestEnvironmentAlone(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", []string{
		"HOLDFAST_INSTALLATION=env-only", "HOLDFAST_AWS_REGIONS=eu-west-1,us-east-1",
		"HOLDFAST_AWS_ACCOUNTS_SOURCE=organizations", "HOLDFAST_PORT=tcp://10.0.0.1:80",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"eu-west-1", "us-east-1"}, c.AWS.Regions); diff != "" {
		t.Error(diff)
	}
	want := []config.Problem{{Env: "HOLDFAST_PORT", Message: "unknown variable: ignored"}}
	if diff := cmp.Diff(want, c.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestSetAndValidate(t *testing.T) {
	t.Parallel()
	c := config.Default()
	for key, text := range map[string]string{
		"installation": "demo", "aws.regions": "eu-west-1", "aws.accounts.ids": "111122223333", "web.listen": "127.0.0.1:0",
	} {
		if err := c.Set(key, text, "demo"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := c.Set("web.listen", "nowhere", "flag --listen"); err == nil || !strings.Contains(err.Error(), "web.listen: flag --listen: ") {
		t.Errorf("bad value: %v", err)
	}
	if err := c.Set("web.lisen", "x", "flag --listen"); err == nil {
		t.Error("unknown key was accepted")
	}
	if err := c.Set("web.listen", "0.0.0.0:1", "flag --listen"); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "web.allow_remote") {
		t.Errorf("remote address: %v", err)
	}
}

func TestCheckShared(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, minimal), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckShared("worker"); err == nil || !strings.Contains(err.Error(), "`holdfast worker` needs a Redis") {
		t.Errorf("embedded: %v", err)
	}
	c, err = config.Load(write(t, minimal+"redis: {mode: single, addresses: [\"redis:6379\"]}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckShared("worker"); err != nil {
		t.Errorf("single: %v", err)
	}
}

func TestPolicyFiles(t *testing.T) {
	t.Parallel()
	path := write(t, minimal+"policies: [\"p/*.yaml\", p/a.yaml]\n")
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PolicyFiles(); err == nil || !strings.Contains(err.Error(), ":6: policies[0]: no file matches ") {
		t.Errorf("nothing there: %v", err)
	}
	dir := filepath.Join(filepath.Dir(path), "p")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")}
	for _, name := range want {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.PolicyFiles()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "missing.yaml"): "no such file: create it",
		dir:                                "cannot be read",
	} {
		_, err := config.Load(path, nil)
		var e *config.Error
		if !errors.As(err, &e) || len(e.Problems) != 1 || !strings.Contains(e.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
