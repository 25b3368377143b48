package catalogtest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"holdfast/catalog"
)

var surveyChecks = map[string]func(*testing.T, Open){"a survey goes on": surveyGoesOn}

func surveyGoesOn(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	noon := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	part := func(place string, number int, at time.Time) catalog.SurveyPart {
		return catalog.SurveyPart{Place: place, Number: number, At: at, Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, number))}
	}
	var want []catalog.SurveyPart
	for n := range 45 { // more than one page
		want = append(want, part("b", n, noon))
	}
	for _, parts := range [][]catalog.SurveyPart{{part("b", 0, noon), part("b", 99, noon)}, want, {part("a", 0, noon.Add(-time.Hour))}} {
		if err := s.KeepSurvey(ctx, parts); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(since time.Time) (got []catalog.SurveyPart) {
		t.Helper()
		if err := open(t).Survey(ctx, since, func(p catalog.SurveyPart) error { got = append(got, p); return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	same(t, "survey", want, seen(noon))
	same(t, "an older one", append([]catalog.SurveyPart{part("a", 0, noon.Add(-time.Hour))}, want...), seen(noon.Add(-time.Hour)))
	if err := s.ForgetSurvey(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, "forgotten", []catalog.SurveyPart(nil), seen(time.Time{}))
}
