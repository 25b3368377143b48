package api_test

import (
	"net/http"
	"strings"
	"testing"

	"holdfast/access"
)

func TestReports(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string][]string{
		"/reports": {`"kind":"controls"`, `"tables":["groups","classes","timeline","failures"]`, `"schedules":[]`},
		"/reports/backup?from=2026-05-04T00:00:00Z&by=account": {`"group":"111122223333"`, `"jobs":3`, `"completed":2`},
		"/reports/protection":                                            {`"resources":2`},
		"/reports/backup/file":                                           {"group,jobs,completed", "111122223333,3,2,"},
		"/reports/backup/file?table=failures":                            {"job,state,class"},
		"/reports/backup/file?format=html":                               {"<html"},
		"/reports/rpo?from=2026-04-01T00:00:00Z&to=2026-05-01T00:00:00Z": {`"from":"2026-04-01T00:00:00Z"`},
	} {
		a := s.ask(access.Viewer, http.MethodGet, path, "")
		for _, text := range want {
			if a.status != http.StatusOK || !strings.Contains(a.text, text) {
				t.Errorf("%s: %d lacks %s: %s", path, a.status, text, a.text)
			}
		}
	}
	if a := s.ask(access.Viewer, http.MethodGet, "/reports/backup/file", ""); a.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("the type of CSV is %s", a.header.Get("Content-Type"))
	}
	for path, status := range map[string]int{
		"/reports/weather": http.StatusNotFound, "/reports/backup?by=colour": http.StatusUnprocessableEntity, "/reports/cost?by=plan": http.StatusUnprocessableEntity,
		"/reports/backup?from=soon": http.StatusUnprocessableEntity, "/reports/backup/file?table=weather": http.StatusUnprocessableEntity,
		"/reports/backup?from=2020-01-01T00:00:00Z": http.StatusUnprocessableEntity, "/reports/backup/file?format=pdf": http.StatusUnprocessableEntity,
	} {
		if a := s.ask(access.Viewer, http.MethodGet, path, ""); a.status != status {
			t.Errorf("%s: %d, want %d: %s", path, a.status, status, a.text)
		}
	}
	if a := s.ask("", http.MethodGet, "/reports/backup", ""); a.status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", a.status)
	}
}
