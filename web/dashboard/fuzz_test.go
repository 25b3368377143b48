package dashboard

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"holdfast/catalog"
)

// Whatever stands in the address of a page, the filter that is made of it asks for no more
// than a page and for states and kinds there are.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"state=FAILED&account=111122223333&since=7d", "state=%00&kind=x&type=", "since=2026-03-04T09:00&until=-1h", "q=a+b&after=x", "account=%ff&id=%27",
		"point=%3Cscript%3E&retry_of=99999999999999999999", "a=b;c=d", "since=99999999999999999d",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := url.ParseQuery(query); err != nil {
			return // net/http leaves out what it cannot read
		}
		r := httptest.NewRequest(http.MethodGet, "/jobs", nil)
		r.URL.RawQuery = query
		made := filterOf(r, at)
		jobs := made.jobFilter()
		if jobs.Limit != pageRows {
			t.Errorf("a page of %d rows", jobs.Limit)
		}
		for _, s := range jobs.States {
			if !slices.Contains(catalog.States(), s) {
				t.Errorf("state %q", s)
			}
		}
		for name, text := range map[string]string{"plan": jobs.Plan, "rule": jobs.Rule, "by": jobs.CreatedBy, "after": jobs.After} {
			if len(text) > maxFieldLength {
				t.Errorf("%s has %d characters", name, len(text))
			}
		}
		if jobs.Account != "" && len(jobs.Account) != 12 {
			t.Errorf("account %q", jobs.Account)
		}
	})
}
