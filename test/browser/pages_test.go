package browser_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

// TestPages looks at one demo with one browser: the subtests are what an operator does,
// one after another.
func TestPages(t *testing.T) {
	s := newStage(t)
	point := s.completed(t)
	t.Run("every page", func(t *testing.T) { s.everyPage(t, point) })
	t.Run("a restore from the first click to COMPLETED", func(t *testing.T) { s.restores(t, point) })
	t.Run("bulk retry", func(t *testing.T) { s.bulkRetry(t, point) })
	t.Run("a cap that takes effect", s.setsCap)
	t.Run("a hold", func(t *testing.T) { s.holds(t, point) })
	t.Run("a change appears without a reload", s.updatesLive)
	t.Run("hostile input", func(t *testing.T) { s.hostile(t, point) })
	t.Run("policies are tried", s.triesPolicies)
	t.Run("a restore of a moment", s.restoresAMoment)
	t.Run("on a phone and by keyboard", func(t *testing.T) { s.smallAndByKeyboard(t, point) })
	t.Run("without scripts", s.withoutScripts)
}

// everyPage opens every page, listens to the console and asks axe.
func (s *stage) everyPage(t *testing.T, point catalog.RecoveryPoint) {
	pages := map[string]string{
		"/": "Now", "/jobs": "Jobs", "/jobs?state=COMPLETED&kind=" + string(point.Kind): "Jobs", "/jobs/" + point.ID: "Backup of",
		"/resources": "Resources", "/resources?arn=" + url.QueryEscape(point.ResourceARN): "", "/points": "Recovery points",
		"/points/" + point.ID: "Recovery point of", "/restore": "Restore", "/restore?point=" + point.ID: "Restore",
		"/restore?resource=" + url.QueryEscape(point.ResourceARN): "Restore", "/policies": "Policies", "/accounts": "Accounts",
		"/accounts/" + point.Account: "Account " + point.Account, "/audit": "Audit", "/queues": "Queues",
		"/reports": "Reports", "/reports?kind=backup&by=plan": "Reports", "/reports/protection": "Protection",
		"/audit?type=job&q=completed": "Audit", "/points?held=1": "Recovery points", "/resources?status=never": "Resources",
	}
	for path, title := range pages {
		s.open(t, path)
		if got := s.text(t, "h1"); !strings.Contains(got, title) {
			t.Errorf("%s has the title %q, want %q", path, got, title)
		}
		if path != "/queues" { // asynqmon is not ours
			s.accessible(t)
			s.quiet(t)
		}
		s.console.Take()
	}
	dark := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}})
	s.do(t, dark)
	defer s.do(t, emulation.SetEmulatedMedia())
	for _, path := range []string{"/", "/jobs?state=COMPLETED", "/resources?arn=" + url.QueryEscape(point.ResourceARN), "/restore?point=" + point.ID} {
		s.open(t, path)
		s.accessible(t)
	}
}

// restores looks for the resource of a point, clicks through its restore, and waits on the
// page of the job.
func (s *stage) restores(t *testing.T, point catalog.RecoveryPoint) {
	s.open(t, "/")
	s.do(t,
		chromedp.Click(`nav a[href="/restore"]`, chromedp.ByQuery),
		chromedp.WaitVisible(`a[href^="/restore?resource="]`, chromedp.ByQuery),
		chromedp.SendKeys(`#main input[name="q"]`, point.ResourceARN, chromedp.ByQuery),
		chromedp.Click(`#main form[role="search"] button`, chromedp.ByQuery),
		chromedp.WaitReady(`tbody tr:only-child`, chromedp.ByQuery),
		chromedp.Click(`tbody a[href^="/restore?resource="]`, chromedp.ByQuery),
		chromedp.WaitVisible(`a[href^="/restore?point="]`, chromedp.ByQuery),
		chromedp.Click(`tbody a[href^="/restore?point="]:not(.second)`, chromedp.ByQuery),
		chromedp.WaitVisible(`#main pre`, chromedp.ByQuery))
	if calls := s.text(t, "#main pre"); !strings.Contains(calls, "{") {
		t.Errorf("the calls are %q", calls)
	}
	s.do(t, chromedp.Click(`#main form button:not([formmethod])`, chromedp.ByQuery), chromedp.WaitVisible(`.notice`, chromedp.ByQuery))
	s.until(t, "the restore is COMPLETED", `!!document.querySelector("#live .lead .chip.completed")`)
	s.quiet(t)
}

