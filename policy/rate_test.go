package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRate(t *testing.T) {
	t.Parallel()
	after := time.Date(2026, 5, 5, 12, 0, 30, 0, time.FixedZone("x", 3600))
	for expression, want := range map[string]string{
		"rate(1 minute)":   "2026-05-05T11:01:00Z 2026-05-05T11:02:00Z",
		"rate(90 minutes)": "2026-05-05T12:30:00Z 2026-05-05T14:00:00Z",
		"rate(1 hour)":     "2026-05-05T12:00:00Z 2026-05-05T13:00:00Z",
		"rate( 12  hours)": "2026-05-05T23:00:00Z 2026-05-06T11:00:00Z",
		"rate(1 day)":      "2026-05-06T11:00:00Z 2026-05-07T11:00:00Z",
		"rate(80000 days)": "never",
	} {
		r, err := ParseRate(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		var got []string
		at := after
		for range strings.FieldsSeq(want) {
			next, ok := r.Next(at)
			if !ok {
				got = append(got, "never")
				break
			}
			got = append(got, next.Format(time.RFC3339))
			at = next
		}
		if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
			t.Errorf("%s: %s", expression, diff)
		}
		if again, err := ParseRate(r.String()); err != nil || again != r {
			t.Errorf("%s does not parse back: %v", r, err)
		}
	}
}

func TestParseRateErrors(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"rate(1 minutes)":       "write rate(1 minute), without the s",
		"rate(1 days)":          "without the s",
		"rate(5 minute)":        "write rate(5 minutes), with an s",
		"rate(2 hour)":          "with an s",
		"rate(0 hours)":         "at least 1",
		"rate(-1 hours)":        "is no rate",
		"rate(1.5 hours)":       "is no rate",
		"rate(1 week)":          "is no rate",
		"rate(5minutes)":        "is no rate",
		"rate()":                "is no rate",
		"rate(1 hour":           "is no rate",
		"Rate(1 hour)":          "is no rate",
		"rate(999999999 days)":  "longer than 229 years",
		"rate(9999999999 days)": "is no rate",
	} {
		if _, err := ParseRate(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
	if at, ok := (Rate{}).Next(time.Unix(0, 0)); ok {
		t.Errorf("the zero rate runs at %s", at)
	}
}

func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"rate(1 hour)", "rate(90 minutes)", "rate(1 days)", "rate("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		r, err := ParseRate(expression)
		if err != nil {
			return
		}
		at := time.Date(2026, 1, 1, 0, 0, 59, 0, time.UTC)
		for range 3 {
			next, ok := r.Next(at)
			if !ok {
				return
			}
			if !next.After(at) {
				t.Fatalf("%s: %s does not follow %s", r, next, at)
			}
			at = next
		}
	})
}

// The calendar is computed, not looked up: it must be that of package time.
func TestCalendar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		year, month := rapid.IntRange(minYear, maxYear).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month")
		first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
		if got, want := daysIn(year, month), first.AddDate(0, 1, -1).Day(); got != want {
			t.Errorf("%d-%d has %d days, want %d", year, month, got, want)
		}
		if got, want := weekdayOf(year, month), int(first.Weekday())+1; got != want {
			t.Errorf("%d-%d begins on %d, want %d", year, month, got, want)
		}
	})
}
