package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/config"
	"holdfast/demo"
	"holdfast/internal/testkit"
)

// chat is a Slack-compatible webhook that keeps what it is sent.
type chat struct {
	onText func(string)
	mu     sync.Mutex
	texts  []string
}

func (c *chat) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var m struct{ Text string }
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &m)
	c.mu.Lock()
	c.texts = append(c.texts, m.Text)
	c.mu.Unlock()
	c.onText(m.Text)
}

// titles returns the first lines that match, with what the expression captures.
func (c *chat) titles(pattern string) (found [][]string) {
	expression := regexp.MustCompile(pattern)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.texts {
		title, _, _ := strings.Cut(text, "\n")
		if match := expression.FindStringSubmatch(title); match != nil {
			found = append(found, match)
		}
	}
	return found
}

func (c *chat) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.texts, "\n----\n")
}

const overAgain = "its role works again"

// TestFailureInTheDemoIsTold takes the backup role of an account away in the demo, which is
// kept up, and sees what reaches a webhook and a mailbox: a message that the breaker opened,
// one for all jobs whose windows passed behind it, and one that it is over.
func TestFailureInTheDemoIsTold(t *testing.T) {
	t.Parallel()
	testkit.Integration(t) // it takes most of a minute
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	var over sync.WaitGroup
	over.Add(2) // the webhook and the mailbox
	seen := func() func(string) {
		once := sync.OnceFunc(over.Done)
		return func(text string) {
			if strings.Contains(text, overAgain) {
				once()
			}
		}
	}
	go func() { over.Wait(); stop() }()
	told := &chat{onText: seen()}
	server := httptest.NewServer(told)
	t.Cleanup(server.Close)
	box := testkit.NewMailbox(t, testkit.MailboxOptions{})
	box.OnMail(seen())
	dir := t.TempDir()
	err := demo.Run(ctx, demo.Options{
		Accounts: 3, Regions: 1, Resources: 60, Seed: 5, Speed: 1000, Failing: 1, Keep: true, Dir: dir,
		Log: zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel), Progress: demo.Silent(),
		Configure: func(cfg *config.Config) error {
			if err := shortWindows(filepath.Join(dir, "policy.yaml")); err != nil {
				return err
			}
			return cfg.Set("notifications.targets", `[
				{name: chat, type: slack, url: "`+server.URL+`/hook"},
				{name: mail, type: smtp, address: "`+box.Address+`", tls: none, from: a@demo.example, to: [b@demo.example]}]`, "test")
		},
	})
	if err != nil && !errors.Is(err, context.Canceled) || t.Context().Err() != nil {
		t.Fatalf("%v:\n%s", err, told.all())
	}
	if opened := told.titles(`its role fails`); len(opened) != 1 {
		t.Errorf("%d messages tell that the breaker opened, want 1:\n%s", len(opened), told.all())
	}
	jobs, messages := 0, told.titles(`^(\d+) jobs EXPIRED`)
	for _, m := range messages {
		n, _ := strconv.Atoi(m[1])
		jobs += n
	}
	if jobs < 8 || len(messages) > jobs/4 {
		t.Errorf("%d messages tell of %d jobs whose windows passed:\n%s", len(messages), jobs, told.all())
	}
	if len(told.titles(overAgain)) != 1 {
		t.Errorf("nobody is told that it is over:\n%s", told.all())
	}
	mails := strings.Join(box.Mails(), "\n")
	if !strings.Contains(mails, "its role fails") || !strings.Contains(mails, "EXPIRED") || !strings.Contains(mails, overAgain) {
		t.Errorf("the mailbox has:\n%s", mails)
	}
}

// shortWindows makes the demo's windows of eight hours, half a minute here, one hour long.
func shortWindows(policy string) error {
	text, err := os.ReadFile(policy)
	if err != nil {
		return err
	}
	short := strings.ReplaceAll(string(text), "start_window_minutes: 480", "start_window_minutes: 60")
	return os.WriteFile(policy, []byte(short), 0o600)
}