// bulkRetry ticks failed jobs and tries them again.
func (s *stage) bulkRetry(t *testing.T, point catalog.RecoveryPoint) {
	var failed []catalog.Job
	for i := range 3 {
		j := catalog.NewBackup(catalog.JobID("browser", fmt.Sprint(i)), point.Source, point.Partition, "mallory", s.Clock.Now())
		j.Engine, j.State, j.EndedAt = point.Engine, catalog.Failed, s.Clock.Now()
		j.Class, j.Message = failure.Denied, `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`
		failed = append(failed, j)
	}
	if _, err := s.Store.InsertJobs(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	s.open(t, "/jobs?state=FAILED&by=mallory")
	s.do(t, chromedp.Click(`[data-all-rows]`, chromedp.ByQuery), chromedp.Click(`button[value="retry"]`, chromedp.ByQuery), chromedp.WaitVisible(`.notice:not(.bad-notice)`, chromedp.ByQuery))
	for _, j := range failed {
		testkit.Eventually(t, patience, "the retry of "+j.ID, func() bool {
			retry, err := s.Store.Job(t.Context(), catalog.RetryJobID(j.ID, 1))
			return err == nil && retry.State == catalog.Completed
		})
	}
	s.open(t, "/jobs/"+failed[0].ID)
	if text := s.text(t, "#main"); !strings.Contains(text, "<script>") || !strings.Contains(text, failure.Denied.Remedy()) {
		t.Errorf("the page says neither what AWS said nor what to do: %s", text)
	}
	var title string
	s.do(t, chromedp.Title(&title))
	if title == "owned" {
		t.Error("a message of AWS ran as a script")
	}
	s.quiet(t)
}

// setsCap sets a cap in a page and asks admission for it.
func (s *stage) setsCap(t *testing.T) {
	account := s.Config.AWS.Accounts.IDs[0]
	s.open(t, "/accounts")
	s.do(t, chromedp.SetValue("#cap-key", "account="+account, chromedp.ByQuery), chromedp.SetValue("#cap-value", "7", chromedp.ByQuery),
		chromedp.Click(`#caps form button`, chromedp.ByQuery), chromedp.WaitVisible(`.notice:not(.bad-notice)`, chromedp.ByQuery))
	testkit.Eventually(t, patience, "admission to go by the cap", func() bool {
		usage, err := s.Controller.Usage(t.Context(), 10_000)
		return err == nil && slices.ContainsFunc(usage, func(u admission.KeyUsage) bool {
			return u.Key == admission.Key("account="+account) && u.Cap == 7
		})
	})
	s.do(t, chromedp.SetValue("#cap-key", "no such key", chromedp.ByQuery), chromedp.SetValue("#cap-value", "7", chromedp.ByQuery),
		chromedp.Click(`#caps form button`, chromedp.ByQuery), chromedp.WaitVisible(`#e-cap-key`, chromedp.ByQuery))
	if said := s.text(t, "#e-cap-key"); !strings.Contains(said, "account=") {
		t.Errorf("beside the field stands %q", said)
	}
	s.console.Take() // Chromium notes the status 422
}

// holds puts a hold on a point and takes it off again.
func (s *stage) holds(t *testing.T, point catalog.RecoveryPoint) {
	s.open(t, "/points/"+point.ID)
	s.do(t, chromedp.SendKeys("#hold-name", "not a name!", chromedp.ByQuery), chromedp.Submit("#hold-name", chromedp.ByQuery), chromedp.WaitVisible("#e-hold", chromedp.ByQuery))
	s.console.Take() // Chromium notes the status 422
	s.do(t, chromedp.SetValue("#hold-name", "case-7", chromedp.ByQuery), chromedp.Submit("#hold-name", chromedp.ByQuery), chromedp.WaitVisible(`.notice`, chromedp.ByQuery))
	holds, err := s.Store.Holds(t.Context(), point.ID)
	if err != nil || len(holds) != 1 || holds[0].Holder != "case-7" {
		t.Errorf("holds are %v, %v", holds, err)
	}
	s.quiet(t)
}

// updatesLive looks at a page while something happens elsewhere.
func (s *stage) updatesLive(t *testing.T) {
	s.open(t, "/audit?actor=nobody-else")
	s.do(t, chromedp.Evaluate(`window.sameDocument = true`, nil))
	event := catalog.Event{At: s.Clock.Now(), Type: "test.live", Actor: "nobody-else", Message: "it happened meanwhile"}
	if err := s.Store.AppendEvents(t.Context(), []catalog.Event{event}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "the event appears", `document.body.innerText.includes("it happened meanwhile")`)
	var same bool
	s.do(t, chromedp.Evaluate(`window.sameDocument === true`, &same))
	if !same {
		t.Error("the page was loaded anew")
	}
	s.until(t, "the page says it is live", `document.querySelector("[data-live-state]").textContent === "live"`)
	s.quiet(t)
}

// hostile sends what no page of ours sends.
func (s *stage) hostile(t *testing.T, point catalog.RecoveryPoint) {
	long := strings.Repeat("a", 9000)
	for path, want := range map[string]int{
		"/jobs/" + url.PathEscape(`<script>alert(1)</script>`):             http.StatusNotFound,
		"/jobs/..%2f..%2fetc%2fpasswd":                                     http.StatusNotFound,
		"/points/%00":                                                      http.StatusNotFound,
		"/resources?arn=" + url.QueryEscape(`"><script>alert(1)</script>`): http.StatusBadRequest,
		"/accounts/12":                                                     http.StatusBadRequest,
		"/accounts/999999999999":                                           http.StatusNotFound,
		"/jobs?state=NONSENSE&account=1&since=yesterday":                   http.StatusOK,
		"/jobs?q=" + long:                                                  http.StatusOK,
		"/jobs?after=" + url.QueryEscape("' OR 1=1 --"):                    http.StatusOK,
		"/audit?after=-1":                                                  http.StatusOK,
		"/restore?point=nothing":                                           http.StatusNotFound,
	} {
		status, body := s.send(t, http.MethodGet, path, "", nil)
		if status != want || strings.Contains(body, "<script>alert") {
			t.Errorf("%.80s answers %d, want %d; or repeats the script", path, status, want)
		}
	}
	caps := url.Values{"key": {"account=*"}, "concurrency": {"3"}}
	before, _, _ := s.Store.Caps(t.Context())
	for name, row := range map[string]struct {
		form   string
		header http.Header
		want   int
	}{
		"another site":      {caps.Encode(), http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		"another origin":    {caps.Encode(), http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"not a number":      {"key=account%3D*&concurrency=NaN", nil, http.StatusUnprocessableEntity},
		"a negative number": {"key=account%3D*&concurrency=-7", nil, http.StatusUnprocessableEntity},
		"too large":         {"key=" + strings.Repeat("x", 2<<20), nil, http.StatusRequestEntityTooLarge},
		"no form":           {"%zz", nil, http.StatusBadRequest},
	} {
		if status, body := s.send(t, http.MethodPost, "/caps", row.form, row.header); status != row.want {
			t.Errorf("%s answers %d, want %d: %.300s", name, status, row.want, body)
		}
	}
	if after, _, _ := s.Store.Caps(t.Context()); len(after) != len(before) {
		t.Errorf("caps were %v and are %v", before, after)
	}
	status, _ := s.send(t, http.MethodPost, "/restore", url.Values{"point": {point.ID}, "p.no_such_parameter": {"1"}}.Encode(), nil)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a restore with an unknown parameter answers %d", status)
	}
	jobs, err := s.Store.ListJobs(t.Context(), catalog.JobFilter{PointID: point.ID, Types: []driver.Operation{driver.Restore}, CreatedBy: "local"})
	if err != nil || len(jobs) > 1 {
		t.Errorf("refused restores left jobs: %v, %v", jobs, err)
	}
	if status, _ := s.send(t, http.MethodPost, "/jobs", "action=retry&id=1&back=https%3A%2F%2Fevil.example", nil); status == http.StatusSeeOther {
		t.Error("a form led to another site")
	}
}

// send makes a request outside the browser, as a browser would.
func (s *stage) send(t *testing.T, method, path, form string, header http.Header) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var all bytes.Buffer
	_, _ = all.ReadFrom(response.Body)
	return response.StatusCode, all.String()
}

// triesPolicies previews what is in force, and compares a document with it.
func (s *stage) triesPolicies(t *testing.T) {
	s.open(t, "/policies")
	s.do(t, chromedp.Click(`button[value="preview"]`, chromedp.ByQuery), chromedp.WaitVisible(`#try [role="status"]`, chromedp.ByQuery))
	if text := s.text(t, "#try"); !strings.Contains(text, "What is in force was tried on") {
		t.Errorf("the preview says %q", text)
	}
	s.accessible(t)
	s.do(t, chromedp.SetValue("#document", "plans: [", chromedp.ByQuery), chromedp.Click(`button[value="compare"]`, chromedp.ByQuery),
		chromedp.WaitVisible(`#e-document`, chromedp.ByQuery))
	s.console.Take() // Chromium notes the status 422
	s.do(t, chromedp.SetValue("#document", `plans:
  - name: browser
    rules: [{name: weekly, target_backup_vault_name: default, schedule_expression: "cron(0 2 ? * SUN *)"}]
    selections: [{name: volumes, resources: ["arn:aws:ec2:*:*:volume/*"]}]`, chromedp.ByQuery),
		chromedp.Click(`button[value="compare"]`, chromedp.ByQuery), chromedp.WaitVisible(`#try [role="status"]`, chromedp.ByQuery))
	if text := s.text(t, "#try"); !strings.Contains(text, "would not be protected any more") || !strings.Contains(text, "removed") {
		t.Errorf("the comparison says %q", text)
	}
	s.accessible(t)
	s.quiet(t)
}

// restoresAMoment goes from a resource with continuous backups to the calls that restore a
// moment of it.
func (s *stage) restoresAMoment(t *testing.T) {
	var arn string
	rewinds := map[resource.Kind]driver.Rewinder{}
	for _, kind := range s.Drivers.Kinds() {
		if d, _ := s.Drivers.For(kind, driver.Native); d != nil {
			if r, ok := d.(driver.Rewinder); ok {
				rewinds[kind] = r
			}
		}
	}
	err := s.Store.Resources(t.Context(), catalog.ResourceFilter{Kinds: slices.Collect(maps.Keys(rewinds))}, func(item catalog.InventoryItem) error {
		if rewinds[item.Kind].MomentDays(item.Resource) > 0 {
			arn = item.ARN
		}
		return nil
	})
	if err != nil || arn == "" {
		t.Fatalf("no resource of the demo has continuous backups (%v)", err)
	}
	s.open(t, "/resources?arn="+url.QueryEscape(arn))
	s.do(t, chromedp.Click(`.actions a[href^="/restore?resource="]`, chromedp.ByQuery), chromedp.WaitVisible("#f-moment", chromedp.ByQuery))
	s.accessible(t)
	s.do(t, chromedp.SendKeys("#f-moment", "9999d", chromedp.ByQuery), chromedp.Submit("#f-moment", chromedp.ByQuery), chromedp.WaitVisible("#e-moment", chromedp.ByQuery))
	s.do(t, chromedp.SetValue("#f-moment", "30m", chromedp.ByQuery), chromedp.Submit("#f-moment", chromedp.ByQuery), chromedp.WaitVisible(`#main pre`, chromedp.ByQuery))
	if text := s.text(t, "#main"); !strings.Contains(text, "ToPointInTime") {
		t.Errorf("the plan is %q", text)
	}
	s.accessible(t)
	s.quiet(t)
}

// smallAndByKeyboard looks at pages on a phone, where nothing may stick out, and works a
// filter with keys alone.
func (s *stage) smallAndByKeyboard(t *testing.T, point catalog.RecoveryPoint) {
	s.do(t, emulation.SetDeviceMetricsOverride(390, 844, 1, true))
	for _, path := range []string{
		"/", "/jobs", "/jobs/" + point.ID, "/resources", "/resources?arn=" + url.QueryEscape(point.ResourceARN), "/points", "/points/" + point.ID,
		"/restore", "/restore?point=" + point.ID, "/policies", "/accounts", "/accounts/" + point.Account, "/audit",
	} {
		s.open(t, path)
		var out string
		s.do(t, chromedp.Evaluate(`document.documentElement.scrollWidth <= innerWidth ? "" : [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll, nav, pre")).slice(0, 3).map(e => e.outerHTML.slice(0, 200)).join("\n") || "something"`, &out))
		if out != "" {
			t.Errorf("%s is wider than a phone: %s", path, out)
		}
		s.accessible(t)
	}
	s.do(t, emulation.ClearDeviceMetricsOverride())
	s.open(t, "/jobs")
	var focused string
	where := `document.activeElement.className || document.activeElement.name || document.activeElement.tagName`
	s.do(t, chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(where, &focused))
	if focused != "skip" {
		t.Errorf("the first Tab leads to %q, want the link to the content", focused)
	}
	s.do(t, chromedp.KeyEvent(kb.Enter))
	for range 30 {
		s.do(t, chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(where, &focused))
		if focused == "q" {
			break
		}
	}
	s.do(t, chromedp.KeyEvent("nothing-of-the-kind"+kb.Enter), chromedp.WaitVisible(`.empty`, chromedp.ByQuery))
	s.until(t, "the filter is the address", `location.search.includes("q=nothing-of-the-kind")`)
	s.quiet(t)
}

// withoutScripts reads pages with scripts turned off: they say the same, and forms work.
func (s *stage) withoutScripts(t *testing.T) {
	s.do(t, emulation.SetScriptExecutionDisabled(true))
	defer s.do(t, emulation.SetScriptExecutionDisabled(false))
	for path, want := range map[string]string{"/": "What needs a person", "/jobs": "Every backup", "/resources": "what needs most"} {
		if status, body := s.send(t, http.MethodGet, path, "", nil); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d without %q", path, status, want)
		}
	}
	s.do(t, chromedp.Navigate(s.url+"/jobs?state=COMPLETED"), chromedp.WaitVisible(`tbody a[href^="/jobs/"]`, chromedp.ByQuery))
}
