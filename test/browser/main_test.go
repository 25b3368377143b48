package browser_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/demo"
	"holdfast/internal/testkit"
	"holdfast/resource"
	"holdfast/test/browser/chrome"
)

func TestMain(m *testing.M) { testkit.Main(m) }

//go:embed testdata/axe.js
var axe string

// patience is how long a condition may take on a busy machine.
const patience = 2 * time.Minute

// stage is a running demo and a browser that looks at it.
type stage struct {
	*app.App
	url     string
	browser context.Context
	console *chrome.Console
}

// newStage plays the demo until the test ends, with a browser in front of it.
func newStage(t *testing.T) *stage {
	t.Helper()
	testkit.Integration(t)
	s := &stage{}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Options{
			Accounts: 3, Regions: 2, Resources: 120, Seed: 1, Dir: t.TempDir(), Log: zerolog.Nop(), Progress: demo.Silent(), Keep: true,
			Configure: func(cfg *config.Config) error { cfg.Web.Listen = "127.0.0.1:0"; return nil },
			OnReady: func(a *app.App) ([]app.Service, error) {
				server, err := a.NewWeb(prometheus.NewRegistry())
				if err != nil {
					ready <- err
					return nil, err
				}
				s.App, s.url = a, "http://"+server.Addr()
				ready <- nil
				return []app.Service{{Name: "web", Run: server.Run}}, nil
			},
			OnSummary: func(demo.Summary) error { return nil },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the demo ended with %v", err)
		}
	})
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	browser, close, err := chrome.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(close)
	s.browser, s.console = browser, chrome.Listen(browser)
	return s
}

// maxStale is how often an action is tried whose element was replaced before it began.
const maxStale = 5

// act runs one action. A page that is live, or that another one follows, may replace the
// element between its finding and its use: then nothing was done yet, and it is done again.
func act(ctx context.Context, action chromedp.Action) (err error) {
	for range maxStale {
		if err = chromedp.Run(ctx, action); err == nil || !strings.Contains(strings.ToLower(err.Error()), "node with given id") {
			return err
		}
	}
	return err
}

// do runs actions in the browser.
func (s *stage) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(s.browser, patience)
	defer cancel()
	for _, action := range actions {
		if err := act(ctx, action); err != nil {
			var text, address string
			_ = chromedp.Run(s.browser, chromedp.Location(&address), chromedp.Text("body", &text))
			t.Fatalf("%v\nat %s:\n%.3000s", err, address, text)
		}
	}
}

// open goes to a page and waits until it and its scripts are there.
func (s *stage) open(t *testing.T, path string) {
	t.Helper()
	s.do(t, chromedp.Navigate(s.url+path), chromedp.WaitReady("h1", chromedp.ByQuery))
}

// text returns what an element says.
func (s *stage) text(t *testing.T, selector string) (text string) {
	t.Helper()
	s.do(t, chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// until waits until a JavaScript expression is true.
func (s *stage) until(t *testing.T, what, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(s.browser, patience)
	defer cancel()
	var is bool
	// A page that loads meanwhile ends the evaluation: it is tried again.
	for !is && ctx.Err() == nil {
		_ = chromedp.Run(ctx, chromedp.Poll(expression, &is, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(5*time.Second)))
	}
	if !is {
		s.do(t, chromedp.ActionFunc(func(context.Context) error { return fmt.Errorf("%s: never", what) }))
	}
}

// quiet fails the test when the console said anything.
func (s *stage) quiet(t *testing.T) {
	t.Helper()
	for _, line := range s.console.Take() {
		t.Errorf("console: %s", line)
	}
}

// accessible fails the test for what axe finds serious or critical.
func (s *stage) accessible(t *testing.T) {
	t.Helper()
	var found string
	s.do(t, chromedp.Evaluate(axe+";0", nil), chromedp.Evaluate(
		`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html + " " + n.failureSummary)}))))`,
		&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatalf("axe answered %q: %v", found, err)
	}
	for _, v := range violations {
		t.Errorf("axe: %s: %s\n%s", v.ID, v.Help, strings.Join(v.Nodes, "\n"))
	}
}

// completed waits for a backup of a volume that has left a recovery point.
func (s *stage) completed(t *testing.T) (point catalog.RecoveryPoint) {
	t.Helper()
	testkit.Eventually(t, patience, "a recovery point", func() bool {
		points, err := s.Store.ListPoints(t.Context(), catalog.PointFilter{States: []catalog.PointState{catalog.Available}})
		if err != nil {
			return false
		}
		for _, p := range points {
			if p.Kind == resource.EBS && p.ParentID == "" { // restored from its recording alone
				point = p
				return true
			}
		}
		return false
	})
	return point
}
