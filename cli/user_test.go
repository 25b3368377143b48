package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/catalog"
)

// typed runs a command with text on its standard input.
func (o *office) typed(text string, args ...string) answer {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(o.t.Context(), Env{
		Args: append([]string{"holdfast"}, args...), Stdin: strings.NewReader(text), Stdout: &stdout, Stderr: &stderr,
		Environ: []string{"USER=ana"}, Clock: o.clock,
	}.withConfig(filepath.Join(o.dir, "holdfast.yaml")))
	return answer{code, stdout.String(), stderr.String()}
}

const goodPassword = "correct horse battery"

func TestUserCommands(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("secret", goodPassword+"\nsecond line\n")
	if a := o.typed(goodPassword+"\n", "user", "add", "bob", "--role", "restorer"); a.code != 0 || a.stdout != "bob may sign in as restorer\n" {
		t.Fatalf("%+v", a)
	}
	o.transcript("user",
		say("user add eve --role admin --password-file "+o.dir+"/secret"),
		say("user add eve --role admin --password-file "+o.dir+"/secret"),
		say("user add Eve --role god"),
		say("user add --role admin"),
		say("user add joe --role viewer"),
		say("user add joe --role viewer --password-file "+o.dir+"/none"),
		say("user passwd eve --password-file "+o.dir+"/secret"),
		say("user passwd nobody --password-file "+o.dir+"/secret"),
		say("user role eve --role viewer"),
		say("user list"),
		say("user remove eve"),
		say("user remove eve"),
		say("user list --output json"),
	)
	users, err := o.store.Users(t.Context())
	o.must(err)
	if len(users) != 1 || strings.Contains(users[0].PasswordHash, goodPassword) || !strings.HasPrefix(users[0].PasswordHash, "$argon2id$") {
		t.Errorf("users %+v", users)
	}
}

func TestTokenCommands(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a := o.run("token", "create", "ci", "--role", "operator", "--expires-in", "30d")
	if a.code != 0 || !strings.HasPrefix(a.stdout, "hf_") || strings.Count(a.stdout, "\n") != 1 || strings.Contains(a.stderr, "hf_") {
		t.Fatalf("%+v", a)
	}
	var made createdToken
	a = o.run("token", "create", "grafana", "--role", "viewer", "--output", "json")
	if err := json.Unmarshal([]byte(a.stdout), &made); err != nil || !strings.HasPrefix(made.Secret, "hf_") || made.ID != "grafana" {
		t.Fatalf("%+v", a)
	}
	o.transcript("token",
		say("token list"),
		say("token create ci --role viewer"),
		say("token create x --role viewer --expires-in never"),
		say("token create x --role viewer --expires-in 400d"),
		say("token revoke ci"),
		say("token revoke ci"),
		say("token list --output json"),
	)
	events, err := o.store.Events(t.Context(), catalog.EventFilter{Limit: 100})
	o.must(err)
	if last := events[len(events)-1]; last.Type != "token.revoked" || last.Actor != "ana" || last.To != "ci" {
		t.Errorf("the history ends with %+v", last)
	}
}
