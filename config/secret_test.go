package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"holdfast/config"
)

const password = "hunter2hunter2"

// spellings returns v in every way somebody might print it.
func spellings(t *testing.T, v any) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%20s", "%T|%v"} {
		args := []any{v}
		if verb == "%T|%v" {
			args = []any{v, v}
		}
		got[verb] = fmt.Sprintf(verb, args...)
	}
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	got["JSON"], got["YAML"] = string(j), string(y)
	return got
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	path := write(t, minimal+"redis: {mode: single, addresses: [\"r:1\"], password: "+password+"}\ncatalog: {dsn: \"postgres://holdfast:"+password+"@db/holdfast\"}\n")
	c, err := config.Load(path, []string{"HOLDFAST_AWS_ROLES_EXTERNAL_ID=" + password})
	if err != nil {
		t.Fatal(err)
	}
	if c.Redis.Password.Reveal() != password || c.AWS.Roles.ExternalID.Reveal() != password || !strings.Contains(c.Catalog.DSN.Reveal(), password) {
		t.Fatal("the secrets were not read")
	}
	for _, v := range []any{c.Redis.Password, &c.Redis, c.Catalog, *c, c, c.Effective(), []any{c.Redis.Password}, map[string]config.Secret{"a": c.Redis.Password}} {
		for how, s := range spellings(t, v) {
			if strings.Contains(s, password) || strings.Contains(s, fmt.Sprintf("%x", password)) {
				t.Errorf("%T printed with %s gives the secret away: %s", v, how, s)
			}
		}
	}
	if got := fmt.Sprintf("%v|%v", c.Redis.Password, config.Secret("")); got != "[redacted]|" {
		t.Errorf("printed %q", got)
	}
}

func TestDSNString(t *testing.T) {
	t.Parallel()
	tests := []struct{ dsn, want string }{
		{"sqlite:holdfast.db", "sqlite:holdfast.db"},
		{"", ""},
		{"postgres://u:p%40w@db:5432/holdfast?sslmode=disable", "postgres://u:[redacted]@db:5432/holdfast?sslmode=disable"},
		{"postgres://u@db/holdfast", "postgres://u@db/holdfast"},
		{"postgres://db/holdfast?password=pw&sslpassword=x", "postgres://db/holdfast?password=[redacted]&sslpassword=[redacted]"},
		{"host=db password=pw", "[redacted]"},
		{"postgres://u:p/w@db/holdfast", "[redacted]"},
		{"postgres:///holdfast?password=pw", "[redacted]"},
	}
	for _, tt := range tests {
		if got := config.DSN(tt.dsn).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.dsn, got, tt.want)
		}
	}
}

// A message about a bad secret must not repeat it either.
func TestProblemsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"mysql://u:" + password + "@db/x", "postgres://u:" + password + "@/", "postgres://u:" + password + "@db",
		"postgres://u:/" + password + "@db/x", "host=db password=" + password, "sqlite:",
	} {
		got := problems(t, minimal+"catalog: {dsn: \""+dsn+"\"}\naws_secret: x\n", "HOLDFAST_AWS_ROLES_EXTERNAL_ID="+password+" x")
		if len(got) != 3 || strings.Contains(strings.Join(got, ""), password) {
			t.Errorf("%s: %q", dsn, got)
		}
	}
}
