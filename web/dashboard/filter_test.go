package dashboard

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
)

var at = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

func TestFilterReadsEveryField(t *testing.T) {
	t.Parallel()
	f := filterOf(httptest.NewRequest(http.MethodGet, "/jobs?state=failed&state=EXPIRED&account=111122223333&since=36h&until=2026-03-04&q=+orders+&id=abc&plan=p&rule=r&by=alice&point=ABC&retry_of=X&after=Y", nil), at)
	got := f.jobFilter()
	want := catalog.JobFilter{
		States: []catalog.State{catalog.Failed, catalog.Expired}, Account: "111122223333", Plan: "p", Rule: "r", CreatedBy: "alice",
		PointID: "abc", RetryOf: "x", After: "y", Text: "orders abc", Limit: pageRows,
		Since: at.Add(-36 * time.Hour), Until: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("filter (-want +got):\n%s", diff)
	}
	if len(f.Wrong) > 0 || !f.Active() {
		t.Errorf("wrong: %v, active %v", f.Wrong, f.Active())
	}
}

func TestFilterSaysWhatIsWrongBesideTheField(t *testing.T) {
	t.Parallel()
	f := filterOf(httptest.NewRequest(http.MethodGet, "/jobs?state=BROKEN&account=12&since=yesterday&kind=car&type=backup", nil), at)
	f.jobFilter()
	for _, name := range []string{"state", "account", "since", "kind"} {
		if f.Wrong[name] == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
	if f.Wrong["type"] != "" {
		t.Errorf("type is good and said to be wrong: %s", f.Wrong["type"])
	}
}

func TestInstants(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-03-01T02:00:00+01:00": time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC), "2026-03-01T02:00": time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC),
		"7d": at.AddDate(0, 0, -7), "90m": at.Add(-90 * time.Minute), "-1h": {}, "7x": {}, "-3d": {}, "99999999999d": {},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		q := r.URL.Query()
		q.Set("since", text)
		r.URL.RawQuery = q.Encode()
		f := filterOf(r, at)
		if got := f.instant("since"); !got.Equal(want) || want.IsZero() != (f.Wrong["since"] != "") {
			t.Errorf("%q is %v (%s), want %v", text, got, f.Wrong["since"], want)
		}
	}
}

func TestAddressesOfPages(t *testing.T) {
	t.Parallel()
	f := filterOf(httptest.NewRequest(http.MethodGet, "/jobs?state=FAILED&after=a&done=retry", nil), at)
	if got := f.with("/jobs", "after", "b"); got != "/jobs?after=b&state=FAILED" {
		t.Errorf("the next page is %s", got)
	}
	if got := filterOf(httptest.NewRequest(http.MethodGet, "/jobs?after=a", nil), at).with("/jobs", "after", ""); got != "/jobs" {
		t.Errorf("the first page is %s", got)
	}
}

func TestFormsLeadToOurPagesOnly(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/jobs?a=b": "/jobs?a=b", "https://evil.example/": "/x", "//evil.example/": "/x", "javascript:alert(1)": "/x", "": "/x", `/\evil`: `/%5Cevil`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.PostForm = map[string][]string{"back": {to}}
		if got := back(r, "/x"); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}
