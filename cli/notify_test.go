package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"holdfast/catalog"
	"holdfast/notify/webhook"
)

// toldOffice returns an office with a target of each type that needs no AWS, all of them
// at url.
func toldOffice(t *testing.T, url string) *office {
	t.Helper()
	o := newOffice(t)
	old, err := os.ReadFile(o.dir + "/holdfast.yaml")
	o.must(err)
	o.write("secret", "0123456789abcdef\n")
	o.write("holdfast.yaml", string(old)+fmt.Sprintf(`
notifications:
  targets:
    - {name: hook, type: webhook, url: "%s/hook", secret: "file:secret"}
    - {name: chat, type: slack, url: "file:chat-url"}
  routes:
    - {targets: [hook], events: all}
    - {targets: [hook, chat]}
`, url))
	o.write("chat-url", url+"/chat\n")
	return o
}

func TestNotifyTest(t *testing.T) {
	t.Parallel()
	var hook, chat string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/chat" {
			chat = string(body)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		hook = string(body)
		if err := webhook.Verify("0123456789abcdef", r.Header.Get(webhook.SignatureHeader), body, noon, 0); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	o := toldOffice(t, s.URL)
	a := o.run("notify", "test", "--output", "json")
	var doc struct{ Targets []trialRow }
	if err := json.Unmarshal([]byte(a.stdout), &doc); err != nil || a.code != codeAttention || len(doc.Targets) != 2 {
		t.Fatalf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
	}
	if !doc.Targets[0].Sent || doc.Targets[1].Sent || doc.Targets[1].Class != "denied" {
		t.Errorf("%+v", doc.Targets)
	}
	if !strings.Contains(hook, "nothing has failed") || !strings.Contains(chat, "nothing has failed") {
		t.Errorf("the messages do not say that they are tests: %s, %s", hook, chat)
	}
	if a := o.run("notify", "test", "--target", "chat"); a.code != codeFailed || strings.Contains(a.stdout+a.stderr, "/chat") {
		t.Errorf("exit %d, want 1 and no address: %s%s", a.code, a.stdout, a.stderr)
	}
	if a := o.run("notify", "test", "--target", "phone"); a.code != codeBadInput || !strings.Contains(a.stderr, "only hook, chat") {
		t.Errorf("an unknown target: exit %d: %s", a.code, a.stderr)
	}
}

func TestNotifyListFailedRetry(t *testing.T) {
	t.Parallel()
	o := toldOffice(t, "http://127.0.0.1:1")
	at, err := o.store.Cursor(t.Context(), "notify")
	o.must(err)
	o.must(o.store.Advance(t.Context(), "notify", at, at+1, []catalog.Notification{
		{ID: "n1", Target: "hook", Group: "job account=111122223333", State: catalog.NotificationDead, Events: 12, Round: 1, Attempts: 13, Error: "connection refused", ChangedAt: noon},
		{ID: "n2", Target: "chat", Group: "job", State: catalog.NotificationDelivered, Events: 1, Round: 1, Attempts: 1, ChangedAt: noon},
	}))
	o.transcript("notify",
		say("notify list"),
		say("notify failed"),
		say("notify failed --output json"),
		say("notify retry"),
		say("notify retry n2"),
		say("notify retry nosuch"),
		say("notify retry n1"),
		say("notify failed"),
		say("notify retry --all"),
	)
	plain := newOffice(t)
	plain.transcript("notify_nobody", say("notify list"), say("notify test"), say("notify failed"))
}

func TestConfigValidateChecksNotifications(t *testing.T) {
	t.Parallel()
	o := toldOffice(t, "http://127.0.0.1:1")
	if a := o.run("config", "validate"); a.code != codeDone {
		t.Fatalf("exit %d: %s", a.code, a.stderr)
	}
	old, err := os.ReadFile(o.dir + "/holdfast.yaml")
	o.must(err)
	o.write("holdfast.yaml", strings.Replace(string(old), `url: "file:chat-url"`, `url: "env:NO_SUCH_VARIABLE", template: broken.tmpl`, 1))
	o.write("broken.tmpl", "{{.Titel}}")
	a := o.run("config", "validate")
	for _, want := range []string{"NO_SUCH_VARIABLE is not set", "notifications.targets[1].template: cannot be used", "Titel", "holdfast.yaml:"} {
		if a.code != codeBadInput || !strings.Contains(a.stderr, want) {
			t.Errorf("exit %d, the message lacks %q:\n%s", a.code, want, a.stderr)
		}
	}
}
